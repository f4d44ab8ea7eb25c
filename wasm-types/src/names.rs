//! Names from the name section (the "extended name section" proposal included).

use alloc::string::String;
use alloc::vec::Vec;

use crate::index::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};

/// Names of a module's items. Each list is sorted by index. Names of locals and labels are left
/// out: they are of no use without the code.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NameMap {
    /// The module's own name.
    pub module: Option<String>,
    /// Functions.
    pub functions: Vec<(FuncIndex, String)>,
    /// Tables.
    pub tables: Vec<(TableIndex, String)>,
    /// Memories.
    pub memories: Vec<(MemoryIndex, String)>,
    /// Globals.
    pub globals: Vec<(GlobalIndex, String)>,
    /// Element segments.
    pub elements: Vec<(ElemIndex, String)>,
    /// Data segments.
    pub data: Vec<(DataIndex, String)>,
    /// Types.
    pub types: Vec<(TypeIndex, String)>,
    /// Fields of structures: the type, and the number of the field in it.
    pub fields: Vec<((TypeIndex, u32), String)>,
    /// Tags.
    pub tags: Vec<(TagIndex, String)>,
}

impl NameMap {
    /// The name of a function, if it has one.
    pub fn function(&self, func: FuncIndex) -> Option<&str> {
        find(&self.functions, func)
    }

    /// The name of a table, if it has one.
    pub fn table(&self, table: TableIndex) -> Option<&str> {
        find(&self.tables, table)
    }

    /// The name of a memory, if it has one.
    pub fn memory(&self, memory: MemoryIndex) -> Option<&str> {
        find(&self.memories, memory)
    }

    /// The name of a global, if it has one.
    pub fn global(&self, global: GlobalIndex) -> Option<&str> {
        find(&self.globals, global)
    }

    /// The name of a tag, if it has one.
    pub fn tag(&self, tag: TagIndex) -> Option<&str> {
        find(&self.tags, tag)
    }

    /// The name of a type, if it has one.
    pub fn type_name(&self, ty: TypeIndex) -> Option<&str> {
        find(&self.types, ty)
    }

    /// The name of a field of a structure, if it has one.
    pub fn field(&self, ty: TypeIndex, field: u32) -> Option<&str> {
        find(&self.fields, (ty, field))
    }
}

fn find<I: Ord + Copy>(names: &[(I, String)], index: I) -> Option<&str> {
    let place = names.binary_search_by_key(&index, |(index, _)| *index).ok()?;
    Some(&names[place].1)
}
