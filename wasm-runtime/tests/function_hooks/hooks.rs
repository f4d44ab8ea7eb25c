//! The hooks themselves: how they are set, replaced and removed, and what they may do.

use wasm_runtime::{AsContextMut, Store, Val};

use crate::support::{FACTORIAL, Log, call, engine, log, set_up};

#[test]
fn hooks_are_set_replaced_and_removed_between_calls() {
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let instance = set_up(&engine, FACTORIAL, &[], &mut store);
    let run = |store: &mut Store<Log>, lines: usize| {
        call(store, instance, "main", &[Val::I32(1)]).unwrap();
        assert_eq!(store.data().len(), lines);
        store.data_mut().clear();
    };
    run(&mut store, 0);
    log(&mut store);
    run(&mut store, 6);
    store.function_hook(|mut call| {
        call.data_mut().push("one".into());
        Ok(())
    });
    run(&mut store, 6);
    store.remove_function_hook();
    run(&mut store, 0);
    log(&mut store);
    run(&mut store, 6);
    // A store with a hook can be dismantled.
    assert!(store.into_data().is_empty());
}

#[test]
fn a_hook_can_use_the_store() {
    let engine = engine(&["main"]);
    let mut store = Store::new(&engine, Log::new());
    let wat = r#"(module
        (memory (export "memory") 1)
        (func $main (export "main") (result i32) (i32.load (i32.const 0))))"#;
    let instance = set_up(&engine, wat, &[], &mut store);
    store.function_hook(|mut call| {
        let instance = call.instance().unwrap();
        let memory = instance.get_memory(&mut call, "memory").unwrap();
        let data = memory.data_mut(call.as_context_mut());
        data[0] += 5;
        Ok(())
    });
    assert_eq!(call(&mut store, instance, "main", &[]).unwrap()[0].unwrap_i32(), 5);
    assert_eq!(call(&mut store, instance, "main", &[]).unwrap()[0].unwrap_i32(), 15);
}
