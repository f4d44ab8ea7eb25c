//! Names from the name section (the "extended name section" proposal included).

use alloc::string::String;
use alloc::vec::Vec;

use crate::index::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex};

/// Names of a module's items. Each list is sorted by index.
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
}

impl NameMap {
    /// The name of a function, if it has one.
    pub fn function(&self, func: FuncIndex) -> Option<&str> {
        let place = self.functions.binary_search_by_key(&func, |(index, _)| *index).ok()?;
        Some(&self.functions[place].1)
    }
}
