//! References in frames of Wasm that waits: in locals, operands, blocks, loops, arguments, results,
//! across calls of all kinds, nested entries and unwinding.

use wasm_runtime::{Caller, Func, Instance, Module, Result, Store, Trap, Val};

use crate::support::{Alive, IMPORTS, engines, guest, linker};

/// Each function returns a number in whose decimal digits the values that it saw have their places.
const GUEST: &str = r#"
    (type $pair (func (param externref) (result externref)))
    (table $functions funcref (elem $through $late))
    (func $through (param externref) (result externref) (call $gc) (local.get 0))
    (func $late (param externref) (result externref)
        (call $gc) (return_call $through (local.get 0)))
    (func $many (param externref externref)
        (result externref i32 externref externref f64 externref)
        (call $gc)
        (local.get 0) (i32.const 7) (local.get 1) (call $make (i32.const 3)) (f64.const 2)
        (call $make (i32.const 4)))
    (func $join (param i32 externref) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 10)) (call $number (local.get 1))))

    (func (export "locals") (result i32) (local externref externref externref)
        (local.set 0 (call $make (i32.const 1)))
        (call $gc)
        (local.set 1 (call $make (i32.const 2)))
        (local.set 2 (local.get 0))
        (local.set 0 (call $make (i32.const 3)))
        (call $gc)
        (call $join (call $join (call $join (i32.const 0) (local.get 0)) (local.get 1)) (local.get 2)))

    (func (export "operands") (result i32)
        (call $join (i32.const 0) (call $make (i32.const 1)))
        (call $make (i32.const 2)) (call $make (i32.const 3)) (call $gc)
        (drop)
        (call $join))

    (func (export "blocks") (param i32) (result i32) (local externref)
        (local.set 1 (call $make (i32.const 5)))
        (call $join (i32.const 0)
            (block (result externref)
                (br_if 0 (call $make (i32.const 1)) (i32.eqz (local.get 0)))
                (drop) (call $gc)
                (if (result externref) (i32.eq (local.get 0) (i32.const 1))
                    (then (call $make (i32.const 2)) (call $gc))
                    (else (select (result externref)
                        (local.get 1) (call $make (i32.const 3)) (local.get 0))))))
        (call $join (local.get 1)))

    (func (export "loops") (param i32) (result i32) (local $sum i32)
        (call $make (i32.const 9))
        (loop $again (param externref) (result externref)
            (call $gc)
            (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
            (call $late)
            (br_if $again (i32.lt_s (local.get $sum) (local.get 0))))
        (call $number))

    (func (export "indirect") (param i32) (result i32)
        (call $join (i32.const 0)
            (call_indirect $functions (type $pair) (call $make (i32.const 6)) (local.get 0))))

    (func (export "results") (result i32) (local externref externref externref externref)
        (call $many (call $make (i32.const 1)) (call $make (i32.const 2)))
        (local.set 3) (drop) (local.set 2) (local.set 1) (drop) (local.set 0)
        (call $gc)
        (call $join (call $join (call $join (call $join (i32.const 0)
            (local.get 0)) (local.get 1)) (local.get 2)) (local.get 3)))

    (func $deep (export "deep") (param i32 externref) (result i32) (local externref)
        (local.set 2 (call $make (local.get 0)))
        (if (i32.eqz (local.get 0)) (then (call $gc) (return (call $number (local.get 1)))))
        (i32.add
            (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 2))
            (i32.ne (call $number (local.get 2)) (local.get 0))))
"#;

fn number(store: &mut Store<Alive>, instance: Instance, name: &str, params: &[Val]) -> i32 {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = [Val::I32(0)];
    func.call(store, params, &mut results).unwrap();
    results[0].unwrap_i32()
}

#[test]
fn references_in_frames_are_found() {
    for engine in engines() {
        let (mut store, instance) = guest(&engine, GUEST);
        let mut run = |name: &str, param: i32| {
            let has_param = !matches!(name, "locals" | "operands" | "results");
            let params = [Val::I32(param)];
            number(&mut store, instance, name, if has_param { &params } else { &[] })
        };
        assert_eq!(run("locals", 0), 321);
        assert_eq!(run("operands", 0), 12);
        assert_eq!([0, 1, 2].map(|way| run("blocks", way)), [15, 25, 55]);
        assert_eq!(run("loops", 20), 9);
        assert_eq!([run("indirect", 0), run("indirect", 1)], [6, 6]);
        assert_eq!(run("results", 0), 1234);
        let params = [Val::I32(50), Val::ExternRef(None)];
        assert_eq!(number(&mut store, instance, "deep", &params), 1);
        store.gc(None).unwrap();
        assert_eq!(store.data().count(), 0);
    }
}

/// The host calls Wasm while Wasm waits for it, several times over.
#[test]
fn references_of_outer_entries_are_found() {
    let text = format!(
        r#"(module {IMPORTS}
        (import "host" "again" (func $again (param i32 externref) (result externref)))
        (func (export "nest") (param i32 externref) (result i32) (local externref)
            (local.set 2 (call $make (i32.const 8)))
            (if (i32.eqz (local.get 0)) (then (call $gc) (return (i32.const 0))))
            (i32.or
                (i32.ne (call $number (local.get 1)) (call $number
                    (call $again (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
                (i32.ne (call $number (local.get 2)) (i32.const 8)))))"#
    );
    for engine in engines() {
        let mut linker = linker(&engine);
        let again =
            |mut caller: Caller<'_, Alive>, depth: i32, value: crate::support::Reference| {
                let nest = caller.get_export("nest").and_then(|nest| nest.into_func()).unwrap();
                let nest = nest.typed::<(i32, crate::support::Reference), i32>(&caller)?;
                assert_eq!(nest.call(&mut caller, (depth, value))?, 0);
                Ok(value)
            };
        linker.func_wrap("host", "again", again).unwrap();
        let module = Module::new(&engine, &text).unwrap();
        let mut store = Store::new(&engine, Alive::default());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        assert_eq!(number(&mut store, instance, "nest", &[Val::I32(6), Val::ExternRef(None)]), 0);
    }
}

/// What a call that fails leaves behind is nobody's.
#[test]
fn frames_that_were_left_hold_nothing() -> Result<()> {
    for engine in engines() {
        let (mut store, instance) = guest(
            &engine,
            r#"(func (export "fail") (local externref)
                (local.set 0 (call $make (i32.const 1)))
                (call $gc)
                (if (call $number (local.get 0)) (then (unreachable)))
                (drop (call $number (local.get 0))))"#,
        );
        let fail = instance.get_typed_func::<(), ()>(&mut store, "fail")?;
        for _ in 0..3 {
            let error = fail.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
        }
        store.gc(None)?;
        assert_eq!(store.data().count(), 0);
    }
    Ok(())
}

/// More arguments than there are registers, through functions with lists of values.
#[test]
fn arguments_that_travel_on_the_stack_are_references_too() -> Result<()> {
    for engine in engines() {
        let externs = " externref".repeat(9);
        let gets: String = (0..9).map(|local| format!("(local.get {local})")).collect();
        let makes: String = (0..9).map(|n| format!("(call $make (i32.const {n}))")).collect();
        let text = format!(
            r#"(module {IMPORTS}
            (import "host" "turn" (func $turn (param{externs}) (result{externs})))
            (func $inner (param{externs}) (result{externs}) (call $gc) (call $turn {gets}))
            (func (export "run") (result{externs}) (call $inner {makes})))"#
        );
        let mut linker = linker(&engine);
        let ty = wasm_runtime::FuncType::new(
            &engine,
            vec![wasm_runtime::ValType::EXTERNREF; 9],
            vec![wasm_runtime::ValType::EXTERNREF; 9],
        );
        linker.func_new("host", "turn", ty, |mut caller, params, results| {
            caller.gc(None)?;
            for (result, param) in results.iter_mut().zip(params.iter().rev()) {
                *result = *param;
            }
            Ok(())
        })?;
        let module = Module::new(&engine, &text)?;
        let mut store = Store::new(&engine, Alive::default());
        let instance = linker.instantiate(&mut store, &module)?;
        let run: Func = instance.get_func(&mut store, "run").unwrap();
        let mut results = vec![Val::I32(0); 9];
        run.call(&mut store, &[], &mut results)?;
        store.gc(None)?;
        for (expected, result) in (0..9).rev().zip(results) {
            let value = *result.unwrap_externref().unwrap();
            let counted = value.data(&store)?.unwrap();
            let counted = counted.downcast_ref::<crate::support::Counted>().unwrap();
            assert_eq!(counted.number, expected);
        }
    }
    Ok(())
}
