//! What hooks can find out about functions and values.

use wasm_runtime::CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};
use wasm_runtime::{
    CallDirection, CallFilter, CallHook, CallHookContext, Engine, ExternRef, Func, FuncType,
    Linker, Memory, Module, Result, Rooted, Store, V128, Val, ValType,
};

use crate::support::{Log, call, log, logged, module, taken};

#[test]
fn indices_and_names_of_functions_of_which_some_have_none() -> Result<()> {
    let wat = r#"(module
        (import "env" "a" (func))
        (import "env" "b" (func $b))
        (func $begin)
        (func (export "x") (call 0))
        (func)
        (func $y (export "y") (call 1))
        (func (call 3))
        (func $inner (call 5))
        (table (export "table") funcref (elem 6 $inner))
        (start $begin))"#;
    let engine = Engine::default();
    let mut linker: Linker<Vec<(u32, Option<String>)>> = Linker::new(&engine);
    linker.func_wrap("env", "a", || ())?.func_wrap("env", "b", || ())?;
    let mut store = Store::new(&engine, Vec::new());
    store.add_call_hook(CallFilter::all(), |mut call| {
        if call.outcome().is_none() {
            let name = call.function_name().map(String::from);
            let known = (call.function_index().unwrap(), name);
            call.data_mut().push(known);
        }
        Ok(())
    });
    let module = module(&engine, wat);
    let instance = linker.instantiate(&mut store, &module)?;
    for name in ["x", "y"] {
        instance.get_typed_func::<(), ()>(&mut store, name)?.call(&mut store, ())?;
    }
    let table = instance.get_table(&mut store, "table").unwrap();
    for place in 0..2 {
        let func = *table.get(&mut store, place).unwrap().unwrap_func().unwrap();
        func.call(&mut store, &[], &mut [])?;
    }
    let known: Vec<_> =
        store.data().iter().map(|(index, name)| (*index, name.as_deref())).collect();
    let (x, y) = ([(3, None), (0, None)], [(5, Some("y")), (1, Some("b"))]);
    let (sixth, inner) = ([(6, None), (0, None)], [(7, Some("inner")), (1, Some("b"))]);
    assert_eq!(known, [&[(2, Some("begin"))][..], &x, &y, &sixth, &inner].concat());
    Ok(())
}

#[test]
fn what_is_known_of_functions() -> Result<()> {
    let wat = r#"(module $known
        (import "env" "other" (func $other))
        (import "env" "f" (func $f (param i64) (result f32)))
        (memory (export "memory") 1)
        (func $run (export "run") (export "again") (drop (call $f (i64.const 5)))))"#;
    let engine = Engine::default();
    let mut linker: Linker<Vec<CallHook>> = Linker::new(&engine);
    linker.func_wrap("env", "other", || ())?;
    linker.func_wrap("env", "f", |_: i64| 1.5_f32)?;
    let mut store = Store::new(&engine, Vec::new());
    let module = module(&engine, wat);
    let instance = linker.instantiate(&mut store, &module)?;
    let (f, run) = (module.imports().nth(1).unwrap().ty(), module.get_export("run").unwrap());
    let (f, run) = (f.unwrap_func().clone(), run.unwrap_func().clone());
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    store.add_call_hook(CallFilter::all(), move |mut call| {
        let event = call.event();
        call.data_mut().push(event);
        assert!(Module::same(call.module().unwrap(), &module));
        assert_eq!(call.module_name(), Some("known"));
        assert_eq!(call.instance(), Some(instance));
        let export: &mut dyn FnMut(&mut CallHookContext<'_, _>) -> Option<Memory> =
            &mut |call| call.caller()?.get_export("memory")?.into_memory();
        match call.direction() {
            CallDirection::ToWasm => {
                assert_eq!(call.ty().to_string(), run.to_string());
                assert_eq!(call.export_names(), ["run", "again"]);
                assert_eq!(call.export_name(), Some("run"));
                assert_eq!((call.function_name(), call.function_index()), (Some("run"), Some(2)));
                assert_eq!(call.import(), None);
                assert!(!call.is_host_function());
                assert!(export(&mut call).is_none());
            }
            CallDirection::ToHost => {
                assert_eq!(call.ty().to_string(), f.to_string());
                assert_eq!(call.export_names(), [""; 0]);
                assert_eq!((call.function_name(), call.function_index()), (Some("f"), Some(1)));
                assert_eq!(call.import(), Some(("env", "f")));
                assert!(call.is_host_function());
                // The caller's memory can be read and written.
                let memory = export(&mut call).unwrap();
                memory.data_mut(&mut call)[0] += 1;
            }
        }
        // Values that do not exist at this moment are `None`.
        assert_eq!(call.args().is_some(), event.is_call());
        assert_eq!(call.results().is_some(), event.is_return());
        assert_eq!(call.outcome().is_some(), event.is_return());
        assert!(call.arg(7).is_none() && call.result(7).is_none());
        if event == CallingHost {
            assert_eq!(call.arg(0).unwrap().unwrap_i64(), 5);
        }
        if event == ReturningFromHost {
            assert_eq!(call.result(0).unwrap().unwrap_f32(), 1.5);
        }
        Ok(())
    });
    let run = instance.get_typed_func::<(), ()>(&mut store, "again")?;
    run.call(&mut store, ())?;
    assert_eq!(memory.data(&store)[0], 2);
    assert_eq!(*store.data(), [CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm]);
    Ok(())
}

#[test]
fn values_of_every_type_and_number() -> Result<()> {
    let list = "i32 i64 f32 f64 v128 funcref externref i32 i32 i32 i32 i32";
    let locals: String = (0..12).map(|n| format!("(local.get {n})")).collect();
    let wat = format!(
        r#"(module (import "env" "f" (func $f (param {list}) (result {list})))
            (func (export "run") (param {list}) (result {list}) (call $f {locals})))"#
    );
    type Values = (
        i32,
        i64,
        f32,
        f64,
        V128,
        Option<Func>,
        Option<Rooted<ExternRef>>,
        i32,
        i32,
        i32,
        i32,
        i32,
    );
    let pass = |a: i32,
                b: i64,
                c: f32,
                d: f64,
                e: V128,
                f: Option<Func>,
                g: Option<Rooted<ExternRef>>,
                h: i32,
                i: i32,
                j: i32,
                k: i32,
                l: i32| (a, b, c, d, e, f, g, h, i, j, k, l);
    let engine = Engine::default();
    let module = module(&engine, &wat);
    let ty = module.get_export("run").unwrap().unwrap_func().clone();
    let text = "1 2L 0.5f -0.25d 77v func:false extern:true 6 7 8 9 10";
    let expected = [
        format!("> wasm run({text})"),
        format!(">> host env.f({text})"),
        format!("<< host env.f = ({text})"),
        format!("< wasm run = ({text})"),
    ];
    for dynamic in [false, true] {
        let mut linker = Linker::new(&engine);
        if dynamic {
            linker.func_new("env", "f", ty.clone(), |_, params, results| {
                results.copy_from_slice(params);
                Ok(())
            })?;
        } else {
            linker.func_wrap("env", "f", pass)?;
        }
        let mut store = Store::new(&engine, Log::new());
        log(&mut store, "", CallFilter::all());
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<Values, Values>(&mut store, "run")?;
        let value = ExternRef::new(&mut store, 3)?;
        let values = (1, 2, 0.5, -0.25, V128::from(77), None, Some(value), 6, 7, 8, 9, 10);
        run.call(&mut store, values)?;
        assert_eq!(taken(&mut store), expected);
        let params: [Val; 12] = [
            1.into(),
            2_i64.into(),
            0.5_f32.into(),
            (-0.25_f64).into(),
            V128::from(77).into(),
            Val::FuncRef(None),
            value.into(),
            6.into(),
            7.into(),
            8.into(),
            9.into(),
            10.into(),
        ];
        let mut results = [const { Val::I32(0) }; 12];
        run.func().call(&mut store, &params, &mut results)?;
        assert_eq!(taken(&mut store), expected);
    }
    Ok(())
}

#[test]
fn each_kind_of_register() -> Result<()> {
    let wat = r#"(module
        (import "env" "f" (func $f (param f32 i64 f64 i32 funcref) (result f64)))
        (import "env" "g" (func $g (result externref)))
        (func (export "run") (drop (call $g)) (drop
            (call $f (f32.const 1.5) (i64.const -2) (f64.const 3.5) (i32.const 4) (ref.null func)))))"#;
    let (mut store, instance) = logged(wat, |linker| {
        let f = |_: f32, _: i64, _: f64, _: i32, _: Option<Func>| 9.25_f64;
        linker.func_wrap("env", "f", f).unwrap();
        linker.func_wrap("env", "g", || None::<Rooted<ExternRef>>).unwrap();
    });
    call(&mut store, instance, "run")?;
    let expected = [
        "> wasm run()",
        ">> host env.g()",
        "<< host env.g = (extern:false)",
        ">> host env.f(1.5f -2L 3.5d 4 func:false)",
        "<< host env.f = (9.25d)",
        "< wasm run = ()",
    ];
    assert_eq!(taken(&mut store), expected);
    Ok(())
}

#[test]
fn types_are_those_of_the_function() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Vec::<FuncType>::new());
    let ty = FuncType::new(&engine, [ValType::I32, ValType::FUNCREF], [ValType::V128]);
    let func = Func::new(&mut store, ty.clone(), |_, _, results| {
        results[0] = V128::from(1).into();
        Ok(())
    });
    store.add_call_hook(CallFilter::all(), |mut call| {
        let ty = call.ty();
        call.data_mut().push(ty);
        Ok(())
    });
    func.call(&mut store, &[Val::I32(1), Val::FuncRef(None)], &mut [Val::I32(0)])?;
    assert_eq!(*store.data(), vec![ty; 4]);
    Ok(())
}
