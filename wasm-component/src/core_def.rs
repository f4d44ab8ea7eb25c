//! Core items by where they come from.

use core::fmt;

use wasm_types::Escaped;

use crate::index::{ComponentInstanceIndex, CoreInstanceIndex, TrampolineIndex};

/// A core function, table, memory, global or tag, by where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CoreDef<'a> {
    /// An export of a core instance.
    Export(CoreExport<'a>),
    /// The flags of a component instance: a mutable global of type `i32`, see
    /// [`instance_flags`](crate::instance_flags).
    InstanceFlags(ComponentInstanceIndex),
    /// A core function that the runtime provides.
    Trampoline(TrampolineIndex),
}

/// An export of a core instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CoreExport<'a> {
    /// The instance.
    pub instance: CoreInstanceIndex,
    /// What it is.
    pub kind: CoreKind,
    /// Its name.
    pub name: &'a str,
}

/// The kinds of core items.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CoreKind {
    /// A function.
    Func,
    /// A table.
    Table,
    /// A memory.
    Memory,
    /// A global.
    Global,
    /// A tag.
    Tag,
}

impl CoreKind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Func, Self::Table, Self::Memory, Self::Global, Self::Tag];
}

impl fmt::Display for CoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Func => "func",
            Self::Table => "table",
            Self::Memory => "memory",
            Self::Global => "global",
            Self::Tag => "tag",
        })
    }
}

/// What core instances get for an import of a module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Arg<'a> {
    /// The first name of the import.
    pub module: &'a str,
    /// The second name of the import.
    pub name: &'a str,
    /// What it gets.
    pub def: CoreDef<'a>,
}

impl fmt::Display for CoreDef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Export(CoreExport { instance, kind, name }) => {
                write!(f, "core instance {instance} {kind} \"{}\"", Escaped::new(name))
            }
            Self::InstanceFlags(instance) => write!(f, "flags of component instance {instance}"),
            Self::Trampoline(trampoline) => write!(f, "trampoline {trampoline}"),
        }
    }
}
