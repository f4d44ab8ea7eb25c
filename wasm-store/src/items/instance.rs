//! Instances.

#![allow(unsafe_code)]

mod binding;
mod internals;

pub use binding::ImportBinding;
pub use internals::{DataSegment, ElementSegment, Internal};
pub(crate) use internals::{check_open, read_only};
use wasm_types::{EntityIndex, Escaped};

use crate::error::{Context, Error, Result};
use crate::items::{
    Export, Extern, Func, Global, Memory, Module, ModuleExport, SharedMemory, Start, Table, Tag,
    TypedFunc, WasmParams, WasmResults, into_error,
};
use crate::store::{
    AsContext, AsContextMut, InstanceEntry, StoreContext, StoreContextMut, StoreId, StoreInner,
    StoreOpaque,
};
use crate::types::matching;
use crate::types::matching::CanonicalType;
use crate::vm::{VmImport, Wanted, table_bytes};
use crate::watch::call_hook;

/// An instance of a module in a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Instance {
    store: StoreId,
    /// The place in the store's list.
    number: usize,
}

impl Instance {
    /// Makes an instance of a module, with its imports in the order of [`Module::imports`], and
    /// calls its start function.
    ///
    /// # Errors
    ///
    /// If the module is of another engine than the store, or an import is of another store. If
    /// there are more or fewer imports than the module has, or one has another type than the module
    /// imports. If the store's limits do not allow the instance, a segment lies outside of its
    /// memory or table, or the start function traps.
    pub fn new(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        let store = store.as_context_mut();
        let bound = binding::bind(store.0, module, imports)?;
        // SAFETY: the imports have been checked.
        unsafe { Self::instantiate(store.0, module, &bound) }
    }

    /// Makes an instance of a module, with its imports in the order of [`Module::imports`], calls
    /// its start function, and waits for what that waits for: see [`Instance::new`] and
    /// [`Func::call_async`].
    ///
    /// # Errors
    ///
    /// As for [`Instance::new`].
    #[cfg(feature = "async")]
    pub async fn new_async(
        store: impl AsContextMut<Data: Send>,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        Self::bound_async(store, module, imports).await
    }

    /// Makes an instance and calls its start function.
    ///
    /// # Safety
    ///
    /// The imports are as many as the module has, in order, of the types that it imports, and of
    /// this store. The store keeps definitions of host functions alive.
    pub(crate) unsafe fn instantiate<T: 'static>(
        store: &mut StoreInner<T>,
        module: &Module,
        imports: &[VmImport],
    ) -> Result<Instance> {
        store.check_sync()?;
        // SAFETY: as the caller promises.
        let instance = unsafe { Self::make(store, module, imports)? };
        if let Some(start) = instance.start_function(store) {
            store.count_start(start.import.is_some())?;
            start.call(store)?;
        }
        Ok(instance)
    }

    /// Makes an instance, and does not call its start function.
    ///
    /// # Safety
    ///
    /// As for [`instantiate`](Self::instantiate).
    pub(crate) unsafe fn make<T: 'static>(
        store: &mut StoreInner<T>,
        module: &Module,
        imports: &[VmImport],
    ) -> Result<Instance> {
        // Items that were looked up before may have become smaller since then.
        // SAFETY: they are of this store, which is borrowed exclusively.
        unsafe { module.vm()?.check_sizes(imports)? };
        reserve(store, module)?;
        // Even if this fails half-way, functions of the module may be in a table afterwards.
        store.add_module(module);
        // SAFETY: as the caller promises; the store is pinned when it was made.
        let made = unsafe { store.vm.instantiate(module.vm()?, imports) };
        // This is also for an instance that failed half-way: functions of it may be in a table.
        call_hook::bind_new(store);
        let mut vm = match made {
            Ok(vm) => vm,
            Err(unwind) => return Err(into_error(store, unwind)),
        };
        store.instances.push(InstanceEntry { vm, module: module.clone() });
        let number = store.instances.len();
        // SAFETY: just made, and not used by anything else now.
        unsafe { vm.as_mut().set_user_data(number) };
        Ok(Instance { store: store.id(), number: number - 1 })
    }

    /// The start function.
    fn start_function(&self, store: &mut StoreOpaque) -> Option<Start> {
        let mut vm = self.entry(store).vm;
        let start = self.entry(store).module.artifact().start()?;
        // SAFETY: the instance lives as long as its store, which is borrowed exclusively; and so
        // does the function, which is its start function.
        unsafe {
            let (func, import) = vm.as_mut().own_call(start)?;
            Some(Start::new(Func::from_vm(store, func), import))
        }
    }

    /// Asks a limiter that may wait about what an instance needs.
    #[cfg(feature = "async")]
    pub(crate) async fn ask_about<T: Send + 'static>(
        store: &mut StoreInner<T>,
        module: &Module,
    ) -> Result<()> {
        super::growing::ask_about(store, module).await
    }

    /// Calls the start function of an instance that was just made.
    #[cfg(feature = "async")]
    pub(crate) async fn start_async<T: Send + 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
    ) -> Result<Instance> {
        if let Some(start) = self.start_function(store.0) {
            store.0.count_start(start.import.is_some())?;
            start.call_async(store).await?;
        }
        Ok(self)
    }

    /// The instance that keeps a number as its user data; `None` for an instance that could not be
    /// made.
    pub(crate) fn from_user_data(store: &StoreOpaque, number: usize) -> Option<Self> {
        Some(Instance { store: store.id(), number: number.checked_sub(1)? })
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    /// The instance's place in the store's list.
    #[cfg(feature = "debug")]
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// The module.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    #[cfg(feature = "debug")]
    pub(crate) fn module_in<'a>(&self, store: &'a StoreOpaque) -> &'a Module {
        &self.entry(store).module
    }

    /// The instance's place in the store's list.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub(crate) fn number_in(&self, store: &StoreOpaque) -> usize {
        self.store.assert_is(store.id());
        self.number
    }

    /// The module.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn module<'a, T: 'static>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a Module {
        let store: StoreContext<'a, T> = store.into();
        &self.entry(store.0).module
    }

    /// The exports, in the order of the binary.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn exports<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> impl ExactSizeIterator<Item = Export<'a>> + 'a {
        let store: StoreContextMut<'a, T> = store.into();
        let store: &'a mut StoreOpaque = store.0;
        let artifact = self.entry(store).module.artifact().clone();
        let indices: Vec<_> =
            artifact.exports().filter_map(|export| Some(export.ok()?.index)).collect();
        let items: Vec<_> = indices.into_iter().map(|index| self.item(store, index)).collect();
        let names = self
            .entry(store)
            .module
            .artifact()
            .exports()
            .filter_map(|export| Some(export.ok()?.name));
        let exports: Vec<_> =
            names.zip(items).filter_map(|(name, item)| Some(Export::new(name, item?))).collect();
        exports.into_iter()
    }

    /// An export.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_export(&self, mut store: impl AsContextMut, name: &str) -> Option<Extern> {
        let store = store.as_context_mut();
        let index = self.entry(store.0).module.artifact().export(name)?.index;
        self.item(store.0, index)
    }

    /// An export that was looked up by name in the module before. `None` if it is of another
    /// module.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_module_export(
        &self,
        mut store: impl AsContextMut,
        export: &ModuleExport,
    ) -> Option<Extern> {
        let store = store.as_context_mut();
        if !Module::same(&self.entry(store.0).module, &export.module) {
            return None;
        }
        self.item(store.0, export.index)
    }

    /// An exported function; `None` if there is none, or the export is something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// An exported function with static types.
    ///
    /// # Errors
    ///
    /// If there is no such function, or it is of another type. The error names both types.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_typed_func<Params, Results>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<Params, Results>>
    where
        Params: WasmParams,
        Results: WasmResults,
    {
        let func = self
            .get_export(store.as_context_mut(), name)
            .with_context(|| self.no_export(&store, name))?
            .into_func()
            .with_context(|| format!("export `{}` was not a function", Escaped::new(name)))?;
        func.typed::<Params, Results>(store.as_context()).with_context(|| {
            format!("failed to convert function `{}` to given type", Escaped::new(name))
        })
    }

    /// An exported table; `None` if there is none, or the export is something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// An exported memory; `None` if there is none, or the export is something else, like a shared
    /// memory.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// An exported memory that is shared; `None` if there is none, or the export is something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_shared_memory(&self, store: impl AsContextMut, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// An exported global; `None` if there is none, or the export is something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// An exported tag; `None` if there is none, or the export is something else.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_tag(&self, store: impl AsContextMut, name: &str) -> Option<Tag> {
        self.get_export(store, name)?.into_tag()
    }

    fn no_export(&self, store: impl AsContext, name: &str) -> String {
        let store = store.as_context();
        let module = &self.entry(store.0).module;
        let names = module.artifact().exports().filter_map(|export| Some(export.ok()?.name));
        let near = wasm_types::suggestions::misses(name, names);
        format!("failed to find function export `{}`{near}", Escaped::new(name))
    }

    fn entry<'a>(&self, store: &'a StoreOpaque) -> &'a InstanceEntry {
        self.store.assert_is(store.id());
        &store.instances[self.number]
    }

    /// The handle of an item, by its index; `None` if there is none, or the artifact is damaged.
    pub(crate) fn item(&self, store: &mut StoreOpaque, index: EntityIndex) -> Option<Extern> {
        self.store.assert_is(store.id());
        let InstanceEntry { vm, module } = &store.instances[self.number];
        let mut vm = *vm;
        // SAFETY: the instance lives as long as its store, which is borrowed exclusively.
        let vm = unsafe { vm.as_mut() };
        if let EntityIndex::Func(func) = index {
            // The record of a function knows its type.
            let func = vm.func(func).ok()?;
            return Some(Func::from_vm(store, func).into());
        }
        Some(match (index, module.canonical_type(index)?) {
            (EntityIndex::Table(table), CanonicalType::Table(ty)) => {
                Table::from_vm(store, vm.table(table), ty.element).into()
            }
            (EntityIndex::Memory(memory), _) => {
                let memory = vm.memory(memory);
                // SAFETY: a memory lives as long as its store.
                match unsafe { memory.as_ref() }.shared() {
                    Some(shared) => SharedMemory::from_vm(store.engine(), shared).into(),
                    None => Memory::from_vm(store, memory).into(),
                }
            }
            (EntityIndex::Global(global), CanonicalType::Global(ty)) => {
                Global::from_vm(store, vm.global(global), ty).into()
            }
            (EntityIndex::Tag(tag), _) => Tag::from_vm(store, vm.tag(tag)).into(),
            _ => return None,
        })
    }
}

/// Checks that the item that an import is bound to has the right type.
pub(crate) fn check_import(
    module: &Module,
    place: usize,
    wanted: &CanonicalType,
    provided: &CanonicalType,
) -> Result<()> {
    matching::import(module.engine(), wanted, provided).with_context(|| {
        match module.artifact().import_at(place as u32) {
            Ok(import) => {
                let (module, name) = (Escaped::new(import.module), Escaped::new(import.name));
                format!("incompatible import type for `{module}::{name}`")
            }
            Err(_) => format!("incompatible import type for import {place}"),
        }
    })
}

/// Counts what an instance needs against the store's limits.
fn reserve<T: 'static>(store: &mut StoreInner<T>, module: &Module) -> Result<()> {
    let artifact = module.artifact();
    let counts = artifact.counts();
    let (store, host) = store.opaque_and_host();
    let tables = (counts.tables - counts.imported_tables) as usize;
    let memories = (counts.memories - counts.imported_memories) as usize;
    store.count_instance(tables, memories)?;
    let clamp = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let mut room = store.vm.room();
    for number in counts.imported_memories..counts.memories {
        let ty = artifact.memory(wasm_types::MemoryIndex::new(number))?;
        let bytes = |pages: u64| clamp(ty.bytes_of(pages).unwrap_or(u64::MAX));
        if !host.memory_growing(0, bytes(ty.minimum), ty.maximum.map(bytes))? {
            let what = format!("memory minimum size of {} pages exceeds memory limits", ty.minimum);
            return Err(Error::msg(host.refusal()).context(what));
        }
        room.take(bytes(ty.minimum), Wanted::Memory)?;
    }
    for number in counts.imported_tables..counts.tables {
        let ty = artifact.table(wasm_types::TableIndex::new(number))?;
        if !host.table_growing(0, clamp(ty.minimum), ty.maximum.map(clamp))? {
            let what =
                format!("table minimum size of {} elements exceeds table limits", ty.minimum);
            return Err(Error::msg(host.refusal()).context(what));
        }
        room.take(table_bytes(ty.minimum), Wanted::Table)?;
    }
    Ok(())
}
