//! What a module imports and exports: tables, memories, globals, tags and their types.

use crate::index::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex};
use crate::types::{RefType, ValType};

/// The type of a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GlobalType {
    /// The type of its value.
    pub content: ValType,
    /// Whether it can be set.
    pub mutable: bool,
}

/// The type of a linear memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MemoryType {
    /// The size at the start, in pages.
    pub minimum: u64,
    /// The largest size it may grow to, in pages.
    pub maximum: Option<u64>,
    /// Whether it is addressed with 64-bit integers.
    pub memory64: bool,
    /// Whether it is shared between threads.
    pub shared: bool,
    /// The logarithm of the page size in bytes: 16, or 0 with custom page sizes.
    pub page_size_log2: u8,
}

impl MemoryType {
    /// The type of addresses into the memory: `i32` or `i64`.
    pub const fn index_type(&self) -> ValType {
        if self.memory64 { ValType::I64 } else { ValType::I32 }
    }

    /// The size of a page, in bytes.
    pub const fn page_size(&self) -> u64 {
        1 << self.page_size_log2
    }

    /// The most pages that the index type can address, whatever is declared.
    pub const fn absolute_maximum(&self) -> u64 {
        let index_bits: u32 = if self.memory64 { 64 } else { 32 };
        let page_bits = self.page_size_log2 as u32;
        if index_bits - page_bits >= 64 { u64::MAX } else { 1 << (index_bits - page_bits) }
    }
}

/// The type of a table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TableType {
    /// The type of its elements.
    pub element: RefType,
    /// The size at the start, in elements.
    pub minimum: u64,
    /// The largest size it may grow to, in elements.
    pub maximum: Option<u64>,
    /// Whether it is indexed with 64-bit integers.
    pub table64: bool,
    /// Whether it is shared between threads.
    pub shared: bool,
}

impl TableType {
    /// The type of indices into the table: `i32` or `i64`.
    pub const fn index_type(&self) -> ValType {
        if self.table64 { ValType::I64 } else { ValType::I32 }
    }
}

/// The type of a tag.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TagType {
    /// The function type whose parameters the tag carries.
    pub ty: TypeIndex,
}

/// The type of anything that can be imported or exported.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EntityType {
    /// A function of the module's type.
    Func(TypeIndex),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// A tag.
    Tag(TagType),
}

/// The index of anything that can be imported or exported.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EntityIndex {
    /// A function.
    Func(FuncIndex),
    /// A table.
    Table(TableIndex),
    /// A memory.
    Memory(MemoryIndex),
    /// A global.
    Global(GlobalIndex),
    /// A tag.
    Tag(TagIndex),
}
