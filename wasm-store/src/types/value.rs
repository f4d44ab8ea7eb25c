//! Value types and reference types.

use std::fmt;

use wasm_types as wt;

use super::heap_type::HeapType;
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
    /// The null reference of host values.
    pub const NULLEXTERNREF: ValType = ValType::Ref(RefType::NULLEXTERNREF);
    /// The nullable reference to any internal value.
    pub const ANYREF: ValType = ValType::Ref(RefType::ANYREF);
    /// The nullable reference to any internal value that can be compared.
    pub const EQREF: ValType = ValType::Ref(RefType::EQREF);
    /// The nullable reference to a 31-bit integer.
    pub const I31REF: ValType = ValType::Ref(RefType::I31REF);
    /// The nullable reference to any array.
    pub const ARRAYREF: ValType = ValType::Ref(RefType::ARRAYREF);
    /// The nullable reference to any structure.
    pub const STRUCTREF: ValType = ValType::Ref(RefType::STRUCTREF);
    /// The null reference of internal values.
    pub const NULLREF: ValType = ValType::Ref(RefType::NULLREF);
    /// The nullable reference to any exception.
    pub const EXNREF: ValType = ValType::Ref(RefType::EXNREF);
    /// The null reference of exceptions.
    pub const NULLEXNREF: ValType = ValType::Ref(RefType::NULLEXNREF);

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

    /// Whether it is `anyref`.
    pub fn is_anyref(&self) -> bool {
        *self == ValType::ANYREF
    }

    /// Whether it is `contref`: any continuation, or null.
    pub fn is_contref(&self) -> bool {
        *self == ValType::Ref(RefType::new(true, HeapType::Cont))
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
    /// If both name types of an engine, and these are of different engines.
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
    /// If both name types of an engine, and these are of different engines.
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
    /// The null reference of host values.
    pub const NULLEXTERNREF: RefType = RefType { nullable: true, heap: HeapType::NoExtern };
    /// The nullable reference to any internal value.
    pub const ANYREF: RefType = RefType { nullable: true, heap: HeapType::Any };
    /// The nullable reference to any internal value that can be compared.
    pub const EQREF: RefType = RefType { nullable: true, heap: HeapType::Eq };
    /// The nullable reference to a 31-bit integer.
    pub const I31REF: RefType = RefType { nullable: true, heap: HeapType::I31 };
    /// The nullable reference to any array.
    pub const ARRAYREF: RefType = RefType { nullable: true, heap: HeapType::Array };
    /// The nullable reference to any structure.
    pub const STRUCTREF: RefType = RefType { nullable: true, heap: HeapType::Struct };
    /// The null reference of internal values.
    pub const NULLREF: RefType = RefType { nullable: true, heap: HeapType::None };
    /// The nullable reference to any exception.
    pub const EXNREF: RefType = RefType { nullable: true, heap: HeapType::Exn };
    /// The null reference of exceptions.
    pub const NULLEXNREF: RefType = RefType { nullable: true, heap: HeapType::NoExn };
    /// The nullable reference to any continuation.
    pub const CONTREF: RefType = RefType { nullable: true, heap: HeapType::Cont };
    /// The null reference of continuations.
    pub const NULLCONTREF: RefType = RefType { nullable: true, heap: HeapType::NoCont };

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
    /// If both name types of an engine, and these are of different engines.
    pub fn matches(&self, other: &RefType) -> bool {
        // The part that can panic comes first, so that the panic does not depend on the rest.
        self.heap.matches(&other.heap) && (other.nullable || !self.nullable)
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name types of an engine, and these are of different engines.
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
            heap if heap.is_abstract() => self.canonical().fmt(f),
            heap if self.nullable => write!(f, "(ref null {heap})"),
            heap => write!(f, "(ref {heap})"),
        }
    }
}

impl fmt::Debug for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
