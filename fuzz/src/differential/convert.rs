//! From values of a runtime to those that both sides have, and the other way.

use super::api::{
    AnyRef, ArrayRef, ArrayRefPre, ArrayType, AsContextMut, ExternRef, FieldType, Func, FuncType,
    HeapType, I31, Mutability, StorageType, StructRef, StructRefPre, StructType, Val, ValType,
};
use super::{State, plan};
use crate::differential::value::Value;

/// How deep objects are made and looked into.
const DEPTH: usize = 3;
/// How many elements of an array are looked at.
const ELEMENTS: u32 = 6;

/// A function of the host that only keeps what it is given. `None` if a result can't be made.
pub(super) fn host_func<S: AsContextMut<Data = State>>(store: &mut S, ty: FuncType) -> Func {
    let results: Vec<ValType> = ty.results().collect();
    Func::new(store, ty, move |mut caller, args, out| {
        let args = args.iter().map(|arg| value(&mut caller, arg)).collect();
        caller.data_mut().log.push(args);
        for (place, (out, ty)) in out.iter_mut().zip(&results).enumerate() {
            let result = val(&mut caller, ty, place);
            *out = result.ok_or_else(|| super::Error::new(super::NoValue))?;
        }
        Ok(())
    })
}

/// A value of this type for arguments, imported globals and results of host functions: the same as
/// [`plan::value_of`] has. `None` if none is made.
pub(super) fn val<S: AsContextMut<Data = State>>(
    store: &mut S,
    ty: &ValType,
    salt: usize,
) -> Option<Val> {
    made(store, ty, salt, DEPTH)
}

fn made<S: AsContextMut<Data = State>>(
    store: &mut S,
    ty: &ValType,
    salt: usize,
    depth: usize,
) -> Option<Val> {
    let ty = match ty {
        ValType::I32 => return Some(Val::I32(plan::i32_of(salt))),
        ValType::I64 => return Some(Val::I64(plan::i64_of(salt))),
        ValType::F32 => return Some(Val::F32(plan::f32_of(salt).to_bits())),
        ValType::F64 => return Some(Val::F64(plan::f64_of(salt).to_bits())),
        ValType::V128 => return Some(Val::V128(plan::v128_of(salt).into())),
        ValType::Ref(ty) => ty,
    };
    let heap = ty.heap_type();
    // Wasmi has only the null references of these, and no others.
    let only_null = matches!(heap, HeapType::Func | HeapType::Extern);
    if ty.is_nullable() && (only_null || salt % 2 == 0 || depth == 0) {
        return Some(Val::null_ref(heap));
    }
    let object = if depth == 0 { None } else { referred(store, heap, salt, depth - 1) };
    object.or_else(|| ty.is_nullable().then(|| Val::null_ref(heap)))
}

/// A reference that is not null.
fn referred<S: AsContextMut<Data = State>>(
    store: &mut S,
    heap: &HeapType,
    salt: usize,
    depth: usize,
) -> Option<Val> {
    let engine = store.as_context().engine().clone();
    match heap {
        HeapType::Any | HeapType::Eq | HeapType::I31 => {
            let number = I31::wrapping_u32(plan::i31_of(salt));
            Some(Val::AnyRef(Some(AnyRef::from_i31(store, number))))
        }
        HeapType::Func => {
            let ty = FuncType::new(&engine, [], []);
            Some(Val::FuncRef(Some(host_func(store, ty))))
        }
        HeapType::ConcreteFunc(ty) => Some(Val::FuncRef(Some(host_func(store, ty.clone())))),
        HeapType::Extern => ExternRef::new(store, salt).ok().map(|it| Val::ExternRef(Some(it))),
        HeapType::Struct => structure(store, StructType::new(&engine, []).ok()?, salt, depth),
        HeapType::ConcreteStruct(ty) => structure(store, ty.clone(), salt, depth),
        HeapType::Array => {
            let field = FieldType::new(Mutability::Var, StorageType::I8);
            array(store, ArrayType::new(&engine, field), salt, depth)
        }
        HeapType::ConcreteArray(ty) => array(store, ty.clone(), salt, depth),
        _ => None,
    }
}

fn structure<S: AsContextMut<Data = State>>(
    store: &mut S,
    ty: StructType,
    salt: usize,
    depth: usize,
) -> Option<Val> {
    let mut fields = Vec::new();
    for (place, field) in ty.fields().enumerate() {
        fields.push(stored(store, field.element_type(), salt + place, depth)?);
    }
    let pre = StructRefPre::new(&mut *store, ty);
    Some(StructRef::new(&mut *store, &pre, &fields).ok()?.into())
}

fn array<S: AsContextMut<Data = State>>(
    store: &mut S,
    ty: ArrayType,
    salt: usize,
    depth: usize,
) -> Option<Val> {
    let mut elements = Vec::new();
    for place in 0..salt % 4 {
        elements.push(stored(store, &ty.element_type(), salt + place, depth)?);
    }
    let pre = ArrayRefPre::new(&mut *store, ty);
    Some(ArrayRef::new_fixed(&mut *store, &pre, &elements).ok()?.into())
}

fn stored<S: AsContextMut<Data = State>>(
    store: &mut S,
    ty: &StorageType,
    salt: usize,
    depth: usize,
) -> Option<Val> {
    match ty {
        StorageType::I8 | StorageType::I16 => Some(Val::I32(plan::i32_of(salt) & 0x7f)),
        StorageType::ValType(ty) => made(store, ty, salt, depth),
    }
}

pub(super) fn value<S: AsContextMut>(store: &mut S, val: &Val) -> Value {
    shown(store, val, DEPTH)
}

fn shown<S: AsContextMut>(store: &mut S, val: &Val, depth: usize) -> Value {
    match val {
        Val::I32(v) => Value::I32(*v),
        Val::I64(v) => Value::I64(*v),
        Val::F32(bits) => Value::f32(*bits),
        Val::F64(bits) => Value::f64(*bits),
        Val::V128(v) => Value::V128(v.as_u128()),
        Val::FuncRef(func) => Value::reference(func.is_none()),
        Val::ExternRef(value) => Value::reference(value.is_none()),
        Val::AnyRef(None) | Val::ExnRef(None) => Value::Null,
        Val::AnyRef(Some(any)) => internal(store, any, depth),
        Val::ExnRef(Some(exception)) => {
            let count = exception.ty(&*store).expect(LIVES).fields().len();
            let field = |store: &mut S, place| exception.field(&mut *store, place).expect(LIVES);
            let fields = (0..count).map(|place| field(store, place)).collect::<Vec<_>>();
            Value::Exception(all(store, &fields, depth))
        }
        #[allow(unreachable_patterns)]
        other => unreachable!("a module has no value like {other:?}"),
    }
}

const LIVES: &str = "the handle is of this scope";

fn internal<S: AsContextMut>(store: &mut S, any: &AnyRef, depth: usize) -> Value {
    if let Some(number) = any.as_i31(&*store).expect(LIVES) {
        return Value::I31(number.get_u32());
    }
    if let Some(object) = any.as_struct(&*store).expect(LIVES) {
        let count = object.ty(&*store).expect(LIVES).fields().len();
        let field = |store: &mut S, place| object.field(&mut *store, place).expect(LIVES);
        let fields = (0..count).map(|place| field(store, place)).collect::<Vec<_>>();
        return Value::Struct(all(store, &fields, depth));
    }
    if let Some(object) = any.as_array(&*store).expect(LIVES) {
        let count = object.len(&*store).expect(LIVES);
        let element = |store: &mut S, place| object.get(&mut *store, place).expect(LIVES);
        let elements = (0..count.min(ELEMENTS)).map(|place| element(store, place));
        let elements = elements.collect::<Vec<_>>();
        return Value::Array(count, all(store, &elements, depth));
    }
    // A value of the host that was converted.
    Value::Reference
}

/// What an object holds; nothing of what is too deep.
fn all<S: AsContextMut>(store: &mut S, values: &[Val], depth: usize) -> Vec<Value> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    values.iter().map(|value| shown(store, value, depth)).collect()
}
