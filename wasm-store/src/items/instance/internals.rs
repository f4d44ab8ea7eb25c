//! Everything that an instance has, exported or not.
//!
//! What a module neither exports nor imports is internal to it. An artifact says whether the host
//! may read it, and whether the host may write to it ([`Internals`]). The handles are those of
//! exported items, so that reading and writing go through the same checks.

#![allow(unsafe_code)]

use std::collections::BTreeSet;

use wasm_artifact::{DataRefKind, ElementRefKind};
use wasm_types::{
    DataIndex, ElemIndex, EntityIndex, Escaped, FuncIndex, GlobalIndex, Internals, MemoryIndex,
    NameMap, TableIndex,
};

use crate::error::{Error, Result};
use crate::items::{Extern, Func, Global, Instance, Memory, Module, Table};
use crate::store::{AsContextMut, StoreContext, StoreOpaque};

/// An item of an instance: see [`Instance::globals`] and the functions like it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Internal<I> {
    /// The index among the module's items of its kind, imported ones first.
    pub index: u32,
    /// The name that the module's name section gives it.
    pub name: Option<String>,
    /// Whether the module imports it.
    pub is_imported: bool,
    /// Whether the module exports it, under whatever name.
    pub is_exported: bool,
    /// The item.
    pub item: I,
}

/// A data segment of an instance: see [`Instance::data_segments`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DataSegment<'a> {
    /// The bytes in the module. For an instance, a dropped segment is empty.
    pub bytes: &'a [u8],
    /// Whether instantiation writes it to a memory.
    pub is_active: bool,
    /// Whether it was dropped: by `data.drop`, or after it was written.
    pub is_dropped: bool,
}

/// An element segment of an instance: see [`Instance::element_segments`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ElementSegment {
    /// How many elements it has. For an instance, a dropped segment is empty.
    pub len: u32,
    /// Whether instantiation writes it to a table.
    pub is_active: bool,
    /// Whether it was dropped: by `elem.drop`, after it was written, or because it is declarative.
    pub is_dropped: bool,
}

/// The error for a write to an item that may only be read.
pub(crate) fn read_only(what: &str) -> Error {
    Error::msg(format!(
        "the {what} is not exported, and its module was not compiled for writes from outside: compile it, and \
         set up the engine, with `Config::internals(Internals::Writable)`"
    ))
}

macro_rules! items {
    ($(
        $kind:ident $plural:literal $list:ident $at:ident $named:ident: $index:ident $count:ident $imported:ident
        $names:ident;
    )*) => {$(
        #[doc = concat!("All ", $plural, " of the instance, in the order of their indices, but for shared memories.")]
        ///
        /// # Errors
        ///
        /// If the module or the engine is [`Internals::Sealed`], and some are neither exported nor
        /// imported.
        ///
        /// # Panics
        ///
        /// If the instance is of another store.
        pub fn $list(&self, mut store: impl AsContextMut) -> Result<Vec<Internal<$kind>>> {
            let store = store.as_context_mut();
            let module = self.entry(store.0).module.clone();
            let (exported, names) = (exported(&module), module.artifact().names());
            let counts = module.artifact().counts();
            let mut list = Vec::with_capacity(counts.$count as usize);
            let mut named = names.$names.iter().peekable();
            for number in 0..counts.$count {
                let index = $index::new(number);
                let entity = EntityIndex::$kind(index);
                let is_imported = number < counts.$imported;
                let is_exported = exported.contains(&(kind(entity), number));
                let item = self.internal(store.0, entity, is_imported || is_exported)?;
                let Some(Extern::$kind(item)) = item else { continue };
                while named.next_if(|(other, _)| *other < index).is_some() {}
                let name = named.next_if(|(other, _)| *other == index);
                let name = name.map(|(_, name)| name.clone());
                list.push(Internal { index: number, name, is_imported, is_exported, item });
            }
            Ok(list)
        }

        #[doc = concat!("One of the ", $plural, " of the instance, by its index.")]
        ///
        /// # Errors
        ///
        /// If there is no item with this index. If it is neither exported nor imported, and the
        /// module or the engine is [`Internals::Sealed`].
        ///
        /// # Panics
        ///
        /// If the instance is of another store.
        pub fn $at(&self, mut store: impl AsContextMut, index: u32) -> Result<$kind> {
            let store = store.as_context_mut();
            let module = self.entry(store.0).module.clone();
            let counts = module.artifact().counts();
            crate::ensure!(
                index < counts.$count,
                "there is no index {} among the {} of the module: it has {} of them",
                index,
                $plural,
                counts.$count
            );
            let entity = EntityIndex::$kind($index::new(index));
            let is_visible = index < counts.$imported || is_exported(&module, entity);
            match self.internal(store.0, entity, is_visible)? {
                Some(Extern::$kind(item)) => Ok(item),
                Some(Extern::SharedMemory(_)) => crate::bail!(
                    "the memory is shared, so that it is no memory of the store: if it is exported, \
                     `Instance::get_shared_memory` finds it"
                ),
                _ => crate::bail!("the artifact is damaged: one of the {} is missing", $plural),
            }
        }

        #[doc = concat!("One of the ", $plural, " of the instance, by its name in the module's name section \
            or, if none is called so, by the name that it is exported with.")]
        ///
        /// # Errors
        ///
        /// If there is no item with this name, or several: the error has their indices. If it is
        /// neither exported nor imported, and the module or the engine is [`Internals::Sealed`].
        ///
        /// # Panics
        ///
        /// If the instance is of another store.
        pub fn $named(&self, mut store: impl AsContextMut, name: &str) -> Result<$kind> {
            let mut store = store.as_context_mut();
            let module = self.entry(store.0).module.clone();
            let names = module.artifact().names();
            let found: Vec<_> =
                names.$names.iter().filter(|(_, other)| other == name).map(|(i, _)| i.as_u32()).collect();
            match *found {
                [index] => self.$at(&mut store, index),
                [] => {
                    if let Some(Extern::$kind(item)) = self.get_export(&mut store, name) {
                        return Ok(item);
                    }
                    let near = wasm_types::suggestions::misses(name, names.$names.iter().map(|(_, name)| name.as_str()));
                    let name = Escaped::new(name);
                    crate::bail!("none of the {} of the module is called `{name}`{near}", $plural)
                }
                _ => crate::bail!(
                    "several of the {} of the module are called `{}`, request one by its index: {found:?}",
                    $plural,
                    Escaped::new(name)
                ),
            }
        }
    )*};
}

impl Instance {
    items! {
        Global "globals" globals global_at global_named:
            GlobalIndex globals imported_globals globals;
        Memory "memories" memories memory_at memory_named:
            MemoryIndex memories imported_memories memories;
        Table "tables" tables table_at table_named: TableIndex tables imported_tables tables;
        Func "functions" functions func_at func_named:
            FuncIndex functions imported_functions functions;
    }

    /// Whether the host may read, or also write, what the module does not export: the stricter of
    /// the settings of the artifact and the engine.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn internals<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> Internals {
        let store: StoreContext<'a, T> = store.into();
        level(&self.entry(store.0).module)
    }

    /// The data segments, in the order of their indices.
    ///
    /// # Errors
    ///
    /// If the module or the engine is [`Internals::Sealed`], or the artifact is damaged there.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn data_segments<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Vec<Internal<DataSegment<'a>>>> {
        let store: StoreContext<'a, T> = store.into();
        let entry = self.entry(store.0);
        check_open(&entry.module)?;
        let artifact = entry.module.artifact();
        let names = artifact.names();
        // SAFETY: the instance lives as long as its store, which is borrowed.
        let vm = unsafe { entry.vm.as_ref() };
        let mut list = Vec::new();
        for (number, segment) in (0..).zip(artifact.data_segments()) {
            let segment = segment?;
            let index = DataIndex::new(number);
            let item = DataSegment {
                bytes: segment.bytes,
                is_active: matches!(segment.kind, DataRefKind::Active { .. }),
                is_dropped: vm.data_dropped(index),
            };
            let name = names.data.iter().find(|(other, _)| *other == index);
            list.push(segment_item(number, name.map(|(_, name)| name.clone()), item));
        }
        Ok(list)
    }

    /// The element segments, in the order of their indices.
    ///
    /// # Errors
    ///
    /// If the module or the engine is [`Internals::Sealed`], or the artifact is damaged there.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn element_segments<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Vec<Internal<ElementSegment>>> {
        let store: StoreContext<'a, T> = store.into();
        let entry = self.entry(store.0);
        check_open(&entry.module)?;
        let artifact = entry.module.artifact();
        let names: NameMap = artifact.names();
        // SAFETY: the instance lives as long as its store, which is borrowed.
        let vm = unsafe { entry.vm.as_ref() };
        let mut list = Vec::new();
        for (number, segment) in (0..).zip(artifact.elements()) {
            let segment = segment?;
            let index = ElemIndex::new(number);
            let item = ElementSegment {
                len: segment.items.len(),
                is_active: matches!(segment.kind, ElementRefKind::Active { .. }),
                is_dropped: vm.element_dropped(index),
            };
            let name = names.elements.iter().find(|(other, _)| *other == index);
            list.push(segment_item(number, name.map(|(_, name)| name.clone()), item));
        }
        Ok(list)
    }

    /// The handle of an item, if the host may see it.
    pub(in crate::items) fn visible(
        &self,
        store: &mut StoreOpaque,
        index: EntityIndex,
    ) -> Option<Extern> {
        let module = self.entry(store).module.clone();
        let counts = module.artifact().counts();
        let imported = match index {
            EntityIndex::Func(_) => counts.imported_functions,
            EntityIndex::Table(_) => counts.imported_tables,
            EntityIndex::Memory(_) => counts.imported_memories,
            EntityIndex::Global(_) => counts.imported_globals,
            EntityIndex::Tag(_) => counts.imported_tags,
        };
        let is_visible = numbered(index).1 < imported || is_exported(&module, index);
        self.internal(store, index, is_visible).ok().flatten()
    }

    /// The handle of an item, after a check that the host may see it.
    fn internal(
        &self,
        store: &mut StoreOpaque,
        index: EntityIndex,
        is_visible: bool,
    ) -> Result<Option<Extern>> {
        let module = &self.entry(store).module;
        if !is_visible {
            check_open(module)?;
        }
        let is_read_only = !is_visible && level(module) != Internals::Writable;
        let item = self.item(store, index);
        Ok(item.map(|item| if is_read_only { item.read_only() } else { item }))
    }
}

fn segment_item<I>(index: u32, name: Option<String>, item: I) -> Internal<I> {
    Internal { index, name, is_imported: false, is_exported: false, item }
}

/// Whether the host may read, or also write, what a module does not export.
fn level(module: &Module) -> Internals {
    let engine = module.engine().config().request.tunables.internals;
    module.artifact().tunables().internals.min(engine)
}

/// Checks that the host may read what a module does not export.
pub(crate) fn check_open(module: &Module) -> Result<()> {
    if level(module) != Internals::Sealed {
        return Ok(());
    }
    if module.artifact().tunables().internals == Internals::Sealed {
        crate::bail!(
            "the module was compiled with `Config::internals(Internals::Sealed)`, so that only what it exports \
             can be seen: compile it with `Internals::Readable`"
        );
    }
    crate::bail!(
        "the engine is set up with `Config::internals(Internals::Sealed)`, so that only what modules export \
         can be seen: set it up with `Internals::Readable`"
    )
}

fn exported(module: &Module) -> BTreeSet<(u8, u32)> {
    let exports = module.artifact().exports();
    exports.filter_map(|export| Some(numbered(export.ok()?.index))).collect()
}

fn is_exported(module: &Module, index: EntityIndex) -> bool {
    module.artifact().exports().any(|export| export.is_ok_and(|export| export.index == index))
}

fn numbered(index: EntityIndex) -> (u8, u32) {
    let number = match index {
        EntityIndex::Func(index) => index.as_u32(),
        EntityIndex::Table(index) => index.as_u32(),
        EntityIndex::Memory(index) => index.as_u32(),
        EntityIndex::Global(index) => index.as_u32(),
        EntityIndex::Tag(index) => index.as_u32(),
    };
    (kind(index), number)
}

fn kind(index: EntityIndex) -> u8 {
    match index {
        EntityIndex::Func(_) => 0,
        EntityIndex::Table(_) => 1,
        EntityIndex::Memory(_) => 2,
        EntityIndex::Global(_) => 3,
        EntityIndex::Tag(_) => 4,
    }
}
