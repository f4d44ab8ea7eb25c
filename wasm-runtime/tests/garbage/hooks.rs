//! What runs while references are in places where nobody looks for them: call hooks, function hooks
//! and callbacks of deadlines. Nothing is collected meanwhile, whatever they do.

use wasm_runtime::{
    AnyRef, AsContextMut, Config, Engine, ExternRef, ExternType, I31, Instance, Linker, Module,
    Result, RootScope, Store, UpdateDeadline, Val,
};

use crate::support::{Alive, Counted, guest};

/// Makes many values, and tries to collect.
fn be_busy(mut store: impl AsContextMut<Data = Alive>) -> Result<()> {
    for number in 0..2000 {
        let alive = store.as_context().data().clone();
        let mut scope = RootScope::new(store.as_context_mut());
        ExternRef::new(&mut scope, Counted::new(&alive, 1000 + number))?;
    }
    store.as_context_mut().gc(None)
}

const GUEST: &str = r#"
    (func $through (param externref) (result externref) (local.get 0))
    (func (export "run") (param i32) (result i32) (local externref)
        (local.set 1 (call $make (local.get 0)))
        (i32.add (i32.mul (call $number (call $through (local.get 1))) (i32.const 10))
            (call $number (local.get 1))))
    (func (export "same") (param externref) (result externref) (local.get 0))
"#;

#[cfg(feature = "call-hook")]
#[test]
fn values_of_calls_stay_while_hooks_run() -> Result<()> {
    use wasm_runtime::{CallFilter, CallHook};
    let check = |values: Option<Vec<Val>>, store: &dyn Fn(ExternRef) -> Option<i32>| {
        for value in values.into_iter().flatten() {
            if let Val::ExternRef(Some(value)) = value {
                assert_eq!(store(*value), Some(7));
            }
        }
    };
    for several in [false, true] {
        let (mut store, instance) = guest(&Engine::default(), GUEST);
        for _ in 0..=usize::from(several) {
            store.add_call_hook(CallFilter::all(), move |mut call| {
                let read = |call: &wasm_runtime::CallHookContext<'_, Alive>| {
                    let number = |value: ExternRef| {
                        let value = value.data(call).ok()??;
                        Some(value.downcast_ref::<Counted>()?.number)
                    };
                    check(call.args(), &number);
                    check(call.results(), &number);
                };
                read(&call);
                be_busy(&mut call)?;
                read(&call);
                Ok(())
            });
        }
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        assert_eq!(run.call(&mut store, 7)?, 77);
        let value = Counted::new(&store.data().clone(), 7);
        let value = ExternRef::new(&mut store, value)?;
        let same = instance.get_func(&mut store, "same").unwrap();
        let mut results = [Val::I32(0)];
        same.call(&mut store, &[value.into()], &mut results)?;
        let back = *results[0].unwrap_externref().unwrap();
        assert!(wasm_runtime::Rooted::ref_eq(&store, &value, &back)?);
        store.call_hook(|mut store, event| {
            assert!(matches!(
                event,
                CallHook::CallingHost
                    | CallHook::CallingWasm
                    | CallHook::ReturningFromHost
                    | CallHook::ReturningFromWasm
            ));
            be_busy(&mut store)
        });
        assert_eq!(run.call(&mut store, 7)?, 77);
    }
    Ok(())
}

#[cfg(feature = "function-hook")]
#[test]
fn values_of_functions_stay_while_hooks_run() -> Result<()> {
    use wasm_runtime::NamePattern;
    let mut config = Config::new();
    config.function_hooks([NamePattern::new("*")?]);
    let (mut store, instance) = guest(&Engine::new(&config)?, GUEST);
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = kept.clone();
    store.function_hook(move |mut call| {
        be_busy(&mut call)?;
        let values = call.args().or_else(|| call.results()).into_iter().flatten();
        for value in values {
            if let Val::ExternRef(Some(value)) = value {
                let data = value.data(&call)?.unwrap();
                assert_eq!(data.downcast_ref::<Counted>().unwrap().number, 7);
                keep.lock().unwrap().push(value);
            }
        }
        Ok(())
    });
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, 7)?, 77);
    // A handle that a hook has read ends with the hook.
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    assert!(!kept.is_empty());
    assert!(kept.iter().all(|value| value.data(&store).is_err()));
    Ok(())
}

#[test]
fn code_that_is_interrupted_keeps_its_references() -> Result<()> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let (mut store, instance) = guest(
        &engine,
        r#"(func (export "run") (param i32) (result i32) (local externref)
            (local.set 1 (call $make (i32.const 5)))
            (loop $again
                (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
            (call $number (local.get 1)))"#,
    );
    store.set_epoch_deadline(0);
    store.epoch_deadline_callback(|mut store| {
        be_busy(&mut store)?;
        Ok(UpdateDeadline::Continue(0))
    });
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, 20)?, 5);
    Ok(())
}

const PAIRS: &str = r#"(module
    (type $pair (struct (field (mut i32)) (field (mut anyref))))
    (import "host" "through" (func $through (param (ref $pair)) (result (ref null $pair))))
    (func $inner (param (ref $pair) i31ref) (result (ref $pair)) (local.get 0))
    (func (export "run") (param i32) (result i32) (local $pair (ref null $pair))
        (local.set $pair (struct.new $pair (local.get 0) (ref.i31 (i32.const 1))))
        (local.set $pair
            (call $through
                (call $inner (ref.as_non_null (local.get $pair)) (ref.i31 (i32.const 3)))))
        (i32.add
            (i32.mul (struct.get $pair 0 (local.get $pair)) (i32.const 1000))
            (i31.get_u (ref.cast (ref i31) (struct.get $pair 1 (local.get $pair)))))))"#;

/// A store with an instance of the above, whose import returns what it gets.
fn pairs(engine: &Engine) -> Result<(Store<Alive>, Instance)> {
    let module = Module::new(engine, PAIRS)?;
    let mut store = Store::new(engine, Alive::default());
    let mut linker = Linker::new(engine);
    let Some(ExternType::Func(ty)) = module.imports().next().map(|import| import.ty()) else {
        panic!("the import is a function")
    };
    linker.func_new("host", "through", ty, |_, params, results| {
        results[0] = params[0];
        Ok(())
    })?;
    let instance = linker.instantiate(&mut store, &module)?;
    Ok((store, instance))
}

/// Reads what a hook is told of, before and after much is made, and counts in the second field of
/// each pair how often that was done.
fn count_in_pairs(mut store: impl AsContextMut<Data = Alive>, values: &[Val]) -> Result<()> {
    for round in 0..2 {
        for value in values {
            let Val::AnyRef(Some(value)) = value else { continue };
            let Some(pair) = value.as_struct(store.as_context())? else {
                assert_eq!(value.as_i31(store.as_context())?, I31::new_u32(3));
                continue;
            };
            assert_eq!(pair.field(&mut store, 0)?.unwrap_i32(), 7);
            let count = *pair.field(&mut store, 1)?.unwrap_anyref().expect("a number");
            let count = count.unwrap_i31(store.as_context())?.get_u32() + round;
            let count = AnyRef::from_i31(&mut store, I31::wrapping_u32(count));
            pair.set_field(&mut store, 1, count.into())?;
        }
        be_busy(&mut store)?;
    }
    Ok(())
}

#[cfg(feature = "call-hook")]
#[test]
fn objects_are_read_and_changed_by_call_hooks() -> Result<()> {
    use wasm_runtime::CallFilter;
    let (mut store, instance) = pairs(&Engine::new(Config::new().wasm_gc(true))?)?;
    store.add_call_hook(CallFilter::all(), |mut call| {
        let values = call.args().or_else(|| call.results()).unwrap_or_default();
        count_in_pairs(&mut call, &values)
    });
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    // The import is called and returns.
    assert_eq!(run.call(&mut store, 7)?, 7003);
    Ok(())
}

#[cfg(feature = "function-hook")]
#[test]
fn objects_are_read_and_changed_by_function_hooks() -> Result<()> {
    use wasm_runtime::NamePattern;
    let mut config = Config::new();
    config.wasm_gc(true).function_hooks([NamePattern::new("*")?]);
    let (mut store, instance) = pairs(&Engine::new(&config)?)?;
    store.function_hook(|mut call| {
        let values = call.args().or_else(|| call.results()).unwrap_or_default();
        count_in_pairs(&mut call, &values)
    });
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    // The inner function is entered and returns.
    assert_eq!(run.call(&mut store, 7)?, 7003);
    Ok(())
}
