//! Sizes of imported tables and memories: what importers take for granted of them, and what becomes of those for whom
//! it is no longer so.
//!
//! A module declares how large what it imports is at least, and its code may have the size of a table as a constant
//! (see [`wasm_types::assumptions`]). Sizes are looked at when imports are bound. After that nothing makes a table or
//! memory smaller but putting back a state of before it grew. Instances that were made in between and whose
//! imports are then too small are **halted**: wherever their code is entered from elsewhere, by records of references
//! and of imports, there is code that fails instead. So calls cost nothing for it, and what was there before them is
//! put back exactly as it was. Once their imports are as large again, they run again.
//!
//! An instance is also halted whose state could be put back only in part.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::Escaped;
use wasm_types::abi::context;
use wasm_types::assumptions::size_is_met;
use wasm_types::{EntityIndex, FuncIndex};

use super::context::{FuncRef, ImportRecord, VMContext};
use super::instance::VmInstance;
use super::instantiate::VmImport;
use super::module::VmModule;
use super::store::VmStore;
use super::thunks::{builtin_thunk, raise};
use super::unwind::Unwind;
use crate::Error;

/// An import of a table or memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizedImport {
    /// Its place among all imports.
    pub(super) place: usize,
    pub(super) index: EntityIndex,
    /// The size that its importer takes for granted, in elements or pages.
    minimum: u64,
}

impl SizedImport {
    /// An import of the module; `None` if it has no size.
    pub(super) fn of(place: usize, import: &wasm_artifact::ImportRef<'_>) -> Option<Self> {
        let minimum = match import.ty {
            wasm_types::EntityType::Table(ty) => ty.minimum,
            wasm_types::EntityType::Memory(ty) => ty.minimum,
            _ => return None,
        };
        Some(Self { place, index: import.index, minimum })
    }
}

impl VmModule {
    /// Checks an import of the module that has a size.
    pub(super) fn check_size(&self, import: &SizedImport, size: u64) -> Result<(), Error> {
        if size_is_met(import.minimum, size) {
            return Ok(());
        }
        let (what, unit) = match import.index {
            EntityIndex::Memory(_) => ("memory", "page(s)"),
            _ => ("table", "element(s)"),
        };
        let name = match self.loaded.artifact().import_at(import.place as u32) {
            Ok(import) => {
                let (module, field) = (Escaped::new(import.module), Escaped::new(import.field));
                format!("`{module}::{field}`")
            }
            Err(_) => format!("import {}", import.place),
        };
        Err(Error::msg(format!(
            "incompatible import type for {name}: the {what} has {size} {unit} now, the module asks for at \
             least {}; going back to an earlier state has made it smaller",
            import.minimum
        )))
    }

    /// Checks that tables and memories are as large as the module declares its imports.
    ///
    /// # Safety
    ///
    /// What is to be bound lives, and nothing borrows it.
    pub(crate) unsafe fn check_sizes(&self, imports: &[VmImport]) -> Result<(), Error> {
        for import in self.sized_imports().map_err(Error::new)? {
            if let Some(item) = imports.get(import.place) {
                // SAFETY: as the caller promises.
                unsafe { self.check_item(import, *item)? };
            }
        }
        Ok(())
    }

    /// Checks what an import is to be bound to.
    ///
    /// # Safety
    ///
    /// As for [`check_sizes`](Self::check_sizes).
    pub(super) unsafe fn check_item(
        &self,
        import: &SizedImport,
        item: VmImport,
    ) -> Result<(), Error> {
        // SAFETY: as the caller promises.
        let size = unsafe {
            match item {
                VmImport::Table(table) => table.as_ref().size(),
                VmImport::Memory(memory) => memory.as_ref().pages(),
                _ => return Ok(()),
            }
        };
        self.check_size(import, size)
    }
}

impl VmInstance {
    /// Why the instance can't run, if it can't.
    fn obstacle(&self) -> Option<Error> {
        if self.lost {
            return Some(Error::msg(
                "the instance has lost its state: an earlier one could be put back only in part",
            ));
        }
        let imports = match self.module().sized_imports() {
            Ok(imports) => imports,
            Err(error) => return Some(Error::new(error)),
        };
        imports.iter().find_map(|import| {
            // What an instance has not got whose making failed, its code does not reach.
            // SAFETY: what an instance imports lives as long as it; nothing borrows it while the store is at rest,
            // or while code of the instance is entered.
            let size = unsafe {
                match import.index {
                    EntityIndex::Table(table) => self.tables.get(table.index())?.as_ref().size(),
                    EntityIndex::Memory(memory) => {
                        self.memories.get(memory.index())?.as_ref().pages()
                    }
                    _ => return None,
                }
            };
            self.module().check_size(import, size).err()
        })
    }

    /// The code that a reference to a function leads to.
    pub(super) fn entry_code(&self, func: FuncIndex) -> Result<*const u8, wasm_artifact::Error> {
        if self.halted {
            return Ok(thunk::halted as *const u8);
        }
        let imported = self.module().loaded.artifact().counts().imported_functions;
        let defined = wasm_types::DefinedFuncIndex::new(func.as_u32() - imported);
        self.module().loaded.function_ptr(defined)
    }

    /// Has references to the instance's functions lead to their code, or to what fails in their place.
    unsafe fn set_halted(&mut self, halted: bool) {
        self.halted = halted;
        let artifact = self.module().loaded.artifact();
        let code = |func| self.entry_code(func).unwrap_or(thunk::halted as *const u8);
        for slot in 0..artifact.counts().escaping_functions {
            // SAFETY: the layout has a record for each escaping function.
            let record = unsafe { self.at::<FuncRef>(self.module().layout.func_ref(slot)) };
            // SAFETY: as above; those that nobody asked for are zero, and are made when somebody does.
            unsafe {
                if !(*record).code.is_null()
                    && let Some(func) = artifact.escaping_function(slot)
                {
                    (*record).code = code(func);
                }
            }
        }
        let inner: Vec<_> = self.inner_refs.keys().map(|func| code(*func)).collect();
        for (func_ref, code) in self.inner_refs.values_mut().zip(inner) {
            func_ref.code = code;
        }
    }

    /// Has imports of functions lead to where references to them do.
    unsafe fn follow_imports(&self) {
        for index in 0..self.module().loaded.artifact().counts().imported_functions {
            let offset = self.module().layout.imported_function(FuncIndex::new(index));
            // SAFETY: the layout gives places within the context; what an import is bound to lives as long as the
            // store. Records of the host's functions stay as they are.
            unsafe {
                let record = self.at::<ImportRecord>(offset);
                if let Some(func) = NonNull::new((*record).func_ref)
                    && !func.as_ref().is_host()
                {
                    (*record).code = func.as_ref().code;
                }
            }
        }
    }
}

impl VmStore {
    /// Lets instances run again whose imports have grown enough. To be called whenever something has grown.
    ///
    /// # Safety
    ///
    /// Nothing borrows what belongs to the store.
    #[inline]
    pub(crate) unsafe fn has_grown(&mut self) {
        if self.halted > 0 {
            // SAFETY: as the caller promises; nothing has become smaller.
            unsafe { self.follow_sizes() }
        }
    }

    /// Halts the instances whose imports have become too small, and lets those run whose imports are as large as
    /// they have to be again. To be called whenever something may have changed its size.
    ///
    /// # Safety
    ///
    /// Nothing borrows what belongs to the store, which is at rest if something may have become smaller.
    #[cold]
    pub(super) unsafe fn follow_sizes(&mut self) {
        let (mut changed, mut count) = (false, 0);
        // SAFETY: as the caller promises; instances live as long as their store.
        unsafe {
            for instance in self.instances() {
                let instance = &mut *instance.as_ptr();
                let halted = instance.obstacle().is_some();
                count += usize::from(halted);
                if halted != instance.halted {
                    instance.set_halted(halted);
                    changed = true;
                }
            }
            self.halted = count;
            if changed {
                self.instances().iter().for_each(|it| it.as_ref().follow_imports());
            }
        }
    }
}

mod thunk {
    super::builtin_thunk!(halted, super::halted);
}

/// What is called in place of a function of an instance that can't run: as builtins are, with the context that all
/// functions get first. Never returns.
unsafe extern "C" fn halted(context: *mut VMContext) -> ! {
    // SAFETY: the context is that of a live instance, which nothing borrows while Wasm runs.
    unsafe {
        debug_assert_eq!((*context).magic, context::MAGIC_VALUE);
        let obstacle = (*(*context).instance).obstacle();
        let error = obstacle.unwrap_or_else(|| Error::msg("the artifact is damaged"));
        let error = error.context("the instance can't run any more");
        VmStore::fail((*context).store, Unwind::Error(error));
        raise((*context).store)
    }
}
