//! A run in Wasmi.

use wasm_types::{EntityIndex, EntityType, FuncType, RefType, TableType, ValType};
use wasmi::errors::InstantiationError;
use wasmi::{
    Config, Engine, Extern, ExternType, Func, Global, Instance, Memory, Module, Mutability,
    Nullable, Ref, Store, Table, TrapCode, Val,
};

use super::outcome::{self, Outcome, Stop};
use super::plan::{self, Plan};
use super::value::Value;

type Log = Vec<Vec<Value>>;

/// Calls all exports, with a new instance after each call that may have used up all fuel.
pub(super) fn run(wasm: &[u8], plan: &Plan) -> Vec<Outcome> {
    let mut config = Config::default();
    config.wasm_wide_arithmetic(true).wasm_custom_page_sizes(true);
    config.set_max_stack_height(64 << 20).set_max_recursion_depth(100_000);
    let engine = Engine::new(&config);
    let module = match Module::new(&engine, wasm) {
        Ok(module) => module,
        // Wasmi has limits of its own, for example on the size of functions.
        Err(_) => return vec![Outcome::not_instantiated(Stop::Exhausted, Vec::new())],
    };
    outcome::until_all_are_called(plan, |first| run_instance(&engine, &module, plan, first))
}

fn run_instance(engine: &Engine, module: &Module, plan: &Plan, first: usize) -> Outcome {
    let mut store = Store::new(engine, Log::new());
    let Ok(imports) = imports(&mut store, plan, module) else {
        return Outcome::not_instantiated(Stop::Exhausted, Vec::new());
    };
    let instance = match Instance::new(&mut store, module, &imports) {
        Ok(instance) => instance,
        Err(error) => return Outcome::not_instantiated(stop(&error), store.into_data()),
    };
    let mut calls = Vec::new();
    for (name, ty) in plan.functions().skip(first) {
        let func = instance.get_func(&store, name).expect("exports are there");
        let result = call(&mut store, func, ty);
        let goes_on = outcome::goes_on_after(&result);
        calls.push((name.to_string(), result));
        if !goes_on {
            break;
        }
    }
    let globals = plan.exports(|index| matches!(index, EntityIndex::Global(_))).map(|(name, _)| {
        let global = instance.get_global(&store, name).expect("exports are there");
        (name.to_string(), value(&global.get(&store)))
    });
    let globals = globals.collect();
    let memories =
        plan.exports(|index| matches!(index, EntityIndex::Memory(_))).map(|(name, _)| {
            let memory = instance.get_memory(&store, name).expect("exports are there");
            (name.to_string(), outcome::Memory(memory.data(&store).to_vec()))
        });
    let memories = memories.collect();
    let tables = plan.exports(|index| matches!(index, EntityIndex::Table(_))).map(|(name, _)| {
        let table = instance.get_table(&store, name).expect("exports are there");
        let elements = (0..table.size(&store)).map(|index| {
            let element = table.get(&store, index).expect("the index is within the size");
            Value::reference(element.is_null())
        });
        (name.to_string(), elements.collect())
    });
    let tables = tables.collect();
    let host_calls = store.into_data();
    let places = Vec::new();
    Outcome { instantiated: Ok(()), calls, host_calls, globals, memories, tables, places }
}

/// The imports, in the order in which Wasmi expects them: each kind separately.
fn imports(
    store: &mut Store<Log>,
    plan: &Plan,
    module: &Module,
) -> Result<Vec<Extern>, wasmi::Error> {
    let mut left: Vec<EntityType> = plan.module.imports.iter().map(|import| import.ty).collect();
    let mut imports = Vec::new();
    for import in module.imports() {
        let same_kind = |ty: &EntityType| match import.ty() {
            ExternType::Func(_) => matches!(ty, EntityType::Func(_)),
            ExternType::Table(_) => matches!(ty, EntityType::Table(_)),
            ExternType::Memory(_) => matches!(ty, EntityType::Memory(_)),
            ExternType::Global(_) => matches!(ty, EntityType::Global(_)),
        };
        let next = left.iter().position(same_kind).expect("both sides see the same imports");
        imports.push(match left.remove(next) {
            EntityType::Func(ty) => Extern::Func(host_func(store, plan.func_type(ty))),
            EntityType::Global(ty) => {
                let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
                let value = val(plan::value_of(ty.content, 0), ty.content);
                Extern::Global(Global::new(&mut *store, value, mutability))
            }
            EntityType::Memory(ty) => {
                let mut builder = wasmi::MemoryType::builder();
                builder.memory64(ty.memory64).min(ty.minimum).max(ty.maximum);
                builder.page_size_log2(ty.page_size_log2);
                Extern::Memory(Memory::new(&mut *store, builder.build()?)?)
            }
            EntityType::Table(ty) => {
                let init = Ref::default_for_ty(ref_type(ty.element));
                Extern::Table(Table::new(&mut *store, table_type(ty), init)?)
            }
            EntityType::Tag(_) => unreachable!("Wasmi does not run modules with tags"),
        });
    }
    Ok(imports)
}

fn host_func(store: &mut Store<Log>, ty: &FuncType) -> Func {
    let results = ty.results().to_vec();
    let ty = wasmi::FuncType::new(
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

fn call(store: &mut Store<Log>, func: Func, ty: &FuncType) -> Result<Vec<Value>, Stop> {
    let args: Vec<Val> = ty
        .params()
        .iter()
        .enumerate()
        .map(|(place, ty)| val(plan::value_of(*ty, place), *ty))
        .collect();
    let mut results: Vec<Val> =
        ty.results().iter().map(|ty| Val::default_for_ty(val_type(*ty))).collect();
    match func.call(store, &args, &mut results) {
        Ok(()) => Ok(results.iter().map(value).collect()),
        Err(error) => Err(stop(&error)),
    }
}

fn stop(error: &wasmi::Error) -> Stop {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Stop::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Stop::MemoryOutOfBounds,
        Some(TrapCode::TableOutOfBounds) => Stop::TableOutOfBounds,
        Some(TrapCode::IndirectCallToNull) => Stop::IndirectCallToNull,
        Some(TrapCode::BadSignature) => Stop::BadSignature,
        Some(TrapCode::IntegerDivisionByZero) => Stop::DivisionByZero,
        Some(TrapCode::IntegerOverflow) => Stop::IntegerOverflow,
        Some(TrapCode::BadConversionToInteger) => Stop::BadConversion,
        _ => match error.kind() {
            // For active segments that do not fit, Wasmi has separate errors.
            wasmi::errors::ErrorKind::Instantiation(
                InstantiationError::ElementSegmentDoesNotFit { .. },
            ) => Stop::TableOutOfBounds,
            wasmi::errors::ErrorKind::Instantiation(other) => panic!("{other}"),
            wasmi::errors::ErrorKind::Memory(wasmi::errors::MemoryError::OutOfBoundsAccess) => {
                Stop::MemoryOutOfBounds
            }
            _ => Stop::Exhausted,
        },
    }
}

fn val_type(ty: ValType) -> wasmi::ValType {
    match ty {
        ValType::I32 => wasmi::ValType::I32,
        ValType::I64 => wasmi::ValType::I64,
        ValType::F32 => wasmi::ValType::F32,
        ValType::F64 => wasmi::ValType::F64,
        ValType::V128 => wasmi::ValType::V128,
        ValType::Ref(ty) if plan::is_func(ty) => wasmi::ValType::FuncRef,
        ValType::Ref(_) => wasmi::ValType::ExternRef,
    }
}

fn ref_type(ty: RefType) -> wasmi::RefType {
    if plan::is_func(ty) { wasmi::RefType::Func } else { wasmi::RefType::Extern }
}

fn table_type(ty: TableType) -> wasmi::TableType {
    let element = ref_type(ty.element);
    if ty.table64 {
        return wasmi::TableType::new64(element, ty.minimum, ty.maximum);
    }
    let limit = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    wasmi::TableType::new(element, limit(ty.minimum), ty.maximum.map(limit))
}

fn val(value: Value, ty: ValType) -> Val {
    match value {
        Value::I32(v) => Val::I32(v),
        Value::I64(v) => Val::I64(v),
        Value::F32(bits) => Val::F32(f32::from_bits(bits).into()),
        Value::F64(bits) => Val::F64(f64::from_bits(bits).into()),
        Value::V128(v) => Val::V128(v.into()),
        _ => Val::default_for_ty(val_type(ty)),
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v),
        Val::I64(v) => Value::I64(*v),
        Val::F32(v) => Value::f32(v.to_bits()),
        Val::F64(v) => Value::f64(v.to_bits()),
        Val::V128(v) => Value::V128(v.as_u128()),
        Val::FuncRef(v) => Value::reference(matches!(v, Nullable::Null)),
        Val::ExternRef(v) => Value::reference(matches!(v, Nullable::Null)),
    }
}
