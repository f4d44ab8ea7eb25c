//! Instances that are halted because something they import has become too small. Queries about them
//! give the same answers as before, and they run again exactly when it is large enough.

#![cfg(all(feature = "jit", feature = "wat", feature = "call-hook"))]

use wasm_runtime::{
    CallFilter, Engine, Func, Instance, Memory, MemoryType, Module, Ref, RefType, Result, Snapshot,
    Store, Table, TableType, Val,
};

/// Has functions that escape, and functions that only the host can get hold of.
const USER: &str = r#"(module $user
    (import "h" "t" (table 10 100 funcref))
    (table $own (export "own") 4 funcref)
    (elem declare func $escapes)
    (func $inner (result i32) (i32.const 7))
    (func $other (result i32) (i32.const 8))
    (func $escapes (export "escapes") (result i32) (i32.const 9))
    (func $named (export "named") (result i32) (call $inner)))"#;

/// Imports everything that the user exports.
const CALLER: &str = r#"(module
    (import "u" "inner" (func $inner (result i32)))
    (import "u" "escapes" (func $escapes (result i32)))
    (func (export "call") (result i32) (i32.add (call $inner) (call $escapes))))"#;

const NAMES: [&str; 4] = ["inner", "other", "escapes", "named"];

struct Guests {
    store: Store<Vec<String>>,
    table: Table,
    user: Instance,
    caller: Instance,
    small: Snapshot,
}

fn guests() -> Result<Guests> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Vec::new());
    let ty = TableType::new(RefType::FUNCREF, 0, Some(100));
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    let small = Snapshot::of_store(&mut store)?;
    table.grow(&mut store, 20, Ref::Func(None))?;
    let user = Instance::new(&mut store, &Module::new(&engine, USER)?, &[table.into()])?;
    let inner = user.func_named(&mut store, "inner")?;
    let escapes = user.get_func(&mut store, "escapes").unwrap();
    let imports = [inner.into(), escapes.into()];
    let caller = Instance::new(&mut store, &Module::new(&engine, CALLER)?, &imports)?;
    Ok(Guests { store, table, user, caller, small })
}

/// All queries about the functions, without calling them successfully.
fn answers(guests: &mut Guests) -> Result<Vec<String>> {
    let Guests { store, user, caller, .. } = guests;
    let mut answers = Vec::new();
    let own = user.get_table(&mut *store, "own").unwrap();
    let funcs: Vec<Func> =
        NAMES.iter().map(|name| user.func_named(&mut *store, name)).collect::<Result<_>>()?;
    for (place, func) in (0..).zip(&funcs) {
        own.set(&mut *store, place, Ref::Func(Some(*func)))?;
        answers.push(format!("{:?}", func.ty(&*store)));
    }
    // References, and the bindings of imports, by the indices of the module.
    let snapshot = Snapshot::builder()
        .instances(&[*user, *caller])
        .outside(wasm_runtime::Outside::LeaveOut)
        .take(&mut *store)?;
    answers.push(format!("{:?}", snapshot.state(*user)?));
    answers.push(format!("{:?}", snapshot.state(*caller)?));
    // What hooks observe.
    let hook = store.add_call_hook(CallFilter::to_wasm(), |mut call| {
        let line = format!("{:?} {:?}", call.export_name(), call.function_name());
        call.data_mut().push(line);
        Ok(())
    });
    for name in NAMES {
        let filter = CallFilter::none().matching(move |target| target.name == Some(name));
        let observer = store.add_call_hook(filter, move |mut call| {
            call.data_mut().push(format!("only {name}"));
            wasm_runtime::bail!("not now")
        });
        for func in &funcs {
            let called = func.call(&mut *store, &[], &mut [Val::I32(0)]);
            store.data_mut().push(called.is_err().to_string());
        }
        store.remove_call_hook(observer);
    }
    store.remove_call_hook(hook);
    // Calling them may fail or succeed: only this differs.
    answers.extend(store.data_mut().drain(..).filter(|line| line != "true" && line != "false"));
    Ok(answers)
}

#[test]
fn every_answer_is_the_same_as_of_those_that_run() -> Result<()> {
    let mut running = guests()?;
    let expected = answers(&mut running)?;
    assert!(expected.iter().any(|line| line == "only inner"), "{expected:?}");
    let mut halted = guests()?;
    halted.small.restore(&mut halted.store)?;
    assert!(answers(&mut halted)? == expected);
    halted.table.grow(&mut halted.store, 20, Ref::Func(None))?;
    assert!(answers(&mut halted)? == expected);
    Ok(())
}

/// Whether a filter lets a function through does not depend on the function's state when the filter
/// was first queried.
#[test]
fn no_hook_is_skipped_after_a_call_that_failed() -> Result<()> {
    let Guests { mut store, table, user, small, .. } = guests()?;
    let inner = user.func_named(&mut store, "inner")?;
    let filter = CallFilter::none().matching(|target| target.name == Some("inner"));
    store.add_call_hook(filter, |_| wasm_runtime::bail!("nobody calls `inner`"));
    small.restore(&mut store)?;
    for _ in 0..2 {
        let error = inner.call(&mut store, &[], &mut [Val::I32(0)]).unwrap_err();
        assert!(format!("{error:#}").contains("nobody calls"), "{error:#}");
        table.grow(&mut store, 20, Ref::Func(None))?;
    }
    Ok(())
}

/// Code makes what another instance imports large enough again, and then calls that instance.
/// Either the instance runs and all its assumptions hold, or an error says what to do.
#[test]
fn code_on_the_stack_calls_those_that_run_again_or_an_error_asks_it_to_return() -> Result<()> {
    // The table can't change its size, so the code has the size as a constant.
    let user = r#"(module (import "h" "t" (table 10 10 funcref)) (type $void (func (result i32)))
        (func $seven (export "seven") (result i32) (i32.const 7))
        (elem declare func $seven)
        (func (export "fill") (table.fill (i32.const 0) (ref.func $seven) (table.size)))
        (func (export "last") (result i32)
            (call_indirect (type $void) (i32.sub (table.size) (i32.const 1)))))"#;
    // Through imports, through references, and in loops that may know at their heads which function
    // is called.
    let caller = r#"(module (import "h" "t" (table 0 10 funcref))
        (import "u" "fill" (func $fill)) (import "u" "last" (func $last (result i32)))
        (type $int (func (result i32)))
        (table $refs 1 funcref) (elem (table $refs) (i32.const 0) func $last)
        (func $grow (param i32) (drop (table.grow 0 (ref.null func) (local.get 0))))
        (func (export "import") (param i32) (result i32)
            (call $grow (i32.const 10)) (call $fill) (call $last))
        (func (export "loop") (param i32) (result i32) (local i32)
            (loop $next
                (call $grow (local.get 0))
                (if (i32.eq (table.size 0) (i32.const 10))
                    (then (call $fill) (local.set 1 (call $last))))
                (br_if $next (i32.eqz (local.get 1))))
            (local.get 1))
        (func (export "reference") (param i32) (result i32)
            (call $grow (i32.const 10)) (call $fill)
            (call_indirect $refs (type $int) (i32.const 0)))
        (func (export "tail") (param i32) (result i32)
            (call $grow (i32.const 10)) (call $fill) (return_call $last)))"#;
    for name in ["import", "loop", "reference", "tail"] {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let ty = TableType::new(RefType::FUNCREF, 0, Some(10));
        let table = Table::new(&mut store, ty, Ref::Func(None))?;
        let small = Snapshot::of_store(&mut store)?;
        table.grow(&mut store, 10, Ref::Func(None))?;
        let user = Instance::new(&mut store, &Module::new(&engine, user)?, &[table.into()])?;
        let mut imports = vec![table.into()];
        for name in ["fill", "last"] {
            imports.push(user.get_export(&mut store, name).unwrap());
        }
        let caller = Instance::new(&mut store, &Module::new(&engine, caller)?, &imports)?;
        let call = caller.get_typed_func::<i32, i32>(&mut store, name)?;
        let last = user.get_typed_func::<(), i32>(&mut store, "last")?;
        small.restore(&mut store)?;
        let error = format!("{:#}", last.call(&mut store, ()).unwrap_err());
        assert!(error.contains("has 0 element(s) now"), "{error}");
        match call.call(&mut store, 1) {
            Ok(result) => assert_eq!(result, 7, "{name}"),
            Err(error) => assert!(format!("{error:#}").contains("return to the host"), "{error:#}"),
        }
        // Once the code has returned, the call succeeds.
        let fill = user.get_typed_func::<(), ()>(&mut store, "fill")?;
        fill.call(&mut store, ())?;
        assert_eq!(last.call(&mut store, ())?, 7, "{name}");
    }
    Ok(())
}

/// An instance that several things are too small for runs when the last of them is large enough,
/// and not before.
#[test]
fn each_runs_as_soon_as_all_that_it_imports_is_large_enough() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let ty = TableType::new(RefType::FUNCREF, 0, Some(100));
    let table = Table::new(&mut store, ty, Ref::Func(None))?;
    let memory = Memory::new(&mut store, MemoryType::new(0, Some(9)))?;
    let grower = r#"(module (import "h" "t" (table 0 100 funcref)) (import "h" "m" (memory 0))
        (func (export "grow") (param i32 i32) (result i32)
            (drop (table.grow (ref.null func) (local.get 0)))
            (memory.grow (local.get 1))))"#;
    let grower = Module::new(&engine, grower)?;
    let grower = Instance::new(&mut store, &grower, &[table.into(), memory.into()])?;
    let grow = grower.get_typed_func::<(i32, i32), i32>(&mut store, "grow")?;
    let small = Snapshot::of_store(&mut store)?;
    table.grow(&mut store, 9, Ref::Func(None))?;
    memory.grow(&mut store, 9)?;
    let mut users = Vec::new();
    for elements in 0..10u64 {
        for pages in 0..10u64 {
            let wat = format!(
                r#"(module (import "h" "m" (memory {pages}))
                    (import "h" "t" (table {elements} 100 funcref))
                    (func (export "f") (result i32) (i32.const 1)))"#
            );
            let module = Module::new(&engine, wat)?;
            let user = Instance::new(&mut store, &module, &[memory.into(), table.into()])?;
            let f = user.get_func(&mut store, "f").unwrap();
            let wat = r#"(module (import "u" "f" (func $f (result i32)))
                (func (export "f") (result i32) (call $f)))"#;
            let caller = Instance::new(&mut store, &Module::new(&engine, wat)?, &[f.into()])?;
            let by_import = caller.get_typed_func::<(), i32>(&mut store, "f")?;
            users.push((elements, pages, f.typed::<(), i32>(&store)?, by_import));
        }
    }
    // The steps by which both grow. The host or the code makes them grow.
    for steps in [&[(0, 0), (3, 0), (0, 4), (1, 1), (5, 4)][..], &[(0, 9), (9, 0)], &[(0, 0)]] {
        small.restore(&mut store)?;
        for (number, (elements, pages)) in steps.iter().enumerate() {
            if number % 2 == 0 {
                grow.call(&mut store, (*elements, *pages))?;
            } else {
                table.grow(&mut store, *elements as u64, Ref::Func(None))?;
                memory.grow(&mut store, *pages as u64)?;
            }
            let (size, len) = (table.size(&store), memory.size(&store));
            for (elements, pages, f, by_import) in &users {
                let runs = *elements <= size && *pages <= len;
                assert_eq!(f.call(&mut store, ()).is_ok(), runs, "{elements} {pages} {size} {len}");
                assert_eq!(by_import.call(&mut store, ()).is_ok(), runs, "{elements} {pages}");
            }
        }
    }
    Ok(())
}
