//! Which events there are, and what their contexts contain.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{Caller, Func, Instance, Linker, Module, Ref, Store, Trap, V128, Val};

use crate::support::{FACTORIAL, Log, call, engine, log, logged, logging, set_up, show};

#[test]
fn entries_and_exits_nest() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    let results = call(&mut store, instance, "main", &[Val::I32(3)]).unwrap();
    assert_eq!(results[0].unwrap_i32(), 6);
    logged(
        &mut store,
        &[
            "> main(3)",
            "  > check(3)",
            "  < check = ",
            "  > factorial(3)",
            "    > factorial(2)",
            "      > factorial(1)",
            "      < factorial = 1",
            "    < factorial = 2",
            "  < factorial = 6",
            "< main = 6",
        ],
    );
}

#[test]
fn only_functions_that_match_are_observed() {
    let lines: [(&[&str], &[&str]); 5] = [
        (&["main"], &["> main(1)", "< main = 1"]),
        (&["m*", "check"], &["> main(1)", "  > check(1)", "  < check = ", "< main = 1"]),
        (&["?heck"], &["> check(1)", "< check = "]),
        (&["other"], &[]),
        // These functions have names, so they can't be matched by their numbers.
        (&["func*"], &[]),
    ];
    for (patterns, lines) in lines {
        let (mut store, instance) = logging(patterns, FACTORIAL);
        call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
        logged(&mut store, lines);
    }
}

#[test]
fn functions_are_matched_by_exports_and_numbers_too() {
    let wat = r#"(module
        (func (export "run") (export "start") (call 1) (call $named))
        (func)
        (func $named (export "exported")))"#;
    for (pattern, names) in
        [("run", "run"), ("start", "run"), ("func[1]", "func[1]"), ("exported", "named")]
    {
        let (mut store, instance) = logging(&[pattern], wat);
        call(&mut store, instance, "run", &[]).unwrap();
        let (entered, left) = (format!("> {names}()"), format!("< {names} = "));
        logged(&mut store, &[&entered, &left]);
    }
}

#[test]
fn the_context_says_what_is_called() {
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let wat = r#"(module $counted
        (import "" "f" (func $f))
        (func $main (export "main") (param i64) (result f64) (f64.const 1)))"#;
    let f = Func::wrap(&mut store, || ());
    let instance = set_up(&engine, wat, &[f.into()], &mut store);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    store.function_hook(move |mut call| {
        assert_eq!(call.function_index(), 1);
        assert_eq!(call.function_name(), Some("main"));
        assert_eq!(call.module().name(), Some("counted"));
        assert_eq!(call.ty().to_string(), "(func (param i64) (result f64))");
        let instance = call.instance().unwrap();
        // The instance can be used. The hook is not notified of what it runs there.
        let main = instance.get_typed_func::<i64, f64>(&mut call, "main")?;
        assert_eq!(main.call(&mut call, 5)?, 1.0);
        let text = format!("{call:?}");
        call.data_mut().push(text);
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    call(&mut store, instance, "main", &[Val::I64(7)]).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 2);
    assert!(store.data()[0].contains("Entered"), "{:?}", store.data());
    assert!(store.data()[1].contains("Returned"), "{:?}", store.data());
}

#[test]
fn values_of_every_type_are_reported() {
    let params = "i32 i64 f32 f64 v128 funcref externref i64 i64 i64 f32 f32 f32 f32 f32 f32 f32 f32 \
                  i32 v128 f64";
    let get: String = (0..21).map(|number| format!("(local.get {number})")).collect();
    let wat = format!(
        r#"(module
            (func $all (export "all") (param {params}) (result {params}) {get})
            (func $outer (export "outer") (param {params}) (result {params}) (call $all {get})))"#
    );
    let (mut store, instance) = logging(&["*"], &wat);
    let all = instance.get_func(&mut store, "all").unwrap();
    let mut args = vec![
        Val::I32(-1),
        Val::I64(i64::MIN),
        Val::F32(1.5f32.to_bits()),
        Val::F64((-0.25f64).to_bits()),
        Val::V128(V128::from(u128::MAX - 7)),
        Val::FuncRef(Some(all)),
        Val::ExternRef(None),
    ];
    args.extend([Val::I64(1), Val::I64(2), Val::I64(3)]);
    args.extend((1..=8).map(|number| Val::F32((number as f32).to_bits())));
    args.extend([Val::I32(9), Val::V128(V128::from(3)), Val::F64(2.0f64.to_bits())]);
    let texts: Vec<String> = args.iter().map(show).collect();
    let texts = texts.join(", ");
    let results = call(&mut store, instance, "outer", &args).unwrap();
    let shown: Vec<String> = results.iter().map(show).collect();
    assert_eq!(shown.join(", "), texts);
    logged(
        &mut store,
        &[
            &format!("> outer({texts})"),
            &format!("  > all({texts})"),
            &format!("  < all = {texts}"),
            &format!("< outer = {texts}"),
        ],
    );
}

#[test]
fn tail_calls_leave_before_the_callee_is_entered() {
    let wat = r#"(module
        (import "" "host" (func $host (param i32) (result i32)))
        (table funcref (elem $done $host))
        (type $t (func (param i32) (result i32)))
        (func $loop (export "loop") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return_call $done (local.get 0))))
            (return_call $loop (i32.sub (local.get 0) (i32.const 1))))
        (func $done (param i32) (result i32) (i32.const 42))
        (func $indirect (export "indirect") (param i32) (result i32)
            (return_call_indirect (type $t) (i32.const 7) (local.get 0)))
        (func $import (export "import") (param i32) (result i32)
            (return_call $host (local.get 0))))"#;
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let host = Func::wrap(&mut store, |mut caller: Caller<'_, Log>, value: i32| {
        caller.data_mut().push("host".into());
        value
    });
    let instance = set_up(&engine, wat, &[host.into()], &mut store);
    log(&mut store);
    call(&mut store, instance, "loop", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> loop(1)", "~ loop", "> loop(0)", "~ loop", "> done(0)", "< done = 42"]);
    call(&mut store, instance, "indirect", &[Val::I32(0)]).unwrap();
    logged(&mut store, &["> indirect(0)", "~ indirect", "> done(7)", "< done = 42"]);
    // A host function is called as usual. The caller's exit is not reported a second time.
    call(&mut store, instance, "indirect", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> indirect(1)", "~ indirect", "host"]);
    call(&mut store, instance, "import", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> import(1)", "~ import", "host"]);
    // If a tail call finds no function, its caller has not exited before the trap.
    let error = call(&mut store, instance, "indirect", &[Val::I32(2)]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::TableOutOfBounds));
    logged(&mut store, &["> indirect(2)", "! indirect: TableOutOfBounds"]);
}

#[test]
fn many_tail_calls_take_no_room() {
    let wat = r#"(module
        (func $loop (export "loop") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
            (return_call $loop (i32.sub (local.get 0) (i32.const 1)))))"#;
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let instance = set_up(&engine, wat, &[], &mut store);
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = counts.clone();
    store.function_hook(move |call| {
        assert_eq!(call.depth(), 1);
        counted[usize::from(call.event().is_exit())].fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    call(&mut store, instance, "loop", &[Val::I32(100_000)]).unwrap();
    assert_eq!(counts.each_ref().map(|count| count.load(Ordering::Relaxed)), [100_001; 2]);
}

#[test]
fn start_functions_are_observed() {
    let wat = r#"(module
        (func $begin (call $inner))
        (func $inner)
        (start $begin))"#;
    let (mut store, _) = logging(&["*"], wat);
    logged(&mut store, &["> begin()", "  > inner()", "  < inner = ", "< begin = "]);
    // A start function that traps is observed as well.
    let module =
        Module::new(store.engine(), "(module (func $bad unreachable) (start $bad))").unwrap();
    Instance::new(&mut store, &module, &[]).unwrap_err();
    logged(&mut store, &["> bad()", "! bad: UnreachableCodeReached"]);
}

#[test]
fn functions_of_other_instances_follow_the_patterns_of_their_own_modules() {
    let engine = engine(&["shown*"]);
    let mut store = Store::new(&engine, Log::new());
    log(&mut store);
    let library = r#"(module $library
        (func $shown_add (export "add") (param i32) (result i32) (call $hidden (local.get 0)))
        (func $hidden (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;
    let library = set_up(&engine, library, &[], &mut store);
    let program = r#"(module $program
        (import "library" "add" (func $add (param i32) (result i32)))
        (table (export "table") funcref (elem $add))
        (func $shown_main (export "main") (param i32) (result i32)
            (i32.add
                (call $add (local.get 0))
                (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))))"#;
    let mut linker = Linker::new(&engine);
    linker.instance(&mut store, "library", library).unwrap();
    let program = linker.instantiate(&mut store, &Module::new(&engine, program).unwrap()).unwrap();
    call(&mut store, program, "main", &[Val::I32(1)]).unwrap();
    logged(
        &mut store,
        &[
            "> shown_main(1)",
            "  > shown_add(1)",
            "  < shown_add = 2",
            "  > shown_add(1)",
            "  < shown_add = 2",
            "< shown_main = 4",
        ],
    );
    // The host calls it through a reference.
    let table = program.get_table(&mut store, "table").unwrap();
    let Some(Ref::Func(Some(add))) = table.get(&mut store, 0) else { panic!("a function") };
    add.typed::<i32, i32>(&store).unwrap().call(&mut store, 5).unwrap();
    logged(&mut store, &["> shown_add(5)", "< shown_add = 6"]);
}
