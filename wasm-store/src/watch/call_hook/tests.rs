//! Tests of hooks that need no compiled code: the host calls functions of its own.

use CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};

use super::*;
use crate::{Engine, Func, Linker};

fn log(store: &mut Store<Vec<CallHook>>) {
    store.call_hook(|mut store, event| {
        store.data_mut().push(event);
        Ok(())
    });
}

#[test]
fn calls_are_observed_whenever_the_hook_is_set() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "late", || 1).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let early = Func::wrap(&mut store, || 2);
    log(&mut store);
    let late = linker.get(&mut store, "", "late").unwrap().into_func().unwrap();
    for func in [early, late] {
        func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap();
        let events = std::mem::take(store.data_mut());
        assert_eq!(events, [CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm]);
    }
    assert!(store.unset_call_hook());
    assert!(!store.unset_call_hook());
    for func in [early, late] {
        func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap();
        assert!(store.data().is_empty());
    }
}

#[test]
fn an_error_of_the_hook_ends_the_call() {
    let mut store = Store::new(&Engine::default(), Vec::new());
    let func = Func::wrap(&mut store, || ());
    store.call_hook(|mut store, event| {
        store.data_mut().push(event);
        if event == CallingHost { Err(crate::Error::msg("not now")) } else { Ok(()) }
    });
    let error = func.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.to_string(), "not now");
    assert_eq!(*store.data(), [CallingWasm, CallingHost, ReturningFromWasm]);
}

#[test]
fn a_hook_is_of_one_store_and_removed_once() {
    let mut store = Store::new(&Engine::default(), ());
    let first = store.add_call_hook(CallFilter::all(), |_| Ok(()));
    let second = store.add_call_hook(CallFilter::none(), |_| Ok(()));
    assert_ne!(first, second);
    assert!(store.remove_call_hook(first));
    assert!(!store.remove_call_hook(first));
    assert!(store.remove_call_hook(second));
}

#[test]
#[should_panic(expected = "object used with the wrong store")]
fn a_hook_of_another_store_is_refused() {
    let mut one = Store::new(&Engine::default(), ());
    let hook = one.add_call_hook(CallFilter::all(), |_| Ok(()));
    Store::new(&Engine::default(), ()).remove_call_hook(hook);
}
