//! `wasmtime/val.h`: values.

#![allow(unsafe_code)]

use wasm_runtime::{AsContextMut, Error, Result, V128, Val, ValType};

use crate::border::{Out, abort};
use crate::handles::FuncHandle;
use crate::refs::GcHandle;
use crate::store::ContextMut;

/// `wasmtime_val_t`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct CVal {
    kind: u8,
    of: ValUnion,
}

/// `wasmtime_valunion_t`.
#[derive(Clone, Copy)]
#[repr(C)]
union ValUnion {
    i32: i32,
    i64: i64,
    f32: u32,
    f64: u64,
    v128: [u8; 16],
    func: FuncHandle,
    gc: GcHandle,
}

pub(crate) const I32: u8 = 0;
const I64: u8 = 1;
const F32: u8 = 2;
const F64: u8 = 3;
const V128_KIND: u8 = 4;
const FUNCREF: u8 = 5;
const EXTERNREF: u8 = 6;
const ANYREF: u8 = 7;
const EXNREF: u8 = 8;

/// The names of the kinds that are no references.
const KIND_NAMES: [&str; 5] = ["i32", "i64", "f32", "f64", "v128"];

const _: () = assert!(size_of::<CVal>() == 32 && align_of::<CVal>() == 8);

impl CVal {
    /// What results are before a host function has written them.
    pub(crate) const ZERO: Self = Self { kind: I32, of: ValUnion { i64: 0 } };

    /// The value for C, with a handle of its own if it is a reference to an object.
    pub(crate) fn new(mut store: impl AsContextMut, val: Val) -> Result<Self> {
        let (kind, of) = match val {
            Val::I32(i32) => (I32, ValUnion { i32 }),
            Val::I64(i64) => (I64, ValUnion { i64 }),
            Val::F32(f32) => (F32, ValUnion { f32 }),
            Val::F64(f64) => (F64, ValUnion { f64 }),
            Val::V128(v128) => (V128_KIND, ValUnion { v128: v128.as_u128().to_le_bytes() }),
            Val::FuncRef(func) => (FUNCREF, ValUnion { func: func.into() }),
            Val::ExternRef(value) => {
                (EXTERNREF, ValUnion { gc: GcHandle::new(&mut store, value)? })
            }
            Val::AnyRef(value) => (ANYREF, ValUnion { gc: GcHandle::new(&mut store, value)? }),
            Val::ExnRef(value) => (EXNREF, ValUnion { gc: GcHandle::new(&mut store, value)? }),
            Val::ContRef(_) => {
                wasm_runtime::bail!("wasmtime_val_t has no kind for references to continuations")
            }
        };
        Ok(Self { kind, of })
    }

    /// The kind of numbers of a type; `None` for vectors and references.
    pub(crate) fn number_kind(ty: &ValType) -> Option<u8> {
        match ty {
            ValType::I32 => Some(I32),
            ValType::I64 => Some(I64),
            ValType::F32 => Some(F32),
            ValType::F64 => Some(F64),
            _ => None,
        }
    }

    /// A number, of whose bits a word has as many as its kind needs.
    pub(crate) fn number(kind: u8, word: u64) -> Self {
        let of = match kind {
            I32 => ValUnion { i32: word as i32 },
            F32 => ValUnion { f32: word as u32 },
            _ => ValUnion { f64: word },
        };
        Self { kind, of }
    }

    /// The bits of a number of that kind; `None` if it is of another.
    #[inline]
    pub(crate) fn word(&self, kind: u8) -> Option<u64> {
        // SAFETY: the kind says which of them was written.
        (self.kind == kind).then(|| unsafe {
            match kind {
                I32 | F32 => u64::from(self.of.f32),
                _ => self.of.f64,
            }
        })
    }

    /// Why a result of a callback is not a number of that kind.
    #[cold]
    pub(crate) fn mismatch(&self, kind: u8) -> Error {
        if let Err(unknown) = self.check() {
            return unknown;
        }
        let name = |kind: u8| *KIND_NAMES.get(usize::from(kind)).unwrap_or(&"a reference");
        wasm_runtime::format_err!(
            "function attempted to return an incompatible value: {} in place of {}",
            name(self.kind),
            name(kind)
        )
    }

    /// An error if there is no such kind of values, for what a callback has written.
    pub(crate) fn check(self) -> Result<()> {
        wasm_runtime::ensure!(self.kind <= EXNREF, "there is no kind {} of values", self.kind);
        Ok(())
    }

    /// The value of C; a reference to an object becomes a handle in the innermost scope.
    pub(crate) fn to_val(self, store: impl AsContextMut) -> Val {
        // SAFETY: the kind says which of them was written.
        unsafe {
            match self.kind {
                I32 => Val::I32(self.of.i32),
                I64 => Val::I64(self.of.i64),
                F32 => Val::F32(self.of.f32),
                F64 => Val::F64(self.of.f64),
                V128_KIND => Val::V128(V128::from(u128::from_le_bytes(self.of.v128))),
                FUNCREF => Val::FuncRef(self.of.func.func()),
                EXTERNREF => Val::ExternRef(self.of.gc.rooted(store)),
                ANYREF => Val::AnyRef(self.of.gc.rooted(store)),
                EXNREF => Val::ExnRef(self.of.gc.rooted(store)),
                other => abort("wasmtime_val_t", format!("there is no kind {other} of values")),
            }
        }
    }

    /// Whether it is a reference to an object, or null.
    fn is_gc(self) -> bool {
        matches!(self.kind, EXTERNREF | ANYREF | EXNREF)
    }

    /// Frees the handle in it, if it is a reference to an object.
    pub(crate) fn unroot(&mut self) {
        if self.is_gc() {
            // SAFETY: the kind says that this was written.
            unsafe { self.of.gc.unroot_any(self.kind) };
        }
    }

    fn duplicate(self) -> Self {
        if !self.is_gc() {
            return self;
        }
        // SAFETY: the kind says that this was written.
        let gc = unsafe { self.of.gc.duplicate_any(self.kind) };
        Self { kind: self.kind, of: ValUnion { gc } }
    }
}

/// Which type of handle a kind of value has: see [`GcHandle::unroot_any`].
pub(crate) fn is_extern(kind: u8) -> bool {
    kind == EXTERNREF
}

/// As [`is_extern`], for exceptions.
pub(crate) fn is_exception(kind: u8) -> bool {
    kind == EXNREF
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_val_unroot(val: &mut CVal) {
    val.unroot();
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_val_clone(val: &CVal, out: Out<'_, CVal>) {
    out.write(val.duplicate());
}

/// The value of C, with the scope that its handle is in: for functions that take one value.
pub(crate) fn with_val<R>(
    store: &mut ContextMut<'_>,
    val: &CVal,
    run: impl FnOnce(&mut ContextMut<'_>, Val) -> R,
) -> R {
    if !val.is_gc() {
        let val = val.to_val(&mut *store);
        return run(store, val);
    }
    let mut scope = wasm_runtime::RootScope::new(store.as_context_mut());
    let val = val.to_val(&mut scope);
    run(&mut scope.as_context_mut(), val)
}
