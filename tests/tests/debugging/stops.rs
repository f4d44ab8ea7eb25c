//! Breakpoints and steps.

use wasm_runtime::{DebugEvent, Instance, Module, ModulePC, Store, Val};

use super::session::{Seen, block_on, call, debugger, describe, engine, innermost, start};

/// Counts down from a parameter, and returns the sum.
const LOOP: &str = r#"(module
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        loop $again
            local.get $sum
            local.get $n
            i32.add
            local.set $sum
            local.get $n
            i32.const 1
            i32.sub
            local.tee $n
            br_if $again
        end
        local.get $sum))"#;

/// The places of all operators of a module, found by stepping through a function.
fn steps(store: &mut Store<Seen>, instance: Instance, name: &str, args: &[Val]) -> Vec<(u32, u32)> {
    store.set_debug_handler(debugger(|store, event| {
        assert!(matches!(event, DebugEvent::Breakpoint));
        let frame = innermost(&mut *store);
        let (func, pc) = frame.wasm_function_index_and_pc(&mut *store).unwrap().unwrap();
        store.data_mut().push(format!("{} {}", func.as_u32(), pc.raw()));
    }));
    store.edit_breakpoints().unwrap().single_step(true).unwrap();
    assert!(store.is_single_step());
    call(store, instance, name, args).unwrap();
    store.edit_breakpoints().unwrap().single_step(false).unwrap();
    let seen = std::mem::take(store.data_mut());
    let number = |text: &str| text.parse::<u32>().unwrap();
    seen.iter()
        .map(|step| step.split_once(' ').unwrap())
        .map(|(f, p)| (number(f), number(p)))
        .collect()
}

#[test]
fn a_breakpoint_in_a_loop_stops_each_time() {
    for waits in [0, 2] {
        let (mut store, module, instance) = start(&engine(), LOOP, |_| vec![]);
        let places = steps(&mut store, instance, "sum", &[Val::I32(1)]);
        // `loop`, then nine operators and `end`, then the last two.
        assert_eq!(places.len(), 13);
        let add = places[3].1;
        store.set_debug_handler(
            debugger(|store, _| {
                let frame = innermost(&mut *store);
                let seen = describe(&mut *store, &frame);
                store.data_mut().push(seen);
            })
            .waiting(waits),
        );
        store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(add)).unwrap();
        let sum = call(&mut store, instance, "sum", &[Val::I32(3)]).unwrap();
        assert_eq!(sum.unwrap().unwrap_i32(), 6);
        let at = format!("0 at {add:#x}");
        assert_eq!(
            *store.data(),
            [
                format!("{at}: [3 0] [0 3]"),
                format!("{at}: [2 3] [3 2]"),
                format!("{at}: [1 5] [5 1]")
            ]
        );
        let all: Vec<_> = store.breakpoints().unwrap().collect();
        assert_eq!(all.len(), 1);
        assert!(Module::same(&all[0].module, &module) && all[0].pc.raw() == add);
    }
}

#[test]
fn steps_go_into_calls_and_through_operators_in_order() {
    let wat = r#"(module
        (func $double (param i32) (result i32) local.get 0 local.get 0 i32.add)
        (func (export "run") (result i32) i32.const 21 call $double))"#;
    let (mut store, _, instance) = start(&engine(), wat, |_| vec![]);
    let places = steps(&mut store, instance, "run", &[]);
    let functions: Vec<u32> = places.iter().map(|(func, _)| *func).collect();
    assert_eq!(functions, [1, 1, 0, 0, 0, 0, 1]);
    assert!(places[0].1 < places[1].1 && places[1].1 < places[6].1);
    assert!(places[2..6].is_sorted());
}

#[test]
fn a_place_between_operators_stands_for_the_next_one() {
    let (mut store, module, instance) = start(&engine(), LOOP, |_| vec![]);
    let places = steps(&mut store, instance, "sum", &[Val::I32(1)]);
    let (get, add) = (places[2].1, places[3].1);
    let mut edit = store.edit_breakpoints().unwrap();
    edit.add_breakpoint(&module, ModulePC::new(get + 1)).unwrap();
    edit.add_breakpoint(&module, ModulePC::new(add)).unwrap();
    let all = |store: &Store<Seen>| {
        store.breakpoints().unwrap().map(|breakpoint| breakpoint.pc.raw()).collect::<Vec<_>>()
    };
    assert_eq!(all(&store), [add]);
    let mut edit = store.edit_breakpoints().unwrap();
    edit.remove_breakpoint(&module, ModulePC::new(get + 1)).unwrap();
    assert_eq!(all(&store), [add], "it was added twice");
    let mut edit = store.edit_breakpoints().unwrap();
    edit.remove_breakpoint(&module, ModulePC::new(add)).unwrap();
    edit.remove_breakpoint(&module, ModulePC::new(add)).unwrap();
    assert_eq!(all(&store), []);
    // Behind all operators there is nothing to stop at.
    let mut edit = store.edit_breakpoints().unwrap();
    edit.add_breakpoint(&module, ModulePC::new(u32::MAX)).unwrap();
    edit.add_breakpoint(&module, ModulePC::new(0)).unwrap();
    assert_eq!(all(&store), [places[0].1, u32::MAX]);
    store.set_debug_handler(debugger(|store, _| store.data_mut().push(String::new())));
    call(&mut store, instance, "sum", &[Val::I32(2)]).unwrap();
    assert_eq!(store.data().len(), 1);
}

#[test]
fn breakpoints_change_while_the_code_is_stopped() {
    let (mut store, module, instance) = start(&engine(), LOOP, |_| vec![]);
    let places = steps(&mut store, instance, "sum", &[Val::I32(1)]);
    let (add, end) = (places[3].1, places[11].1);
    let other = module.clone();
    store.set_debug_handler(debugger(move |store, _| {
        let frame = innermost(&mut *store);
        let (_, pc) = frame.wasm_function_index_and_pc(&mut *store).unwrap().unwrap();
        store.data_mut().push(pc.raw().to_string());
        if pc.raw() == add {
            let mut edit =
                wasm_runtime::AsContextMut::as_context_mut(store).edit_breakpoints().unwrap();
            edit.remove_breakpoint(&other, ModulePC::new(add)).unwrap();
            edit.add_breakpoint(&other, ModulePC::new(end)).unwrap();
        }
    }));
    store.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(add)).unwrap();
    call(&mut store, instance, "sum", &[Val::I32(5)]).unwrap();
    assert_eq!(*store.data(), [add.to_string(), end.to_string()]);
}

#[test]
fn instances_of_the_same_module_stop_in_their_own_stores() {
    let engine = engine();
    let (mut one, module, first) = start(&engine, LOOP, |_| vec![]);
    let add = steps(&mut one, first, "sum", &[Val::I32(1)])[3].1;
    let count = debugger(|store, _| store.data_mut().push(String::new()));
    one.set_debug_handler(count.clone());
    one.edit_breakpoints().unwrap().add_breakpoint(&module, ModulePC::new(add)).unwrap();
    // An instance that is made later.
    let second = block_on(Instance::new_async(&mut one, &module, &[])).unwrap();
    call(&mut one, second, "sum", &[Val::I32(2)]).unwrap();
    assert_eq!(one.data().len(), 2);
    drop(one);
    // One that is used again, in another store.
    let mut other = Store::new(&engine, Seen::new());
    other.set_debug_handler(count);
    let third = block_on(Instance::new_async(&mut other, &module, &[])).unwrap();
    call(&mut other, third, "sum", &[Val::I32(2)]).unwrap();
    assert_eq!(other.data().len(), 0);
}

#[test]
fn start_functions_stop() {
    let engine = engine();
    let wat = "(module (func $f nop) (start $f))";
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, Seen::new());
    store.debug_register_module(&module).unwrap();
    assert_eq!(store.debug_all_modules().len(), 1);
    store.set_debug_handler(debugger(|store, _| {
        let frame = innermost(&mut *store);
        let instance = frame.instance(&mut *store).unwrap();
        store.data_mut().push(instance.debug_index_in_store().to_string());
    }));
    store.edit_breakpoints().unwrap().single_step(true).unwrap();
    let instance = block_on(Instance::new_async(&mut store, &module, &[])).unwrap();
    assert_eq!(*store.data(), ["0", "0"]);
    assert_eq!(store.debug_all_instances(), [instance]);
    store.clear_debug_handler();
    block_on(Instance::new_async(&mut store, &module, &[])).unwrap();
    assert_eq!(store.data().len(), 2, "nobody is told");
}
