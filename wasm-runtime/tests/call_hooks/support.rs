//! A hook that records everything a call's context has to offer, and instances for it.

use std::fmt::Write as _;

use wasm_runtime::{
    CallDirection, CallFilter, CallHookContext, CallHookId, CallOutcome, Engine, FuncType,
    Instance, Linker, Module, Result, Store, Val,
};

/// What hooks record: a line for each event.
pub(crate) type Log = Vec<String>;

/// Numbers are shown by value, references by whether they are null.
fn show(values: &[Val]) -> String {
    let one = |value: &Val| match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => format!("{value}L"),
        Val::F32(bits) => format!("{}f", f32::from_bits(*bits)),
        Val::F64(bits) => format!("{}d", f64::from_bits(*bits)),
        Val::V128(value) => format!("{}v", value.as_u128()),
        Val::FuncRef(func) => format!("func:{}", func.is_some()),
        Val::ExternRef(value) => format!("extern:{}", value.is_some()),
        Val::AnyRef(value) => format!("any:{}", value.is_some()),
        Val::ExnRef(value) => format!("exn:{}", value.is_some()),
        Val::ContRef(value) => format!("cont:{}", value.is_some()),
    };
    values.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// A line for an event: the hook's tag, arrows for the depth, the function, and the values or the
/// outcome.
pub(crate) fn line<T>(tag: &str, call: &CallHookContext<'_, T>) -> String {
    let name = match (call.import(), call.export_name(), call.function_name()) {
        (Some((module, name)), ..) => format!("{module}.{name}"),
        (None, Some(name), _) | (None, None, Some(name)) => name.to_string(),
        (None, None, None) => "?".to_string(),
    };
    let side = match call.direction() {
        CallDirection::ToWasm => "wasm",
        CallDirection::ToHost => "host",
    };
    let mut line = String::from(tag);
    let arrow = if call.event().is_call() { ">" } else { "<" };
    write!(line, "{} {side} {name}", arrow.repeat(call.depth())).unwrap();
    match call.outcome() {
        None => write!(line, "({})", show(&call.args().unwrap())).unwrap(),
        Some(CallOutcome::Returned) => {
            write!(line, " = ({})", show(&call.results().unwrap())).unwrap();
        }
        Some(CallOutcome::Failed(error)) => {
            let root = error.root_cause().to_string();
            write!(line, " failed: {root}").unwrap();
        }
        Some(CallOutcome::Panicked) => line.push_str(" panicked"),
        Some(other) => panic!("an outcome that this test does not know: {other:?}"),
    }
    line
}

pub(crate) fn log(store: &mut Store<Log>, tag: &'static str, filter: CallFilter) -> CallHookId {
    store.add_call_hook(filter, move |mut call| {
        let line = line(tag, &call);
        call.data_mut().push(line);
        Ok(())
    })
}

pub(crate) fn taken(store: &mut Store<Log>) -> Log {
    std::mem::take(store.data_mut())
}

pub(crate) fn module(engine: &Engine, wat: &str) -> Module {
    Module::new(engine, wat).unwrap()
}

/// A store with an instance and a hook, whose tag is empty, that logs all calls.
pub(crate) fn logged(wat: &str, define: impl FnOnce(&mut Linker<Log>)) -> (Store<Log>, Instance) {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    define(&mut linker);
    let mut store = Store::new(&engine, Log::new());
    log(&mut store, "", CallFilter::all());
    let instance = linker.instantiate(&mut store, &module(&engine, wat)).unwrap();
    (store, instance)
}

pub(crate) fn call(store: &mut Store<Log>, instance: Instance, name: &str) -> Result<()> {
    instance.get_typed_func::<(), ()>(&mut *store, name)?.call(store, ())
}

/// A module with two exports. Two imports from the host are called in turn.
pub(crate) const TWO: &str = r#"(module $two
    (import "env" "one" (func $one)) (import "env" "two" (func $two))
    (table funcref (elem $one $two))
    (func (export "run") (call $one) (call $two))
    (func (export "indirect") (call_indirect (i32.const 0)) (call_indirect (i32.const 1))))"#;

pub(crate) fn two(engine: &Engine) -> Linker<Log> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("env", "one", || ()).unwrap();
    linker.func_new("env", "two", FuncType::new(engine, [], []), |_, _, _| Ok(())).unwrap();
    linker
}
