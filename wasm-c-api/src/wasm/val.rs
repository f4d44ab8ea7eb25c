//! Values of `wasm.h`, whose references are objects.
//!
//! An object that Wasm gets as an `externref` is data of the embedder for it: the object itself, so
//! that it comes back as what it was.

#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::sync::Weak;

use wasm_runtime::{AsContextMut, Extern, ExternRef, Ref, Result, RootScope, Val, bail};

use super::StoreRef;
use super::store::StoreCell;
use crate::border::Out;
use crate::object::{Object, Thing};
use crate::store::ContextMut;
use crate::vec::{CVec, vec_family};

/// `wasm_val_t`.
#[repr(C)]
pub(super) struct WasmVal {
    kind: u8,
    of: ValUnion,
}

#[repr(C)]
union ValUnion {
    i32: i32,
    i64: i64,
    f32: u32,
    f64: u64,
    /// Owned.
    object: ManuallyDrop<Option<Box<Object>>>,
}

const _: () = assert!(size_of::<WasmVal>() == 16);

/// `wasm_val_vec_t`.
pub(super) type WasmVals = CVec<WasmVal>;

const I32: u8 = 0;
const I64: u8 = 1;
const F32: u8 = 2;
const F64: u8 = 3;
const EXTERNREF: u8 = 128;
const FUNCREF: u8 = 129;

impl WasmVal {
    /// What results are before a host function has written them.
    pub(super) const ZERO: Self = Self { kind: I32, of: ValUnion { i64: 0 } };

    fn reference(kind: u8, object: Option<Box<Object>>) -> Self {
        Self { kind, of: ValUnion { object: ManuallyDrop::new(object) } }
    }

    fn is_ref(&self) -> bool {
        matches!(self.kind, EXTERNREF | FUNCREF)
    }

    fn object(&self) -> Option<&Object> {
        if !self.is_ref() {
            return None;
        }
        // SAFETY: the kind says that there is an object, or null.
        unsafe { self.of.object.as_deref() }
    }

    /// The value of Wasm, as one of this header.
    pub(super) fn new(store: &StoreRef, context: &ContextMut<'_>, val: Val) -> Result<Self> {
        Ok(match val {
            Val::I32(i32) => Self { kind: I32, of: ValUnion { i32 } },
            Val::I64(i64) => Self { kind: I64, of: ValUnion { i64 } },
            Val::F32(f32) => Self { kind: F32, of: ValUnion { f32 } },
            Val::F64(f64) => Self { kind: F64, of: ValUnion { f64 } },
            Val::FuncRef(_) => Self::reference(FUNCREF, object(store, context, val)?),
            Val::ExternRef(_) => Self::reference(EXTERNREF, object(store, context, val)?),
            other => bail!("wasm_val_t has no kind for {other:?}"),
        })
    }

    /// The value for Wasm; an object becomes a handle in the innermost scope.
    pub(super) fn to_val(&self, context: &mut ContextMut<'_>) -> Result<Val> {
        // SAFETY: the kind says which of them was written.
        unsafe {
            Ok(match self.kind {
                I32 => Val::I32(self.of.i32),
                I64 => Val::I64(self.of.i64),
                F32 => Val::F32(self.of.f32),
                F64 => Val::F64(self.of.f64),
                FUNCREF => match self.object() {
                    None => Val::FuncRef(None),
                    Some(object) => match &object.thing {
                        Thing::Extern(Extern::Func(func)) => Val::FuncRef(Some(*func)),
                        _ => bail!("a value of kind WASM_FUNCREF is an object that is no function"),
                    },
                },
                EXTERNREF => Val::ExternRef(match self.object() {
                    None => None,
                    Some(object) => Some(ExternRef::new(context, Passed::new(object))?),
                }),
                other => bail!("there is no kind {other} of values"),
            })
        }
    }
}

/// An object that is in Wasm. It does not keep its store alive, in which it may be.
struct Passed {
    /// Without its store.
    object: Object,
    store: Option<Weak<StoreCell>>,
}

impl Passed {
    fn new(object: &Object) -> Self {
        let mut object = object.clone();
        let store = object.store.take().map(|store| store.downgrade());
        Self { object, store }
    }

    /// The object, with its store if that is still there.
    fn object(&self) -> Object {
        let mut object = self.object.clone();
        object.store = self.store.as_ref().and_then(StoreRef::upgrade);
        object
    }
}

/// The object that a reference of Wasm is; `None` if it is null.
pub(super) fn object(
    store: &StoreRef,
    context: &ContextMut<'_>,
    val: Val,
) -> Result<Option<Box<Object>>> {
    Ok(match val {
        Val::FuncRef(func) => {
            func.map(|func| Box::new(Object::new(Thing::Extern(Extern::Func(func)), store.clone())))
        }
        Val::ExternRef(None) => None,
        Val::ExternRef(Some(value)) => {
            match value.data(context)?.and_then(|data| data.downcast_ref::<Passed>()) {
                Some(passed) => Some(Box::new(passed.object())),
                None => bail!("the reference is none to an object of wasm.h"),
            }
        }
        other => bail!("wasm.h has no objects for {other:?}"),
    })
}

/// The element of a table that an object is.
pub(super) fn element(
    context: &mut ContextMut<'_>,
    of: &Ref,
    object: Option<&Object>,
) -> Result<Ref> {
    let (kind, null) = match of {
        Ref::Func(_) => (FUNCREF, Ref::Func(None)),
        Ref::Extern(_) => (EXTERNREF, Ref::Extern(None)),
        _ => bail!("wasm.h has no objects for the elements of this table"),
    };
    let Some(object) = object else { return Ok(null) };
    let val = WasmVal::reference(kind, Some(Box::new(object.clone())));
    let val = val.to_val(context)?;
    Ok(val.ref_().unwrap_or(null))
}

impl Clone for WasmVal {
    fn clone(&self) -> Self {
        if self.is_ref() {
            return Self::reference(self.kind, self.object().cloned().map(Box::new));
        }
        // SAFETY: what is no reference is copied as it is, of which C need not have written all.
        Self { kind: self.kind, of: unsafe { std::ptr::read(&raw const self.of) } }
    }
}

impl Drop for WasmVal {
    fn drop(&mut self) {
        if self.is_ref() {
            // SAFETY: the kind says that there is an object, or null, which nobody uses any more.
            unsafe { ManuallyDrop::drop(&mut self.of.object) };
            self.kind = I32;
        }
    }
}

vec_family!(WasmVal: wasm_val_vec_new_empty wasm_val_vec_new_uninitialized wasm_val_vec_new
    wasm_val_vec_copy wasm_val_vec_delete);

#[unsafe(no_mangle)]
extern "C" fn wasm_val_delete(val: &mut WasmVal) {
    *val = WasmVal::ZERO;
}

#[unsafe(no_mangle)]
extern "C" fn wasm_val_copy(out: Out<'_, WasmVal>, val: &WasmVal) {
    out.write(val.clone());
}

/// Handles that values become end with the call that made them.
pub(super) fn scoped<R>(store: &StoreRef, run: impl FnOnce(&mut ContextMut<'_>) -> R) -> R {
    let mut scope = RootScope::new(store.context());
    run(&mut scope.as_context_mut())
}
