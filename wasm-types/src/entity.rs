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

    /// The logarithm of the size of a page where a memory type names none: 64 KiB.
    pub const DEFAULT_PAGE_SIZE_LOG2: u8 = 16;

    /// The size of a page, in bytes.
    pub const fn page_size(&self) -> u64 {
        1 << self.page_size_log2
    }

    /// Whether pages are of 64 KiB, and so a whole number of pages of the machine.
    pub const fn has_default_pages(&self) -> bool {
        self.page_size_log2 == Self::DEFAULT_PAGE_SIZE_LOG2
    }

    /// The size of a number of pages, in bytes; `None` if that is 2⁶⁴ or more.
    pub const fn bytes_of(&self, pages: u64) -> Option<u64> {
        pages.checked_mul(self.page_size())
    }

    /// How many whole pages a number of bytes has.
    pub const fn pages_of(&self, bytes: u64) -> u64 {
        bytes >> self.page_size_log2
    }

    /// The most pages that a memory may have, whatever is declared: so many that the index type can
    /// address all of them, and that their number is a number of the index type.
    pub const fn absolute_maximum(&self) -> u64 {
        let largest = if self.memory64 { u64::MAX } else { u32::MAX as u64 };
        match self.page_size_log2 {
            0 => largest,
            log2 => (largest >> log2) + 1,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_pages_of_the_memory() {
        let memory = |memory64, page_size_log2| MemoryType {
            minimum: 0,
            maximum: None,
            memory64,
            shared: false,
            page_size_log2,
        };
        for (memory64, log2, most) in [
            (false, 16, 1 << 16),
            (true, 16, 1 << 48),
            // As many as the specification allows: their number must fit in the index type, too.
            (false, 0, u64::from(u32::MAX)),
            (true, 0, u64::MAX),
        ] {
            let ty = memory(memory64, log2);
            assert_eq!(ty.absolute_maximum(), most, "{ty:?}");
            assert_eq!(ty.bytes_of(3), Some(3 << log2));
            assert_eq!(ty.pages_of(3 << log2), 3);
            assert_eq!(ty.has_default_pages(), log2 == 16);
        }
        assert_eq!(memory(true, 16).bytes_of((1 << 48) - 1), Some(u64::MAX - 0xffff));
        assert_eq!(memory(true, 16).bytes_of(1 << 48), None);
        assert_eq!(memory(true, 0).bytes_of(u64::MAX), Some(u64::MAX));
        assert_eq!(memory(false, 16).pages_of(0x1_ffff), 1);
    }
}
