//! What is refused.

use wasm_runtime::{Config, Engine, Instance, Module, ModulePC, Store};

use super::session::{Seen, call, debugger, engine, innermost, start};

const NOTHING: &str = r#"(module
    (global i32 (i32.const 0)) (func (export "run") nop))"#;

#[test]
fn engines_that_do_not_debug_have_nothing_to_see() {
    let engine = Engine::default();
    let module = Module::new(&engine, NOTHING).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert!(store.breakpoints().is_none() && store.edit_breakpoints().is_none());
    assert!(store.debug_exit_frames().next().is_none() && !store.is_single_step());
    assert!(store.debug_all_instances().is_empty() && store.debug_all_modules().is_empty());
    assert!(instance.debug_global(&mut store, 0).is_none());
    assert!(instance.debug_function(&mut store, 0).is_none());
    assert!(module.debug_bytecode().is_none());
    let panic = std::panic::catch_unwind(|| {
        let mut store = Store::new(&Engine::default(), Seen::new());
        store.set_debug_handler(debugger(|_, _| {}));
    });
    let message = *panic.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("Config::guest_debug"), "{message}");
}

#[test]
fn artifacts_run_in_engines_of_their_kind_only() {
    for (debugs, compiled) in [(true, "can't"), (false, "can")] {
        let mut config = Config::new();
        config.guest_debug(debugs);
        let engine = Engine::new(&config).unwrap();
        let other = Engine::new(config.guest_debug(!debugs)).unwrap();
        let artifact = other.precompile_module(NOTHING.as_bytes()).unwrap();
        // SAFETY: the artifact was just made.
        #[allow(unsafe_code)]
        let refused = unsafe { Module::deserialize(&engine, artifact) }.unwrap_err();
        let refused = format!("{refused:#}");
        assert!(refused.contains(&format!("code that {compiled} be debugged")), "{refused}");
        assert!(refused.contains("Config::guest_debug"), "{refused}");
    }
}

#[test]
fn a_debugger_makes_calls_wait() {
    let (mut store, module, instance) = start(&engine(), NOTHING, |_| vec![]);
    store.set_debug_handler(debugger(|_, _| {}));
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    assert!(error.to_string().contains("_async"), "{error}");
    assert!(Instance::new(&mut store, &module, &[]).is_err());
}

#[test]
fn breakpoints_are_in_modules_of_the_engine() {
    let (mut store, _, _) = start(&engine(), NOTHING, |_| vec![]);
    let other = Module::new(&engine(), NOTHING).unwrap();
    let mut edit = store.edit_breakpoints().unwrap();
    for error in [
        edit.add_breakpoint(&other, ModulePC::new(0)).unwrap_err(),
        edit.remove_breakpoint(&other, ModulePC::new(0)).unwrap_err(),
    ] {
        assert!(error.to_string().contains("engine"), "{error}");
    }
    assert!(store.debug_register_module(&other).is_err());
    assert_eq!(store.breakpoints().unwrap().count(), 0);
    assert_eq!(store.debug_all_modules().len(), 1);
}

#[test]
fn frames_are_those_of_one_store() {
    let engine = engine();
    let (mut store, _, instance) = start(&engine, NOTHING, |_| vec![]);
    store.set_debug_handler(debugger(|store, _| {
        let frame = innermost(&mut *store);
        let mut other = Store::new(store.engine(), ());
        assert!(frame.is_valid(&mut *store) && !frame.is_valid(&mut other));
        let error = frame.num_locals(&mut other).unwrap_err().to_string();
        store.data_mut().push(error);
        let beyond =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| frame.local(&mut *store, 0)));
        assert!(beyond.is_err());
        let beyond =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| frame.stack(&mut *store, 0)));
        assert!(beyond.is_err());
    }));
    store.edit_breakpoints().unwrap().single_step(true).unwrap();
    call(&mut store, instance, "run", &[]).unwrap();
    assert_eq!(store.data().len(), 2);
    assert!(store.data()[0].contains("another store"));
}

#[test]
fn private_items_are_found_by_their_indices() {
    let wat = r#"(module
        (global $a (mut i32) (i32.const 1)) (global i64 (i64.const 2))
        (memory 1) (memory 1 1 shared) (table 3 funcref) (tag (param i32))
        (func (result i32) global.get $a))"#;
    let mut config = Config::new();
    config.guest_debug(true).shared_memory(true);
    let engine = Engine::new(&config).unwrap();
    let (mut store, module, instance) = start(&engine, wat, |_| vec![]);
    let global = instance.debug_global(&mut store, 0).unwrap();
    global.set(&mut store, wasm_runtime::Val::I32(9)).unwrap();
    let function = instance.debug_function(&mut store, 0).unwrap();
    assert_eq!(function.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 9);
    let other = instance.debug_global(&mut store, 1).unwrap();
    assert_ne!(global.debug_index_in_store(), other.debug_index_in_store());
    let memory = instance.debug_memory(&mut store, 0).unwrap();
    memory.write(&mut store, 0, b"x").unwrap();
    assert!(instance.debug_memory(&mut store, 1).is_none());
    assert!(instance.debug_shared_memory(&mut store, 0).is_none());
    assert!(instance.debug_shared_memory(&mut store, 1).is_some());
    assert_eq!(instance.debug_table(&mut store, 0).unwrap().size(&store), 3);
    assert_eq!(instance.debug_tag(&mut store, 0).unwrap().ty(&store).ty().params().len(), 1);
    assert!(instance.debug_global(&mut store, 2).is_none());
    assert!(instance.debug_function(&mut store, 1).is_none());
    assert_eq!(module.debug_index_in_engine(), module.clone().debug_index_in_engine());
}
