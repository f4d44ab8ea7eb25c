//! The API of stores, with compiled code. `wasm-store` can't test this by itself, since it has no
//! compiler.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    Caller, Engine, Error, Extern, ExternRef, Func, FuncType, Global, GlobalType, Instance, Linker,
    Memory, MemoryType, Module, Mutability, Ref, RefType, Result, Rooted, Store,
    StoreLimitsBuilder, Table, TableType, Trap, UnknownImportError, V128, Val, ValType,
    WasmBacktrace,
};

fn instance(wat: &str, imports: &[Extern], store: &mut Store<u32>) -> Result<Instance> {
    let module = Module::new(store.engine(), wat)?;
    Instance::new(store, &module, imports)
}

fn store() -> Store<u32> {
    Store::new(&Engine::default(), 0)
}

#[test]
fn values_of_every_type_travel_both_ways() -> Result<()> {
    let mut store = store();
    let wat = r#"(module
        (import "" "f" (func $f (param i32 i64 f32 f64 v128 funcref externref)
            (result externref funcref v128 f64 f32 i64 i32)))
        (export "host" (func $f))
        (func (export "wasm") (param i32 i64 f32 f64 v128 funcref externref)
            (result externref funcref v128 f64 f32 i64 i32)
            (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                (local.get 5) (local.get 6))))"#;
    type Args = (i32, i64, f32, f64, V128, Option<Func>, Option<Rooted<ExternRef>>);
    type Results = (Option<Rooted<ExternRef>>, Option<Func>, V128, f64, f32, i64, i32);
    let turn =
        |a: i32, b: i64, c: f32, d: f64, e: V128, f: Option<Func>, g: Option<Rooted<ExternRef>>| {
            (g, f, e, d, c, b, a)
        };
    let static_host = Func::wrap(&mut store, turn);
    let ty = static_host.ty(&store);
    let dynamic_host = Func::new(&mut store, ty, |_, params, results| {
        for (result, param) in results.iter_mut().zip(params.iter().rev()) {
            *result = *param;
        }
        Ok(())
    });
    for host in [static_host, dynamic_host] {
        let instance = instance(wat, &[host.into()], &mut store)?;
        for name in ["host", "wasm"] {
            let func = instance.get_typed_func::<Args, Results>(&mut store, name)?;
            let text = ExternRef::new(&mut store, "text")?;
            let args = (-1, i64::MIN, 1.5, -0.0, V128::from(u128::MAX - 5), Some(host), Some(text));
            let (g, f, e, d, c, b, a) = func.call(&mut store, args)?;
            assert_eq!((a, b, c, d.to_bits(), e), (-1, i64::MIN, 1.5, (-0.0f64).to_bits(), args.4));
            assert_eq!(f, Some(host));
            let data = g.unwrap().data(&store)?.unwrap();
            assert_eq!(data.downcast_ref::<&str>(), Some(&"text"));
            let nulls = func.call(&mut store, (0, 0, 0.0, 0.0, V128::from(0), None, None))?;
            assert!(nulls.0.is_none() && nulls.1.is_none());
            let mut results = [Val::I32(0); 7];
            let params: [Val; 7] = [
                Val::I32(7),
                Val::I64(8),
                2.5f32.into(),
                3.5f64.into(),
                V128::from(9).into(),
                Val::FuncRef(None),
                text.into(),
            ];
            func.func().call(&mut store, &params, &mut results)?;
            assert_eq!(results[6].unwrap_i32(), 7);
            assert_eq!(results[2].unwrap_v128().as_u128(), 9);
        }
    }
    Ok(())
}

#[test]
fn sixteen_parameters_and_more_results_than_registers() -> Result<()> {
    let mut store = store();
    let mut linker = Linker::new(store.engine());
    linker.func_wrap(
        "",
        "sum",
        |a: i32,
         b: i32,
         c: i32,
         d: i32,
         e: i32,
         f: i32,
         g: i32,
         h: i32,
         i: i32,
         j: i32,
         k: i32,
         l: i32,
         m: i32,
         n: i32,
         o: i32,
         p: i64| {
            i64::from(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o) + p
        },
    )?;
    let params = "i32 ".repeat(15);
    let gets: String = (0..16).map(|i| format!("(local.get {i})")).collect();
    let wat = format!(
        r#"(module (import "" "sum" (func $sum (param {params} i64) (result i64)))
        (func (export "sum") (param {params} i64) (result i64) (call $sum {gets}))
        (func (export "split") (param i32) (result i32 i32 i32 i32)
            (local.get 0) (local.get 0) (i32.const 1) i32.add (i32.const 3) (local.get 0)))"#
    );
    let module = Module::new(store.engine(), &wat)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let sum = instance.get_func(&mut store, "sum").unwrap();
    let mut params = [Val::I32(2); 16];
    params[15] = Val::I64(1 << 40);
    let mut result = [Val::I32(0)];
    sum.call(&mut store, &params, &mut result)?;
    assert_eq!(result[0].unwrap_i64(), (1 << 40) + 30);
    let split = instance.get_typed_func::<i32, (i32, i32, i32, i32)>(&mut store, "split")?;
    assert_eq!(split.call(&mut store, 10)?, (10, 11, 3, 10));
    Ok(())
}

#[test]
fn traps_have_a_reason_and_a_backtrace() -> Result<()> {
    let mut store = store();
    let wat = r#"(module $app
        (memory 1) (table 2 funcref) (type $t (func (param i64)))
        (elem (i32.const 0) $unreachable)
        (func $unreachable (export "unreachable") unreachable)
        (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.const 0))))
        (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
        (func (export "convert") (drop (i32.trunc_f32_s (f32.const nan))))
        (func (export "load") (drop (i32.load (i32.const 65533))))
        (func (export "table") (call_indirect (i32.const 2)))
        (func (export "null") (call_indirect (i32.const 1)))
        (func (export "type") (call_indirect (type $t) (i64.const 0) (i32.const 0)))
        (func $deep (export "deep") (call $deep) (call $deep)))"#;
    let instance = instance(wat, &[], &mut store)?;
    for (name, trap) in [
        ("unreachable", Trap::UnreachableCodeReached),
        ("divide", Trap::IntegerDivisionByZero),
        ("overflow", Trap::IntegerOverflow),
        ("convert", Trap::BadConversionToInteger),
        ("load", Trap::MemoryOutOfBounds),
        ("table", Trap::TableOutOfBounds),
        ("null", Trap::IndirectCallToNull),
        ("type", Trap::BadSignature),
        ("deep", Trap::StackOverflow),
    ] {
        let func = instance.get_typed_func::<(), ()>(&mut store, name)?;
        let error = func.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&trap), "{name}");
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect(name);
        assert!(!backtrace.frames().is_empty(), "{name}");
        assert_eq!(backtrace.frames()[0].module().name(), Some("app"));
        if name == "unreachable" {
            assert_eq!(backtrace.frames()[0].func_name(), Some("unreachable"));
            assert!(backtrace.frames()[0].module_offset().is_some());
        }
    }
    Ok(())
}

#[test]
fn errors_and_panics_go_through_nested_calls() -> Result<()> {
    #[derive(Debug)]
    struct Custom(u32);
    impl std::fmt::Display for Custom {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "custom {}", self.0)
        }
    }
    impl std::error::Error for Custom {}

    let mut store = store();
    let again = Func::wrap(&mut store, |mut caller: Caller<'_, u32>, depth: i32| -> Result<()> {
        *caller.data_mut() += 1;
        match depth {
            0 => Err(Error::new(Custom(5))),
            1000 => panic!("panic {}", caller.data()),
            -1 => Ok(()),
            _ => {
                let run = caller.get_export("run").and_then(Extern::into_func).unwrap();
                run.typed::<i32, ()>(&caller)?.call(&mut caller, depth - 1)
            }
        }
    });
    let wat = r#"(module (import "" "again" (func $again (param i32)))
        (func (export "run") (param i32) (call $again (local.get 0))))"#;
    let instance = instance(wat, &[again.into()], &mut store)?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    let error = run.call(&mut store, 5).unwrap_err();
    assert_eq!(error.downcast_ref::<Custom>().unwrap().0, 5);
    assert_eq!(error.downcast_ref::<WasmBacktrace>().unwrap().frames().len(), 6);
    assert_eq!(*store.data(), 6);
    for depth in [1000, 1003] {
        let panic = catch_unwind(AssertUnwindSafe(|| run.call(&mut store, depth))).unwrap_err();
        let text = format!("panic {}", store.data());
        assert_eq!(panic.downcast_ref::<String>(), Some(&text));
        run.call(&mut store, -1)?;
    }
    Ok(())
}

#[test]
fn the_caller_is_found_through_references_too() -> Result<()> {
    let mut store = store();
    let who = Func::wrap(&mut store, |mut caller: Caller<'_, u32>| -> Result<i32> {
        match caller.get_export("id") {
            Some(Extern::Global(id)) => Ok(id.get(&mut caller).unwrap_i32()),
            _ => Ok(-1),
        }
    });
    assert_eq!(who.typed::<(), i32>(&store)?.call(&mut store, ())?, -1);
    let table = Table::new(&mut store, TableType::new(RefType::FUNCREF, 1, None), who.into())?;
    for id in [1, 2] {
        let wat = format!(
            r#"(module (import "" "t" (table 1 funcref)) (type $who (func (result i32)))
            (global (export "id") i32 (i32.const {id}))
            (func (export "who") (result i32) (call_indirect (type $who) (i32.const 0))))"#
        );
        let instance = instance(&wat, &[table.into()], &mut store)?;
        let func = instance.get_typed_func::<(), i32>(&mut store, "who")?;
        assert_eq!(func.call(&mut store, ())?, id);
    }
    Ok(())
}

#[test]
fn instances_share_what_they_import() -> Result<()> {
    let mut store = store();
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(3)))?;
    let ty = GlobalType::new(ValType::I64, Mutability::Var);
    let global = Global::new(&mut store, ty, Val::I64(1))?;
    let mut linker = Linker::new(store.engine());
    linker.define(&store, "host", "memory", memory)?.define(&store, "host", "global", global)?;
    let wat = r#"(module
        (import "host" "memory" (memory 1 3)) (import "host" "global" (global $g (mut i64)))
        (data (i32.const 4) "seed")
        (func $start (global.set $g (i64.add (global.get $g) (i64.const 41)))) (start $start)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (export "again" (memory 0)))"#;
    let module = Module::new(store.engine(), wat)?;
    let one = linker.instantiate(&mut store, &module)?;
    assert_eq!(global.get(&mut store).unwrap_i64(), 42);
    assert_eq!(&memory.data(&store)[4..8], b"seed");
    linker.instance(&mut store, "one", one)?;
    let two = Module::new(
        store.engine(),
        r#"(module (import "one" "again" (memory 2)) (import "one" "load" (func (param i32) (result i32)))
        (func (export "load") (param i32) (result i32) (call 0 (local.get 0))))"#,
    )?;
    // The current size counts.
    assert!(linker.instantiate(&mut store, &two).is_err());
    let grow = one.get_typed_func::<i32, i32>(&mut store, "grow")?;
    assert_eq!(grow.call(&mut store, 1)?, 1);
    assert_eq!(grow.call(&mut store, 5)?, -1);
    let two = linker.instantiate(&mut store, &two)?;
    memory.write(&mut store, 70_000, &[9])?;
    let load = two.get_typed_func::<i32, i32>(&mut store, "load")?;
    assert_eq!(load.call(&mut store, 70_000)?, 9);
    let names: Vec<_> = one.exports(&mut store).map(|e| e.name().to_string()).collect();
    assert_eq!(names, ["grow", "load", "again"]);
    Ok(())
}

#[test]
fn tables_of_instances_can_be_read_and_written() -> Result<()> {
    let mut store = store();
    let wat = r#"(module (table (export "t") 3 10 funcref) (type $f (func (result i32)))
        (elem (i32.const 1) $seven)
        (func $seven (result i32) (i32.const 7))
        (func (export "call") (param i32) (result i32) (call_indirect (type $f) (local.get 0))))"#;
    let instance = instance(wat, &[], &mut store)?;
    let table = instance.get_table(&mut store, "t").unwrap();
    let call = instance.get_typed_func::<i32, i32>(&mut store, "call")?;
    assert!(table.get(&mut store, 0).unwrap().is_null());
    let seven = *table.get(&mut store, 1).unwrap().unwrap_func().unwrap();
    assert_eq!(seven.typed::<(), i32>(&store)?.call(&mut store, ())?, 7);
    let eight = Func::wrap(&mut store, || 8);
    table.set(&mut store, 2, eight.into())?;
    assert_eq!((call.call(&mut store, 1)?, call.call(&mut store, 2)?), (7, 8));
    assert_eq!(table.grow(&mut store, 2, seven.into())?, 3);
    assert_eq!(call.call(&mut store, 4)?, 7);
    table.set(&mut store, 4, Ref::Func(None))?;
    assert!(call.call(&mut store, 4).unwrap_err().is::<Trap>());
    Ok(())
}

#[test]
fn wrong_imports_are_explained() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, 0);
    let module = Module::new(&engine, r#"(module (import "env" "log" (func (param i32 i32))))"#)?;
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("env", "lgo", || {})?;
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    let unknown = error.downcast_ref::<UnknownImportError>().unwrap();
    assert_eq!((unknown.module(), unknown.name()), ("env", "log"));
    for part in ["env::log", "(func (param i32 i32))", "did you mean `env::lgo`"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    linker.func_wrap("env", "log", |_: i64| {})?;
    let text = format!("{:#}", linker.instantiate_pre(&module).unwrap_err());
    for part in ["env::log", "(func (param i32 i32))", "(func (param i64))"] {
        assert!(text.contains(part), "{text}");
    }
    let mut linker = Linker::<u32>::new(&engine);
    linker.define_unknown_imports_as_traps(&module)?;
    linker.instantiate(&mut store, &module)?;
    let nothing = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(nothing.to_string(), "expected 1 imports, found 0");
    Ok(())
}

#[test]
fn limits_hold_for_instances_and_growth() -> Result<()> {
    let engine = Engine::default();
    let limits = StoreLimitsBuilder::new().memory_size(2 << 16).instances(2).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    let grow = instance.get_typed_func::<(), i32>(&mut store, "grow")?;
    assert_eq!((grow.call(&mut store, ())?, grow.call(&mut store, ())?), (1, -1));
    let large = Module::new(&engine, "(module (memory 3))")?;
    let error = Instance::new(&mut store, &large, &[]).unwrap_err();
    assert!(error.to_string().contains("exceeds memory limits"), "{error}");
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert!(error.to_string().contains("instance count"), "{error}");
    Ok(())
}

#[test]
fn stores_run_on_several_threads() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "add" (func $add (param i64 i64) (result i64)))
        (func $fib (export "fib") (param i64) (result i64)
            (if (result i64) (i64.lt_u (local.get 0) (i64.const 2))
                (then (local.get 0))
                (else (call $add
                    (call $fib (i64.sub (local.get 0) (i64.const 1)))
                    (call $fib (i64.sub (local.get 0) (i64.const 2))))))))"#,
    )?;
    let mut linker = Linker::<u64>::new(&engine);
    linker.func_wrap("", "add", |mut caller: Caller<'_, u64>, a: i64, b: i64| {
        *caller.data_mut() += 1;
        a + b
    })?;
    let pre = linker.instantiate_pre(&module)?;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (pre, engine) = (pre.clone(), engine.clone());
            std::thread::spawn(move || -> Result<(i64, u64)> {
                let mut store = Store::new(&engine, 0);
                let instance = pre.instantiate(&mut store)?;
                let fib = instance.get_typed_func::<i64, i64>(&mut store, "fib")?;
                Ok((fib.call(&mut store, 20)?, *store.data()))
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap()?, (6765, 10945));
    }
    Ok(())
}

#[cfg(feature = "call-hook")]
#[test]
fn hooks_observe_every_transition() -> Result<()> {
    use wasm_runtime::CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};

    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "f", || {})?;
    let module = Module::new(
        &engine,
        r#"(module (import "" "f" (func $f)) (table funcref (elem $f))
        (func (export "run") (call $f) (call_indirect (i32.const 0))))"#,
    )?;
    // The hook is set before the instance is made, and after.
    for late in [false, true] {
        let mut store = Store::new(&engine, Vec::new());
        let set = |store: &mut Store<Vec<wasm_runtime::CallHook>>| {
            store.call_hook(|mut store, event| {
                store.data_mut().push(event);
                Ok(())
            });
        };
        if !late {
            set(&mut store);
        }
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        if late {
            run.call(&mut store, ())?;
            assert!(store.data().is_empty());
            set(&mut store);
        }
        run.call(&mut store, ())?;
        let host = [CallingHost, ReturningFromHost];
        let expected = [&[CallingWasm], &host[..], &host[..], &[ReturningFromWasm]].concat();
        assert_eq!(*store.data(), expected);
    }
    Ok(())
}

#[test]
#[should_panic(expected = "object used with the wrong store")]
fn functions_of_another_store_are_refused() {
    let mut one = store();
    let instance = instance(r#"(module (func (export "f")))"#, &[], &mut one).unwrap();
    let func = instance.get_typed_func::<(), ()>(&mut one, "f").unwrap();
    let mut other = Store::new(one.engine(), 0);
    let _ = func.call(&mut other, ());
}

#[test]
fn references_of_another_store_do_not_get_in() -> Result<()> {
    let mut one = store();
    let mut other = Store::new(one.engine(), 0);
    let wat = r#"(module (func (export "f") (param funcref) (result funcref) (local.get 0)))"#;
    let instance = instance(wat, &[], &mut one)?;
    let func = instance.get_typed_func::<Option<Func>, Option<Func>>(&mut one, "f")?;
    let foreign = Func::wrap(&mut other, || {});
    assert!(func.call(&mut one, Some(foreign)).is_err());
    assert!(func.func().call(&mut one, &[foreign.into()], &mut [Val::FuncRef(None)]).is_err());
    let leak = Func::wrap(&mut one, move || Some(foreign));
    assert!(leak.typed::<(), Option<Func>>(&one)?.call(&mut one, ()).is_err());
    let ty = FuncType::new(one.engine(), [], [ValType::FUNCREF]);
    let leak = Func::new(&mut one, ty, move |_, _, results| {
        results[0] = foreign.into();
        Ok(())
    });
    assert!(leak.call(&mut one, &[], &mut [Val::FuncRef(None)]).is_err());
    Ok(())
}

#[test]
fn commands_get_an_instance_for_each_call() -> Result<()> {
    let mut store = store();
    let mut linker = Linker::new(store.engine());
    let command = Module::new(
        store.engine(),
        r#"(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
        (func (export "_start"))
        (func (export "count") (result i32)
            (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))"#,
    )?;
    linker.module(&mut store, "command", &command)?;
    let count = linker.get(&mut store, "command", "count")?.into_func().unwrap();
    let count = count.typed::<(), i32>(&store)?;
    assert_eq!((count.call(&mut store, ())?, count.call(&mut store, ())?), (1, 1));
    linker.get_default(&mut store, "command")?.call(&mut store, &[], &mut [])?;
    Ok(())
}

#[test]
fn a_module_can_be_written_out_and_loaded() -> Result<()> {
    let mut store = store();
    let wat = r#"(module $m (func (export "f") (result i32) (i32.const 3)))"#;
    let bytes = Module::new(store.engine(), wat)?.serialize()?;
    let engine = store.engine().clone();
    // SAFETY: the engine itself has written these bytes.
    let module = unsafe { Module::deserialize(&engine, &bytes)? };
    assert_eq!(module.name(), Some("m"));
    let instance = Instance::new(&mut store, &module, &[])?;
    let func = instance.get_typed_func::<(), i32>(&mut store, "f")?;
    assert_eq!(func.call(&mut store, ())?, 3);
    let error = Module::new(&engine, &bytes).unwrap_err();
    assert!(error.to_string().contains("`Module::deserialize`"), "{error}");
    Ok(())
}
