//! Which proposal explains that a module was refused.
//!
//! Where wasmparser says that something is switched off, that is the reason, whatever else may be
//! wrong behind it. Where it does not, the module is validated again with more allowed: the first
//! proposal with which validation gets further is the explanation.

use alloc::format;

use wasmparser::{FuncValidatorAllocations, WasmFeatures};

use super::describe;
use super::error::{Inner, ParseErrorKind};
use super::failure::Failure;
use super::parsed::ParsedModule;
use super::reader;
use crate::index::DefinedFuncIndex;

/// Where an error was found.
#[derive(Clone, Copy)]
pub(super) enum ModulePart {
    /// In a declaration.
    Declarations,
    /// In the body of a function.
    Body(DefinedFuncIndex),
}

/// A proposal, what it is called, and which others it builds on.
struct Proposal {
    flag: WasmFeatures,
    name: &'static str,
    needs: WasmFeatures,
}

const fn proposal(flag: WasmFeatures, name: &'static str) -> Proposal {
    Proposal { flag, name, needs: WasmFeatures::empty() }
}

impl Proposal {
    const fn needs(mut self, needs: WasmFeatures) -> Self {
        self.needs = needs;
        self
    }
}

const GC_NAME: &str = "garbage-collection";

/// From small to large, so that the smallest explanation is found first.
const PROPOSALS: &[Proposal] = &[
    proposal(WasmFeatures::MUTABLE_GLOBAL, "mutable-globals"),
    proposal(WasmFeatures::SATURATING_FLOAT_TO_INT, "saturating-float-to-int"),
    proposal(WasmFeatures::SIGN_EXTENSION, "sign-extension"),
    proposal(WasmFeatures::MULTI_VALUE, "multi-value"),
    proposal(WasmFeatures::BULK_MEMORY, "bulk-memory"),
    proposal(WasmFeatures::REFERENCE_TYPES, "reference-types").needs(WasmFeatures::BULK_MEMORY),
    proposal(WasmFeatures::SIMD, "fixed-width SIMD"),
    proposal(WasmFeatures::RELAXED_SIMD, "relaxed-SIMD").needs(WasmFeatures::SIMD),
    proposal(WasmFeatures::TAIL_CALL, "tail-call"),
    proposal(WasmFeatures::EXTENDED_CONST, "extended-constant-expressions"),
    proposal(WasmFeatures::MULTI_MEMORY, "multi-memory"),
    proposal(WasmFeatures::MEMORY64, "memory64"),
    proposal(WasmFeatures::CUSTOM_PAGE_SIZES, "custom-page-sizes"),
    proposal(WasmFeatures::WIDE_ARITHMETIC, "wide-arithmetic"),
    proposal(WasmFeatures::THREADS, "threads"),
    proposal(WasmFeatures::EXCEPTIONS, "exception-handling").needs(WasmFeatures::REFERENCE_TYPES),
    proposal(WasmFeatures::FUNCTION_REFERENCES, "function-references")
        .needs(WasmFeatures::REFERENCE_TYPES),
    proposal(WasmFeatures::GC, GC_NAME).needs(FUNCTION_REFERENCES),
    proposal(WasmFeatures::COMPACT_IMPORTS, "compact-import-section"),
    proposal(WasmFeatures::LEGACY_EXCEPTIONS, "legacy exception-handling")
        .needs(WasmFeatures::EXCEPTIONS.union(WasmFeatures::REFERENCE_TYPES)),
    proposal(WasmFeatures::MEMORY_CONTROL, "memory-control"),
    proposal(WasmFeatures::ACQUIRE_RELEASE_ATOMICS, "acquire-release-atomics")
        .needs(WasmFeatures::THREADS),
    proposal(WasmFeatures::MULTIBYTE_ARRAY_ACCESS, "multibyte-array-access").needs(GC),
    proposal(WasmFeatures::CUSTOM_DESCRIPTORS, "custom-descriptors").needs(GC),
    proposal(WasmFeatures::STACK_SWITCHING, "stack-switching")
        .needs(GC.union(WasmFeatures::EXCEPTIONS)),
    proposal(WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything-threads")
        .needs(GC.union(WasmFeatures::THREADS)),
];

const FUNCTION_REFERENCES: WasmFeatures =
    WasmFeatures::FUNCTION_REFERENCES.union(WasmFeatures::REFERENCE_TYPES);
const GC: WasmFeatures = WasmFeatures::GC.union(FUNCTION_REFERENCES);

/// The proposal that explains the error, if there is one that is not allowed and that wasmparser
/// misses or with which validation gets further.
pub(super) fn explain(
    wasm: &[u8],
    allowed: WasmFeatures,
    error: &wasmparser::Error,
    place: ModulePart,
) -> Option<Inner> {
    let gets_further = |features: WasmFeatures| match reached(wasm, features, place) {
        None => true,
        Some(offset) => offset > error.offset(),
    };
    let more = PROPOSALS.iter().fold(allowed, |all, proposal| all | proposal.flag);
    let missed = missed(error);
    if missed.is_empty() && !speaks_of_features(error) && !gets_further(more) {
        return None;
    }
    let candidates = || PROPOSALS.iter().filter(|proposal| !allowed.contains(proposal.flag));
    let found = candidates()
        .find(|proposal| missed.intersects(proposal.flag))
        .or_else(|| candidates().find(|p| gets_further(allowed | p.flag | p.needs)))?;
    let translated = WasmFeatures::from(crate::WasmFeatures::SUPPORTED).contains(found.flag);
    Some(refusal(wasm, found.name, error.offset(), translated))
}

/// A refusal because of a proposal, which is translated if it is allowed, or isn't translated.
fn refusal(wasm: &[u8], proposal: &'static str, offset: u64, translated: bool) -> Inner {
    let what = describe::place(wasm, offset);
    let why =
        if translated { "which is switched off" } else { "which this version does not translate" };
    Inner {
        kind: ParseErrorKind::Unsupported,
        message: format!(
            "the module uses the {proposal} proposal ({what} at offset {offset:#x}), {why}"
        ),
        offset: offset as usize,
        function: None,
        proposal: Some(proposal),
    }
}

/// Whether wasmparser says that something is switched off, and not that a rule is broken which a
/// proposal has made weaker.
fn speaks_of_features(error: &wasmparser::Error) -> bool {
    let message = error.message();
    let words = ["proposal", "enabled", "disabled", "disallowed", "feature", "required for"];
    words.iter().any(|word| message.contains(word))
}

/// The features that wasmparser says are missing.
fn missed(error: &wasmparser::Error) -> WasmFeatures {
    /// Where it says so in words alone.
    const WORDS: &[(&str, WasmFeatures)] = &[
        ("gc proposal must be enabled", WasmFeatures::GC),
        ("the GC proposal is disabled", WasmFeatures::GC),
        ("requires the bulk-memory proposal", WasmFeatures::BULK_MEMORY),
        // A rule of the proposal itself, on types that are valid according to a newer draft of it.
        ("type with descriptor", WasmFeatures::CUSTOM_DESCRIPTORS),
    ];
    let in_words = || {
        let found = WORDS.iter().find(|(words, _)| error.message().contains(words));
        found.map_or(WasmFeatures::empty(), |(_, features)| *features)
    };
    error.missing_wasm_feature().unwrap_or_else(in_words)
}

/// How far validation gets with these features: the offset of the error, or `None` if there is
/// none at the place of interest.
fn reached(wasm: &[u8], features: WasmFeatures, place: ModulePart) -> Option<u64> {
    let parsed = match reader::read(wasm, features) {
        Ok(declarations) => ParsedModule::new(declarations, features),
        // What a `Module` has no words for comes after it was validated.
        Err(Failure::Unknown { .. }) => return None,
        Err(Failure::LongNames { offset, .. }) => return Some(offset),
        Err(Failure::Parser(error)) => return Some(error.offset()),
    };
    match place {
        ModulePart::Declarations => None,
        ModulePart::Body(func) => parsed
            .func_to_validate(func)
            .into_validator(FuncValidatorAllocations::default())
            .validate(&parsed.body(wasm, func))
            .err()
            .map(|error| error.offset()),
    }
}
