//! Host functions: every number of parameters, every type, several results.

use wasm_runtime::{
    Caller, Engine, ExternRef, Func, FuncType, Instance, Linker, Module, Result, Rooted, Store,
    V128, Val, ValType,
};

/// A module whose `run` passes its parameters on to the import and returns what it returns.
fn passing_on(engine: &Engine, params: &str, results: &str) -> Result<Module> {
    let count = params.split_whitespace().count();
    let gets: String = (0..count).map(|i| format!("(local.get {i})")).collect();
    Module::new(
        engine,
        format!(
            "(module (import \"host\" \"f\" (func $f (param {params}) (result {results})))
               (table funcref (elem $f))
               (func (export \"run\") (param {params}) (result {results}) (call $f {gets}))
               (func (export \"indirect\") (param {params}) (result {results})
                 (call_indirect (param {params}) (result {results}) {gets} (i32.const 0)))
               (export \"f\" (func $f)))"
        ),
    )
}

/// Calls it directly, through Wasm, and through a table in Wasm; all must return the same.
fn call(store: &mut Store<()>, module: &Module, func: Func, arguments: &[Val]) -> Result<Vec<Val>> {
    let instance = Instance::new(&mut *store, module, &[func.into()])?;
    let mut all = Vec::new();
    for name in ["run", "indirect", "f"] {
        let run = instance.get_func(&mut *store, name).expect("an export");
        let mut results = vec![Val::I32(0); run.ty(&*store).results().len()];
        run.call(&mut *store, arguments, &mut results)?;
        all.push(results);
    }
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(&mut *store, arguments, &mut results)?;
    for other in all {
        assert_eq!(numbers(&other), numbers(&results));
    }
    Ok(results)
}

fn numbers(values: &[Val]) -> Vec<u128> {
    values
        .iter()
        .map(|value| match value {
            Val::I32(value) => *value as u32 as u128,
            Val::I64(value) => *value as u64 as u128,
            Val::F32(bits) => u128::from(*bits),
            Val::F64(bits) => u128::from(*bits),
            Val::V128(value) => value.as_u128(),
            _ => panic!("not a number"),
        })
        .collect()
}

/// Functions of one to sixteen parameters that return all of them in one number, in which the
/// position matters.
macro_rules! arities {
    ($($name:ident: $($param:ident: $ty:ty = $val:expr),* => $params:literal;)*) => {$(
        #[test]
        #[allow(unused_assignments)]
        fn $name() -> Result<()> {
            let engine = Engine::default();
            let module = passing_on(&engine, $params, "f64")?;
            let mut store = Store::new(&engine, ());
            let arguments: Vec<Val> = vec![$(Val::from($val as $ty)),*];
            let expected = {
                let (mut sum, mut weight) = (0.0, 1.0);
                $(sum += ($val as $ty) as f64 * weight; weight *= 3.0;)*
                f64::to_bits(sum)
            };
            let plain = Func::wrap(&mut store, |$($param: $ty),*| {
                let (mut sum, mut weight) = (0.0_f64, 1.0_f64);
                $(sum += $param as f64 * weight; weight *= 3.0;)*
                sum
            });
            let results = call(&mut store, &module, plain, &arguments)?;
            assert_eq!(numbers(&results), [u128::from(expected)]);
            let with_caller = Func::wrap(&mut store, |mut caller: Caller<'_, ()>, $($param: $ty),*| -> Result<f64> {
                // Any use of the caller would do.
                let () = *caller.data_mut();
                let (mut sum, mut weight) = (0.0_f64, 1.0_f64);
                $(sum += $param as f64 * weight; weight *= 3.0;)*
                Ok(sum)
            });
            let results = call(&mut store, &module, with_caller, &arguments)?;
            assert_eq!(numbers(&results), [u128::from(expected)]);
            Ok(())
        }
    )*};
}

arities! {
    one_parameter: a: i32 = -5 => "i32";
    two_parameters: a: i64 = 7, b: f32 = 2.5 => "i64 f32";
    three_parameters: a: f64 = 1.5, b: i32 = 2, c: f32 = 3.5 => "f64 i32 f32";
    four_parameters: a: i32 = 1, b: i64 = 2, c: f32 = 3, d: f64 = 4 => "i32 i64 f32 f64";
    five_parameters: a: i32 = 1, b: i32 = -2, c: i32 = 3, d: i32 = -4, e: i32 = 5 => "i32 i32 i32 i32 i32";
    six_parameters: a: i64 = 1, b: i64 = 2, c: i64 = 3, d: i64 = 4, e: i64 = 5, f: i64 = 6
        => "i64 i64 i64 i64 i64 i64";
    seven_parameters: a: i32 = 1, b: f64 = 2, c: i32 = 3, d: f64 = 4, e: i32 = 5, f: f64 = 6, g: i32 = 7
        => "i32 f64 i32 f64 i32 f64 i32";
    eight_parameters: a: i32 = 1, b: i64 = 2, c: i32 = 3, d: i64 = 4, e: i32 = 5, f: i64 = 6, g: i32 = 7,
        h: i64 = 8 => "i32 i64 i32 i64 i32 i64 i32 i64";
    nine_parameters: a: f32 = 1, b: f32 = 2, c: f32 = 3, d: f32 = 4, e: f32 = 5, f: f32 = 6, g: f32 = 7,
        h: f32 = 8, i: f32 = 9 => "f32 f32 f32 f32 f32 f32 f32 f32 f32";
    ten_parameters: a: f64 = 1, b: f64 = 2, c: f64 = 3, d: f64 = 4, e: f64 = 5, f: f64 = 6, g: f64 = 7,
        h: f64 = 8, i: f64 = 9, j: f64 = 10 => "f64 f64 f64 f64 f64 f64 f64 f64 f64 f64";
    eleven_parameters: a: i32 = 1, b: f32 = 2, c: f32 = 3, d: f32 = 4, e: f32 = 5, f: f32 = 6, g: f32 = 7,
        h: f32 = 8, i: f32 = 9, j: f32 = 10, k: i64 = 11
        => "i32 f32 f32 f32 f32 f32 f32 f32 f32 f32 i64";
    twelve_parameters: a: i32 = 1, b: i32 = 2, c: i32 = 3, d: i32 = 4, e: i32 = 5, f: i32 = 6, g: i32 = 7,
        h: i32 = 8, i: i32 = 9, j: i32 = 10, k: i32 = 11, l: i32 = 12
        => "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32";
    thirteen_parameters: a: i64 = 1, b: f64 = 2, c: i64 = 3, d: f64 = 4, e: i64 = 5, f: f64 = 6, g: i64 = 7,
        h: f64 = 8, i: i64 = 9, j: f64 = 10, k: i64 = 11, l: f64 = 12, m: i64 = 13
        => "i64 f64 i64 f64 i64 f64 i64 f64 i64 f64 i64 f64 i64";
    fourteen_parameters: a: f32 = 1, b: i32 = 2, c: f32 = 3, d: i32 = 4, e: f32 = 5, f: i32 = 6, g: f32 = 7,
        h: i32 = 8, i: f32 = 9, j: i32 = 10, k: f32 = 11, l: i32 = 12, m: f32 = 13, n: i32 = 14
        => "f32 i32 f32 i32 f32 i32 f32 i32 f32 i32 f32 i32 f32 i32";
    fifteen_parameters: a: i32 = 1, b: i64 = 2, c: f32 = 3, d: f64 = 4, e: i32 = 5, f: i64 = 6, g: f32 = 7,
        h: f64 = 8, i: i32 = 9, j: i64 = 10, k: f32 = 11, l: f64 = 12, m: i32 = 13, n: i64 = 14, o: f32 = 15
        => "i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32 f64 i32 i64 f32";
    sixteen_parameters: a: f64 = 1, b: f64 = 2, c: f64 = 3, d: f64 = 4, e: f64 = 5, f: f64 = 6, g: f64 = 7,
        h: f64 = 8, i: f64 = 9, j: i64 = 10, k: i64 = 11, l: i64 = 12, m: i64 = 13, n: i64 = 14, o: i64 = 15,
        p: i64 = 16 => "f64 f64 f64 f64 f64 f64 f64 f64 f64 i64 i64 i64 i64 i64 i64 i64";
}

#[test]
fn unsigned_numbers_are_the_same_bits() -> Result<()> {
    let engine = Engine::default();
    let module = passing_on(&engine, "i32 i64", "i64 i32")?;
    let mut store = Store::new(&engine, ());
    let func = Func::wrap(&mut store, |a: u32, b: u64| (b, a));
    let results = call(&mut store, &module, func, &[Val::I32(-1), Val::I64(-2)])?;
    assert_eq!(numbers(&results), [u128::from(u64::MAX - 1), u128::from(u32::MAX)]);
    let instance = Instance::new(&mut store, &module, &[func.into()])?;
    let typed = instance.get_typed_func::<(u32, u64), (u64, u32)>(&mut store, "run")?;
    assert_eq!(typed.call(&mut store, (u32::MAX, 5))?, (5, u32::MAX));
    Ok(())
}

#[test]
fn several_results_of_all_types() -> Result<()> {
    type All = (i32, f32, i64, f64, i32, V128, i64, f32);
    let engine = Engine::default();
    let module = passing_on(&engine, "i32", "i32 f32 i64 f64 i32 v128 i64 f32")?;
    let mut store = Store::new(&engine, ());
    let func = Func::wrap(&mut store, |n: i32| -> All {
        let n = i64::from(n);
        (n as i32, n as f32, n * 2, n as f64 * 0.5, -(n as i32), V128::from(n as u128), n * 3, 0.25)
    });
    let results = call(&mut store, &module, func, &[Val::I32(6)])?;
    assert_eq!(results.len(), 8);
    let instance = Instance::new(&mut store, &module, &[func.into()])?;
    for name in ["run", "indirect", "f"] {
        let typed = instance.get_typed_func::<i32, All>(&mut store, name)?;
        let result = typed.call(&mut store, 6)?;
        assert_eq!((result.0, result.1, result.2, result.3), (6, 6.0, 12, 3.0));
        assert_eq!((result.4, result.5.as_u128(), result.6, result.7), (-6, 6, 18, 0.25));
    }
    Ok(())
}

#[test]
fn sixteen_vectors() -> Result<()> {
    let engine = Engine::default();
    let params = ["v128"; 16].join(" ");
    let module = passing_on(&engine, &params, &params)?;
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, vec![ValType::V128; 16], vec![ValType::V128; 16]);
    let func = Func::new(&mut store, ty, |_, arguments, results| {
        for (argument, result) in arguments.iter().rev().zip(results) {
            *result = *argument;
        }
        Ok(())
    });
    let arguments: Vec<_> =
        (1..=16_u128).map(|i| Val::V128(((i << 120) | (i * i)).into())).collect();
    let results = call(&mut store, &module, func, &arguments)?;
    let expected: Vec<_> = arguments.iter().rev().copied().collect();
    assert_eq!(numbers(&results), numbers(&expected));
    Ok(())
}

#[test]
fn host_values_travel_as_references() -> Result<()> {
    type Ref = Option<Rooted<ExternRef>>;
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
             (import "host" "longer" (func $longer (param externref externref) (result externref)))
             (table $t (export "table") 4 externref)
             (global (export "global") (mut externref) (ref.null extern))
             (func (export "run") (param externref externref) (result externref i32)
               (table.set $t (i32.const 2) (local.get 0))
               (global.set 0 (local.get 1))
               (call $longer (table.get $t (i32.const 2)) (global.get 0))
               (ref.is_null (table.get $t (i32.const 1)))))"#,
    )?;
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap(
        "host",
        "longer",
        |caller: Caller<'_, ()>, a: Ref, b: Ref| -> Result<Ref> {
            let length = |value: &Ref| -> Result<usize> {
                let Some(value) = value else { return Ok(0) };
                let data = value.data(&caller)?.expect("a host value");
                Ok(data.downcast_ref::<String>().expect("text").len())
            };
            Ok(if length(&a)? >= length(&b)? { a } else { b })
        },
    )?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let short = ExternRef::new(&mut store, "short".to_owned())?;
    let long = ExternRef::new(&mut store, "rather long".to_owned())?;
    let run = instance.get_typed_func::<(Ref, Ref), (Ref, i32)>(&mut store, "run")?;
    let (result, null) = run.call(&mut store, (Some(short), Some(long)))?;
    let text = result.expect("not null").data(&store)?.expect("a host value");
    assert_eq!(text.downcast_ref::<String>().map(String::as_str), Some("rather long"));
    assert_eq!(null, 1);
    let (result, _) = run.call(&mut store, (Some(short), None))?;
    let text = result.expect("not null").data(&store)?.expect("a host value");
    assert_eq!(text.downcast_ref::<String>().map(String::as_str), Some("short"));
    let (result, _) = run.call(&mut store, (None, None))?;
    assert!(result.is_none());
    let table = instance.get_table(&mut store, "table").expect("a table");
    assert!(table.get(&mut store, 2).is_some_and(|item| item.is_null()));
    Ok(())
}

#[test]
fn functions_travel_as_references() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
             (type $binary (func (param i32 i32) (result i32)))
             (import "host" "choose" (func $choose (param i32) (result funcref)))
             (table $t 1 funcref)
             (elem declare func $multiply)
             (func $multiply (export "multiply") (type $binary) (i32.mul (local.get 0) (local.get 1)))
             (func (export "reference") (result funcref) (ref.func $multiply))
             (func (export "apply") (param funcref i32 i32) (result i32)
               (table.set $t (i32.const 0) (local.get 0))
               (call_indirect (type $binary) (local.get 1) (local.get 2) (i32.const 0)))
             (func (export "chosen") (param i32 i32 i32) (result i32)
               (table.set $t (i32.const 0) (call $choose (local.get 0)))
               (call_indirect (type $binary) (local.get 1) (local.get 2) (i32.const 0))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    let choose =
        Func::wrap(&mut store, move |mut caller: Caller<'_, ()>, which: i32| match which {
            0 => Some(add),
            1 => caller.get_export("multiply").and_then(|item| item.into_func()),
            _ => None,
        });
    let instance = Instance::new(&mut store, &module, &[choose.into()])?;
    let chosen = instance.get_typed_func::<(i32, i32, i32), i32>(&mut store, "chosen")?;
    assert_eq!(chosen.call(&mut store, (0, 6, 7))?, 13);
    assert_eq!(chosen.call(&mut store, (1, 6, 7))?, 42);
    assert!(chosen.call(&mut store, (2, 6, 7)).is_err());
    let apply = instance.get_typed_func::<(Option<Func>, i32, i32), i32>(&mut store, "apply")?;
    assert_eq!(apply.call(&mut store, (Some(add), 1, 2))?, 3);
    let reference = instance.get_typed_func::<(), Option<Func>>(&mut store, "reference")?;
    let multiply = reference.call(&mut store, ())?.expect("not null");
    assert_eq!(apply.call(&mut store, (Some(multiply), 5, 8))?, 40);
    assert_eq!(multiply.typed::<(i32, i32), i32>(&store)?.call(&mut store, (9, 9))?, 81);
    assert!(apply.call(&mut store, (Some(apply.func().to_owned()), 1, 2)).is_err());
    Ok(())
}

#[test]
fn start_functions_run_traps_included() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "host" "begin" (func $begin (param i32)))
             (memory (export "memory") 1) (data (i32.const 0) "\2a")
             (func $start (call $begin (i32.load8_u (i32.const 0))))
             (start $start))"#,
    )?;
    let mut linker: Linker<Vec<i32>> = Linker::new(&engine);
    linker.func_wrap(
        "host",
        "begin",
        |mut caller: Caller<'_, Vec<i32>>, n: i32| -> Result<()> {
            let exported = caller.get_export("memory").is_some();
            assert!(exported, "exports are there before the start function is done");
            caller.data_mut().push(n);
            if caller.data().len() > 2 {
                wasm_runtime::bail!("enough")
            }
            Ok(())
        },
    )?;
    let mut store = Store::new(&engine, Vec::new());
    linker.instantiate(&mut store, &module)?;
    linker.instantiate(&mut store, &module)?;
    let error = linker.instantiate(&mut store, &module).expect_err("the start function fails");
    assert_eq!(error.root_cause().to_string(), "enough");
    assert_eq!(*store.data(), [42, 42, 42]);

    let module = Module::new(&engine, "(module (func $start unreachable) (start $start))")?;
    let error = Instance::new(&mut store, &module, &[]).expect_err("a trap");
    assert_eq!(error.downcast_ref(), Some(&wasm_runtime::Trap::UnreachableCodeReached));
    Ok(())
}
