//! The value of constant expressions.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_artifact::ConstExprRef;
use wasm_types::abi::heap::ARRAY_ELEMENTS;
use wasm_types::{ConstOp, TrapCode, TypeIndex};

use super::gc::{HAS_OBJECTS, ObjectType, objects_left_out};
use super::instance::VmInstance;
use super::instantiate::{fail, trap};
use super::store::VmStore;
use super::unwind::Unwind;
use super::value::ValRaw;
use crate::{Error, GcHeapOutOfMemory};

/// Computes a constant expression of an instance. Its imports must be in place, and so must all
/// globals before the one that the expression initializes.
///
/// Nothing is collected while it is computed. What the value refers to is found only once it is
/// where the collector looks. If the heap is full, it is collected, and the expression computed
/// once more from the start: what it has made until then, nothing refers to.
///
/// # Safety
///
/// The instance is one of its store's. If the expression makes objects, nothing borrows the
/// instance or its store, and all references that are used later are where the collector looks.
pub(super) unsafe fn evaluate(
    instance: NonNull<VmInstance>,
    expr: ConstExprRef<'_>,
) -> Result<ValRaw, Box<Unwind>> {
    // SAFETY: as the caller promises; what is borrowed here ends with each call.
    unsafe {
        let failure = match compute(&mut *instance.as_ptr(), expr) {
            Err(failure) if HAS_OBJECTS => failure,
            done => return done,
        };
        let Unwind::Error(error) = &*failure else { return Err(failure) };
        let Some(full) = error.downcast_ref::<GcHeapOutOfMemory<()>>() else {
            return Err(failure);
        };
        let vm = (*(*instance.as_ptr()).store()).vm;
        if (*vm).gc.is_put_off() {
            return Err(failure);
        }
        (*vm).collect(full.bytes_needed()).map_err(fail)?;
        compute(&mut *instance.as_ptr(), expr)
    }
}

fn compute(instance: &mut VmInstance, expr: ConstExprRef<'_>) -> Result<ValRaw, Box<Unwind>> {
    let mut ops = expr.ops().map(|op| op.map_err(|error| fail(Error::new(error))));
    let mut next = ops.next().transpose()?;
    let mut stack: Vec<u128> = Vec::new();
    // Nearly all expressions are one operator, whose value needs no stack.
    if let Some(value) = next.as_ref().map(|op| plain(instance, op)).transpose()?.flatten() {
        next = ops.next().transpose()?;
        if next.is_none() {
            return Ok(ValRaw { v128: value });
        }
        stack.push(value);
    }
    // Present once there may be a new object on the stack.
    let mut objects: Option<Objects> = None;
    while let Some(op) = next {
        let value = match op {
            ConstOp::RefI31 => {
                let value = stack.pop().ok_or_else(damaged)?;
                u128::from((value as u32) << 1 | 1)
            }
            // A reference is the same in both hierarchies.
            ConstOp::AnyConvertExtern | ConstOp::ExternConvertAny => {
                stack.pop().ok_or_else(damaged)?
            }
            op if op.makes_object() && !HAS_OBJECTS => return Err(fail(objects_left_out())),
            op if op.makes_object() => {
                let objects = objects.get_or_insert_with(|| Objects::new(instance));
                objects.make(instance, op, &mut stack)?.into()
            }
            op => match plain(instance, &op)? {
                Some(value) => value,
                None => {
                    let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                        return Err(damaged());
                    };
                    arithmetic(op, left, right)
                }
            },
        };
        stack.push(value);
        next = ops.next().transpose()?;
    }
    match *stack {
        [value] => Ok(ValRaw { v128: value }),
        _ => Err(damaged()),
    }
}

/// The value of an operator that has no operands and makes no object; `None` for others.
fn plain(instance: &mut VmInstance, op: &ConstOp) -> Result<Option<u128>, Box<Unwind>> {
    Ok(Some(match *op {
        ConstOp::I32Const(v) => u128::from(v.cast_unsigned()),
        ConstOp::I64Const(v) => u128::from(v.cast_unsigned()),
        ConstOp::F32Const(bits) => u128::from(bits),
        ConstOp::F64Const(bits) => u128::from(bits),
        ConstOp::V128Const(bits) => bits,
        ConstOp::GlobalGet(global) => read_global(instance, global).map_err(fail)?,
        ConstOp::RefNull(_) => 0,
        ConstOp::RefFunc(func) => {
            let func = instance.func(func).map_err(|error| fail(Error::new(error)))?;
            func.as_ptr() as u128
        }
        _ => return Ok(None),
    }))
}

fn arithmetic(op: ConstOp, left: u128, right: u128) -> u128 {
    let (a32, b32, a64, b64) = (left as u32, right as u32, left as u64, right as u64);
    match op {
        ConstOp::I32Add => u128::from(a32.wrapping_add(b32)),
        ConstOp::I32Sub => u128::from(a32.wrapping_sub(b32)),
        ConstOp::I32Mul => u128::from(a32.wrapping_mul(b32)),
        ConstOp::I64Add => u128::from(a64.wrapping_add(b64)),
        ConstOp::I64Sub => u128::from(a64.wrapping_sub(b64)),
        ConstOp::I64Mul => u128::from(a64.wrapping_mul(b64)),
        _ => unreachable!("all other operators are values"),
    }
}

fn damaged() -> Box<Unwind> {
    fail(damage())
}

fn damage() -> Error {
    Error::msg("the artifact is damaged: a constant expression does not compute one value")
}

fn read_global(instance: &VmInstance, global: wasm_types::GlobalIndex) -> Result<u128, Error> {
    if global.as_u32() >= instance.module().loaded.artifact().counts().globals {
        return Err(damage());
    }
    // SAFETY: the place of a global is valid as long as its store; every bit pattern is a value.
    Ok(unsafe { instance.global(global).as_ref().v128 })
}

/// The store of an instance, in which collections are put off for as long as this lives.
struct Objects {
    vm: *mut VmStore,
}

impl Objects {
    fn new(instance: &VmInstance) -> Self {
        // SAFETY: an instance is evaluated while its store is being used, whose heap nobody
        // borrows.
        unsafe {
            let vm = (*instance.store()).vm;
            (*vm).gc.put_off();
            Self { vm }
        }
    }

    /// Makes the object of an operator, with the operands on the stack.
    fn make(
        &self,
        instance: &VmInstance,
        op: ConstOp,
        stack: &mut Vec<u128>,
    ) -> Result<u32, Box<Unwind>> {
        // SAFETY: as above. Nothing that is borrowed is changed: nothing is collected.
        let vm = unsafe { &mut *self.vm };
        // Structures have no elements.
        let (ty, length) = match op {
            ConstOp::StructNew(ty) | ConstOp::StructNewDefault(ty) => (ty, 0),
            ConstOp::ArrayNew(ty) | ConstOp::ArrayNewDefault(ty) => {
                (ty, stack.pop().ok_or_else(damaged)? as u32)
            }
            ConstOp::ArrayNewFixed(ty, length) => (ty, length),
            _ => return Err(damaged()),
        };
        let number = number_of(instance, ty)?;
        let heap = vm.gc.heap_mut().map_err(fail)?;
        let kind = heap.type_numbered(number).ok_or_else(damaged)?;
        let is_array = matches!(kind, ObjectType::Array(_));
        if is_array == matches!(op, ConstOp::StructNew(_) | ConstOp::StructNewDefault(_)) {
            return Err(damaged());
        }
        if heap.object_size(number, length).is_none() {
            return Err(trap(TrapCode::AllocationTooLarge));
        }
        let object = vm.new_object(number, length).map_err(fail)?;
        let heap = vm.gc.heap_mut().map_err(fail)?;
        // SAFETY: the object was just made; a type lives as long as the engine. The values on the
        // stack are of the types of fields, as validation has made sure of.
        unsafe {
            match (op, kind) {
                (ConstOp::StructNew(_), ObjectType::Struct(record)) => {
                    let record = record.as_ref();
                    let fields = record.ty.fields.iter().zip(record.layout.offsets());
                    let values = take(stack, record.ty.fields.len())?;
                    for ((field, offset), value) in fields.zip(values) {
                        let value = ValRaw { v128: value };
                        heap.write(object + offset, field.storage, value).map_err(fail)?;
                    }
                }
                (ConstOp::ArrayNew(_), ObjectType::Array(record)) => {
                    let element = record.as_ref().ty.0.storage;
                    let value = ValRaw { v128: stack.pop().ok_or_else(damaged)? };
                    heap.fill(object, (0, length), element, value).map_err(fail)?;
                }
                (ConstOp::ArrayNewFixed(..), ObjectType::Array(record)) => {
                    let element = record.as_ref().ty.0.storage;
                    let mut place = object + ARRAY_ELEMENTS;
                    for value in take(stack, length as usize)? {
                        heap.write(place, element, ValRaw { v128: value }).map_err(fail)?;
                        place += element.object_size();
                    }
                }
                _ => {}
            }
        }
        Ok(object)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { (*self.vm).gc.resume() };
    }
}

/// The number that the store has for a type of the instance's module.
fn number_of(instance: &VmInstance, ty: TypeIndex) -> Result<u32, Box<Unwind>> {
    let module = instance.module();
    let is_collected = module.collected_types().binary_search_by_key(&ty, |(index, _)| *index);
    if is_collected.is_err() {
        return Err(damaged());
    }
    // SAFETY: the layout has a place for each type, which holds the number of a structure or array.
    Ok(unsafe { instance.number_of(ty) })
}

/// The values on top of the stack, the lowest first.
fn take(stack: &mut Vec<u128>, count: usize) -> Result<std::vec::Drain<'_, u128>, Box<Unwind>> {
    let start = stack.len().checked_sub(count).ok_or_else(damaged)?;
    Ok(stack.drain(start..))
}
