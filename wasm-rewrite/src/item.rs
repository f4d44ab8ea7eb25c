//! How reports and errors describe an item of a module.

use std::fmt;

use wasm_types::Escaped;

/// The kinds of items that hold state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ItemKind {
    /// A global.
    Global,
    /// A table.
    Table,
    /// A memory.
    Memory,
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::Table => "table",
            Self::Memory => "memory",
        })
    }
}

/// A global, table or memory of a module. Displayed, for example, as `global 3 ($count)`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// The kind.
    pub kind: ItemKind,
    /// Its index in the index space of its kind, imported items first.
    pub index: u32,
    /// Its name in the name section, if it has one.
    pub name: Option<String>,
    /// The module and the field that it is imported from, if it is imported.
    pub import: Option<(String, String)>,
    /// Whether the code of the module can change it: for a global, its mutability; otherwise true.
    pub mutable: bool,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.index)?;
        if let Some(name) = &self.name {
            write!(f, " (${})", Escaped::new(name))?;
        }
        if let Some((module, field)) = &self.import {
            write!(f, ", imported as {module:?} {field:?}")?;
        }
        Ok(())
    }
}
