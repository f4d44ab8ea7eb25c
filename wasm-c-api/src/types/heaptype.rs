//! `wasmtime/types/val.h`: all types of values and references, as structures of C.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::{ArrayType, Engine, ExnType, HeapType, RefType, StructType, ValType};

use super::{CExternType, CValType};
use crate::border::{Out, abort};
use crate::engine::CEngine;

/// `wasmtime_heaptype_t`. What the pointer leads to is said by the kind, and owned.
#[repr(C)]
pub(crate) struct CHeapType {
    kind: u8,
    of: *mut c_void,
}

/// `wasmtime_reftype_t`.
#[repr(C)]
pub(crate) struct CRefType {
    /// 0 is no, as in C.
    nullable: u8,
    heap: CHeapType,
}

/// `wasmtime_valtype_t`.
#[repr(C)]
pub(crate) struct FullValType {
    kind: u8,
    reference: CRefType,
}

const _: () = {
    assert!(size_of::<CHeapType>() == 16 && size_of::<CRefType>() == 24);
    assert!(size_of::<FullValType>() == 32);
};

const CONCRETE_FUNC: u8 = 3;
const CONCRETE_ARRAY: u8 = 10;
const CONCRETE_STRUCT: u8 = 12;
const CONCRETE_EXN: u8 = 14;

/// The kinds without a type of their own, by number.
const ABSTRACT: &[(u8, HeapType)] = &[
    (0, HeapType::Extern),
    (1, HeapType::NoExtern),
    (2, HeapType::Func),
    (4, HeapType::NoFunc),
    (5, HeapType::Any),
    (6, HeapType::None),
    (7, HeapType::Eq),
    (8, HeapType::I31),
    (9, HeapType::Array),
    (11, HeapType::Struct),
    (13, HeapType::Exn),
    (15, HeapType::NoExn),
];

/// A value that C owns.
fn give<T>(value: T) -> *mut c_void {
    Box::into_raw(Box::new(value)).cast()
}

impl CHeapType {
    /// What is where there is no reference.
    const NOTHING: Self = Self { kind: 0, of: std::ptr::null_mut() };

    pub(crate) fn new(ty: &HeapType) -> Self {
        let (kind, of) = match ty {
            HeapType::ConcreteFunc(ty) => (CONCRETE_FUNC, give(CExternType::from(ty.clone()))),
            HeapType::ConcreteArray(ty) => (CONCRETE_ARRAY, give(ty.clone())),
            HeapType::ConcreteStruct(ty) => (CONCRETE_STRUCT, give(ty.clone())),
            HeapType::ConcreteExn(ty) => (CONCRETE_EXN, give(ty.clone())),
            ty => match ABSTRACT.iter().find(|(_, known)| known == ty) {
                Some((kind, _)) => (*kind, std::ptr::null_mut()),
                None => abort("wasmtime_heaptype_t", format!("there is no kind for {ty}")),
            },
        };
        Self { kind, of }
    }

    fn concrete<T>(&self) -> &T {
        // SAFETY: the kind says what it leads to.
        match unsafe { self.of.cast::<T>().as_ref() } {
            Some(ty) => ty,
            None => abort("wasmtime_heaptype_t", "the type is null, or deleted"),
        }
    }

    /// The type. That of a function needs an engine, if C has made it.
    fn heap_type(&self, engine: &Engine) -> HeapType {
        match self.kind {
            CONCRETE_FUNC => {
                HeapType::ConcreteFunc(self.concrete::<CExternType>().func_type(engine))
            }
            CONCRETE_ARRAY => HeapType::ConcreteArray(self.concrete::<ArrayType>().clone()),
            CONCRETE_STRUCT => HeapType::ConcreteStruct(self.concrete::<StructType>().clone()),
            CONCRETE_EXN => HeapType::ConcreteExn(self.concrete::<ExnType>().clone()),
            kind => match ABSTRACT.iter().find(|(known, _)| *known == kind) {
                Some((_, ty)) => ty.clone(),
                None => abort("wasmtime_heaptype_t", format!("there is no kind {kind}")),
            },
        }
    }

    /// Frees what the pointer leads to.
    fn free(&mut self) {
        fn drop_box<T>(of: *mut c_void) {
            // SAFETY: the kind says what it leads to, which was made by `give` or by a function of
            // this library that returns a box.
            drop(unsafe { Box::from_raw(of.cast::<T>()) });
        }
        let of = std::mem::replace(&mut self.of, std::ptr::null_mut());
        if of.is_null() {
            return;
        }
        match self.kind {
            CONCRETE_FUNC => drop_box::<CExternType>(of),
            CONCRETE_ARRAY => drop_box::<ArrayType>(of),
            CONCRETE_STRUCT => drop_box::<StructType>(of),
            CONCRETE_EXN => drop_box::<ExnType>(of),
            // The others have nothing there, whatever C left in it.
            _ => {}
        }
    }

    fn duplicate(&self) -> Self {
        let of = match self.kind {
            CONCRETE_FUNC => give(self.concrete::<CExternType>().clone()),
            CONCRETE_ARRAY => give(self.concrete::<ArrayType>().clone()),
            CONCRETE_STRUCT => give(self.concrete::<StructType>().clone()),
            CONCRETE_EXN => give(self.concrete::<ExnType>().clone()),
            _ => std::ptr::null_mut(),
        };
        Self { kind: self.kind, of }
    }
}

/// `WASMTIME_VALTYPE_KIND_REF`.
const REF: u8 = 5;

/// The kinds that are no references, by number.
const NUMBERS: [ValType; 5] =
    [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128];

impl FullValType {
    fn new(ty: &ValType) -> Self {
        match ty {
            ValType::Ref(ty) => {
                let heap = CHeapType::new(ty.heap_type());
                Self { kind: REF, reference: CRefType { nullable: ty.is_nullable().into(), heap } }
            }
            ty => {
                let place = NUMBERS.iter().position(|known| known == ty).unwrap_or_default();
                let reference = CRefType { nullable: 0, heap: CHeapType::NOTHING };
                // There are five of them.
                Self { kind: place as u8, reference }
            }
        }
    }

    fn val_type(&self, engine: &Engine) -> ValType {
        if self.kind == REF {
            let CRefType { nullable, heap } = &self.reference;
            return ValType::Ref(RefType::new(*nullable != 0, heap.heap_type(engine)));
        }
        match NUMBERS.get(usize::from(self.kind)) {
            Some(ty) => ty.clone(),
            None => abort("wasmtime_valtype_t", format!("there is no kind {}", self.kind)),
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_heaptype_clone(ty: &CHeapType, out: Out<'_, CHeapType>) {
    out.write(ty.duplicate());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_heaptype_delete(ty: Option<&mut CHeapType>) {
    if let Some(ty) = ty {
        ty.free();
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_reftype_clone(ty: &CRefType, out: Out<'_, CRefType>) {
    out.write(CRefType { nullable: ty.nullable, heap: ty.heap.duplicate() });
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_reftype_delete(ty: Option<&mut CRefType>) {
    if let Some(ty) = ty {
        ty.heap.free();
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_valtype_new(ty: &CValType, out: Out<'_, FullValType>) {
    out.write(FullValType::new(&ty.0));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_valtype_clone(ty: &FullValType, out: Out<'_, FullValType>) {
    let CRefType { nullable, heap } = &ty.reference;
    // C need not write what is only there for references.
    let heap = if ty.kind == REF { heap.duplicate() } else { CHeapType::NOTHING };
    let nullable = if ty.kind == REF { *nullable } else { 0 };
    let reference = CRefType { nullable, heap };
    out.write(FullValType { kind: ty.kind, reference });
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_valtype_delete(ty: Option<&mut FullValType>) {
    if let Some(ty) = ty
        && ty.kind == REF
    {
        ty.reference.heap.free();
    }
}

/// The engine may be null if the type is not that of references to functions of one type.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_valtype_to_wasm(
    engine: Option<&CEngine>,
    ty: &FullValType,
) -> Box<CValType> {
    let default;
    let engine = match engine {
        Some(engine) => &engine.engine,
        None if ty.kind == REF && ty.reference.heap.kind == CONCRETE_FUNC => {
            abort("wasmtime_valtype_to_wasm", "this type needs an engine")
        }
        None => {
            default = Engine::default();
            &default
        }
    };
    Box::new(CValType(ty.val_type(engine)))
}
