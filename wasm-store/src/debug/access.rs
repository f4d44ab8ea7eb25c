//! What stores, instances and modules have, for debuggers: also what is not exported.

use wasm_types::{EntityIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex};

use super::{Breakpoint, BreakpointEdit, FrameHandle};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::{Extern, Func, Global, Instance, Memory, Module, SharedMemory, Table, Tag};
use crate::store::{AsContext, AsContextMut, Caller, Store, StoreContextMut, StoreOpaque};

impl StoreOpaque {
    /// Whether the code of the engine can be debugged.
    pub(super) fn is_debugged(&self) -> bool {
        self.engine().config().request.tunables.guest_debug
    }

    fn debug_all_modules(&self) -> Vec<Module> {
        if self.is_debugged() { self.modules.clone() } else { Vec::new() }
    }

    fn debug_all_instances(&self) -> Vec<Instance> {
        if !self.is_debugged() {
            return Vec::new();
        }
        // An instance keeps its place plus 1.
        let numbers = 1..=self.instances.len();
        numbers.filter_map(|number| Instance::from_user_data(self, number)).collect()
    }

    fn debug_exit_frames(&self) -> std::vec::IntoIter<FrameHandle> {
        let frames = if self.is_debugged() { FrameHandle::exits(self) } else { Vec::new() };
        frames.into_iter()
    }
}

impl<T: 'static> Store<T> {
    /// The innermost frames of each entry to Wasm, the innermost entry first; none if the engine's
    /// code can't be debugged. [`FrameHandle::parent`] leads to the others.
    pub fn debug_exit_frames(&mut self) -> impl Iterator<Item = FrameHandle> {
        self.inner().debug_exit_frames()
    }

    /// Begins to change where code stops; `None` if the engine's code can't be debugged.
    pub fn edit_breakpoints(&mut self) -> Option<BreakpointEdit<'_>> {
        BreakpointEdit::new(self.inner_mut())
    }

    /// All breakpoints; `None` if the engine's code can't be debugged.
    pub fn breakpoints(&self) -> Option<impl Iterator<Item = Breakpoint> + '_> {
        self.as_context().breakpoints()
    }

    /// Whether code stops at each operator.
    pub fn is_single_step(&self) -> bool {
        self.as_context().is_single_step()
    }

    /// All instances, in the order in which they were made; none if the engine's code can't be
    /// debugged.
    pub fn debug_all_instances(&mut self) -> Vec<Instance> {
        self.inner().debug_all_instances()
    }

    /// All modules whose code may run in the store: of instances, and those that were named to it;
    /// none if the engine's code can't be debugged.
    pub fn debug_all_modules(&mut self) -> Vec<Module> {
        self.inner().debug_all_modules()
    }

    /// Names a module to the store before there is an instance of it, so that
    /// [`debug_all_modules`](Self::debug_all_modules) has it.
    ///
    /// # Errors
    ///
    /// If the module is of another engine.
    pub fn debug_register_module(&mut self, module: &Module) -> Result<()> {
        let store = self.inner_mut();
        store.admit(module)?;
        store.add_module(module);
        Ok(())
    }
}

impl<'a, T: 'static> StoreContextMut<'a, T> {
    /// See [`Store::debug_exit_frames`].
    pub fn debug_exit_frames(&mut self) -> impl Iterator<Item = FrameHandle> {
        self.0.debug_exit_frames()
    }

    /// See [`Store::edit_breakpoints`].
    pub fn edit_breakpoints(self) -> Option<BreakpointEdit<'a>> {
        BreakpointEdit::new(self.0)
    }

    /// See [`Store::debug_all_instances`].
    pub fn debug_all_instances(self) -> Vec<Instance> {
        self.0.debug_all_instances()
    }

    /// See [`Store::debug_all_modules`].
    pub fn debug_all_modules(self) -> Vec<Module> {
        self.0.debug_all_modules()
    }
}

impl<T: 'static> Caller<'_, T> {
    /// See [`Store::debug_exit_frames`].
    pub fn debug_exit_frames(&mut self) -> impl Iterator<Item = FrameHandle> {
        self.store.0.debug_exit_frames()
    }

    /// See [`Store::edit_breakpoints`].
    pub fn edit_breakpoints(&mut self) -> Option<BreakpointEdit<'_>> {
        BreakpointEdit::new(self.store.0)
    }

    /// See [`Store::debug_all_instances`].
    pub fn debug_all_instances(&mut self) -> Vec<Instance> {
        self.store.0.debug_all_instances()
    }

    /// See [`Store::debug_all_modules`].
    pub fn debug_all_modules(&mut self) -> Vec<Module> {
        self.store.0.debug_all_modules()
    }
}

macro_rules! items {
    ($($name:ident $item:ident $index:ident $entity:ident, $what:literal;)*) => {$(
        #[doc = concat!("A ", $what, " of the instance, exported or not, by its index.")]
        ///
        /// `None` if there is none with that index, or the engine's code can't be debugged.
        ///
        /// # Panics
        ///
        /// If the instance is of another store.
        pub fn $name(&self, mut store: impl AsContextMut, index: u32) -> Option<$item> {
            let store = store.as_context_mut();
            match self.debug_item(store.0, EntityIndex::$entity($index::new(index)))? {
                Extern::$item(item) => Some(item),
                _ => None,
            }
        }
    )*};
}

impl Instance {
    items! {
        debug_global Global GlobalIndex Global, "global";
        debug_memory Memory MemoryIndex Memory, "memory that is not shared";
        debug_shared_memory SharedMemory MemoryIndex Memory, "shared memory";
        debug_table Table TableIndex Table, "table";
        debug_function Func FuncIndex Func, "function";
        debug_tag Tag TagIndex Tag, "tag";
    }

    fn debug_item(&self, store: &mut StoreOpaque, index: EntityIndex) -> Option<Extern> {
        let counts = self.module_in(store).artifact().counts();
        let (number, count) = match index {
            EntityIndex::Func(index) => (index.as_u32(), counts.functions),
            EntityIndex::Table(index) => (index.as_u32(), counts.tables),
            EntityIndex::Memory(index) => (index.as_u32(), counts.memories),
            EntityIndex::Global(index) => (index.as_u32(), counts.globals),
            EntityIndex::Tag(index) => (index.as_u32(), counts.tags),
        };
        if number >= count || !store.is_debugged() {
            return None;
        }
        self.item(store, index)
    }

    /// The place of the instance in [`Store::debug_all_instances`].
    pub fn debug_index_in_store(&self) -> u32 {
        self.number() as u32
    }
}

macro_rules! indices {
    ($($item:ident $what:literal;)*) => {$(
        impl $item {
            #[doc = concat!("A number that no other ", $what, " of the store has.")]
            pub fn debug_index_in_store(&self) -> u64 {
                self.address() as u64
            }
        }
    )*};
}

indices! {
    Global "global";
    Memory "memory";
    Table "table";
    Tag "tag";
}

impl Module {
    /// A number that no other module of the engine has.
    pub fn debug_index_in_engine(&self) -> u64 {
        std::sync::Arc::as_ptr(self.loaded()).addr() as u64
    }

    /// The binary that the module was compiled of; `None` if its code can't be debugged, or the
    /// artifact is damaged there.
    pub fn debug_bytecode(&self) -> Option<&[u8]> {
        self.artifact().bytecode().ok().flatten()
    }
}
