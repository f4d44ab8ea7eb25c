//! Calls that check nothing: references in arrays without types, what is refused all the same, and
//! functions that are assumed to be of a type.

use wasm_runtime::{
    Config, Engine, ExternRef, Func, FuncType, Instance, Linker, Module, Result, Rooted, Store,
    TypedFunc, Val, ValRaw, ValType,
};

/// With everything moved wherever it may move.
fn engine() -> Result<Engine> {
    Engine::new(Config::new().gc_zeal(true))
}

#[test]
fn references_go_both_ways() -> Result<()> {
    let engine = engine()?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    let ty = FuncType::new(
        &engine,
        [ValType::EXTERNREF, ValType::FUNCREF, ValType::ANYREF],
        [ValType::ANYREF, ValType::EXTERNREF, ValType::FUNCREF],
    );
    // SAFETY: the closure reads and writes what the type says.
    unsafe {
        linker.func_new_unchecked("", "turn", ty.clone(), |mut caller, places| {
            let [value, func, any] = [0, 1, 2].map(|place: usize| places[place].assume_init());
            let value = ExternRef::from_raw(&mut caller, value.get_externref());
            let func = Func::from_raw(&mut caller, func.get_funcref());
            let any = Val::from_raw(&mut caller, any, ValType::ANYREF);
            // Objects move when others are made.
            ExternRef::new(&mut caller, 0_u8)?;
            places[0].write(any.to_raw(&mut caller)?);
            let value = value.map(|value| value.to_raw(&mut caller)).transpose()?;
            places[1].write(ValRaw::externref(value.unwrap_or(0)));
            let func = func.map_or(std::ptr::null_mut(), |func| func.to_raw(&mut caller));
            places[2].write(ValRaw::funcref(func));
            Ok(())
        })?;
    }
    let module = Module::new(
        &engine,
        r#"(module (type $s (struct (field i32)))
            (import "" "turn" (func $turn (param externref funcref anyref)
                (result anyref externref funcref)))
            (func (export "run") (param externref funcref i32) (result i32 externref funcref)
                (local $e externref) (local $f funcref)
                (call $turn (local.get 0) (local.get 1) (struct.new $s (local.get 2)))
                (local.set $f) (local.set $e)
                (struct.get $s 0 (ref.cast (ref $s)))
                (local.get $e) (local.get $f)))"#,
    )?;
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_func(&mut store, "run").expect("an export");
    let value = ExternRef::new(&mut store, "Ada")?;
    let mut places = [
        ValRaw::externref(value.to_raw(&mut store)?),
        ValRaw::funcref(run.to_raw(&mut store)),
        ValRaw::i32(-7),
    ];
    // SAFETY: they hold what the function takes.
    let (ada, func) = unsafe {
        run.call_unchecked(&mut store, &mut places)?;
        let ada = ExternRef::from_raw(&mut store, places[1].get_externref());
        (ada, Func::from_raw(&mut store, places[2].get_funcref()))
    };
    assert_eq!(places[0].get_i32(), -7);
    assert_eq!(func, Some(run));
    let ada: Rooted<ExternRef> = ada.expect("not null");
    let data = ada.data(&store)?.and_then(|data| data.downcast_ref::<&str>());
    assert_eq!(data, Some(&"Ada"));
    // Without references.
    let mut places = [ValRaw::null(), ValRaw::null(), ValRaw::u32(9)];
    // SAFETY: as above.
    unsafe { run.call_unchecked(&mut store, &mut places)? };
    assert_eq!(places[0].get_u32(), 9);
    assert_eq!((places[1].get_externref(), places[2].get_funcref()), (0, std::ptr::null_mut()));
    Ok(())
}

#[test]
fn arrays_that_are_too_short_are_refused() -> Result<()> {
    let mut store = Store::<()>::default();
    let func = Func::wrap(&mut store, |a: i32| (a, a, a));
    // SAFETY: what is too short is not used.
    let error = unsafe { func.call_unchecked(&mut store, &mut [ValRaw::i32(1); 2]).unwrap_err() };
    assert_eq!(
        error.to_string(),
        "the array has 2 places, and a function of type `(func (param i32) (result i32 i32 i32))` needs 3"
    );
    Ok(())
}

#[test]
fn errors_and_panics_come_through() -> Result<()> {
    let mut store = Store::<()>::default();
    let ty = FuncType::new(store.engine(), [], []);
    // SAFETY: there is nothing to read or write.
    let (fails, panics) = unsafe {
        (
            Func::new_unchecked(&mut store, ty.clone(), |_, _| wasm_runtime::bail!("no")),
            Func::new_unchecked(&mut store, ty, |_, _| panic!("never")),
        )
    };
    let text = r#"(module (import "" "" (func)) (export "f" (func 0))
        (func (export "g") (call 0)))"#;
    let module = Module::new(store.engine(), text)?;
    for (host, failure) in [(fails, "no"), (panics, "never")] {
        let instance = Instance::new(&mut store, &module, &[host.into()])?;
        for name in ["f", "g"] {
            let func = instance.get_func(&mut store, name).expect("an export");
            // SAFETY: as above.
            let call = || unsafe { func.call_unchecked(&mut store, &mut []) };
            let text = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) {
                Ok(outcome) => outcome.unwrap_err().root_cause().to_string(),
                Err(panic) => panic.downcast_ref::<&str>().copied().unwrap_or("?").to_owned(),
            };
            assert_eq!(text, failure);
        }
    }
    Ok(())
}

#[test]
fn functions_can_be_assumed_to_be_of_a_type() -> Result<()> {
    let mut store = Store::<()>::default();
    let func = Func::wrap(&mut store, |a: i32, b: f64| f64::from(a) * b);
    // SAFETY: these are its types.
    let func = unsafe { TypedFunc::<(i32, f64), f64>::new_unchecked(&store, func) };
    assert_eq!(func.call(&mut store, (3, 0.5))?, 1.5);
    Ok(())
}

#[test]
fn values_without_types_have_the_layout_of_wasmtimes() {
    assert_eq!((size_of::<ValRaw>(), align_of::<ValRaw>()), (16, 8));
}
