//! Value types, reference types and the type section (Wasm 3.0, section 2.3).
//!
//! Types are module-local: a concrete heap type names a [`TypeIndex`] of its module. Code that
//! compares types across modules (a store) canonicalises them first.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::index::TypeIndex;

/// The type of a value on the operand stack, in a local or in a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ValType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit IEEE 754 float.
    F32,
    /// A 64-bit IEEE 754 float.
    F64,
    /// A 128-bit vector.
    V128,
    /// A reference.
    Ref(RefType),
}

impl ValType {
    /// The nullable reference to any function.
    pub const FUNCREF: ValType = ValType::Ref(RefType::FUNCREF);
    /// The nullable reference to any host value.
    pub const EXTERNREF: ValType = ValType::Ref(RefType::EXTERNREF);

    /// Whether a value of this type lives in a floating-point or vector register.
    pub const fn is_float_or_vector(self) -> bool {
        matches!(self, ValType::F32 | ValType::F64 | ValType::V128)
    }

    /// The reference type, if this is one.
    pub const fn as_ref(self) -> Option<RefType> {
        match self {
            ValType::Ref(r) => Some(r),
            _ => None,
        }
    }

    /// Whether a value is a reference into the garbage-collected heap.
    pub const fn is_collected(self) -> bool {
        match self {
            ValType::Ref(ty) => ty.is_collected(),
            _ => false,
        }
    }

    /// Bytes that a value takes in a global or an array of values: 4, 8 or 16.
    pub const fn byte_size(self) -> u32 {
        match self {
            ValType::I32 | ValType::F32 => 4,
            ValType::I64 | ValType::F64 | ValType::Ref(_) => 8,
            ValType::V128 => 16,
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::I32 => f.write_str("i32"),
            ValType::I64 => f.write_str("i64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::V128 => f.write_str("v128"),
            ValType::Ref(r) => r.fmt(f),
        }
    }
}

/// A reference type: what is referred to, and whether it may be null.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefType {
    /// Whether null is a value of the type.
    pub nullable: bool,
    /// What is referred to.
    pub heap: HeapType,
}

impl RefType {
    /// `(ref null func)`.
    pub const FUNCREF: RefType = RefType { nullable: true, heap: HeapType::Func };
    /// `(ref null extern)`.
    pub const EXTERNREF: RefType = RefType { nullable: true, heap: HeapType::Extern };

    /// Whether what is referred to is in the garbage-collected heap, so that a reference is a
    /// number of 32 bits that changes when the object moves. References to functions are addresses
    /// of what never moves.
    pub const fn is_collected(self) -> bool {
        !self.heap.is_of_functions()
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (*self, self.nullable) {
            (RefType::FUNCREF, _) => f.write_str("funcref"),
            (RefType::EXTERNREF, _) => f.write_str("externref"),
            (_, true) => write!(f, "(ref null {})", self.heap),
            (_, false) => write!(f, "(ref {})", self.heap),
        }
    }
}

/// What a reference refers to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HeapType {
    /// Any function.
    Func,
    /// No function: the type of a null function reference.
    NoFunc,
    /// Any host value.
    Extern,
    /// No host value.
    NoExtern,
    /// Any internal reference.
    Any,
    /// Any internal reference that can be compared.
    Eq,
    /// An unboxed 31-bit integer.
    I31,
    /// Any structure.
    Struct,
    /// Any array.
    Array,
    /// No internal reference.
    None,
    /// Any exception.
    Exn,
    /// No exception.
    NoExn,
    /// Any continuation.
    Cont,
    /// No continuation.
    NoCont,
    /// A type of the module, which is of this kind.
    Concrete(TypeIndex, TypeKind),
}

impl HeapType {
    /// The top of the hierarchy that the type is in.
    pub const fn top(self) -> HeapType {
        match self {
            HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_, TypeKind::Func) => {
                HeapType::Func
            }
            HeapType::Extern | HeapType::NoExtern => HeapType::Extern,
            HeapType::Exn | HeapType::NoExn => HeapType::Exn,
            HeapType::Cont | HeapType::NoCont | HeapType::Concrete(_, TypeKind::Cont) => {
                HeapType::Cont
            }
            HeapType::Any
            | HeapType::Eq
            | HeapType::I31
            | HeapType::Struct
            | HeapType::Array
            | HeapType::None
            | HeapType::Concrete(_, TypeKind::Struct | TypeKind::Array) => HeapType::Any,
        }
    }

    /// Whether it is in the hierarchy of functions.
    pub const fn is_of_functions(self) -> bool {
        matches!(self, HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_, TypeKind::Func))
    }
}

/// Which kind of type a module declares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypeKind {
    /// A function.
    Func,
    /// A structure.
    Struct,
    /// An array.
    Array,
    /// A continuation.
    Cont,
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeapType::Func => "func",
            HeapType::NoFunc => "nofunc",
            HeapType::Extern => "extern",
            HeapType::NoExtern => "noextern",
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::None => "none",
            HeapType::Exn => "exn",
            HeapType::NoExn => "noexn",
            HeapType::Cont => "cont",
            HeapType::NoCont => "nocont",
            HeapType::Concrete(index, _) => return index.fmt(f),
        })
    }
}

/// The type of a function: what it takes and what it returns.
///
/// A clone shares its lists with the original, so that a module with many equal types has them
/// once.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FuncType {
    /// The parameters, and the results after them.
    types: Arc<[ValType]>,
    params: usize,
}

impl FuncType {
    /// A function type with the given parameters and results.
    pub fn new(
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
    ) -> Self {
        let mut types: Vec<ValType> = params.into_iter().collect();
        let params = types.len();
        types.extend(results);
        Self { types: types.into(), params }
    }

    /// A function type with the given types, of which so many are parameters.
    #[cfg(feature = "validate")]
    pub(crate) fn from_list(types: Arc<[ValType]>, params: usize) -> Self {
        debug_assert!(params <= types.len());
        Self { types, params }
    }

    /// The parameters, in order.
    #[inline]
    pub fn params(&self) -> &[ValType] {
        &self.types[..self.params]
    }

    /// The results, in order.
    #[inline]
    pub fn results(&self) -> &[ValType] {
        &self.types[self.params..]
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuncType")
            .field("params", &self.params())
            .field("results", &self.results())
            .finish()
    }
}

impl fmt::Display for FuncType {
    /// Writes the type as in the text format: `(func (param i32 i32) (result i64))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(func")?;
        for (keyword, list) in [("param", self.params()), ("result", self.results())] {
            if !list.is_empty() {
                write!(f, " ({keyword}")?;
                for ty in list {
                    write!(f, " {ty}")?;
                }
                f.write_str(")")?;
            }
        }
        f.write_str(")")
    }
}

/// The type of a field as it is stored: a value or a packed integer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StorageType {
    /// An 8-bit integer.
    I8,
    /// A 16-bit integer.
    I16,
    /// A full value.
    Val(ValType),
}

/// A field of a structure, or the element of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FieldType {
    /// What is stored.
    pub storage: StorageType,
    /// Whether it can be changed after it was made.
    pub mutable: bool,
}

/// The type of a structure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StructType {
    /// The fields, in order.
    pub fields: Box<[FieldType]>,
}

/// The type of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ArrayType(pub FieldType);

/// The type of a continuation: that of the function that it is the rest of, which takes what the
/// continuation is resumed with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ContType(pub TypeIndex);

impl fmt::Display for ContType {
    /// Writes the type as in the text format: `(cont 3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(cont {})", self.0)
    }
}

impl fmt::Display for StorageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageType::I8 => f.write_str("i8"),
            StorageType::I16 => f.write_str("i16"),
            StorageType::Val(ty) => ty.fmt(f),
        }
    }
}

impl fmt::Display for FieldType {
    /// Writes the type as in the text format: `i8` or `(mut i8)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mutable { write!(f, "(mut {})", self.storage) } else { self.storage.fmt(f) }
    }
}

impl fmt::Display for StructType {
    /// Writes the type as in the text format: `(struct (field i8) (field (mut i32)))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(struct")?;
        self.fields.iter().try_for_each(|field| write!(f, " (field {field})"))?;
        f.write_str(")")
    }
}

impl fmt::Display for ArrayType {
    /// Writes the type as in the text format: `(array (mut i8))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(array {})", self.0)
    }
}

impl fmt::Display for CompositeType {
    /// Writes the type as in the text format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompositeType::Func(ty) => ty.fmt(f),
            CompositeType::Struct(ty) => ty.fmt(f),
            CompositeType::Array(ty) => ty.fmt(f),
            CompositeType::Cont(ty) => ty.fmt(f),
        }
    }
}

impl fmt::Display for SubType {
    /// Writes the type as in the text format, with what is not the default about its place in the
    /// hierarchy: `(sub final 3 (func))`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_final, self.supertype) {
            (true, None) => self.composite.fmt(f),
            (true, Some(supertype)) => write!(f, "(sub final {supertype} {})", self.composite),
            (false, None) => write!(f, "(sub {})", self.composite),
            (false, Some(supertype)) => write!(f, "(sub {supertype} {})", self.composite),
        }
    }
}

/// A type that is composed of others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CompositeType {
    /// A function.
    Func(FuncType),
    /// A structure.
    Struct(StructType),
    /// An array.
    Array(ArrayType),
    /// A continuation.
    Cont(ContType),
}

impl CompositeType {
    /// Which kind of type it is.
    pub const fn kind(&self) -> TypeKind {
        match self {
            CompositeType::Func(_) => TypeKind::Func,
            CompositeType::Struct(_) => TypeKind::Struct,
            CompositeType::Array(_) => TypeKind::Array,
            CompositeType::Cont(_) => TypeKind::Cont,
        }
    }
}

/// A type of the type section, with its place in the subtype hierarchy.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SubType {
    /// Whether no other type may name this one as its supertype.
    pub is_final: bool,
    /// The declared supertype.
    pub supertype: Option<TypeIndex>,
    /// The structure of the type.
    pub composite: CompositeType,
}

impl SubType {
    /// A final function type with no supertype: what `(type (func …))` declares.
    pub fn func(ty: FuncType) -> Self {
        Self { is_final: true, supertype: None, composite: CompositeType::Func(ty) }
    }

    /// The function type, if it is one.
    pub fn as_func(&self) -> Option<&FuncType> {
        match &self.composite {
            CompositeType::Func(ty) => Some(ty),
            _ => None,
        }
    }
}

/// A recursive group: types that may refer to each other, as a range of type indices.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RecGroup {
    /// The first type of the group.
    pub start: TypeIndex,
    /// How many types the group has.
    pub len: u32,
}
