//! A run in this project's runtime.

#![allow(unsafe_code)]

use std::sync::Arc;

use arbitrary::{Result as Arbitrary, Unstructured};
use wasm_runtime::{
    Config, CraneliftCompiler, Engine, Error, Extern, Func, Global, GlobalType, Instance,
    Internals, Memory, MemoryTypeBuilder, Module, Mutability, OptLevel, Ref, Store, Table, Trap,
    Val,
};
use wasm_translate::Settings as Translation;
use wasm_types::{EntityIndex, EntityType, FuncType, RefType, TableType, ValType};

use super::outcome::{self, Outcome, Stop, Value};
use super::plan::{self, Plan};

type Log = Vec<Vec<Value>>;

/// Settings that must make no difference. (Bringing not-a-number to one form is not among them:
/// wasm-smith leaves out conversions between float types, in which Wasmi and this project agree only
/// as long as neither does it.)
#[derive(Debug)]
pub(super) struct Settings {
    opt_level: OptLevel,
    /// Whether memories are reserved whole, so that accesses need no check.
    static_memories: bool,
    /// Whether the module goes through the bytes of an artifact.
    through_artifact: bool,
    /// Whether bounds checks hold under speculative execution.
    spectre_mitigation: bool,
    internals: Internals,
    /// Whether the code generator's verifier looks at each function. It takes its time.
    verified: bool,
    interruption: bool,
    /// Of [`MEASURES`], which are taken; `None` for those that are taken if nothing is said.
    measures: Option<[bool; MEASURES.len()]>,
}

/// The measures for faster code, and counting fuel, which nobody asks for.
const MEASURES: [fn(&mut Translation, bool) -> &mut Translation; 7] = [
    Translation::count_fuel,
    Translation::reorder,
    Translation::idioms,
    Translation::inlining,
    Translation::small_bulk,
    Translation::direct_bulk,
    Translation::immutable_tables,
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            opt_level: OptLevel::Speed,
            static_memories: true,
            through_artifact: false,
            spectre_mitigation: true,
            internals: Internals::Readable,
            verified: true,
            interruption: false,
            measures: None,
        }
    }
}

impl Settings {
    pub(super) fn arbitrary(u: &mut Unstructured<'_>) -> Arbitrary<Self> {
        Ok(Self {
            opt_level: *u.choose(&[OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize])?,
            static_memories: u.arbitrary()?,
            through_artifact: u.ratio(1, 4)?,
            spectre_mitigation: u.arbitrary()?,
            internals: *u.choose(&[Internals::Sealed, Internals::Readable, Internals::Writable])?,
            verified: u.ratio(1, 4)?,
            interruption: u.ratio(1, 4)?,
            measures: u.arbitrary()?,
        })
    }

    fn engine(&self) -> Engine {
        let mut config = Config::new();
        config.cranelift_opt_level(self.opt_level).cranelift_debug_verifier(self.verified);
        config.parallel_compilation(false);
        config.tunables_mut().spectre_mitigation = self.spectre_mitigation;
        config.internals(self.internals).interruption(self.interruption);
        if let Some(measures) = self.measures {
            let compiler = CraneliftCompiler::new().adjust(move |settings| {
                for (measure, on) in MEASURES.iter().zip(measures) {
                    measure(settings, on);
                }
            });
            config.compiler(Arc::new(compiler));
        }
        if !self.static_memories {
            config.memory_reservation(0).memory_guard_size(64 << 10);
        }
        Engine::new(&config).expect("the settings are valid")
    }
}

/// Calls all exports, with a new instance after each call that may have used up all fuel.
pub(super) fn run(wasm: &[u8], plan: &Plan, settings: &Settings) -> Vec<Outcome> {
    let engine = settings.engine();
    let mut module = Module::new(&engine, wasm)
        .unwrap_or_else(|error| panic!("a valid module can be compiled: {error:#}"));
    if settings.through_artifact {
        let bytes = module.serialize().expect("a module can be written as an artifact");
        // SAFETY: the bytes are those that this very engine has just made.
        module = unsafe { Module::deserialize(&engine, &bytes) }.expect("an artifact can be read");
    }
    outcome::until_all_are_called(plan, |first| run_instance(&engine, &module, plan, first))
}

fn run_instance(engine: &Engine, module: &Module, plan: &Plan, first: usize) -> Outcome {
    let mut store = Store::new(engine, Log::new());
    let imports = imports(&mut store, plan);
    let instance = match Instance::new(&mut store, module, &imports) {
        Ok(instance) => instance,
        Err(error) => return Outcome::not_instantiated(stop(&error), store.into_data()),
    };
    let mut calls = Vec::new();
    for (name, ty) in plan.functions().skip(first) {
        let EntityType::Func(ty) = ty else { continue };
        let func = instance.get_func(&mut store, name).expect("exports are there");
        let result = call(&mut store, func, plan.func_type(ty));
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
    Outcome { instantiated: Ok(()), calls, host_calls, globals, memories, tables }
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
    let ty = wasm_runtime::FuncType::new(
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

fn call(store: &mut Store<Log>, func: Func, ty: &FuncType) -> Result<Vec<Value>, Stop> {
    let args: Vec<Val> = ty
        .params()
        .iter()
        .enumerate()
        .map(|(place, ty)| val(plan::value_of(*ty, place), *ty))
        .collect();
    let mut results = vec![Val::I32(0); ty.results().len()];
    match func.call(store, &args, &mut results) {
        Ok(()) => Ok(results.iter().map(value).collect()),
        Err(error) => Err(stop(&error)),
    }
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

fn val_type(ty: ValType) -> wasm_runtime::ValType {
    match ty {
        ValType::I32 => wasm_runtime::ValType::I32,
        ValType::I64 => wasm_runtime::ValType::I64,
        ValType::F32 => wasm_runtime::ValType::F32,
        ValType::F64 => wasm_runtime::ValType::F64,
        ValType::V128 => wasm_runtime::ValType::V128,
        ValType::Ref(ty) => wasm_runtime::ValType::Ref(ref_type(ty)),
    }
}

fn ref_type(ty: RefType) -> wasm_runtime::RefType {
    if plan::is_func(ty) {
        wasm_runtime::RefType::FUNCREF
    } else {
        wasm_runtime::RefType::EXTERNREF
    }
}

fn table_type(ty: TableType) -> wasm_runtime::TableType {
    let element = ref_type(ty.element);
    if ty.table64 {
        return wasm_runtime::TableType::new64(element, ty.minimum, ty.maximum);
    }
    let limit = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    wasm_runtime::TableType::new(element, limit(ty.minimum), ty.maximum.map(limit))
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
    }
}
