//! Heap types: what a reference refers to.

use std::fmt;

use wasm_types as wt;

use super::array_type::ArrayType;
use super::cont_type::ContType;
use super::exn_type::ExnType;
use super::func_type::FuncType;
use super::matching;
use super::registry::Canonical;
use super::struct_type::StructType;
use crate::engine::Engine;
use crate::gate::Gate;

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
    /// An array of one type.
    ConcreteArray(ArrayType),
    /// Any structure.
    Struct,
    /// A structure of one type.
    ConcreteStruct(StructType),
    /// No internal reference.
    None,
    /// Any exception.
    Exn,
    /// An exception of one type, which Wasm does not tell from others: as the type of a parameter
    /// or anything else of Wasm, this is [`HeapType::Exn`].
    ConcreteExn(ExnType),
    /// No exception.
    NoExn,
    /// Any continuation.
    Cont,
    /// A continuation of one type.
    ConcreteCont(ContType),
    /// No continuation.
    NoCont,
}

macro_rules! concrete {
    ($($variant:ident($ty:ty) $is:ident $get:ident $unwrap:ident $what:literal;)*) => {$(
        #[doc = concat!("Whether it is [`HeapType::", stringify!($variant), "`].")]
        pub fn $is(&self) -> bool {
            matches!(self, HeapType::$variant(_))
        }

        #[doc = concat!("The ", $what, " type, if it is one.")]
        pub fn $get(&self) -> Option<&$ty> {
            match self {
                HeapType::$variant(ty) => Some(ty),
                _ => None,
            }
        }

        #[doc = concat!("The ", $what, " type.")]
        ///
        /// # Panics
        ///
        #[doc = concat!("If it is not [`HeapType::", stringify!($variant), "`].")]
        pub fn $unwrap(&self) -> &$ty {
            self.$get().unwrap_or_else(|| panic!("expected the type of a {}, got {self}", $what))
        }
    )*};
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

    /// Whether it is [`HeapType::I31`].
    pub fn is_i31(&self) -> bool {
        matches!(self, HeapType::I31)
    }

    /// Whether it is [`HeapType::None`].
    pub fn is_none(&self) -> bool {
        matches!(self, HeapType::None)
    }

    /// Whether it is [`HeapType::Exn`].
    pub fn is_exn(&self) -> bool {
        matches!(self, HeapType::Exn)
    }

    /// Whether it is [`HeapType::NoExn`].
    pub fn is_no_exn(&self) -> bool {
        matches!(self, HeapType::NoExn)
    }

    /// Whether it is [`HeapType::Cont`].
    pub fn is_cont(&self) -> bool {
        matches!(self, HeapType::Cont)
    }

    /// Whether it is [`HeapType::NoCont`].
    pub fn is_no_cont(&self) -> bool {
        matches!(self, HeapType::NoCont)
    }

    /// Whether it names one type of an engine.
    pub fn is_concrete(&self) -> bool {
        self.engine().is_some()
    }

    /// Whether it is one of the types that the specification names.
    pub fn is_abstract(&self) -> bool {
        !self.is_concrete()
    }

    concrete! {
        ConcreteFunc(FuncType) is_concrete_func as_concrete_func unwrap_concrete_func "function";
        ConcreteArray(ArrayType) is_concrete_array as_concrete_array unwrap_concrete_array "array";
        ConcreteStruct(StructType) is_concrete_struct as_concrete_struct unwrap_concrete_struct
            "structure";
        ConcreteExn(ExnType) is_concrete_exn as_concrete_exn unwrap_concrete_exn "exception";
        ConcreteCont(ContType) is_concrete_cont as_concrete_cont unwrap_concrete_cont
            "continuation";
    }

    /// The top of the hierarchy that the type belongs to.
    pub fn top(&self) -> HeapType {
        match self {
            HeapType::Func | HeapType::ConcreteFunc(_) | HeapType::NoFunc => HeapType::Func,
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::ConcreteExn(_) | HeapType::NoExn => HeapType::Exn,
            HeapType::Cont | HeapType::ConcreteCont(_) | HeapType::NoCont => HeapType::Cont,
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Array
            | HeapType::ConcreteArray(_)
            | HeapType::Struct
            | HeapType::ConcreteStruct(_)
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
            HeapType::Cont => HeapType::NoCont,
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
    /// If both name types of an engine, and these are of different engines.
    pub fn matches(&self, other: &HeapType) -> bool {
        match (self, other) {
            (HeapType::ConcreteFunc(a), HeapType::ConcreteFunc(b)) => a.is_subtype_of(b),
            (HeapType::ConcreteStruct(a), HeapType::ConcreteStruct(b)) => a.matches(b),
            (HeapType::ConcreteArray(a), HeapType::ConcreteArray(b)) => a.matches(b),
            (HeapType::ConcreteExn(a), HeapType::ConcreteExn(b)) => a.matches(b),
            (HeapType::ConcreteCont(a), HeapType::ConcreteCont(b)) => a.matches(b),
            (HeapType::Exn, HeapType::ConcreteExn(_)) => false,
            (a, b) => {
                let engine = a.engine().or(b.engine());
                if let Some(engine) = engine {
                    engine.demand(b);
                }
                let types = engine.map(Engine::types);
                matching::heap_matches(a.canonical(), b.canonical(), types)
            }
        }
    }

    /// Whether two types are the same. (The operator `==` also accepts types of different engines,
    /// and is false for them.)
    ///
    /// # Panics
    ///
    /// If both name types of an engine, and these are of different engines.
    #[expect(clippy::should_implement_trait, reason = "it is, and the name is Wasmtime's")]
    pub fn eq(a: &HeapType, b: &HeapType) -> bool {
        // Panics if the engines differ.
        a.matches(b);
        a == b
    }

    /// The engine that the type belongs to, if it names one of its types.
    pub(super) fn engine(&self) -> Option<&Engine> {
        match self {
            HeapType::ConcreteFunc(ty) => Some(ty.engine()),
            HeapType::ConcreteArray(ty) => Some(ty.engine()),
            HeapType::ConcreteStruct(ty) => Some(ty.engine()),
            HeapType::ConcreteExn(ty) => Some(ty.engine()),
            HeapType::ConcreteCont(ty) => Some(ty.engine()),
            _ => None,
        }
    }

    pub(crate) fn canonical(&self) -> wt::HeapType {
        let concrete = |id, kind| wt::HeapType::Concrete(wt::TypeIndex::new(id), kind);
        match self {
            HeapType::Extern => wt::HeapType::Extern,
            HeapType::NoExtern => wt::HeapType::NoExtern,
            HeapType::Func => wt::HeapType::Func,
            HeapType::ConcreteFunc(ty) => concrete(ty.id(), wt::TypeKind::Func),
            HeapType::ConcreteArray(ty) => concrete(ty.id(), wt::TypeKind::Array),
            HeapType::ConcreteStruct(ty) => concrete(ty.id(), wt::TypeKind::Struct),
            HeapType::NoFunc => wt::HeapType::NoFunc,
            HeapType::Any => wt::HeapType::Any,
            HeapType::Eq => wt::HeapType::Eq,
            HeapType::I31 => wt::HeapType::I31,
            HeapType::Array => wt::HeapType::Array,
            HeapType::Struct => wt::HeapType::Struct,
            HeapType::None => wt::HeapType::None,
            HeapType::Exn | HeapType::ConcreteExn(_) => wt::HeapType::Exn,
            HeapType::NoExn => wt::HeapType::NoExn,
            HeapType::Cont => wt::HeapType::Cont,
            HeapType::ConcreteCont(ty) => concrete(ty.id(), wt::TypeKind::Cont),
            HeapType::NoCont => wt::HeapType::NoCont,
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
            wt::HeapType::Cont => HeapType::Cont,
            wt::HeapType::NoCont => HeapType::NoCont,
            wt::HeapType::Concrete(id, _) => match engine.types().get(id.as_u32()) {
                Some(Canonical::Func(record)) => {
                    HeapType::ConcreteFunc(FuncType::from_record(engine, record))
                }
                Some(Canonical::Array(record)) => {
                    HeapType::ConcreteArray(ArrayType::from_record(engine, record))
                }
                Some(Canonical::Struct(record)) => {
                    HeapType::ConcreteStruct(StructType::from_record(engine, record))
                }
                Some(Canonical::Cont(record)) => {
                    HeapType::ConcreteCont(ContType::from_record(engine, record))
                }
                None => unreachable!("the engine gave out the id"),
            },
        }
    }
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapType::ConcreteFunc(ty) => ty.fmt_short(f),
            HeapType::ConcreteArray(ty) => ty.fmt_short(f),
            HeapType::ConcreteStruct(ty) => ty.fmt_short(f),
            HeapType::ConcreteExn(ty) => ty.fmt(f),
            HeapType::ConcreteCont(ty) => ty.fmt_short(f),
            other => other.canonical().fmt(f),
        }
    }
}

impl From<FuncType> for HeapType {
    fn from(ty: FuncType) -> Self {
        HeapType::ConcreteFunc(ty)
    }
}

impl From<ArrayType> for HeapType {
    fn from(ty: ArrayType) -> Self {
        HeapType::ConcreteArray(ty)
    }
}

impl From<ExnType> for HeapType {
    fn from(ty: ExnType) -> Self {
        HeapType::ConcreteExn(ty)
    }
}

impl From<ContType> for HeapType {
    fn from(ty: ContType) -> Self {
        HeapType::ConcreteCont(ty)
    }
}

impl From<StructType> for HeapType {
    fn from(ty: StructType) -> Self {
        HeapType::ConcreteStruct(ty)
    }
}
