//! Artifacts for other machines than this one. Real programs are compiled for each machine, read by
//! tools that are not this project's, and refused here with all reasons.

#[path = "cross/code.rs"]
mod code;
#[path = "cross/elf.rs"]
mod elf;
#[path = "cross/tables.rs"]
mod tables;

use std::path::Path;

use wasm_artifact::Artifact;
use wasm_runtime::{CompileRequest, Compiler as _, Config, CraneliftCompiler, Engine, Module};
use wasm_types::{CompiledFunction, DefinedFuncIndex};

/// A machine, and the header values of ELF files for it.
pub(crate) struct Target {
    pub(crate) triple: &'static str,
    pub(crate) arch: &'static str,
    pub(crate) machine: u16,
    pub(crate) big_endian: bool,
    pub(crate) flags: u32,
    /// Whether its baseline includes vectors.
    vectors: bool,
}

/// The numbers and flags are those of the processor supplements of the System V ABI. RISC-V has
/// compressed instructions, and passes floats in double registers.
const TARGETS: &[Target] = &[
    Target {
        triple: "x86_64-unknown-linux-gnu",
        arch: "x86_64",
        machine: 62,
        big_endian: false,
        flags: 0,
        vectors: true,
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        arch: "aarch64",
        machine: 183,
        big_endian: false,
        flags: 0,
        vectors: true,
    },
    Target {
        triple: "riscv64gc-unknown-linux-gnu",
        arch: "riscv64",
        machine: 243,
        big_endian: false,
        flags: 5,
        vectors: false,
    },
    Target {
        triple: "s390x-unknown-linux-gnu",
        arch: "s390x",
        machine: 22,
        big_endian: true,
        flags: 0,
        vectors: true,
    },
];

/// Real programs, and whether they use vectors.
const PROGRAMS: &[(&str, bool)] = &[
    ("floats", false),
    ("json", false),
    ("sorting", false),
    ("tables", false),
    ("tailcalls", false),
    ("vectors", true),
    ("virtual", false),
    ("wide", false),
];

fn program(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn compile(target: &Target, wasm: &[u8]) -> Vec<u8> {
    let mut request = CompileRequest::new();
    request.target = Some(target.triple.into());
    CraneliftCompiler::new().compile(wasm, &request).unwrap()
}

/// The code of each defined function.
pub(crate) fn functions(artifact: &Artifact<'_>) -> Vec<CompiledFunction> {
    let counts = artifact.counts();
    (0..counts.functions - counts.imported_functions)
        .map(|number| artifact.function_code(DefinedFuncIndex::new(number)).unwrap())
        .collect()
}

fn check(target: &Target) {
    for (name, vectors) in PROGRAMS {
        if *vectors && !target.vectors {
            continue;
        }
        let bytes = compile(target, &program(name));
        let artifact = Artifact::parse(&bytes).unwrap();
        assert_eq!(artifact.target(), target.triple);
        if target.arch == "x86_64" {
            // Its baseline is the level that is called v2.
            for extension in artifact.extensions() {
                let level = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];
                let extension = extension.unwrap();
                assert!(level.contains(&extension), "{extension} in {name}");
            }
        }
        elf::check(target, &bytes, &artifact);
        let summary = code::check(target, &artifact);
        let text = artifact.text().len();
        assert!(summary.instructions > text / 20, "{name} for {}: {summary:?}", target.arch);
        assert!(summary.calls > 20, "{name} for {}: {summary:?}", target.arch);
        assert!(summary.data < text / 10, "{name} for {}: {summary:?} of {text}", target.arch);
    }
}

#[test]
fn x86_64_artifacts_are_x86_64() {
    check(&TARGETS[0]);
}

#[test]
fn aarch64_artifacts_are_aarch64() {
    check(&TARGETS[1]);
}

#[test]
fn riscv64_artifacts_are_riscv64() {
    check(&TARGETS[2]);
}

#[test]
fn s390x_artifacts_are_s390x() {
    check(&TARGETS[3]);
}

/// A call in the module is a call on every machine: none is overlooked on any of them.
#[test]
fn calls_are_as_many_on_every_machine() {
    for (name, vectors) in PROGRAMS {
        let counts: Vec<usize> = TARGETS
            .iter()
            .filter(|target| !vectors || target.vectors)
            .map(|target| {
                let bytes = compile(target, &program(name));
                code::check(target, &Artifact::parse(&bytes).unwrap()).calls
            })
            .collect();
        assert!(counts.iter().all(|count| *count == counts[0]), "{name}: {counts:?}");
    }
}

/// Constant tables are stored beside the code, and the code finds them on every machine.
#[test]
fn tables_stand_beside_the_code() {
    let wasm = tables::module();
    for target in TARGETS {
        let bytes = compile(target, &wasm);
        let artifact = Artifact::parse(&bytes).unwrap();
        elf::check(target, &bytes, &artifact);
        code::check(target, &artifact);
        tables::check(target, &artifact);
    }
}

#[test]
fn vectors_are_refused_where_the_baseline_has_none() {
    let mut request = CompileRequest::new();
    request.target = Some("riscv64gc-unknown-linux-gnu".into());
    let error = CraneliftCompiler::new().compile(&program("vectors"), &request).unwrap_err();
    assert!(format!("{error:#}").contains("vector"), "{error:#}");
    request.target_features = vec![("v".into(), true), ("zvl128b".into(), true)];
    assert!(CraneliftCompiler::new().compile(&program("vectors"), &request).is_ok());
}

/// One error has all reasons: the machine, and everything that the engine does not provide.
#[test]
fn other_machines_are_refused_with_all_reasons() {
    let mut config = Config::new();
    config.memory_reservation(1 << 20).wasm_multi_value(false).wasm_bulk_memory(false);
    config.memory_guard_size(0);
    let engine = Engine::new(&config).unwrap();
    let fine = Engine::default();
    for target in TARGETS.iter().filter(|target| target.arch != std::env::consts::ARCH) {
        let bytes = compile(target, &program("json"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        for engine in [&fine, &engine] {
            // SAFETY: it is not going to be loaded.
            let from_bytes = unsafe { Module::deserialize(engine, &bytes) }.unwrap_err();
            // SAFETY: as above.
            let from_file = unsafe { Module::deserialize_file(engine, file.path()) }.unwrap_err();
            for error in [from_bytes, from_file] {
                let message = format!("{error:#}");
                let mut reasons = vec![
                    format!(
                        "architecture: the artifact has {} (target {}",
                        target.arch, target.triple
                    ),
                    format!("this host has {};", std::env::consts::ARCH),
                    "(`--target`, `Config::target`)".into(),
                ];
                if !std::ptr::eq(engine, &fine) {
                    reasons.push("reservation of memories: the artifact has code without".into());
                    reasons.push("this engine has 1048576 bytes".into());
                    reasons.push("`Config::memory_reservation(4294967296)`".into());
                    reasons.push("guard after memories".into());
                    reasons.push("WebAssembly proposal bulk-memory".into());
                    reasons.push("`Config::wasm_bulk_memory(true)`".into());
                }
                for reason in reasons {
                    assert!(message.contains(&reason), "{reason}: {message}");
                }
            }
        }
    }
}

/// If only the engine does not fit, it alone is named. If everything fits, the module loads.
#[test]
fn what_fits_the_machine_is_refused_for_the_engine_alone() {
    let wasm = r#"(module (memory 1) (func (export "f") (result i32 i32)
        (memory.fill (i32.const 0) (i32.const 7) (i32.const 4))
        (i32.load (i32.const 0)) (i32.const 1)))"#;
    let artifact = Engine::default().precompile_module(wasm.as_bytes()).unwrap();
    let mut config = Config::new();
    // Features that the module does not use may be off.
    config.wasm_simd(false).wasm_relaxed_simd(false).wasm_tail_call(false).wasm_memory64(false);
    config.wasm_reference_types(false).wasm_multi_memory(false).wasm_extended_const(false);
    // SAFETY: the artifact was made above.
    let load =
        |config: &Config| unsafe { Module::deserialize(&Engine::new(config).unwrap(), &artifact) };
    load(&config).unwrap();
    config.wasm_multi_value(false).wasm_bulk_memory(false);
    let message = format!("{:#}", load(&config).unwrap_err());
    for part in ["for this engine:", "proposal multi-value", "proposal bulk-memory"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    for part in ["host", "simd", "tail-call"] {
        assert!(!message.contains(part), "{part}: {message}");
    }
}

/// An engine that promises the same results everywhere requires code that keeps the promise, but
/// only if the code could break it.
#[test]
fn determinism_is_required_where_it_matters() {
    let relaxed = r#"(module (func (export "f") (param v128) (result v128)
        (f32x4.relaxed_min (local.get 0) (local.get 0))))"#;
    let strict = r#"(module (func (export "f") (param v128) (result v128)
        (f32x4.min (local.get 0) (local.get 0))))"#;
    let mut config = Config::new();
    config.relaxed_simd_deterministic(true);
    let deterministic = Engine::new(&config).unwrap();
    let load = |text: &str, compiling: &Engine, engine: &Engine| {
        let artifact = compiling.precompile_module(text.as_bytes()).unwrap();
        // SAFETY: the artifact was made in the line above.
        unsafe { Module::deserialize(engine, artifact) }
    };
    let plain = Engine::default();
    load(strict, &plain, &deterministic).unwrap();
    load(relaxed, &deterministic, &deterministic).unwrap();
    load(relaxed, &deterministic, &plain).unwrap();
    let message = format!("{:#}", load(relaxed, &plain, &deterministic).unwrap_err());
    assert!(message.contains("`Config::relaxed_simd_deterministic(true)`"), "{message}");
}

/// Names of features are checked when the target is known.
#[test]
fn unknown_target_features_are_named_with_the_known_ones() {
    let mut config = Config::new();
    config.target("aarch64-unknown-linux-gnu").unwrap().target_feature("avx2", true);
    let error = Engine::new(&config).unwrap().precompile_module(b"(module)").unwrap_err();
    let message = format!("{error:#}");
    for part in
        ["aarch64", "has no target feature `avx2`", "it has dotprod, fp16, i8mm, lse, pauth"]
    {
        assert!(message.contains(part), "{part}: {message}");
    }
}

/// A feature that this machine lacks is only required by code that uses it.
#[test]
#[cfg(target_arch = "x86_64")]
fn extensions_count_only_where_they_are_used() {
    let all = ["avx", "avx2", "fma", "bmi1", "bmi2", "lzcnt", "popcnt", "sse4.2", "avx512f"];
    let rare = ["avx512vl", "avx512dq", "avx512vbmi", "avx512bitalg", "avx512vnni", "avx_vnni"];
    let mut config = Config::new();
    config.target("x86_64-unknown-linux-gnu").unwrap();
    for feature in all.into_iter().chain(rare) {
        config.target_feature(feature, true);
    }
    let engine = Engine::new(&config).unwrap();
    let plain = r#"(module (func (export "f") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 3))))"#;
    let artifact = engine.precompile_module(plain.as_bytes()).unwrap();
    assert_eq!(Artifact::parse(&artifact).unwrap().extensions().len(), 0);
    // SAFETY: the artifact was made above.
    unsafe { Module::deserialize(&Engine::default(), &artifact) }.unwrap();

    let rare = r#"(module (func (export "f") (param v128) (result v128)
        (i8x16.popcnt (i64x2.abs (local.get 0)))))"#;
    let artifact = engine.precompile_module(rare.as_bytes()).unwrap();
    let has = std::arch::is_x86_feature_detected!("avx512bitalg")
        && std::arch::is_x86_feature_detected!("avx512vl");
    // SAFETY: as above.
    match unsafe { Module::deserialize(&Engine::default(), &artifact) } {
        Ok(_) => assert!(has),
        Err(error) => {
            assert!(!has);
            let message = format!("{error:#}");
            for part in ["avx512bitalg", "this host has none", "`--target-feature -avx512bitalg`"] {
                assert!(message.contains(part), "{part}: {message}");
            }
        }
    }
    // As the message says, the module runs here without these features.
    for feature in ["avx512bitalg", "avx512vl", "avx512f", "avx512dq", "avx512vbmi", "avx512vnni"] {
        config.target_feature(feature, false);
    }
    for feature in ["avx", "avx2", "fma", "avx_vnni"] {
        config.target_feature(feature, false);
    }
    let artifact = Engine::new(&config).unwrap().precompile_module(rare.as_bytes()).unwrap();
    // SAFETY: as above.
    unsafe { Module::deserialize(&Engine::default(), &artifact) }.unwrap();
}
