//! Types as wasmparser has them, in both directions.
//!
//! From wasmparser a conversion can fail: its types also describe proposals that the vocabulary of
//! this crate has no words for, and types that were canonicalised across modules. It takes to know
//! which kind of type an index stands for ([`TypeKinds`]).

use alloc::vec::Vec;
use core::fmt;

use wasmparser::{AbstractHeapType, CompositeInnerType, PackedIndex, UnpackedIndex};

use crate::entity::{GlobalType, MemoryType, TableType, TagType};
use crate::index::TypeIndex;
use crate::module::Module;
use crate::types::{
    ArrayType, CompositeType, ContType, FieldType, FuncType, HeapType, RefType, StorageType,
    StructType, SubType, TypeKind, ValType,
};

/// A type of wasmparser's that this crate has no words for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnknownType {
    what: &'static str,
}

impl UnknownType {
    pub(super) const fn new(what: &'static str) -> Self {
        Self { what }
    }

    /// What it is.
    pub(super) const fn what(self) -> &'static str {
        self.what
    }
}

impl fmt::Display for UnknownType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no words for {}", self.what)
    }
}

impl fmt::Debug for UnknownType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::report::list(self, f)
    }
}

impl core::error::Error for UnknownType {}

type Result<T> = core::result::Result<T, UnknownType>;

/// Who knows which kind each type of a module is.
pub trait TypeKinds {
    /// The kind of a type; `None` if there is no such type.
    fn type_kind(&self, ty: TypeIndex) -> Option<TypeKind>;
}

impl TypeKinds for Module {
    fn type_kind(&self, ty: TypeIndex) -> Option<TypeKind> {
        self.types.get(ty.index()).map(|ty| ty.composite.kind())
    }
}

impl TypeKinds for [TypeKind] {
    fn type_kind(&self, ty: TypeIndex) -> Option<TypeKind> {
        self.get(ty.index()).copied()
    }
}

impl TypeKind {
    /// The kind of a type of wasmparser's.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here.
    pub fn from_parser(ty: &wasmparser::SubType) -> Result<Self> {
        match &ty.composite_type.inner {
            CompositeInnerType::Func(_) => Ok(TypeKind::Func),
            CompositeInnerType::Array(_) => Ok(TypeKind::Array),
            CompositeInnerType::Struct(_) => Ok(TypeKind::Struct),
            CompositeInnerType::Cont(_) => Ok(TypeKind::Cont),
        }
    }
}

impl ValType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(ty: wasmparser::ValType, kinds: &(impl TypeKinds + ?Sized)) -> Result<Self> {
        Ok(match ty {
            wasmparser::ValType::I32 => ValType::I32,
            wasmparser::ValType::I64 => ValType::I64,
            wasmparser::ValType::F32 => ValType::F32,
            wasmparser::ValType::F64 => ValType::F64,
            wasmparser::ValType::V128 => ValType::V128,
            wasmparser::ValType::Ref(ty) => ValType::Ref(RefType::from_parser(ty, kinds)?),
        })
    }
}

/// # Panics
///
/// As for a [`RefType`].
impl From<ValType> for wasmparser::ValType {
    fn from(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32,
            ValType::I64 => Self::I64,
            ValType::F32 => Self::F32,
            ValType::F64 => Self::F64,
            ValType::V128 => Self::V128,
            ValType::Ref(r) => Self::Ref(r.into()),
        }
    }
}

impl RefType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(ty: wasmparser::RefType, kinds: &(impl TypeKinds + ?Sized)) -> Result<Self> {
        Ok(RefType {
            nullable: ty.is_nullable(),
            heap: HeapType::from_parser(ty.heap_type(), kinds)?,
        })
    }
}

/// # Panics
///
/// If the type names a type index beyond the implementation limit of a million types.
impl From<RefType> for wasmparser::RefType {
    fn from(ty: RefType) -> Self {
        Self::new(ty.nullable, ty.heap.into()).expect("a type index within implementation limits")
    }
}

impl HeapType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(
        ty: wasmparser::HeapType,
        kinds: &(impl TypeKinds + ?Sized),
    ) -> Result<Self> {
        let ty = match ty {
            wasmparser::HeapType::Abstract { shared: true, .. } => {
                return Err(UnknownType::new("a shared reference type"));
            }
            wasmparser::HeapType::Abstract { shared: false, ty } => ty,
            wasmparser::HeapType::Concrete(UnpackedIndex::Module(index)) => {
                let index = TypeIndex::new(index);
                let missing = UnknownType::new("a type that is not declared");
                return Ok(HeapType::Concrete(index, kinds.type_kind(index).ok_or(missing)?));
            }
            wasmparser::HeapType::Concrete(_) => {
                return Err(UnknownType::new("a canonicalised type"));
            }
            wasmparser::HeapType::Exact(_) => return Err(UnknownType::new("an exact type")),
        };
        Ok(match ty {
            AbstractHeapType::Func => HeapType::Func,
            AbstractHeapType::NoFunc => HeapType::NoFunc,
            AbstractHeapType::Extern => HeapType::Extern,
            AbstractHeapType::NoExtern => HeapType::NoExtern,
            AbstractHeapType::Any => HeapType::Any,
            AbstractHeapType::Eq => HeapType::Eq,
            AbstractHeapType::I31 => HeapType::I31,
            AbstractHeapType::Struct => HeapType::Struct,
            AbstractHeapType::Array => HeapType::Array,
            AbstractHeapType::None => HeapType::None,
            AbstractHeapType::Exn => HeapType::Exn,
            AbstractHeapType::NoExn => HeapType::NoExn,
            AbstractHeapType::Cont => HeapType::Cont,
            AbstractHeapType::NoCont => HeapType::NoCont,
        })
    }
}

impl From<HeapType> for wasmparser::HeapType {
    fn from(ty: HeapType) -> Self {
        let ty = match ty {
            HeapType::Func => AbstractHeapType::Func,
            HeapType::NoFunc => AbstractHeapType::NoFunc,
            HeapType::Extern => AbstractHeapType::Extern,
            HeapType::NoExtern => AbstractHeapType::NoExtern,
            HeapType::Any => AbstractHeapType::Any,
            HeapType::Eq => AbstractHeapType::Eq,
            HeapType::I31 => AbstractHeapType::I31,
            HeapType::Struct => AbstractHeapType::Struct,
            HeapType::Array => AbstractHeapType::Array,
            HeapType::None => AbstractHeapType::None,
            HeapType::Exn => AbstractHeapType::Exn,
            HeapType::NoExn => AbstractHeapType::NoExn,
            HeapType::Cont => AbstractHeapType::Cont,
            HeapType::NoCont => AbstractHeapType::NoCont,
            HeapType::Concrete(index, _) => {
                return Self::Concrete(UnpackedIndex::Module(index.as_u32()));
            }
        };
        Self::Abstract { shared: false, ty }
    }
}

impl FuncType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(
        ty: &wasmparser::FuncType,
        kinds: &(impl TypeKinds + ?Sized),
    ) -> Result<Self> {
        let types = ty.params().iter().chain(ty.results());
        let types = types.map(|ty| ValType::from_parser(*ty, kinds)).collect::<Result<Vec<_>>>()?;
        Ok(FuncType::from_list(types.into(), ty.params().len()))
    }
}

/// # Panics
///
/// As for a [`RefType`].
impl From<&FuncType> for wasmparser::FuncType {
    fn from(ty: &FuncType) -> Self {
        let convert = |types: &[ValType]| types.iter().map(|ty| (*ty).into()).collect::<Vec<_>>();
        Self::new(convert(ty.params()), convert(ty.results()))
    }
}

impl FieldType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(
        ty: wasmparser::FieldType,
        kinds: &(impl TypeKinds + ?Sized),
    ) -> Result<Self> {
        let storage = match ty.element_type {
            wasmparser::StorageType::I8 => StorageType::I8,
            wasmparser::StorageType::I16 => StorageType::I16,
            wasmparser::StorageType::Val(ty) => StorageType::Val(ValType::from_parser(ty, kinds)?),
        };
        Ok(FieldType { storage, mutable: ty.mutable })
    }
}

impl SubType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(
        ty: &wasmparser::SubType,
        kinds: &(impl TypeKinds + ?Sized),
    ) -> Result<Self> {
        let composite = &ty.composite_type;
        if composite.shared {
            return Err(UnknownType::new("a shared composite type"));
        }
        if composite.descriptor_idx.is_some() || composite.describes_idx.is_some() {
            return Err(UnknownType::new("a type with a descriptor"));
        }
        let composite = match &composite.inner {
            CompositeInnerType::Func(ty) => CompositeType::Func(FuncType::from_parser(ty, kinds)?),
            CompositeInnerType::Array(ty) => {
                CompositeType::Array(ArrayType(FieldType::from_parser(ty.0, kinds)?))
            }
            CompositeInnerType::Struct(ty) => CompositeType::Struct(StructType {
                fields: (ty.fields.iter())
                    .map(|field| FieldType::from_parser(*field, kinds))
                    .collect::<Result<_>>()?,
            }),
            CompositeInnerType::Cont(ty) => CompositeType::Cont(ContType(module_index(ty.0)?)),
        };
        let supertype = match ty.supertype_idxs[..] {
            [] => None,
            [index] => Some(module_index(index)?),
            _ => return Err(UnknownType::new("a type with several supertypes")),
        };
        Ok(SubType { is_final: ty.is_final, supertype, composite })
    }
}

fn module_index(index: PackedIndex) -> Result<TypeIndex> {
    let index = index.as_module_index().ok_or(UnknownType::new("a canonicalised type"))?;
    Ok(TypeIndex::new(index))
}

impl GlobalType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(
        ty: wasmparser::GlobalType,
        kinds: &(impl TypeKinds + ?Sized),
    ) -> Result<Self> {
        if ty.shared {
            return Err(UnknownType::new("a shared global"));
        }
        Ok(GlobalType {
            content: ValType::from_parser(ty.content_type, kinds)?,
            mutable: ty.mutable,
        })
    }
}

/// # Panics
///
/// As for a [`RefType`].
impl From<GlobalType> for wasmparser::GlobalType {
    fn from(ty: GlobalType) -> Self {
        Self { content_type: ty.content.into(), mutable: ty.mutable, shared: false }
    }
}

impl From<wasmparser::MemoryType> for MemoryType {
    fn from(ty: wasmparser::MemoryType) -> Self {
        MemoryType {
            minimum: ty.initial,
            maximum: ty.maximum,
            memory64: ty.memory64,
            shared: ty.shared,
            // At most 63, as decoding makes sure of.
            page_size_log2: ty
                .page_size_log2
                .map_or(MemoryType::DEFAULT_PAGE_SIZE_LOG2, |log2| log2 as u8),
        }
    }
}

impl From<MemoryType> for wasmparser::MemoryType {
    fn from(ty: MemoryType) -> Self {
        Self {
            memory64: ty.memory64,
            shared: ty.shared,
            initial: ty.minimum,
            maximum: ty.maximum,
            page_size_log2: (!ty.has_default_pages()).then_some(u32::from(ty.page_size_log2)),
        }
    }
}

impl TableType {
    /// The type that wasmparser has.
    ///
    /// # Errors
    ///
    /// If it is of a proposal that is not known here, or refers to a type that there is not.
    pub fn from_parser(
        ty: wasmparser::TableType,
        kinds: &(impl TypeKinds + ?Sized),
    ) -> Result<Self> {
        Ok(TableType {
            element: RefType::from_parser(ty.element_type, kinds)?,
            minimum: ty.initial,
            maximum: ty.maximum,
            table64: ty.table64,
            shared: ty.shared,
        })
    }
}

/// # Panics
///
/// As for a [`RefType`].
impl From<TableType> for wasmparser::TableType {
    fn from(ty: TableType) -> Self {
        Self {
            element_type: ty.element.into(),
            table64: ty.table64,
            initial: ty.minimum,
            maximum: ty.maximum,
            shared: ty.shared,
        }
    }
}

impl From<wasmparser::TagType> for TagType {
    fn from(ty: wasmparser::TagType) -> Self {
        TagType { ty: TypeIndex::new(ty.func_type_idx) }
    }
}
