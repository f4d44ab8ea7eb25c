//! Values as they stand in fields and elements: integers in fewer bits, functions as numbers, all
//! others as they are.

use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::{HeapType, RefType, StorageType, ValType};

use super::super::{RuntimeEnvironment, clif_type};
use crate::constant::constant;
use crate::environ::Extension;
use crate::translator::zero;

/// A value as it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// The value; an `i32` that holds what is stored of a packed integer.
    pub(super) value: Value,
    pub(super) storage: StorageType,
}

/// The CLIF type of what is stored.
pub(super) fn stored_type(storage: StorageType) -> Type {
    match storage {
        StorageType::I8 => types::I8,
        StorageType::I16 => types::I16,
        StorageType::Val(ValType::Ref(_)) => types::I32,
        StorageType::Val(ty) => clif_type(ty),
    }
}

/// Whether the values are functions.
pub(super) fn function_type(storage: StorageType) -> Option<RefType> {
    match storage {
        StorageType::Val(ValType::Ref(ty)) if ty.heap.is_of_functions() => Some(ty),
        _ => None,
    }
}

/// Whether what is stored may refer to an object.
pub(super) fn may_refer(storage: StorageType) -> bool {
    matches!(storage, StorageType::Val(ValType::Ref(ty)) if leads_to_objects(ty))
}

/// Whether a reference of a type may be one to an object.
pub(in super::super) fn leads_to_objects(ty: RefType) -> bool {
    let refers_to_none = matches!(ty.heap, HeapType::I31 | HeapType::None | HeapType::NoExtern)
        || matches!(ty.heap, HeapType::NoExn | HeapType::NoCont);
    ty.is_collected() && !refers_to_none
}

impl Stored {
    /// Zero, or null.
    pub(super) fn zero(builder: &mut FunctionBuilder<'_>, storage: StorageType) -> Self {
        let ty = match stored_type(storage) {
            types::I8 | types::I16 => types::I32,
            ty => ty,
        };
        Self { value: zero(builder, ty), storage }
    }

    /// Whether a collector has to learn that it is written into an object. Constants refer to none.
    pub(super) fn needs_barrier(self, builder: &FunctionBuilder<'_>) -> bool {
        may_refer(self.storage) && constant(builder.func, self.value).is_none()
    }

    pub(super) fn store(
        self,
        builder: &mut FunctionBuilder<'_>,
        flags: MemFlagsData,
        address: Value,
        offset: i32,
    ) {
        match self.storage {
            StorageType::I8 => builder.ins().istore8(flags, self.value, address, offset),
            StorageType::I16 => builder.ins().istore16(flags, self.value, address, offset),
            StorageType::Val(_) => builder.ins().store(flags, self.value, address, offset),
        };
    }
}

impl RuntimeEnvironment<'_> {
    /// A value as it is stored.
    pub(super) fn stored(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
        value: Value,
    ) -> Stored {
        let value = match function_type(storage) {
            Some(ty) => self.number_of_function(builder, value, ty.nullable),
            None => value,
        };
        Stored { value, storage }
    }

    /// Loads a value that is stored.
    pub(super) fn load_stored(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
        extension: Option<Extension>,
        flags: MemFlagsData,
        address: Value,
        offset: i32,
    ) -> Value {
        let signed = extension == Some(Extension::Signed);
        let ins = builder.ins();
        let value = match (storage, signed) {
            (StorageType::I8, false) => ins.uload8(types::I32, flags, address, offset),
            (StorageType::I8, true) => ins.sload8(types::I32, flags, address, offset),
            (StorageType::I16, false) => ins.uload16(types::I32, flags, address, offset),
            (StorageType::I16, true) => ins.sload16(types::I32, flags, address, offset),
            (StorageType::Val(_), _) => ins.load(stored_type(storage), flags, address, offset),
        };
        match function_type(storage) {
            Some(_) => self.function_of_number(builder, value),
            None => value,
        }
    }
}
