//! Anything that can be imported or exported.

use crate::error::Result;
use crate::gate::{Belongs as _, Gate as _, Home};
use crate::items::{Func, Global, Memory, SharedMemory, Table, Tag};
use crate::store::{AsContext, StoreOpaque};
use crate::types::matching::CanonicalType;
use crate::types::{ExternType, GlobalType, MemoryType, TableType};
use crate::vm::VmImport;

/// Anything that can be imported or exported.
#[derive(Clone, Debug)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A global.
    Global(Global),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A memory that several stores share.
    SharedMemory(SharedMemory),
    /// A tag.
    Tag(Tag),
}

macro_rules! conversions {
    ($($ty:ident $into:ident $what:literal;)*) => {
        impl Extern {
            $(
                #[doc = concat!("The ", $what, ", if it is one.")]
                pub fn $into(self) -> Option<$ty> {
                    match self {
                        Extern::$ty(item) => Some(item),
                        _ => None,
                    }
                }
            )*
        }

        impl Export<'_> {
            $(
                #[doc = concat!("The ", $what, ", if it is one.")]
                pub fn $into(self) -> Option<$ty> {
                    self.item.$into()
                }
            )*
        }

        $(
            impl From<$ty> for Extern {
                fn from(item: $ty) -> Self {
                    Extern::$ty(item)
                }
            }
        )*
    };
}

conversions! {
    Func into_func "function";
    Global into_global "global";
    Table into_table "table";
    Memory into_memory "memory";
    SharedMemory into_shared_memory "shared memory";
    Tag into_tag "tag";
}

impl Extern {
    /// The type. The minimum of a table or memory is its current size.
    ///
    /// # Panics
    ///
    /// If it is of another store, or for a shared memory, of another engine.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        self.type_in(store.as_context().0)
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> ExternType {
        match self.home() {
            Home::Store(own) => own.assert_is(store.id()),
            Home::Engine(_) | Home::Anywhere => store.demand(self),
        }
        let engine = store.engine();
        match self {
            Extern::Func(func) => ExternType::Func(func.type_in(store)),
            Extern::Global(global) => {
                ExternType::Global(GlobalType::from_canonical(engine, global.canonical_type()))
            }
            Extern::Table(table) => {
                ExternType::Table(TableType::from_canonical(engine, table.canonical_type(store)))
            }
            Extern::Memory(memory) => {
                ExternType::Memory(MemoryType::from_canonical(memory.canonical_type(store)))
            }
            Extern::SharedMemory(memory) => {
                ExternType::Memory(MemoryType::from_canonical(memory.canonical_type()))
            }
            Extern::Tag(tag) => ExternType::Tag(tag.type_in(store)),
        }
    }

    /// The canonical type, to be matched with an import's.
    pub(crate) fn provided(&self, store: &StoreOpaque) -> CanonicalType {
        match self {
            Extern::Func(func) => CanonicalType::Func(func.type_id(store)),
            Extern::Global(global) => CanonicalType::Global(global.canonical_type()),
            Extern::Table(table) => CanonicalType::Table(table.canonical_type(store)),
            Extern::Memory(memory) => CanonicalType::Memory(memory.canonical_type(store)),
            Extern::SharedMemory(memory) => CanonicalType::Memory(memory.canonical_type()),
            Extern::Tag(tag) => CanonicalType::Tag(tag.type_id()),
        }
    }

    /// The item as a handle that only reads.
    pub(crate) fn read_only(self) -> Self {
        match self {
            Extern::Func(func) => Extern::Func(func),
            Extern::Global(global) => Extern::Global(global.read_only()),
            Extern::Table(table) => Extern::Table(table.read_only()),
            Extern::Memory(memory) => Extern::Memory(memory.read_only()),
            // Whoever has it may have others write to it.
            Extern::SharedMemory(memory) => Extern::SharedMemory(memory),
            Extern::Tag(tag) => Extern::Tag(tag),
        }
    }

    /// Checks that the item may be given to others, which may write to it.
    pub(crate) fn check_bindable(&self) -> Result<()> {
        match self {
            Extern::Func(_) | Extern::SharedMemory(_) | Extern::Tag(_) => Ok(()),
            Extern::Global(global) => global.check_writable(),
            Extern::Table(table) => table.check_writable(),
            Extern::Memory(memory) => memory.check_writable(),
        }
    }

    /// The item as the binding of an import, valid as long as this value lives, or for anything but
    /// a shared memory, the store.
    pub(crate) fn to_import(&self) -> VmImport {
        match self {
            Extern::Func(func) => VmImport::Func(func.pointer()),
            Extern::Global(global) => VmImport::Global(global.pointer()),
            Extern::Table(table) => VmImport::Table(table.pointer()),
            Extern::Memory(memory) => VmImport::Memory(memory.pointer()),
            Extern::SharedMemory(memory) => VmImport::SharedMemory(memory.pointer()),
            Extern::Tag(tag) => VmImport::Tag(tag.pointer()),
        }
    }
}

/// An export of an instance: see [`Instance::exports`](crate::Instance::exports).
#[derive(Clone, Debug)]
pub struct Export<'instance> {
    name: &'instance str,
    item: Extern,
}

impl<'instance> Export<'instance> {
    pub(crate) fn new(name: &'instance str, item: Extern) -> Self {
        Self { name, item }
    }

    /// The name.
    pub fn name(&self) -> &'instance str {
        self.name
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub fn ty(&self, store: impl AsContext) -> ExternType {
        self.item.ty(store)
    }

    /// The item.
    pub fn into_extern(self) -> Extern {
        self.item
    }
}
