//! Artifacts of earlier versions stay committed: each loads and does what it did, or is refused
//! with an error that says why.
//!
//! The folder `golden` has one for every pair of a format version and a version of the run-time
//! ABI. When one of the two changes, `BLESS=1 cargo test -p wasm-tests --test golden` adds the
//! artifact of the new pair. Then the expectation for the previous one changes here, from running
//! to being refused, but only if necessary: a release that can load artifacts of older ones
//! continues to do so.

#![allow(unsafe_code)]

use std::path::{Path, PathBuf};

use wasm_runtime::component::{self, Component, Val};
use wasm_runtime::sign::{SigningKey, TrustPolicy, sign};
use wasm_runtime::{Config, Engine, Instance, Linker, Module, Result, Store, Trap};

/// What happens to each artifact.
const EXPECTED: &[(&str, Outcome)] = &[
    ("format-1.cwasm", Outcome::Refused(&["older format version 1", "compile the module again"])),
    ("format-2-abi-1.cwasm", Outcome::Refused(&["version 1", "compile the module again"])),
    ("format-2-abi-2.cwasm", Outcome::Refused(&["version 2", "compile the module again"])),
    ("format-2-abi-3.cwasm", Outcome::Refused(&["version 3", "compile the module again"])),
    ("format-2-abi-4.cwasm", Outcome::Refused(&["version 4", "compile the module again"])),
    ("format-2-abi-5.cwasm", Outcome::Refused(&["version 5", "compile the module again"])),
    ("format-2-abi-6.cwasm", Outcome::Runs),
];

/// The same for components, which have one for each version of the plan, too.
const COMPONENTS: &[(&str, Outcome)] = &[
    (
        "component-2-abi-3-plan-1.cwasm",
        Outcome::Refused(&["version 3", "compile the module again"]),
    ),
    (
        "component-2-abi-4-plan-1.cwasm",
        Outcome::Refused(&["version 4", "compile the module again"]),
    ),
    (
        "component-2-abi-5-plan-1.cwasm",
        Outcome::Refused(&["version 5", "compile the module again"]),
    ),
    (
        "component-2-abi-5-plan-2.cwasm",
        Outcome::Refused(&["version 5", "compile the module again"]),
    ),
    (
        "component-2-abi-5-plan-3.cwasm",
        Outcome::Refused(&["version 5", "compile the module again"]),
    ),
    ("component-2-abi-6-plan-3.cwasm", Outcome::Runs),
];

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Runs,
    Refused(&'static [&'static str]),
}

/// The key that signed the artifacts, which is only for this test.
const SEED: &[u8; 32] = b"a key that protects nothing: our";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn load(engine: &Engine, file: &Path) -> Result<Module> {
    // SAFETY: the project's own compiler made the artifact.
    unsafe { Module::deserialize_file(engine, file) }
}

#[test]
fn every_artifact_runs_or_is_refused() {
    let mut found: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".cwasm"))
        .collect();
    found.sort();
    let expected: Vec<_> = COMPONENTS.iter().chain(EXPECTED).map(|(name, _)| *name).collect();
    assert_eq!(found, expected, "each artifact has an expectation");
    let engine = Engine::default();
    for (name, outcome) in EXPECTED {
        let loaded = load(&engine, &folder().join(name));
        match outcome {
            Outcome::Runs => run(&loaded.unwrap_or_else(|error| panic!("{name}: {error:#}"))),
            Outcome::Refused(reasons) => {
                let error = format!("{:#}", loaded.map(drop).unwrap_err());
                for reason in *reasons {
                    assert!(error.contains(reason), "{name}: `{reason}` is not in {error}");
                }
            }
        }
    }
}

/// The signatures of old artifacts stay valid, too.
#[test]
fn signatures_hold() {
    let trusting = |seed: &[u8; 32]| {
        let mut config = Config::new();
        let policy = TrustPolicy::new().key(SigningKey::from_seed(seed).public_key());
        // SAFETY: only the artifacts in the repository are signed.
        unsafe { config.trust(policy) };
        Engine::new(&config).unwrap()
    };
    let (engine, stranger) = (trusting(SEED), trusting(&[1; 32]));
    for (name, outcome) in EXPECTED {
        if let Outcome::Runs = outcome {
            run(&Module::from_file(&engine, folder().join(name)).unwrap());
            let refused = Module::from_file(&stranger, folder().join(name)).map(drop).unwrap_err();
            let key = SigningKey::from_seed(SEED).public_key().key_id().to_string();
            assert!(format!("{refused:#}").contains(&key), "{refused:#}");
        }
    }
}

/// The current pair has its artifact.
#[test]
fn the_current_versions_have_theirs() {
    let name = format!(
        "format-{}-abi-{}.cwasm",
        wasm_artifact::FORMAT_VERSION,
        wasm_types::abi::ABI_VERSION
    );
    let file = folder().join(&name);
    if std::env::var_os("BLESS").is_some() && !file.exists() {
        let mut config = Config::new();
        config.target("x86_64-unknown-linux-gnu").unwrap();
        let text = std::fs::read(folder().join("golden.wat")).unwrap();
        let mut artifact = Engine::new(&config).unwrap().precompile_module(&text).unwrap();
        sign(&mut artifact, &SigningKey::from_seed(SEED)).unwrap();
        std::fs::write(&file, artifact).unwrap();
    }
    assert!(file.exists(), "{name} is missing: see the head of this file");
    let name = format!(
        "component-{}-abi-{}-plan-{}.cwasm",
        wasm_artifact::FORMAT_VERSION,
        wasm_types::abi::ABI_VERSION,
        wasm_component::PLAN_VERSION
    );
    let file = folder().join(&name);
    if std::env::var_os("BLESS").is_some() && !file.exists() {
        let mut config = Config::new();
        config.target("x86_64-unknown-linux-gnu").unwrap();
        let text = std::fs::read(folder().join("component.wat")).unwrap();
        let component = Component::new(&Engine::new(&config).unwrap(), &text);
        let mut artifact = component.unwrap().serialize().unwrap();
        sign(&mut artifact, &SigningKey::from_seed(SEED)).unwrap();
        std::fs::write(&file, artifact).unwrap();
    }
    assert!(file.exists(), "{name} is missing: see the head of this file");
}

#[test]
fn every_component_runs_or_is_refused() {
    let engine = Engine::default();
    for (name, outcome) in COMPONENTS {
        // SAFETY: the project's own compiler made the artifact.
        let loaded = unsafe { Component::deserialize_file(&engine, folder().join(name)) };
        match outcome {
            Outcome::Runs => {
                run_component(&loaded.unwrap_or_else(|error| panic!("{name}: {error:#}")));
                let mut config = Config::new();
                let policy = TrustPolicy::new().key(SigningKey::from_seed(SEED).public_key());
                // SAFETY: only the artifacts in the repository are signed.
                unsafe { config.trust(policy) };
                let engine = Engine::new(&config).unwrap();
                run_component(&Component::from_file(&engine, folder().join(name)).unwrap());
            }
            Outcome::Refused(reasons) => {
                let error = format!("{:#}", loaded.map(drop).unwrap_err());
                for reason in *reasons {
                    assert!(error.contains(reason), "{name}: `{reason}` is not in {error}");
                }
            }
        }
    }
}

fn run_component(component: &Component) {
    let engine = component.engine();
    let mut linker = component::Linker::new(engine);
    linker.root().func_wrap("add", |_, (a, b): (u32, u32)| Ok((a + b,))).unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, component).unwrap();
    let mut call = |name: &str, params: &[Val]| {
        let func = instance.get_func(&mut store, name).expect("an export");
        let mut results = [Val::Bool(false)];
        func.call(&mut store, params, &mut results).map(|()| results[0].clone())
    };
    assert_eq!(call("greet", &[Val::String("ö".into())]).unwrap(), Val::String("hello, ö".into()));
    assert_eq!(call("sum", &[Val::U32(40), Val::U32(2)]).unwrap(), Val::U32(42));
    assert_eq!(call("four-times", &[Val::U32(5)]).unwrap(), Val::U32(20));
    assert_eq!(call("fails", &[Val::U32(5)]).unwrap(), Val::U32(20));
    let error = call("fails", &[Val::U32(0)]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
}

fn run(module: &Module) {
    let engine = module.engine();
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "add", |x: i32| x + 1).unwrap();
    let mut store = Store::new(engine, ());
    let instance: Instance = linker.instantiate(&mut store, module).unwrap();
    let through = instance.get_typed_func::<(i32, i32), i32>(&mut store, "through").unwrap();
    for (index, expected) in [(1, 18), (2, 81), (3, 10)] {
        assert_eq!(through.call(&mut store, (9, index)).unwrap(), expected);
    }
    for index in [0, 4] {
        let trap = through.call(&mut store, (9, index)).unwrap_err();
        assert!(matches!(
            trap.downcast_ref(),
            Some(Trap::IndirectCallToNull | Trap::TableOutOfBounds)
        ));
    }
    let step = instance.get_typed_func::<(), (i64, i32)>(&mut store, "step").unwrap();
    assert_eq!(step.call(&mut store, ()).unwrap(), (41, 7));
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    assert_eq!(&memory.data(&store)[16..22], b"golden");
    let fails = instance.get_typed_func::<f64, i32>(&mut store, "fails").unwrap();
    assert_eq!(fails.call(&mut store, 2.0).unwrap(), i32::from(b'g') / 2);
    let error = fails.call(&mut store, 0.5).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
    assert!(format!("{error:?}").contains("golden!fails"), "{error:?}");
}
