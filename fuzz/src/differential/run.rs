//! A run in a runtime that has Wasmtime's API. This file is compiled once for each.

#[path = "convert.rs"]
mod convert;

use super::api;
use super::api::{
    Engine, Error, Extern, ExternType, Func, GcHeapOutOfMemory, Global, Instance, Memory, Module,
    Store, StoreLimits, StoreLimitsBuilder, Table, Tag, ThrownException, Trap, Val, ValType,
    WasmBacktrace,
};
use wasm_types::EntityIndex;

use super::super::outcome::{self, Outcome, Stop, TrapFrames};
use super::super::plan::{self, Plan};
use super::super::value::Value;
use convert::{host_func, val, value};

/// Bounds objects, too: of those, a module can ask for any number.
const MOST_MEMORY: usize = 16 << 20;

/// The error of a host function that can't make a result.
#[derive(Debug)]
struct NoValue;

impl std::fmt::Display for NoValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a result is not made")
    }
}

impl std::error::Error for NoValue {}

struct State {
    /// The arguments that host functions were called with.
    log: Vec<Vec<Value>>,
    limits: StoreLimits,
}

/// Calls all exports, with a new instance after each call that may have used up all fuel.
pub(in super::super) fn all(engine: &Engine, module: &Module, plan: &Plan) -> Vec<Outcome> {
    outcome::until_all_are_called(plan, |first| run_instance(engine, module, plan, first))
}

fn run_instance(engine: &Engine, module: &Module, plan: &Plan, first: usize) -> Outcome {
    let limits = StoreLimitsBuilder::new().memory_size(MOST_MEMORY).build();
    let mut store = Store::new(engine, State { log: Vec::new(), limits });
    store.limiter(|state| &mut state.limits);
    let Some(imports) = imports(&mut store, module) else {
        return Outcome::not_instantiated(Stop::NoValue, Vec::new());
    };
    let instance = match Instance::new(&mut store, module, &imports) {
        Ok(instance) => instance,
        Err(error) => {
            let outcome = Outcome::not_instantiated(stop(&error), store.into_data().log);
            return Outcome { places: vec![place(&error)], ..outcome };
        }
    };
    let mut calls = Vec::new();
    let mut places = Vec::new();
    for (name, _) in plan.functions().skip(first) {
        let func = instance.get_func(&mut store, name).expect("exports are there");
        let result = call(&mut store, func);
        places.extend(result.as_ref().err().filter(|it| !it.is::<NoValue>()).map(place));
        let result = result.map_err(|error| stop(&error));
        let goes_on = outcome::goes_on_after(&result);
        calls.push((name.to_string(), result));
        if !goes_on {
            break;
        }
    }
    let mut globals = Vec::new();
    for (name, _) in plan.exports(|index| matches!(index, EntityIndex::Global(_))) {
        let global = instance.get_global(&mut store, name).expect("exports are there");
        let content = global.get(&mut store);
        globals.push((name.to_string(), value(&mut store, &content)));
    }
    let mut memories = Vec::new();
    for (name, _) in plan.exports(|index| matches!(index, EntityIndex::Memory(_))) {
        let memory = instance.get_memory(&mut store, name).expect("exports are there");
        memories.push((name.to_string(), outcome::Memory(memory.data(&store).to_vec())));
    }
    let mut tables = Vec::new();
    for (name, _) in plan.exports(|index| matches!(index, EntityIndex::Table(_))) {
        let table = instance.get_table(&mut store, name).expect("exports are there");
        let mut elements = Vec::new();
        for index in 0..table.size(&store) {
            let element = table.get(&mut store, index).expect("the index is within the size");
            elements.push(value(&mut store, &Val::from(element)));
        }
        tables.push((name.to_string(), elements));
    }
    let host_calls = store.into_data().log;
    Outcome { instantiated: Ok(()), calls, host_calls, globals, memories, tables, places }
}

/// The imports; `None` if not all are made.
fn imports(store: &mut Store<State>, module: &Module) -> Option<Vec<Extern>> {
    let mut imports = Vec::new();
    for import in module.imports() {
        imports.push(match import.ty() {
            ExternType::Func(ty) => Extern::Func(host_func(store, ty)),
            ExternType::Global(ty) => {
                let value = val(store, ty.content(), 0)?;
                Extern::Global(Global::new(&mut *store, ty, value).expect("a global can be made"))
            }
            ExternType::Memory(ty) => {
                Extern::Memory(Memory::new(&mut *store, ty).expect("a memory can be made"))
            }
            ExternType::Table(ty) => {
                let init = val(store, &ValType::Ref(ty.element().clone()), 0)?.ref_()?;
                Extern::Table(Table::new(&mut *store, ty, init).expect("a table can be made"))
            }
            ExternType::Tag(ty) => {
                Extern::Tag(Tag::new(&mut *store, &ty).expect("a tag can be made"))
            }
            #[allow(unreachable_patterns)]
            other => unreachable!("a module has no import like {other:?}"),
        });
    }
    Some(imports)
}

fn call(store: &mut Store<State>, func: Func) -> Result<Vec<Value>, Error> {
    let ty = func.ty(&*store);
    let params = ty.params().enumerate();
    let args: Option<Vec<Val>> = params.map(|(place, ty)| val(store, &ty, place)).collect();
    let args = args.ok_or_else(|| Error::new(NoValue))?;
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(&mut *store, &args, &mut results)?;
    Ok(results.iter().map(|result| value(store, result)).collect())
}

/// The functions in which something ended, the innermost first.
fn place(error: &Error) -> TrapFrames {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let frames = backtrace.frames().iter();
    frames.map(|frame| (frame.func_index(), frame.module_offset(), frame.func_offset())).collect()
}

fn stop(error: &Error) -> Stop {
    if error.is::<NoValue>() {
        return Stop::NoValue;
    }
    if error.is::<ThrownException>() {
        return Stop::Thrown;
    }
    if error.is::<GcHeapOutOfMemory<()>>() {
        return Stop::Exhausted;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => Stop::Unreachable,
        Some(Trap::MemoryOutOfBounds) => Stop::MemoryOutOfBounds,
        Some(Trap::TableOutOfBounds) => Stop::TableOutOfBounds,
        Some(Trap::IndirectCallToNull) => Stop::IndirectCallToNull,
        Some(Trap::BadSignature) => Stop::BadSignature,
        Some(Trap::IntegerDivisionByZero) => Stop::DivisionByZero,
        Some(Trap::IntegerOverflow) => Stop::IntegerOverflow,
        Some(Trap::BadConversionToInteger) => Stop::BadConversion,
        Some(Trap::NullReference) => Stop::NullReference,
        Some(Trap::CastFailure) => Stop::CastFailure,
        Some(Trap::ArrayOutOfBounds) => Stop::ArrayOutOfBounds,
        Some(Trap::StackOverflow | Trap::AllocationTooLarge) => Stop::Exhausted,
        _ => panic!("an error that such a module can't have: {error:?}"),
    }
}
