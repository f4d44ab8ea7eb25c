//! Frames: locals and operands of all types, and callers.

use wasm_runtime::{Caller, Func, Module, Store, Val};

use super::session::{Seen, call, debugger, describe, engine, engine_with, innermost, start};

/// A function of the host that describes all frames of the innermost entry.
fn look(store: &mut Store<Seen>) -> Func {
    Func::wrap(store, |mut caller: Caller<'_, Seen>| {
        let mut frame = Some(innermost(&mut caller));
        while let Some(this) = frame {
            let words = describe(&mut caller, &this);
            caller.data_mut().push(words);
            frame = this.parent(&mut caller).unwrap();
        }
    })
}

#[test]
fn callers_have_their_operands() {
    let wat = r#"(module
        (import "" "look" (func $look))
        (func $inner (param i32 i64) (result i32)
            local.get 0
            i32.const 5
            call $look
            i32.add)
        (func (export "run") (param i32) (result i32)
            i32.const 7
            local.get 0
            i64.const 3
            call $inner
            i32.mul))"#;
    let (mut store, _, instance) = start(&engine(), wat, |store| vec![look(store)]);
    let result = call(&mut store, instance, "run", &[Val::I32(9)]).unwrap();
    assert_eq!(result.unwrap().unwrap_i32(), 98);
    let seen: Vec<&str> =
        store.data().iter().map(|seen| seen.split_once(": ").unwrap().1).collect();
    // The operands of a call are there as long as it lasts.
    assert_eq!(seen, ["[9 3L] [9 5]", "[9] [7 9 3L]"]);
}

#[test]
fn frames_that_wait_are_behind_their_calls() {
    let wat = r#"(module
        (type $host (func)) (type $inner (func (param i32) (result i32)))
        (import "" "look" (func $look (type $host)))
        (table funcref (elem $inner))
        (func $inner (type $inner) (call $look) (local.get 0))
        (func (export "run") (result i32)
            (call_indirect (type $inner) (i32.const 5) (i32.const 0))))"#;
    let look = |store: &mut Store<Seen>| {
        Func::wrap(store, |mut caller: Caller<'_, Seen>| {
            let mut frame = Some(innermost(&mut caller));
            while let Some(this) = frame {
                let (_, pc) = this.wasm_function_index_and_pc(&mut caller).unwrap().unwrap();
                let module = this.module(&mut caller).unwrap().unwrap();
                let code = module.debug_bytecode().unwrap()[..pc.raw() as usize].to_vec();
                let is_call = code.ends_with(&[0x10, 0]) || code.ends_with(&[0x11, 1, 0]);
                caller.data_mut().push(is_call.to_string());
                frame = this.parent(&mut caller).unwrap();
            }
        })
    };
    let (mut store, _, instance) = start(&engine(), wat, |store| vec![look(store)]);
    call(&mut store, instance, "run", &[]).unwrap();
    assert_eq!(*store.data(), ["true"; 2]);
    // A debugger that stops before a call is not behind it, and neither is one that is told of a
    // trap of it.
    let wat = wat.replace("(i32.const 0))))", "(i32.const 1))))");
    let (mut store, _, instance) = start(&engine(), &wat, |store| vec![look(store)]);
    store.set_debug_handler(debugger(|store, _| {
        let frame = innermost(&mut *store);
        let (_, pc) = frame.wasm_function_index_and_pc(&mut *store).unwrap().unwrap();
        let module = frame.module(&mut *store).unwrap().unwrap();
        let code = module.debug_bytecode().unwrap()[pc.raw() as usize..].to_vec();
        store.data_mut().push(code[0].to_string());
    }));
    store.edit_breakpoints().unwrap().single_step(true).unwrap();
    call(&mut store, instance, "run", &[]).unwrap_err();
    assert_eq!(*store.data(), ["65", "65", "17", "17"]);
}

#[test]
fn values_of_all_types_are_seen() {
    let wat = r#"(module
        (import "" "look" (func $look))
        (type $s (struct (field i32)))
        (elem declare func $f)
        (func $f)
        (func (export "run") (param i32 i64 f32 f64 externref)
            (local v128 funcref externref anyref (ref null $s) exnref)
            (local.set 5 (v128.const i64x2 1 2))
            (local.set 6 (ref.func $f))
            (local.set 7 (local.get 4))
            (local.set 8 (ref.i31 (i32.const 3)))
            (local.set 9 (struct.new $s (i32.const 4)))
            local.get 5
            local.get 0
            local.get 6
            local.get 9
            local.get 7
            f64.const 1.5
            call $look
            drop drop drop drop drop drop
            local.get 4
            any.convert_extern
            i32.const 1
            call $look
            drop drop))"#;
    let (mut store, _, instance) = start(&engine(), wat, |store| vec![look(store)]);
    let value = wasm_runtime::ExternRef::new(&mut store, 12_u8).unwrap();
    let args = [Val::I32(-1), Val::I64(2), Val::from(0.5_f32), Val::from(-0.25_f64), value.into()];
    call(&mut store, instance, "run", &args).unwrap();
    let seen: Vec<&str> =
        store.data().iter().map(|seen| seen.split_once(": ").unwrap().1).collect();
    let locals = "[-1 2L 0.5f -0.25d extern 20000000000000001v func extern any any null]";
    assert_eq!(
        seen,
        [
            format!("{locals} [20000000000000001v -1 func any extern 1.5d]"),
            format!("{locals} [any 1]")
        ]
    );
}

#[test]
fn references_survive_collections() {
    let wat = r#"(module
        (import "" "look" (func $look))
        (type $s (struct (field i32)))
        (func $inner (param (ref null $s)) (local i32)
            (struct.new $s (i32.const 2))
            call $look
            drop)
        (func (export "run") (local $l (ref null $s))
            (local.set $l (struct.new $s (i32.const 42)))
            (struct.new $s (i32.const 1))
            call $inner))"#;
    let look = |store: &mut Store<Seen>| {
        Func::wrap(store, |mut caller: Caller<'_, Seen>| {
            for _ in 0..3 {
                wasm_runtime::AsContextMut::as_context_mut(&mut caller).gc(None).unwrap();
                let inner = innermost(&mut caller);
                let outer = inner.parent(&mut caller).unwrap().unwrap();
                let values = [
                    inner.local(&mut caller, 0).unwrap(),
                    inner.stack(&mut caller, 0).unwrap(),
                    outer.local(&mut caller, 0).unwrap(),
                    outer.stack(&mut caller, 0).unwrap(),
                ];
                for value in values {
                    let object = value.unwrap_anyref().unwrap().unwrap_struct(&caller).unwrap();
                    let field = object.field(&mut caller, 0).unwrap().unwrap_i32();
                    caller.data_mut().push(field.to_string());
                }
            }
        })
    };
    for zeal in [false, true] {
        let engine = engine_with(|config| _ = config.gc_zeal(zeal));
        let (mut store, _, instance) = start(&engine, wat, |store| vec![look(store)]);
        call(&mut store, instance, "run", &[]).unwrap();
        assert_eq!(store.data().join(" "), ["1 2 42 1"; 3].join(" "));
    }
}

#[test]
fn places_change_from_references_to_numbers_and_back() {
    // The same place holds a reference before the loop and a number in it, and the collector looks
    // at all of them.
    let wat = r#"(module
        (import "" "look" (func $look))
        (type $s (struct (field i32)))
        (func (export "run") (param i32) (result i32)
            (struct.new $s (i32.const 5))
            drop
            loop
                i32.const -2
                i64.const -1
                call $look
                drop drop
                (struct.new $s (i32.const 6))
                i32.const 3
                call $look
                drop
                drop
                (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
            end
            (struct.get $s 0 (struct.new $s (i32.const 7)))))"#;
    let look = |store: &mut Store<Seen>| {
        Func::wrap(store, |mut caller: Caller<'_, Seen>| {
            wasm_runtime::AsContextMut::as_context_mut(&mut caller).gc(None).unwrap();
            let frame = innermost(&mut caller);
            let words = describe(&mut caller, &frame);
            caller.data_mut().push(words.split_once("] ").unwrap().1.to_owned());
        })
    };
    let (mut store, _, instance) = start(&engine(), wat, |store| vec![look(store)]);
    let result = call(&mut store, instance, "run", &[Val::I32(2)]).unwrap();
    assert_eq!(result.unwrap().unwrap_i32(), 7);
    assert_eq!(*store.data(), ["[-2 -1L]", "[any 3]", "[-2 -1L]", "[any 3]"]);
}

#[test]
fn each_entry_has_an_exit() {
    let engine = engine();
    let wat = r#"(module
        (import "" "again" (func $again))
        (func (export "run") (param i32) local.get 0 call $again drop))"#;
    let (mut store, module, instance) = start(&engine, wat, |store| {
        vec![Func::wrap(store, |mut caller: Caller<'_, Seen>| {
            let depth = caller.debug_exit_frames().count();
            let frames: Vec<_> = caller.debug_exit_frames().collect();
            for frame in &frames {
                let words = describe(&mut caller, frame);
                caller.data_mut().push(words.split_once(": ").unwrap().1.to_owned());
                assert!(frame.parent(&mut caller).unwrap().is_none());
            }
            if depth < 3 {
                let instance = frames[0].instance(&mut caller).unwrap();
                let run = instance.get_typed_func::<i32, ()>(&mut caller, "run").unwrap();
                run.call(&mut caller, depth as i32).unwrap();
                assert!(frames[0].is_valid(&mut caller) || depth < 3);
            }
        })]
    });
    assert_eq!(store.debug_exit_frames().count(), 0);
    call(&mut store, instance, "run", &[Val::I32(0)]).unwrap();
    let seen: Vec<&str> = store.data().iter().map(String::as_str).collect();
    let expected = ["[0] [0]", "[1] [1]", "[0] [0]", "[2] [2]", "[1] [1]", "[0] [0]"];
    assert_eq!(seen, expected);
    let bytes = module.debug_bytecode().unwrap();
    assert!(Module::new(&engine, bytes).is_ok());
}
