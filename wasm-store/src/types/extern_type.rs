//! The types of imports and exports.

use std::fmt;

use super::entity::{GlobalType, MemoryType, TableType};
use super::func_type::FuncType;
use super::tag_type::TagType;
use crate::engine::Engine;

/// The type of anything that can be imported or exported.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A global.
    Global(GlobalType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A tag.
    Tag(TagType),
}

macro_rules! accessors {
    ($($variant:ident($ty:ty) $get:ident $unwrap:ident $what:literal;)*) => {$(
        #[doc = concat!("The type, if it is that of a ", $what, ".")]
        pub fn $get(&self) -> Option<&$ty> {
            match self {
                ExternType::$variant(ty) => Some(ty),
                _ => None,
            }
        }

        #[doc = concat!("The type of a ", $what, ".")]
        ///
        /// # Panics
        ///
            /// If it is the type of something else.
        pub fn $unwrap(&self) -> &$ty {
            self.$get().unwrap_or_else(|| panic!("expected the type of a {}, got {self}", $what))
        }
    )*};
}

impl ExternType {
    accessors! {
        Func(FuncType) func unwrap_func "function";
        Global(GlobalType) global unwrap_global "global";
        Table(TableType) table unwrap_table "table";
        Memory(MemoryType) memory unwrap_memory "memory";
        Tag(TagType) tag unwrap_tag "tag";
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => ty.fmt(f),
            ExternType::Global(ty) => ty.fmt(f),
            ExternType::Table(ty) => ty.fmt(f),
            ExternType::Memory(ty) => ty.fmt(f),
            ExternType::Tag(ty) => ty.fmt(f),
        }
    }
}

impl From<FuncType> for ExternType {
    fn from(ty: FuncType) -> Self {
        ExternType::Func(ty)
    }
}

impl From<GlobalType> for ExternType {
    fn from(ty: GlobalType) -> Self {
        ExternType::Global(ty)
    }
}

impl From<TableType> for ExternType {
    fn from(ty: TableType) -> Self {
        ExternType::Table(ty)
    }
}

impl From<MemoryType> for ExternType {
    fn from(ty: MemoryType) -> Self {
        ExternType::Memory(ty)
    }
}

impl From<TagType> for ExternType {
    fn from(ty: TagType) -> Self {
        ExternType::Tag(ty)
    }
}

/// An import of a module: see [`Module::imports`](crate::Module::imports).
#[derive(Clone)]
pub struct ImportType<'module> {
    pub(crate) module: &'module str,
    pub(crate) name: &'module str,
    pub(crate) ty: ExternType,
    /// The module's engine.
    pub(crate) engine: &'module Engine,
}

impl<'module> ImportType<'module> {
    /// The module that it is imported from.
    pub fn module(&self) -> &'module str {
        self.module
    }

    /// The name within that module.
    pub fn name(&self) -> &'module str {
        self.name
    }

    /// The type that the module imports.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}

impl fmt::Debug for ImportType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, name, ty, engine: _ } = self;
        f.debug_struct("ImportType")
            .field("module", module)
            .field("name", name)
            .field("ty", ty)
            .finish()
    }
}

/// An export of a module: see [`Module::exports`](crate::Module::exports).
#[derive(Clone, Debug)]
pub struct ExportType<'module> {
    pub(crate) name: &'module str,
    pub(crate) ty: ExternType,
}

impl<'module> ExportType<'module> {
    /// The name.
    pub fn name(&self) -> &'module str {
        self.name
    }

    /// The type.
    pub fn ty(&self) -> ExternType {
        self.ty.clone()
    }
}
