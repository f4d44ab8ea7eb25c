//! What structures and arrays are made of.

use std::fmt;

use wasm_types as wt;

use super::Mutability;
use super::value::{RefType, ValType};
use crate::engine::Engine;

/// The type of a field as it is stored: a value, or an integer of fewer bits than values have.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StorageType {
    /// An 8-bit integer.
    I8,
    /// A 16-bit integer.
    I16,
    /// A value.
    ValType(ValType),
}

impl StorageType {
    /// Whether it is an 8-bit integer.
    pub fn is_i8(&self) -> bool {
        matches!(self, Self::I8)
    }

    /// Whether it is a 16-bit integer.
    pub fn is_i16(&self) -> bool {
        matches!(self, Self::I16)
    }

    /// Whether it is the type of a value.
    pub fn is_val_type(&self) -> bool {
        matches!(self, Self::ValType(_))
    }

    /// The type of the value, if it is one.
    pub fn as_val_type(&self) -> Option<&ValType> {
        match self {
            Self::ValType(ty) => Some(ty),
            _ => None,
        }
    }

    /// The type of the value.
    ///
    /// # Panics
    ///
    /// If it is a packed integer.
    pub fn unwrap_val_type(&self) -> &ValType {
        self.as_val_type().expect("StorageType::unwrap_val_type on a packed integer")
    }

    /// The type of the value that is read and written: `i32` for packed integers.
    pub fn unpack(&self) -> &ValType {
        match self {
            Self::I8 | Self::I16 => &ValType::I32,
            Self::ValType(ty) => ty,
        }
    }

    /// Whether everything that is stored as this type can be stored as the other.
    ///
    /// # Panics
    ///
    /// If both name types of an engine, and these are of different engines.
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ValType(a), Self::ValType(b)) => a.matches(b),
            (a, b) => a == b,
        }
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name types of an engine, and these are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &Self, b: &Self) -> bool {
        match (a, b) {
            (Self::ValType(a), Self::ValType(b)) => ValType::eq(a, b),
            (a, b) => a == b,
        }
    }

    pub(super) fn canonical(&self) -> wt::StorageType {
        match self {
            Self::I8 => wt::StorageType::I8,
            Self::I16 => wt::StorageType::I16,
            Self::ValType(ty) => wt::StorageType::Val(ty.canonical()),
        }
    }

    pub(super) fn from_canonical(engine: &Engine, ty: wt::StorageType) -> Self {
        match ty {
            wt::StorageType::I8 => Self::I8,
            wt::StorageType::I16 => Self::I16,
            wt::StorageType::Val(ty) => Self::ValType(ValType::from_canonical(engine, ty)),
        }
    }
}

impl fmt::Display for StorageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I8 => f.write_str("i8"),
            Self::I16 => f.write_str("i16"),
            Self::ValType(ty) => ty.fmt(f),
        }
    }
}

impl From<ValType> for StorageType {
    fn from(ty: ValType) -> Self {
        Self::ValType(ty)
    }
}

impl From<RefType> for StorageType {
    fn from(ty: RefType) -> Self {
        Self::ValType(ty.into())
    }
}

/// The type of a field of a structure, or of the elements of an array: what is stored, and whether
/// it can be set.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FieldType {
    mutability: Mutability,
    element: StorageType,
}

impl FieldType {
    /// The type of a field.
    pub fn new(mutability: Mutability, element_type: StorageType) -> Self {
        Self { mutability, element: element_type }
    }

    /// Whether it can be set.
    pub fn mutability(&self) -> Mutability {
        self.mutability
    }

    /// What is stored.
    pub fn element_type(&self) -> &StorageType {
        &self.element
    }

    /// Whether a field of this type can stand where one of the other is expected (Wasm 3.0, section
    /// 3.3.10): what is stored must match, and where it can be set must be the same.
    ///
    /// # Panics
    ///
    /// If both name types of an engine, and these are of different engines.
    pub fn matches(&self, other: &Self) -> bool {
        match (self.mutability, other.mutability) {
            (Mutability::Const, Mutability::Const) => self.element.matches(&other.element),
            (Mutability::Var, Mutability::Var) => StorageType::eq(&self.element, &other.element),
            _ => false,
        }
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name types of an engine, and these are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &Self, b: &Self) -> bool {
        StorageType::eq(&a.element, &b.element) && a.mutability == b.mutability
    }

    pub(super) fn canonical(&self) -> wt::FieldType {
        wt::FieldType { storage: self.element.canonical(), mutable: self.mutability.is_var() }
    }

    pub(super) fn from_canonical(engine: &Engine, ty: wt::FieldType) -> Self {
        let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
        Self { mutability, element: StorageType::from_canonical(engine, ty.storage) }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mutability {
            Mutability::Const => self.element.fmt(f),
            Mutability::Var => write!(f, "(mut {})", self.element),
        }
    }
}
