//! Value types, reference types, heap types.

use std::fmt;

use wasm_types as wt;

use super::func_type::FuncType;
use super::matching;
use super::registry::Canonical;
use crate::engine::Engine;

/// The type of a value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ValType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A 128-bit vector.
    V128,
    /// A reference.
    Ref(RefType),
}

impl ValType {
    /// The nullable reference to any function.
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// The null reference of functions.
    pub const NULLFUNCREF: ValType = ValType::Ref(RefType::NULLFUNCREF);
    /// The nullable reference to any host value.
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);

    /// Whether it is the type of a number.
    pub fn is_num(&self) -> bool {
        matches!(self, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
    }

    /// Whether it is [`ValType::I32`].
    pub fn is_i32(&self) -> bool {
        matches!(self, ValType::I32)
    }

    /// Whether it is [`ValType::I64`].
    pub fn is_i64(&self) -> bool {
        matches!(self, ValType::I64)
    }

    /// Whether it is [`ValType::F32`].
    pub fn is_f32(&self) -> bool {
        matches!(self, ValType::F32)
    }

    /// Whether it is [`ValType::F64`].
    pub fn is_f64(&self) -> bool {
        matches!(self, ValType::F64)
    }

    /// Whether it is [`ValType::V128`].
    pub fn is_v128(&self) -> bool {
        matches!(self, ValType::V128)
    }

    /// Whether it is the type of a reference.
    pub fn is_ref(&self) -> bool {
        matches!(self, ValType::Ref(_))
    }

    /// Whether it is `funcref`.
    pub fn is_funcref(&self) -> bool {
        *self == ValType::FUNCREF
    }

    /// Whether it is `externref`.
    pub fn is_externref(&self) -> bool {
        *self == ValType::EXTERNREF
    }

    /// The reference type, if it is one.
    pub fn as_ref(&self) -> Option<&RefType> {
        match self {
            ValType::Ref(ty) => Some(ty),
            _ => None,
        }
    }

    /// The reference type.
    ///
    /// # Panics
    ///
    /// If it is not a reference type.
    pub fn unwrap_ref(&self) -> &RefType {
        self.as_ref().expect("ValType::unwrap_ref on a type that is not a reference")
    }

    /// Whether every value of this type also has the other type.
    ///
    /// # Panics
    ///
    /// If both name function types, and these are of different engines.
    pub fn matches(&self, other: &ValType) -> bool {
        match (self, other) {
            (ValType::Ref(a), ValType::Ref(b)) => a.matches(b),
            (a, b) => a == b,
        }
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name function types, and these are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &ValType, b: &ValType) -> bool {
        // Panics if the engines differ.
        a.matches(b);
        a == b
    }

    pub(crate) fn canonical(&self) -> wt::ValType {
        match self {
            ValType::I32 => wt::ValType::I32,
            ValType::I64 => wt::ValType::I64,
            ValType::F32 => wt::ValType::F32,
            ValType::F64 => wt::ValType::F64,
            ValType::V128 => wt::ValType::V128,
            ValType::Ref(ty) => wt::ValType::Ref(ty.canonical()),
        }
    }

    pub(crate) fn from_canonical(engine: &Engine, ty: wt::ValType) -> Self {
        match ty {
            wt::ValType::I32 => ValType::I32,
            wt::ValType::I64 => ValType::I64,
            wt::ValType::F32 => ValType::F32,
            wt::ValType::F64 => ValType::F64,
            wt::ValType::V128 => ValType::V128,
            wt::ValType::Ref(ty) => ValType::Ref(RefType::from_canonical(engine, ty)),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::Ref(ty) => ty.fmt(f),
            other => other.canonical().fmt(f),
        }
    }
}

impl fmt::Debug for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<RefType> for ValType {
    fn from(ty: RefType) -> Self {
        ValType::Ref(ty)
    }
}

/// The type of a reference: what is referred to, and whether it may be null.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RefType {
    nullable: bool,
    heap: HeapType,
}

impl RefType {
    /// The nullable reference to any function.
    pub const FUNCREF: RefType = RefType { nullable: true, heap: HeapType::Func };
    /// The null reference of functions.
    pub const NULLFUNCREF: RefType = RefType { nullable: true, heap: HeapType::NoFunc };
    /// The nullable reference to any host value.
    pub const EXTERNREF: RefType = RefType { nullable: true, heap: HeapType::Extern };

    /// A reference type.
    pub fn new(is_nullable: bool, heap_type: HeapType) -> RefType {
        RefType { nullable: is_nullable, heap: heap_type }
    }

    /// Whether null is a value of the type.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// The heap type that it refers to.
    pub fn heap_type(&self) -> &HeapType {
        &self.heap
    }

    /// Whether every reference of this type also has the other type.
    ///
    /// # Panics
    ///
    /// If both name function types, and these are of different engines.
    pub fn matches(&self, other: &RefType) -> bool {
        // The part that can panic comes first, so that the panic does not depend on the rest.
        self.heap.matches(&other.heap) && (other.nullable || !self.nullable)
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name function types, and these are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &RefType, b: &RefType) -> bool {
        // Panics if the engines differ.
        a.matches(b);
        a == b
    }

    pub(crate) fn canonical(&self) -> wt::RefType {
        wt::RefType { nullable: self.nullable, heap: self.heap.canonical() }
    }

    pub(crate) fn from_canonical(engine: &Engine, ty: wt::RefType) -> Self {
        RefType { nullable: ty.nullable, heap: HeapType::from_canonical(engine, ty.heap) }
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.heap {
            HeapType::ConcreteFunc(ty) if self.nullable => write!(f, "(ref null {ty})"),
            HeapType::ConcreteFunc(ty) => write!(f, "(ref {ty})"),
            _ => self.canonical().fmt(f),
        }
    }
}

impl fmt::Debug for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The type of the things that a reference refers to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum HeapType {
    /// Any host value.
    Extern,
    /// No host value.
    NoExtern,
    /// Any function.
    Func,
    /// A function of one type.
    ConcreteFunc(FuncType),
    /// No function.
    NoFunc,
    /// Any internal reference.
    Any,
    /// Any internal reference that can be compared.
    Eq,
    /// An unboxed 31-bit integer.
    I31,
    /// Any array.
    Array,
    /// Any structure.
    Struct,
    /// No internal reference.
    None,
    /// Any exception.
    Exn,
    /// No exception.
    NoExn,
}

impl HeapType {
    /// Whether it is [`HeapType::Extern`].
    pub fn is_extern(&self) -> bool {
        matches!(self, HeapType::Extern)
    }

    /// Whether it is [`HeapType::Func`].
    pub fn is_func(&self) -> bool {
        matches!(self, HeapType::Func)
    }

    /// Whether it is [`HeapType::NoFunc`].
    pub fn is_no_func(&self) -> bool {
        matches!(self, HeapType::NoFunc)
    }

    /// Whether it is [`HeapType::Any`].
    pub fn is_any(&self) -> bool {
        matches!(self, HeapType::Any)
    }

    /// Whether it names one type of a module.
    pub fn is_concrete(&self) -> bool {
        matches!(self, HeapType::ConcreteFunc(_))
    }

    /// Whether it is one of the types that the specification names.
    pub fn is_abstract(&self) -> bool {
        !self.is_concrete()
    }

    /// Whether it is [`HeapType::ConcreteFunc`].
    pub fn is_concrete_func(&self) -> bool {
        matches!(self, HeapType::ConcreteFunc(_))
    }

    /// The function type, if it is [`HeapType::ConcreteFunc`].
    pub fn as_concrete_func(&self) -> Option<&FuncType> {
        match self {
            HeapType::ConcreteFunc(ty) => Some(ty),
            _ => None,
        }
    }

    /// The function type.
    ///
    /// # Panics
    ///
    /// If it is not [`HeapType::ConcreteFunc`].
    pub fn unwrap_concrete_func(&self) -> &FuncType {
        self.as_concrete_func().expect("HeapType::unwrap_concrete_func on another heap type")
    }

    /// The top of the hierarchy that the type belongs to.
    pub fn top(&self) -> HeapType {
        match self {
            HeapType::Func | HeapType::ConcreteFunc(_) | HeapType::NoFunc => HeapType::Func,
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Array
            | HeapType::Struct
            | HeapType::None => HeapType::Any,
        }
    }

    /// Whether it is the top of its hierarchy.
    pub fn is_top(&self) -> bool {
        self.top() == *self
    }

    /// The bottom of the hierarchy that the type belongs to.
    pub fn bottom(&self) -> HeapType {
        match self.top() {
            HeapType::Func => HeapType::NoFunc,
            HeapType::Extern => HeapType::NoExtern,
            HeapType::Exn => HeapType::NoExn,
            _ => HeapType::None,
        }
    }

    /// Whether it is the bottom of its hierarchy.
    pub fn is_bottom(&self) -> bool {
        self.bottom() == *self
    }

    /// Whether everything of this type also has the other type.
    ///
    /// # Panics
    ///
    /// If both name function types, and these are of different engines.
    pub fn matches(&self, other: &HeapType) -> bool {
        match (self, other) {
            (HeapType::ConcreteFunc(a), HeapType::ConcreteFunc(b)) => a.matches(b),
            (a, b) => matching::heap_matches(a.canonical(), b.canonical(), None),
        }
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name function types, and these are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &HeapType, b: &HeapType) -> bool {
        // Panics if the engines differ.
        a.matches(b);
        a == b
    }

    pub(crate) fn canonical(&self) -> wt::HeapType {
        match self {
            HeapType::Extern => wt::HeapType::Extern,
            HeapType::NoExtern => wt::HeapType::NoExtern,
            HeapType::Func => wt::HeapType::Func,
            HeapType::ConcreteFunc(ty) => wt::HeapType::Concrete(wt::TypeIndex::new(ty.id())),
            HeapType::NoFunc => wt::HeapType::NoFunc,
            HeapType::Any => wt::HeapType::Any,
            HeapType::Eq => wt::HeapType::Eq,
            HeapType::I31 => wt::HeapType::I31,
            HeapType::Array => wt::HeapType::Array,
            HeapType::Struct => wt::HeapType::Struct,
            HeapType::None => wt::HeapType::None,
            HeapType::Exn => wt::HeapType::Exn,
            HeapType::NoExn => wt::HeapType::NoExn,
        }
    }

    pub(crate) fn from_canonical(engine: &Engine, ty: wt::HeapType) -> Self {
        match ty {
            wt::HeapType::Extern => HeapType::Extern,
            wt::HeapType::NoExtern => HeapType::NoExtern,
            wt::HeapType::Func => HeapType::Func,
            wt::HeapType::NoFunc => HeapType::NoFunc,
            wt::HeapType::Any => HeapType::Any,
            wt::HeapType::Eq => HeapType::Eq,
            wt::HeapType::I31 => HeapType::I31,
            wt::HeapType::Array => HeapType::Array,
            wt::HeapType::Struct => HeapType::Struct,
            wt::HeapType::None => HeapType::None,
            wt::HeapType::Exn => HeapType::Exn,
            wt::HeapType::NoExn => HeapType::NoExn,
            // Structures and arrays are shown without their fields: no module that has them runs.
            wt::HeapType::Concrete(id) => match engine.types().get(id.as_u32()) {
                Some(Canonical::Func(record)) => {
                    HeapType::ConcreteFunc(FuncType::from_record(engine, record))
                }
                Some(Canonical::Array) => HeapType::Array,
                Some(Canonical::Struct) | None => HeapType::Struct,
            },
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapType::ConcreteFunc(ty) => ty.fmt(f),
            other => other.canonical().fmt(f),
        }
    }
}

impl From<FuncType> for HeapType {
    fn from(ty: FuncType) -> Self {
        HeapType::ConcreteFunc(ty)
    }
}
