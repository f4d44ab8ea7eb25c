//! What a module says of itself, the ways to load one, and what an engine says of its settings.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::collections::BTreeSet;
use std::io::Write;
use std::ptr::NonNull;

use wasm_runtime::{
    Collector, Config, Engine, Instance, Module, ModuleVersionStrategy, OptLevel,
    ResourcesRequired, Result, Store, Strategy,
};

const TEXT: &str = r#"(module
    (import "" "m" (memory 7)) (import "" "t" (table 9 funcref))
    (memory 2) (memory 5 8) (table 3 funcref) (table 4 funcref)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "div") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1))))"#;

#[test]
fn resources_are_those_that_it_defines() -> Result<()> {
    let engine = Engine::default();
    let required = Module::new(&engine, TEXT)?.resources_required();
    assert_eq!(
        required,
        ResourcesRequired {
            num_memories: 2,
            max_initial_memory_size: Some(5),
            num_tables: 2,
            max_initial_table_size: Some(4),
        }
    );
    let none = Module::new(&engine, "(module)")?.resources_required();
    assert_eq!((none.num_memories, none.max_initial_table_size), (0, None));
    Ok(())
}

#[test]
fn the_address_map_leads_from_code_to_wasm() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, TEXT)?;
    let map: Vec<_> = module.address_map().expect("a map").collect();
    let text = module.text();
    assert!(map.windows(2).all(|pair| pair[0].0 < pair[1].0), "{map:?}");
    assert!(map.iter().all(|(offset, _)| *offset < text.len()));
    let places: BTreeSet<_> = map.iter().filter_map(|(_, wasm)| *wasm).collect();
    assert!(places.len() >= 2, "{map:?}");
    let range = module.image_range();
    assert_eq!((range.start, range.end), (text.as_ptr(), text.as_ptr_range().end));
    module.initialize_copy_on_write_image()?;
    let without = Engine::new(Config::new().generate_address_map(false))?;
    assert!(Module::new(&without, TEXT)?.address_map().is_none());
    Ok(())
}

#[test]
fn artifacts_are_loaded_from_open_files_and_from_memory() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module (func (export "f") (result i32) (i32.const 5)))"#;
    let artifact = engine.precompile_module(text.as_bytes())?;
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&artifact)?;
    // SAFETY: the artifact was made just now, and nobody changes the file.
    let modules = unsafe {
        [
            Module::deserialize_open_file(&engine, file.reopen()?)?,
            Module::deserialize_raw(&engine, NonNull::from(&artifact[..]))?,
        ]
    };
    for module in modules {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let func = instance.get_typed_func::<(), i32>(&mut store, "f")?;
        assert_eq!(func.call(&mut store, ())?, 5);
    }
    let other = tempfile::tempfile()?;
    // SAFETY: an empty file is refused.
    assert!(unsafe { Module::deserialize_open_file(&engine, other) }.is_err());
    Ok(())
}

#[test]
fn engines_say_what_was_set() -> Result<()> {
    let mut config = Config::new();
    config.memory_reservation(1 << 20).max_wasm_stack(1 << 16).consume_fuel(true);
    let engine = Engine::new(&config)?;
    assert_eq!(engine.get_memory_reservation(), 1 << 20);
    assert_eq!(engine.get_max_wasm_stack(), 1 << 16);
    assert!(engine.get_consume_fuel() && !engine.get_epoch_interruption());
    assert_eq!(engine.get_strategy(), Some(Strategy::Cranelift));
    assert_eq!(engine.get_cranelift_opt_level(), Some(OptLevel::Speed));
    assert_eq!(engine.get_collector(), Some(Collector::Copying));
    assert!(engine.get_pooling_config().is_none());
    let without = Engine::new(Config::new().enable_compiler(false))?;
    assert_eq!((without.get_strategy(), without.get_cranelift_opt_level()), (None, None));
    Ok(())
}

#[test]
fn exceptions_and_objects_can_be_left_out() -> Result<()> {
    let engine = Engine::new(Config::new().gc_support(false))?;
    for text in ["(module (type (struct)))", "(module (tag))"] {
        assert!(Module::new(&engine, text).is_err(), "{text}");
    }
    Module::new(&engine, "(module (func (param externref)))")?;
    Ok(())
}

#[test]
#[allow(unsafe_code)]
fn artifacts_have_a_version_of_the_programs_own() -> Result<()> {
    let engine = |strategy: &ModuleVersionStrategy| {
        Engine::new(Config::new().module_version(strategy.clone())?)
    };
    let own = |version: &str| ModuleVersionStrategy::Custom(version.to_owned());
    let strategies = [ModuleVersionStrategy::WasmtimeVersion, own("1"), own("2"), own("")];
    for compiled in &strategies {
        let artifact = Module::new(&engine(compiled)?, TEXT)?.serialize()?;
        for loading in &strategies {
            // SAFETY: it was made just now.
            let loaded = unsafe { Module::deserialize(&engine(loading)?, &artifact) };
            assert_eq!(loaded.is_ok(), compiled == loading, "{compiled:?} {loading:?}");
            if let Err(error) = loaded {
                let start = "Module was compiled with incompatible version";
                assert!(error.to_string().starts_with(start), "{error}");
            }
        }
        // SAFETY: as above.
        unsafe { Module::deserialize(&engine(&ModuleVersionStrategy::None)?, &artifact)? };
    }
    Ok(())
}
