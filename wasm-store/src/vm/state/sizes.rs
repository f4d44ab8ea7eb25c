//! Sizes of imported tables and memories: what importers take for granted of them, and what happens
//! to importers when it no longer holds.
//!
//! A module declares a minimum size for each table and memory that it imports, and its code may
//! have the size of a table as a constant (see [`wasm_types::assumptions`]). Sizes are checked when
//! imports are bound. After that only one thing makes a table or memory smaller: putting back a
//! state from before it grew. Instances that were made in between, and whose imports are then too
//! small, are **halted**. The records of references and of imports by which their code is entered
//! from elsewhere then lead to code that fails. So calls cost nothing for this, and what the
//! records held before can be restored exactly: once the imports are large enough again, the
//! instances run again. One case is left. Code that is on the stack at that time may have loaded
//! the address of the failing code into a register. Until it returns it calls that, and gets an
//! error that says so.
//!
//! An instance is also halted if its state, or that of a memory that it has, could be put back only
//! in part.

#![allow(unsafe_code)]

use std::any::Any;
use std::collections::BTreeMap;
use std::ptr::NonNull;

use wasm_types::Escaped;
use wasm_types::abi::context;
use wasm_types::assumptions::size_is_met;
use wasm_types::{EntityIndex, EntityType, FuncIndex};

use crate::Error;
use crate::vm::arch::{builtin_thunk, raise};
use crate::vm::context::{FuncRef, ImportRecord, VMContext};
use crate::vm::instance::VmInstance;
use crate::vm::instantiate::VmImport;
use crate::vm::module::VmModule;
use crate::vm::store::VmStore;
use crate::vm::unwind::Unwind;

/// An import of a table or memory.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct SizedImport {
    /// Its position among all imports.
    pub(in crate::vm) place: usize,
    pub(in crate::vm) index: EntityIndex,
    /// The minimum size that its importer takes for granted, in elements or pages.
    minimum: u64,
}

impl SizedImport {
    /// An import of the module; `None` if it has no size.
    pub(in crate::vm) fn of(place: usize, index: EntityIndex, ty: EntityType) -> Option<Self> {
        let minimum = match ty {
            EntityType::Table(ty) => ty.minimum,
            EntityType::Memory(ty) => ty.minimum,
            _ => return None,
        };
        Some(Self { place, index, minimum })
    }
}

impl VmModule {
    /// Checks the size of what is bound to an import of the module.
    pub(in crate::vm) fn check_size(&self, import: &SizedImport, size: u64) -> Result<(), Error> {
        match size_is_met(import.minimum, size) {
            true => Ok(()),
            false => Err(self.too_small(import, size)),
        }
    }

    /// The name of the import in errors.
    fn import_name(&self, import: &SizedImport) -> String {
        match self.loaded.artifact().import_at(import.place as u32) {
            Ok(import) => {
                let (module, name) = (Escaped::new(import.module), Escaped::new(import.name));
                format!("`{module}::{name}`")
            }
            Err(_) => format!("import {}", import.place),
        }
    }

    fn too_small(&self, import: &SizedImport, size: u64) -> Error {
        let (what, unit) = match import.index {
            EntityIndex::Memory(_) => ("memory", "page(s)"),
            _ => ("table", "element(s)"),
        };
        Error::msg(format!(
            "incompatible import type for {}: the {what} has {size} {unit} now, the module requires at \
             least {}; going back to an earlier state has made it smaller",
            self.import_name(import),
            import.minimum
        ))
    }

    /// Checks that tables and memories are as large as the module's imports declare.
    ///
    /// # Safety
    ///
    /// What is to be bound lives, and nothing borrows it.
    pub(crate) unsafe fn check_sizes(&self, imports: &[VmImport]) -> Result<(), Error> {
        for import in self.sized_imports() {
            if let Some(item) = imports.get(import.place) {
                // SAFETY: as the caller promises.
                unsafe { self.check_item(import, *item)? };
            }
        }
        Ok(())
    }

    /// Checks the item that an import is to be bound to.
    ///
    /// # Safety
    ///
    /// As for [`check_sizes`](Self::check_sizes).
    pub(in crate::vm) unsafe fn check_item(
        &self,
        import: &SizedImport,
        item: VmImport,
    ) -> Result<(), Error> {
        // SAFETY: as the caller promises.
        let size = unsafe {
            match item {
                VmImport::Table(table) => table.as_ref().size(),
                VmImport::Memory(memory) if memory.as_ref().given_up => {
                    return Err(Error::msg(format!(
                        "the memory for {} is empty, since an earlier state of it could not be put back: \
                         restore a snapshot of it first",
                        self.import_name(import)
                    )));
                }
                VmImport::Memory(memory) => memory.as_ref().pages(),
                _ => return Ok(()),
            }
        };
        self.check_size(import, size)
    }
}

/// Why an instance can't run.
enum Obstacle<'a> {
    /// It has only what was left after a state could not be put back.
    Lost,
    /// An import is too small: the address of what it is bound to, and its size.
    Small { import: &'a SizedImport, item: usize, size: u64 },
}

impl VmInstance {
    /// Whether the instance, or a memory that it has, is only what was left after a state could not
    /// be put back.
    pub(in crate::vm) fn has_lost(&self) -> bool {
        // SAFETY: memories live as long as the instances that have them; nothing borrows them
        // exclusively while the store is at rest, or while code of the instance is entered.
        self.lost || self.memories.iter().any(|memory| unsafe { memory.as_ref() }.given_up)
    }

    /// Why the instance can't run, if it can't.
    fn obstacle(&self) -> Option<Obstacle<'_>> {
        if self.has_lost() {
            return Some(Obstacle::Lost);
        }
        self.module().sized_imports().iter().find_map(|import| {
            // An instance whose making failed may lack items. Its code does not reach them.
            // SAFETY: as above.
            let (item, size) = unsafe {
                match import.index {
                    EntityIndex::Table(table) => {
                        let table = self.tables.get(table.index())?;
                        (table.addr().get(), table.as_ref().size())
                    }
                    EntityIndex::Memory(memory) => {
                        let memory = self.memories.get(memory.index())?;
                        (memory.addr().get(), memory.as_ref().pages())
                    }
                    _ => return None,
                }
            };
            (!size_is_met(import.minimum, size)).then_some(Obstacle::Small { import, item, size })
        })
    }

    /// The error that explains an obstacle.
    fn explain(&self, obstacle: &Obstacle<'_>) -> Error {
        match obstacle {
            Obstacle::Lost => Error::msg(
                "the instance has lost its state: an earlier one could be put back only in part",
            ),
            Obstacle::Small { import, size, .. } => self.module().too_small(import, *size),
        }
    }

    /// The code that a reference to a function leads to.
    pub(in crate::vm) fn entry_code(
        &self,
        func: FuncIndex,
    ) -> Result<*const u8, wasm_artifact::Error> {
        if let Some(code) = self.halted {
            return Ok(code);
        }
        let imported = self.module().loaded.artifact().counts().imported_functions;
        let defined = wasm_types::DefinedFuncIndex::new(func.as_u32() - imported);
        self.module().loaded.function_ptr(defined)
    }

    /// Makes references to the instance's functions lead to their code, or to code that fails in
    /// their place.
    unsafe fn set_halted(&mut self, halted: bool) {
        self.halted = halted.then_some(thunk::halted as *const u8);
        let artifact = self.module().loaded.artifact();
        let code = |func| self.entry_code(func).unwrap_or(thunk::halted as *const u8);
        for slot in 0..artifact.counts().escaping_functions {
            // SAFETY: the layout has a record for each escaping function.
            let record = unsafe { self.at::<FuncRef>(self.module().layout.func_ref(slot)) };
            // SAFETY: as above. The records of references that were never used are zero, and are
            // made on first use.
            unsafe {
                if !(*record).code.is_null() {
                    // A function that is not known because the artifact is damaged does not run
                    // either.
                    let func = artifact.escaping_function(slot);
                    (*record).code = func.map_or(thunk::halted as *const u8, code);
                }
            }
        }
        let codes: Vec<_> = self.inner_refs.iter().map(|inner| code(inner.func)).collect();
        for (inner, code) in self.inner_refs.iter_mut().zip(codes) {
            inner.func_ref.code = code;
        }
    }

    /// The records of imports that are bound to functions of other instances, or were never bound.
    unsafe fn function_imports(&self) -> impl Iterator<Item = NonNull<ImportRecord>> {
        (0..self.module().loaded.artifact().counts().imported_functions).filter_map(|index| {
            let offset = self.module().layout.imported_function(FuncIndex::new(index));
            // SAFETY: the layout gives places within the context; what an import is bound to lives
            // as long as the store. Records of the host's functions stay as they are.
            unsafe {
                let record = NonNull::new(self.at::<ImportRecord>(offset))?;
                let func = NonNull::new(record.as_ref().func_ref)?;
                (!func.as_ref().is_host()).then_some(record)
            }
        })
    }
}

/// What a store knows of instances that can't run until something grows. Programs that never put
/// back a state contain no code for it.
#[derive(Debug, Default)]
pub(in crate::vm) struct Waiting {
    /// [`Lists`], once a state was put back that may have made something smaller.
    lists: Option<Box<dyn Any>>,
    /// The function that checks them when something grows; `None` if no instance waits for that.
    let_run: Option<unsafe fn(&mut VmStore, usize, u64)>,
}

/// The instances that can't run until something grows, and the importers of their functions.
#[derive(Debug, Default)]
struct Lists {
    /// By the address of the table or memory that is too small, and the size that it has to reach.
    by_size: BTreeMap<(usize, u64), Vec<NonNull<VmInstance>>>,
    /// The imports of Wasm functions, by the context of the instance that defines the function.
    importers: BTreeMap<usize, Vec<NonNull<ImportRecord>>>,
    /// How many instances' imports are in that list. Imports are never bound to anything else
    /// later.
    known: usize,
}

impl VmStore {
    /// Lets instances run again whose imports have grown enough. To be called whenever the size of
    /// a table or memory has changed, with its address and size.
    ///
    /// Each instance is checked once for each of its imports, however often things grow.
    ///
    /// # Safety
    ///
    /// Nothing borrows what belongs to the store.
    #[inline]
    pub(crate) unsafe fn has_grown(&mut self, item: usize, size: u64) {
        if let Some(let_run) = self.waiting.let_run {
            // SAFETY: as the caller promises; nothing has become smaller.
            unsafe { let_run(self, item, size) }
        }
    }

    #[cold]
    unsafe fn let_run(&mut self, item: usize, size: u64) {
        // SAFETY: as the caller promises; instances live as long as their store.
        self.with_lists(|lists, instances| unsafe {
            let first = |map: &BTreeMap<(usize, u64), _>| {
                map.range((item, 0)..=(item, size)).next().map(|(key, _)| *key)
            };
            while let Some(key) = first(&lists.by_size) {
                for instance in lists.by_size.remove(&key).unwrap_or_default() {
                    lists.look_at(instance, instances);
                }
            }
        });
    }

    /// Halts the instances that can't run, and lets those run that can again. To be called whenever
    /// something may have become smaller, or has lost its state or regained it.
    ///
    /// # Safety
    ///
    /// Nothing borrows what belongs to the store, which is at rest.
    #[cold]
    pub(in crate::vm) unsafe fn follow_sizes(&mut self) {
        // SAFETY: as the caller promises; instances live as long as their store.
        self.with_lists(|lists, instances| unsafe {
            lists.by_size.clear();
            instances.iter().for_each(|instance| lists.look_at(*instance, instances));
        });
    }

    /// Calls a function with the lists, and the instances of the store.
    fn with_lists(&mut self, run: impl FnOnce(&mut Lists, &[NonNull<VmInstance>])) {
        let lists = self.waiting.lists.take().and_then(|lists| lists.downcast().ok());
        let mut lists: Box<Lists> = lists.unwrap_or_default();
        run(&mut lists, self.instances());
        self.waiting.let_run = (!lists.by_size.is_empty()).then_some(Self::let_run);
        self.waiting.lists = Some(lists);
    }
}

impl Lists {
    /// Halts an instance or lets it run, as its imports require, and updates all importers of its
    /// functions.
    ///
    /// # Safety
    ///
    /// As for [`VmStore::follow_sizes`]; `all` are all instances of that store.
    unsafe fn look_at(&mut self, instance: NonNull<VmInstance>, all: &[NonNull<VmInstance>]) {
        // SAFETY: as the caller promises.
        unsafe {
            let halted = match instance.as_ref().obstacle() {
                None => false,
                Some(Obstacle::Small { import, item, .. }) => {
                    let key = (item, import.minimum);
                    self.by_size.entry(key).or_default().push(instance);
                    true
                }
                // Growth helps with neither.
                Some(Obstacle::Lost) => true,
            };
            if halted != instance.as_ref().halted.is_some() {
                (*instance.as_ptr()).set_halted(halted);
                self.update_importers(instance, all);
            }
        }
    }

    /// Makes imports of an instance's functions lead to the same code as references to them.
    ///
    /// # Safety
    ///
    /// As for [`look_at`](Self::look_at).
    unsafe fn update_importers(
        &mut self,
        instance: NonNull<VmInstance>,
        all: &[NonNull<VmInstance>],
    ) {
        // SAFETY: as the caller promises.
        unsafe {
            for importer in all.get(self.known..).unwrap_or_default() {
                for record in importer.as_ref().function_imports() {
                    let definer = (*record.as_ref().func_ref).context.addr();
                    self.importers.entry(definer).or_default().push(record);
                }
            }
            self.known = all.len();
            let definer = instance.as_ref().vmctx().addr();
            for record in self.importers.get(&definer).into_iter().flatten() {
                let func = record.as_ref().func_ref;
                (*record.as_ptr()).code = (*func).code;
            }
        }
    }
}

mod thunk {
    super::builtin_thunk!(halted, super::halted);
}

/// The code that is called in place of a function of an instance that can't run. It is called like
/// a builtin, with the context that all functions get as their first argument. It never returns.
unsafe extern "C" fn halted(context: *mut VMContext) -> ! {
    // SAFETY: the context is that of a live instance, which nothing borrows while Wasm runs.
    unsafe {
        debug_assert_eq!((*context).magic, context::MAGIC_VALUE);
        let instance = &*(*context).instance;
        let error = match instance.obstacle() {
            Some(obstacle) => {
                instance.explain(&obstacle).context("the instance can't run any more")
            }
            // Code may keep what it has loaded from an import until it returns.
            None => Error::msg(
                "code that was entered before the imports of an instance were large enough again can't call the \
                 instance: return to the host first",
            ),
        };
        VmStore::fail((*context).store, Unwind::Error(error));
        raise((*context).store)
    }
}
