//! Components as artifacts: several modules in one file, which is loaded, sealed, verified and
//! refused as that of a module is.

#![allow(unsafe_code)]

use std::fs;

use object::{Object, ObjectSymbol};
use wasm_artifact::{ComponentArtifact, WriteOptions, write_component};
use wasm_runtime::sign::{SigningKey, TrustPolicy, sign};
use wasm_runtime::{
    Cache, CacheConfig, Config, Engine, Instance, Memory, Module, Precompiled, Result, Store, Trap,
    WasmBacktrace,
};
use wasm_store::Bundle;

/// Modules with code, traps, names, tables that are filled at the start, and images of memories.
const MODULES: [&str; 4] = [
    "(module $first (memory (export \"m\") 2) (data (i32.const 16) \"first module\")
       (func $add (export \"add\") (param i32 i32) (result i32)
         (i32.add (local.get 0) (local.get 1)))
       (func $fails (export \"fails\") (param i32) (result i32)
         (i32.div_u (i32.const 100) (local.get 0))))",
    // Nothing but declarations.
    "(module (import \"a\" \"f\" (func)) (export \"f\" (func 0)))",
    "(module $third (memory (export \"m\") 1) (data (i32.const 70000) \"\") (data (i32.const 3) \"third\")
       (table 4 funcref) (elem (i32.const 0) $one $two)
       (func $one (result i32) (i32.const 1))
       (func $two (result i32) (i32.const 2))
       (func (export \"call\") (param i32) (result i32)
         (call_indirect (result i32) (local.get 0)))
       (func (export \"float\") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 2.5))))",
    "(module)",
];

const PLAN: &[u8] = b"what this crate does not know";

fn artifact(engine: &Engine, texts: &[impl AsRef<str>]) -> Vec<u8> {
    let modules: Vec<_> = texts
        .iter()
        .map(|text| engine.precompile_module(text.as_ref().as_bytes()).unwrap())
        .collect();
    let first = wasm_artifact::Artifact::parse(&modules[0]).unwrap();
    let (target, tunables) = (first.target(), first.tunables());
    write_component(PLAN, &modules, target, &tunables, &WriteOptions::new()).unwrap()
}

fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Bundle> {
    // SAFETY: the engine of the test has made them.
    unsafe { Bundle::deserialize(engine, bytes) }
}

fn text_of(memory: Memory, store: &Store<()>, start: usize, len: usize) -> String {
    String::from_utf8_lossy(&memory.data(store)[start..start + len]).into_owned()
}

fn run(bundle: &Bundle) -> Result<()> {
    assert_eq!(bundle.plan(), PLAN);
    let [first, second, third, fourth] = bundle.modules() else { panic!("four modules") };
    let mut store = Store::new(bundle.engine(), ());
    for _ in 0..2 {
        let instance = Instance::new(&mut store, first, &[])?;
        let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
        assert_eq!(add.call(&mut store, (40, 2))?, 42);
        let memory = instance.get_memory(&mut store, "m").expect("a memory");
        assert_eq!(text_of(memory, &store, 16, 12), "first module");
        memory.write(&mut store, 16, b"other")?;

        let fails = instance.get_typed_func::<i32, i32>(&mut store, "fails")?;
        assert_eq!(fails.call(&mut store, 7)?, 14);
        let error = fails.call(&mut store, 0).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
        assert_eq!(backtrace.frames()[0].func_name(), Some("fails"));
        assert_eq!(backtrace.frames()[0].module().name(), Some("first"));

        let instance = Instance::new(&mut store, second, &[(*add.func()).into()]);
        assert!(instance.is_err(), "a function of another type");

        let instance = Instance::new(&mut store, third, &[])?;
        let call = instance.get_typed_func::<i32, i32>(&mut store, "call")?;
        assert_eq!((call.call(&mut store, 0)?, call.call(&mut store, 1)?), (1, 2));
        assert!(call.call(&mut store, 2).is_err());
        let float = instance.get_typed_func::<f64, f64>(&mut store, "float")?;
        assert_eq!(float.call(&mut store, 4.0)?, 10.0);
        let memory = instance.get_memory(&mut store, "m").expect("a memory");
        assert_eq!(text_of(memory, &store, 3, 5), "third");
        Instance::new(&mut store, fourth, &[])?;
    }
    Ok(())
}

#[test]
fn modules_run_from_bytes_and_from_files() -> Result<()> {
    let engine = Engine::default();
    let bytes = artifact(&engine, &MODULES.map(|text| text.replace("70000", "100")));
    run(&deserialize(&engine, &bytes)?)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("component.cwasm");
    fs::write(&file, &bytes)?;
    // SAFETY: as above, and nobody changes it.
    let bundle = unsafe { Bundle::deserialize_file(&engine, &file)? };
    run(&bundle)?;
    assert_eq!(bundle.serialize()?, bytes);
    assert_eq!(Engine::detect_precompiled(&bytes), Some(Precompiled::Component));
    assert_eq!(Engine::detect_precompiled_file(&file)?, Some(Precompiled::Component));
    // A module is enough to keep the code.
    let module = bundle.module(0).expect("there are four").clone();
    assert!(bundle.module(4).is_none());
    drop(bundle);
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
    drop((module, engine));
    assert_eq!(add.call(&mut store, (1, 2))?, 3);
    Ok(())
}

/// What the compiler makes of a component, and what it was made of.
const COMPONENT: &str = include_str!("../golden/component.wat");

#[test]
fn components_are_compiled_to_one_artifact() -> Result<()> {
    let engine = Engine::default();
    let bundle = Bundle::new(&engine, COMPONENT)?;
    // Three modules, and one adapter.
    assert_eq!(bundle.modules().len(), 4);
    let bytes = bundle.serialize()?;
    assert_eq!(engine.precompile_component(COMPONENT.as_bytes())?, bytes);
    let again = deserialize(&engine, &bytes)?;
    assert_eq!(again.plan(), bundle.plan());
    assert_eq!(again.text(), bundle.text());
    Bundle::validate(&engine, COMPONENT.as_bytes())?;

    // The same, whatever the number of threads.
    let mut config = Config::new();
    config.parallel_compilation(false);
    assert_eq!(Engine::new(&config)?.precompile_component(COMPONENT.as_bytes())?, bytes);
    Ok(())
}

#[test]
fn adapters_use_what_they_need_whatever_components_may_use() -> Result<()> {
    let mut config = Config::new();
    config.wasm_multi_memory(false);
    let engine = Engine::new(&config)?;
    assert_eq!(Bundle::new(&engine, COMPONENT)?.modules().len(), 4);
    let error = Bundle::new(&engine, "(component (core module (memory 1) (memory 1)))");
    let error = format!("{:#}", error.map(drop).unwrap_err());
    assert!(error.contains("memor"), "{error}");
    Ok(())
}

#[test]
fn what_is_not_valid_is_refused() {
    let engine = Engine::default();
    for wrong in [
        "(component (export \"f\" (func 3)))",
        "(component (core module (func (result i32))))",
        "(component",
    ] {
        assert!(Bundle::new(&engine, wrong).is_err(), "{wrong}");
        assert!(Bundle::validate(&engine, wrong.as_bytes()).is_err(), "{wrong}");
    }
    let empty = Bundle::new(&engine, "(component)").unwrap();
    assert!(empty.modules().is_empty());
    assert!(empty.text().is_empty());
    let again = deserialize(&engine, &empty.serialize().unwrap()).unwrap();
    assert_eq!(again.plan(), empty.plan());
}

#[test]
fn the_cache_keeps_components() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut settings = CacheConfig::new();
    settings.with_directory(folder.path());
    let cache = Cache::new(settings)?;
    let engine = || {
        let mut config = Config::new();
        config.cache(Some(cache.clone()));
        Engine::new(&config)
    };
    let first = Bundle::new(&engine()?, COMPONENT)?;
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (0, 1));
    let second = Bundle::new(&engine()?, COMPONENT)?;
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (1, 1));
    assert_eq!(first.plan(), second.plan());
    assert_eq!(first.serialize()?, second.serialize()?, "what authenticates an entry is left out");
    let other = Bundle::new(&engine()?, "(component)")?;
    assert!(other.modules().is_empty());
    assert_eq!((cache.statistics().hits, cache.statistics().misses), (1, 2));
    Ok(())
}

#[test]
fn each_kind_says_which_function_is_right() -> Result<()> {
    let engine = Engine::default();
    let component = artifact(&engine, &MODULES[1..2]);
    let module = engine.precompile_module(MODULES[0].as_bytes())?;
    let folder = tempfile::tempdir()?;
    let of = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).map(|()| file)
    };
    let (component_file, module_file) = (of("component", &component)?, of("module", &module)?);
    let binary = b"\0asm\x0d\0\x01\0";
    let (binary_file, text_file) = (of("binary", binary)?, of("text", b"(module)")?);
    // SAFETY: the engine has made the artifacts.
    let for_modules = unsafe {
        [
            (
                Module::deserialize(&engine, &component).map(drop),
                "component::Component::deserialize",
            ),
            (
                Module::deserialize_file(&engine, &component_file).map(drop),
                "Component::deserialize",
            ),
            (
                Module::from_trusted_file(&engine, &component_file).map(drop),
                "Component::deserialize",
            ),
            (Module::from_file(&engine, &component_file).map(drop), "Component::deserialize"),
            (Module::new(&engine, &component).map(drop), "Component::deserialize"),
            (Module::new(&engine, binary).map(drop), "component::Component::new"),
            (Module::new(&engine, "(component)").map(drop), "component::Component::new"),
            (Module::from_file(&engine, &binary_file).map(drop), "component::Component::new"),
            (Module::deserialize(&engine, binary).map(drop), "component::Component::new"),
            (Module::deserialize_file(&engine, &binary_file).map(drop), "Component::new"),
        ]
    };
    // SAFETY: as above.
    let for_components = unsafe {
        [
            (Bundle::deserialize(&engine, &module).map(drop), "Module::deserialize"),
            (Bundle::deserialize_file(&engine, &module_file).map(drop), "Module::deserialize"),
            (Bundle::from_file(&engine, &module_file).map(drop), "Module::deserialize"),
            (Bundle::new(&engine, &module).map(drop), "Module::deserialize"),
            (Bundle::new(&engine, &component).map(drop), "component::Component::deserialize"),
            (Bundle::new(&engine, "(module)").map(drop), "Module::new"),
            (Bundle::from_file(&engine, &text_file).map(drop), "Module::new"),
            (Bundle::deserialize(&engine, "(module)").map(drop), "Module::new"),
            (Bundle::deserialize(&engine, binary).map(drop), "component::Component::new"),
            (Bundle::deserialize_file(&engine, &binary_file).map(drop), "Component::new"),
            (Bundle::from_binary(&engine, b"(component)").map(drop), "binary form"),
        ]
    };
    for (number, (result, way_out)) in for_modules.into_iter().chain(for_components).enumerate() {
        let error = format!("{:#}", result.unwrap_err());
        assert!(error.contains(way_out), "{number}: {error}");
    }
    let error = deserialize(&engine, &component)?.modules()[0].serialize().unwrap_err();
    assert!(error.to_string().contains("module of a component"), "{error}");
    Ok(())
}

#[test]
fn what_does_not_fit_is_listed() -> Result<()> {
    let mut config = Config::new();
    config.target("aarch64-unknown-linux-gnu")?;
    let bytes = artifact(&Engine::new(&config)?, &MODULES[..1]);
    let error = deserialize(&Engine::default(), &bytes).map(drop).unwrap_err();
    assert!(format!("{error:#}").contains("aarch64"), "{error:#}");

    let mut config = Config::new();
    config.memory_reservation(0).consume_fuel(true);
    let bytes = artifact(&Engine::default(), &MODULES[..1]);
    let error = format!("{:#}", deserialize(&Engine::new(&config)?, &bytes).map(drop).unwrap_err());
    assert!(error.matches("\n  - ").count() >= 2, "{error}");
    Ok(())
}

#[test]
fn trust_is_that_of_modules() -> Result<()> {
    let mut bytes = artifact(&Engine::default(), &MODULES.map(|text| text.replace("70000", "1")));
    let trusting = |seed: u8| {
        let mut config = Config::new();
        let key = SigningKey::from_seed(&[seed; 32]).public_key();
        // SAFETY: only this test signs.
        unsafe { config.trust(TrustPolicy::new().key(key)) };
        Engine::new(&config)
    };
    let (engine, stranger) = (trusting(1)?, trusting(2)?);
    assert!(Bundle::deserialize_verified(&engine, &bytes).is_err(), "not signed");
    sign(&mut bytes, &SigningKey::from_seed(&[1; 32]))?;
    run(&Bundle::deserialize_verified(&engine, &bytes)?)?;
    assert!(Bundle::deserialize_verified(&stranger, &bytes).is_err());
    assert!(Bundle::deserialize_verified(&Engine::default(), &bytes).is_err(), "no policy");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("component.cwasm");
    fs::write(&file, &bytes)?;
    run(&Bundle::from_file(&engine, &file)?)?;
    run(&Bundle::deserialize_file_verified(&engine, &file)?)?;
    assert!(Bundle::from_file(&stranger, &file).is_err());
    let place = bytes.len() - 40;
    bytes[place] ^= 1;
    assert!(Bundle::deserialize_verified(&engine, &bytes).is_err(), "changed code");
    Ok(())
}

/// Debuggers and profilers find each function of each module.
#[test]
fn symbols_are_those_of_all_modules() {
    let bytes = artifact(&Engine::default(), &MODULES.map(|text| text.replace("70000", "1")));
    let read = ComponentArtifact::parse(&bytes).unwrap();
    let mut expected = Vec::new();
    for module in read.modules() {
        for symbol in module.symbols() {
            let symbol = symbol.unwrap();
            let start = module.text_file_offset() + u64::from(symbol.code.offset);
            expected.push((symbol.name.into_owned(), start, u64::from(symbol.code.len)));
        }
    }
    let elf = object::read::elf::ElfFile64::<object::Endianness>::parse(&*bytes).unwrap();
    let found: Vec<_> = elf
        .symbols()
        .map(|symbol| (symbol.name().unwrap().to_string(), symbol.address(), symbol.size()))
        .collect();
    assert_eq!(found, expected);
    assert!(found.iter().any(|(name, ..)| name == "fails"));
}
