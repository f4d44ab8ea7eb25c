//! A store that records each event.

use wasm_runtime::{
    Config, Engine, Extern, FunctionEvent, FunctionHookContext, Instance, Module, NamePattern,
    Result, Store, Trap, Val,
};

/// The data of the store: a line for each event.
pub(crate) type Log = Vec<String>;

pub(crate) fn pattern(text: &str) -> NamePattern {
    text.parse().unwrap()
}

pub(crate) fn config(patterns: &[&str]) -> Config {
    let mut config = Config::new();
    config.function_hooks(patterns.iter().map(|text| pattern(text)));
    config
}

pub(crate) fn engine(patterns: &[&str]) -> Engine {
    Engine::new(&config(patterns)).unwrap()
}

pub(crate) fn show(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => format!("{value}i64"),
        Val::F32(bits) => format!("{}f32", f32::from_bits(*bits)),
        Val::F64(bits) => format!("{}f64", f64::from_bits(*bits)),
        Val::V128(value) => format!("{:#x}", value.as_u128()),
        Val::FuncRef(None)
        | Val::ExternRef(None)
        | Val::AnyRef(None)
        | Val::ExnRef(None)
        | Val::ContRef(None) => "null".into(),
        Val::FuncRef(Some(_)) => "func".into(),
        Val::ExternRef(Some(_)) => "extern".into(),
        Val::AnyRef(Some(_)) => "any".into(),
        Val::ExnRef(Some(_)) => "exn".into(),
        Val::ContRef(Some(_)) => "cont".into(),
    }
}

pub(crate) fn line<T>(call: &FunctionHookContext<'_, T>) -> String {
    let (indent, name) = ("  ".repeat(call.depth() - 1), call.display_name());
    let list = |values: Vec<Val>| values.iter().map(show).collect::<Vec<_>>().join(", ");
    let event = call.event();
    assert_eq!(call.args().is_some(), event == FunctionEvent::Entered);
    assert_eq!(call.results().is_some(), event == FunctionEvent::Returned);
    match event {
        FunctionEvent::Entered => format!("{indent}> {name}({})", list(call.args().unwrap())),
        FunctionEvent::Returned => format!("{indent}< {name} = {}", list(call.results().unwrap())),
        FunctionEvent::TailCalled => format!("{indent}~ {name}"),
        FunctionEvent::Unwound => {
            let why =
                call.failure().map_or("a panic".to_owned(), |error| match error.downcast_ref() {
                    Some(trap) => format!("{:?}", Trap::clone(trap)),
                    None => error.root_cause().to_string(),
                });
            format!("{indent}! {name}: {why}")
        }
    }
}

/// Sets a hook that records a line for each event.
pub(crate) fn log(store: &mut Store<Log>) {
    store.function_hook(|mut call| {
        let line = line(&call);
        call.data_mut().push(line);
        Ok(())
    });
}

/// A store with a log, and an instance in it.
pub(crate) fn set_up(
    engine: &Engine,
    wat: &str,
    imports: &[Extern],
    store: &mut Store<Log>,
) -> Instance {
    let module = Module::new(engine, wat).unwrap();
    Instance::new(store, &module, imports).unwrap()
}

pub(crate) fn call(
    store: &mut Store<Log>,
    instance: Instance,
    name: &str,
    args: &[Val],
) -> Result<Vec<Val>> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(store, args, &mut results)?;
    Ok(results)
}

#[track_caller]
pub(crate) fn logged(store: &mut Store<Log>, lines: &[&str]) {
    assert_eq!(std::mem::take(store.data_mut()), lines);
}

/// A store of an engine with these patterns, an instance, and a log of what the instance does from
/// now on.
pub(crate) fn logging(patterns: &[&str], wat: &str) -> (Store<Log>, Instance) {
    let engine = engine(patterns);
    let mut store = Store::new(&engine, Log::new());
    log(&mut store);
    let instance = set_up(&engine, wat, &[], &mut store);
    (store, instance)
}

pub(crate) const FACTORIAL: &str = r#"(module
    (func $main (export "main") (param i32) (result i32)
        (call $check (local.get 0))
        (call $factorial (local.get 0)))
    (func $check (param i32)
        (if (i32.gt_u (local.get 0) (i32.const 12)) (then unreachable)))
    (func $factorial (param i32) (result i32)
        (if (i32.le_u (local.get 0) (i32.const 1)) (then (return (i32.const 1))))
        (i32.mul (local.get 0) (call $factorial (i32.sub (local.get 0) (i32.const 1))))))"#;
