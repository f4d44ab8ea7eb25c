//! A run in a runtime that has Wasmtime's API. This file is compiled once for each.

use super::api::{
    Engine, Error, Extern, Func, Global, GlobalType, Instance, Memory, MemoryTypeBuilder, Module,
    Mutability, Ref, Store, Table, Trap, Val, WasmBacktrace,
};
use wasm_types::{EntityIndex, EntityType, FuncType, HeapType, RefType, TableType, ValType};

use super::super::outcome::{self, Outcome, Stop, TrapFrames};
use super::super::plan::{self, Plan};
use super::super::value::Value;
use super::api;

type Log = Vec<Vec<Value>>;

/// Calls all exports, with a new instance after each call that may have used up all fuel.
pub(in super::super) fn all(engine: &Engine, module: &Module, plan: &Plan) -> Vec<Outcome> {
    outcome::until_all_are_called(plan, |first| run_instance(engine, module, plan, first))
}

fn run_instance(engine: &Engine, module: &Module, plan: &Plan, first: usize) -> Outcome {
    let mut store = Store::new(engine, Log::new());
    let imports = imports(&mut store, plan);
    let instance = match Instance::new(&mut store, module, &imports) {
        Ok(instance) => instance,
        Err(error) => {
            let outcome = Outcome::not_instantiated(stop(&error), store.into_data());
            return Outcome { places: vec![place(&error)], ..outcome };
        }
    };
    let mut calls = Vec::new();
    let mut places = Vec::new();
    for (name, ty) in plan.functions().skip(first) {
        let EntityType::Func(ty) = ty else { continue };
        let func = instance.get_func(&mut store, name).expect("exports are there");
        let result = call(&mut store, func, plan.func_type(ty));
        places.extend(result.as_ref().err().map(place));
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
        globals.push((name.to_string(), value(&global.get(&mut store))));
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
            elements.push(Value::reference(element.is_null()));
        }
        tables.push((name.to_string(), elements));
    }
    let host_calls = store.into_data();
    Outcome { instantiated: Ok(()), calls, host_calls, globals, memories, tables, places }
}

fn imports(store: &mut Store<Log>, plan: &Plan) -> Vec<Extern> {
    let mut imports = Vec::new();
    for import in &plan.module.imports {
        imports.push(match import.ty {
            EntityType::Func(ty) => Extern::Func(host_func(store, plan.func_type(ty))),
            EntityType::Global(ty) => {
                let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
                let value = val(plan::value_of(ty.content, 0), ty.content);
                let ty = GlobalType::new(val_type(ty.content), mutability);
                Extern::Global(Global::new(&mut *store, ty, value).expect("a global can be made"))
            }
            EntityType::Memory(ty) => {
                let ty = MemoryTypeBuilder::new()
                    .memory64(ty.memory64)
                    .page_size_log2(ty.page_size_log2)
                    .min(ty.minimum)
                    .max(ty.maximum)
                    .build()
                    .expect("a valid memory type");
                Extern::Memory(Memory::new(&mut *store, ty).expect("a memory can be made"))
            }
            EntityType::Table(ty) => {
                let init =
                    if plan::is_func(ty.element) { Ref::Func(None) } else { Ref::Extern(None) };
                let ty = table_type(ty);
                Extern::Table(Table::new(&mut *store, ty, init).expect("a table can be made"))
            }
            EntityType::Tag(_) => unreachable!("a plan has no tags"),
        });
    }
    imports
}

fn host_func(store: &mut Store<Log>, ty: &FuncType) -> Func {
    let results = ty.results().to_vec();
    let ty = api::FuncType::new(
        store.engine(),
        ty.params().iter().copied().map(val_type),
        ty.results().iter().copied().map(val_type),
    );
    Func::new(store, ty, move |mut caller, args, out| {
        caller.data_mut().push(args.iter().map(value).collect());
        for (place, (out, ty)) in out.iter_mut().zip(&results).enumerate() {
            *out = val(plan::value_of(*ty, place), *ty);
        }
        Ok(())
    })
}

fn call(store: &mut Store<Log>, func: Func, ty: &FuncType) -> Result<Vec<Value>, Error> {
    let args: Vec<Val> = ty
        .params()
        .iter()
        .enumerate()
        .map(|(place, ty)| val(plan::value_of(*ty, place), *ty))
        .collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(store, &args, &mut results)?;
    Ok(results.iter().map(value).collect())
}

/// The functions in which something ended, the innermost first.
fn place(error: &Error) -> TrapFrames {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let frames = backtrace.frames().iter();
    frames.map(|frame| (frame.func_index(), frame.module_offset(), frame.func_offset())).collect()
}

fn stop(error: &Error) -> Stop {
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => Stop::Unreachable,
        Some(Trap::MemoryOutOfBounds) => Stop::MemoryOutOfBounds,
        Some(Trap::TableOutOfBounds) => Stop::TableOutOfBounds,
        Some(Trap::IndirectCallToNull) => Stop::IndirectCallToNull,
        Some(Trap::BadSignature) => Stop::BadSignature,
        Some(Trap::IntegerDivisionByZero) => Stop::DivisionByZero,
        Some(Trap::IntegerOverflow) => Stop::IntegerOverflow,
        Some(Trap::BadConversionToInteger) => Stop::BadConversion,
        Some(Trap::StackOverflow) => Stop::Exhausted,
        _ => panic!("an error that such a module can't have: {error:?}"),
    }
}

fn val_type(ty: ValType) -> api::ValType {
    match ty {
        ValType::I32 => api::ValType::I32,
        ValType::I64 => api::ValType::I64,
        ValType::F32 => api::ValType::F32,
        ValType::F64 => api::ValType::F64,
        ValType::V128 => api::ValType::V128,
        ValType::Ref(ty) => api::ValType::Ref(ref_type(ty)),
    }
}

fn ref_type(ty: RefType) -> api::RefType {
    if plan::is_func(ty) { api::RefType::FUNCREF } else { api::RefType::EXTERNREF }
}

fn table_type(ty: TableType) -> api::TableType {
    let element = ref_type(ty.element);
    if ty.table64 {
        return api::TableType::new64(element, ty.minimum, ty.maximum);
    }
    let limit = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    api::TableType::new(element, limit(ty.minimum), ty.maximum.map(limit))
}

fn val(value: Value, ty: ValType) -> Val {
    match (value, ty) {
        (Value::I32(v), _) => Val::I32(v),
        (Value::I64(v), _) => Val::I64(v),
        (Value::F32(bits), _) => Val::F32(bits),
        (Value::F64(bits), _) => Val::F64(bits),
        (Value::V128(v), _) => Val::V128(v.into()),
        (Value::Null | Value::Reference, ValType::Ref(ty)) if plan::is_func(ty) => {
            Val::FuncRef(None)
        }
        (Value::Null | Value::Reference, ValType::Ref(ty)) if ty.heap.top() == HeapType::Any => {
            Val::AnyRef(None)
        }
        (Value::Null | Value::Reference, ValType::Ref(ty)) if ty.heap.top() == HeapType::Exn => {
            Val::ExnRef(None)
        }
        (Value::Null | Value::Reference, _) => Val::ExternRef(None),
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v),
        Val::I64(v) => Value::I64(*v),
        Val::F32(bits) => Value::f32(*bits),
        Val::F64(bits) => Value::f64(*bits),
        Val::V128(v) => Value::V128(v.as_u128()),
        Val::FuncRef(func) => Value::reference(func.is_none()),
        Val::ExternRef(value) => Value::reference(value.is_none()),
        Val::AnyRef(value) => Value::reference(value.is_none()),
        Val::ExnRef(value) => Value::reference(value.is_none()),
        #[allow(unreachable_patterns)]
        other => unreachable!("a module has no value like {other:?}"),
    }
}
