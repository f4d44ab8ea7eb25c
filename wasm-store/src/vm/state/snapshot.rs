//! The state of instances at rest: taking it, and putting it back in the store that it was taken
//! from.
//!
//! A state holds what a call can change: memories and tables with their sizes, globals, and which
//! segments were dropped. References to functions in it are the words that compiled code sees,
//! which are valid in this store only; `names` says what they refer to, for other stores
//! ([`fork`](super::fork)). References into the heap are those of an image of everything there
//! that the state refers to (`held`). The objects themselves are kept alive, so that each gets back
//! what it held, and is the same to all who refer to it.

#![allow(unsafe_code)]

mod capture;
mod held;
mod names;
mod portable;

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use wasm_types::{ElemIndex, GlobalIndex, TagIndex};

pub(in crate::vm) use capture::is_function;
use held::Held;
pub(crate) use names::{FuncName, Names, TagName};

use crate::Error;
use crate::vm::instance::VmInstance;
use crate::vm::instantiate::VmImport;
use crate::vm::memory::{MemoryContents, VmMemory};
use crate::vm::module::VmModule;
use crate::vm::store::VmStore;
use crate::vm::table::{VmTable, holds_functions};
use crate::vm::value::ValRaw;

/// What happens to a memory, table or mutable global that an instance imports from outside of the
/// set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum VmOutside {
    /// It is an error.
    Refuse,
    /// It is no part of the state.
    LeaveOut,
    /// It is part of the state.
    Include,
}

/// What an import of an instance is bound to, in terms of the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// Something outside of the state.
    Outside,
    /// A function of an instance of the state.
    Func(FuncName),
    /// A memory of the state, by its number.
    Memory(usize),
    /// A table of the state, by its number.
    Table(usize),
    /// A global that an instance of the state defines.
    Global(usize, GlobalIndex),
    /// A global of the state that none of its instances defines, by its number.
    OtherGlobal(usize),
    /// A tag that an instance of the state defines.
    Tag(usize, TagIndex),
}

/// The state of an instance.
#[derive(Debug)]
pub(crate) struct InstanceState {
    instance: NonNull<VmInstance>,
    pub(crate) module: Arc<VmModule>,
    /// The values of the globals that it defines.
    pub(crate) globals: Box<[ValRaw]>,
    pub(crate) dropped_elements: Box<[bool]>,
    pub(crate) dropped_data: Box<[bool]>,
    /// The elements of segments that were made with the instance.
    pub(crate) made_elements: Vec<(ElemIndex, Box<[u64]>)>,
    /// The memories that it defines, by their numbers in the state.
    pub(crate) memories: Range<usize>,
    /// The tables that it defines, by their numbers in the state.
    pub(crate) tables: Range<usize>,
    /// What its imports are bound to; empty if the state has no names.
    pub(crate) imports: Box<[Source]>,
    /// Whether the instance is incomplete because an earlier state could be put back only in part.
    lost: bool,
}

/// A memory's part of a state.
#[derive(Debug)]
pub(crate) struct MemoryState {
    memory: NonNull<VmMemory>,
    pub(crate) contents: MemoryContents,
    /// The type that the memory was declared with.
    pub(crate) ty: wasm_types::MemoryType,
    /// Whether the memory was emptied and does not hold what it should.
    given_up: bool,
}

/// A table's part of a state.
#[derive(Debug)]
pub(crate) struct TableState {
    table: NonNull<VmTable>,
    pub(crate) slots: Box<[u64]>,
    /// The type that the table was declared with.
    pub(crate) ty: wasm_types::TableType,
}

/// The state of a global that no instance of the state defines.
#[derive(Debug)]
pub(crate) struct OtherGlobal {
    global: NonNull<ValRaw>,
    pub(crate) value: ValRaw,
    /// The type of its value, as a module that imports it says; `None` if none does.
    pub(crate) ty: Option<wasm_types::ValType>,
    /// Whether it holds references into the heap.
    pub(crate) collected: bool,
}

/// The state of instances of one store.
#[derive(Debug)]
pub(crate) struct VmState {
    pub(crate) instances: Box<[InstanceState]>,
    /// The memories that instances of the state define, in the order of these instances, and then
    /// the others.
    pub(crate) memories: Box<[MemoryState]>,
    /// The tables, in the same order.
    pub(crate) tables: Box<[TableState]>,
    /// The globals that no instance of the state defines.
    pub(crate) globals: Box<[OtherGlobal]>,
    /// What references to functions refer to; `None` if it was not requested.
    pub(crate) names: Option<Names>,
    /// The objects that the state refers to. In it, references into the heap are those of their
    /// image.
    pub(crate) held: Held,
}

// SAFETY: the pointers are only followed with a borrow of the store that they belong to, or lead to
// types, which never change and live as long as the engine; everything else is plain data.
unsafe impl Send for VmState {}
// SAFETY: as above.
unsafe impl Sync for VmState {}

impl VmState {
    /// Makes room for putting the state back, as far as that is possible without changing anything.
    ///
    /// # Safety
    ///
    /// As for [`put_back`](Self::put_back).
    pub(crate) unsafe fn make_room(&self, _store: &mut VmStore) -> Result<(), Error> {
        for TableState { table, slots, .. } in &self.tables {
            // SAFETY: tables live as long as the store, and are not borrowed, as the caller
            // promises.
            unsafe { (*table.as_ptr()).make_room(slots.len())? };
        }
        Ok(())
    }

    /// Restores everything to what it was when the state was taken, after
    /// [`make_room`](Self::make_room). Instances made since then are halted if their imports have
    /// become too small.
    ///
    /// An error means that the machine failed. All memories of the state are empty then. Its
    /// instances, and all others that have one of these memories, are halted until a complete state
    /// of theirs is put back.
    ///
    /// # Safety
    ///
    /// The state is of this store, which is at rest; nothing borrows what belongs to it.
    pub(crate) unsafe fn put_back(&self, store: &mut VmStore) -> Result<(), Error> {
        // SAFETY: what the state refers to lives as long as the store, and is not borrowed, as the
        // caller promises.
        unsafe {
            let resized = self.sizes_differ();
            let memories =
                self.memories.iter().try_for_each(|MemoryState { memory, contents, .. }| {
                    (*memory.as_ptr()).put_back(contents)
                });
            if let Err(error) = memories {
                self.instances.iter().for_each(|state| (*state.instance.as_ptr()).lost = true);
                self.memories.iter().for_each(|state| (*state.memory.as_ptr()).give_up());
                store.follow_sizes();
                return Err(error);
            }
            // Whatever was lost is there again, unless the state lacks it too.
            let mut healed = false;
            for InstanceState { instance, lost, .. } in &self.instances {
                healed |= std::mem::replace(&mut (*instance.as_ptr()).lost, *lost) != *lost;
            }
            for MemoryState { memory, given_up, .. } in &self.memories {
                let was = std::mem::replace(&mut (*memory.as_ptr()).given_up, *given_up);
                healed |= was != *given_up;
            }
            let Held { image, group, .. } = &self.held;
            if let Some(group) = group {
                store.gc.put_back(image, group);
            }
            let objects = self.held.objects(store);
            for TableState { table, slots, ty, .. } in &self.tables {
                (*table.as_ptr()).put_back(slots);
                if !holds_functions(ty) {
                    (*table.as_ptr()).translate(|it| image.reference(objects, it));
                }
            }
            if resized || healed {
                store.follow_sizes();
            }
            let objects = self.held.objects(store);
            for OtherGlobal { global, value, collected, .. } in &self.globals {
                global.write(match collected {
                    true => ValRaw::from_u64(image.reference(objects, value.u64)),
                    false => *value,
                });
            }
            for state in &self.instances {
                let instance = &mut *state.instance.as_ptr();
                if let Some(first) = instance.defined_globals() {
                    first
                        .as_ptr()
                        .copy_from_nonoverlapping(state.globals.as_ptr(), state.globals.len());
                }
                for global in state.module.collected_globals() {
                    let place = instance.global(*global);
                    let reference = image.reference(objects, place.read().u64);
                    place.write(ValRaw::from_u64(reference));
                }
                instance.dropped_elements.copy_from_slice(&state.dropped_elements);
                instance.dropped_data.copy_from_slice(&state.dropped_data);
                instance.made_elements.clone_from(&state.made_elements);
                for (_, elements) in &mut instance.made_elements {
                    for element in elements {
                        *element = image.reference(objects, *element);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a memory or table has another size than in the state.
    ///
    /// # Safety
    ///
    /// As for [`put_back`](Self::put_back).
    unsafe fn sizes_differ(&self) -> bool {
        // SAFETY: as the caller promises.
        unsafe {
            let memory = |it: &MemoryState| it.memory.as_ref().byte_size() != it.contents.len();
            let table = |it: &TableState| it.table.as_ref().size() != it.slots.len() as u64;
            self.memories.iter().any(memory) || self.tables.iter().any(table)
        }
    }

    /// The instance that defines a table of the state, by their numbers; `None` for a table of the
    /// host.
    pub(crate) fn definer_of_table(&self, table: usize) -> Option<usize> {
        // Each instance's tables follow those of the instance before.
        let definer = self.instances.partition_point(|instance| instance.tables.end <= table);
        self.instances.get(definer)?.tables.contains(&table).then_some(definer)
    }

    /// Checks that what an instance of the state imports from others in the state is as large as
    /// its module declares.
    pub(crate) fn check_own_sizes(&self) -> Result<(), Error> {
        for InstanceState { module, imports, .. } in &self.instances {
            for import in module.sized_imports() {
                let size = match imports.get(import.place) {
                    Some(Source::Table(number)) => self.tables[*number].slots.len() as u64,
                    Some(Source::Memory(number)) => {
                        let MemoryState { contents, ty, .. } = &self.memories[*number];
                        ty.pages_of(contents.len() as u64)
                    }
                    _ => continue,
                };
                module.check_size(import, size)?;
            }
        }
        Ok(())
    }

    /// Checks what replaces imports from outside of the state, instance by instance, as
    /// [`VmModule::check_sizes`] does.
    ///
    /// # Safety
    ///
    /// As for [`VmModule::check_sizes`].
    pub(crate) unsafe fn check_outside_sizes(
        &self,
        outside: &[Vec<VmImport>],
    ) -> Result<(), Error> {
        for (InstanceState { module, imports, .. }, outside) in self.instances.iter().zip(outside) {
            let sized = module.sized_imports();
            let is_outside = |source: &(usize, &Source)| *source.1 == Source::Outside;
            let places = imports.iter().enumerate().filter(is_outside);
            for ((place, _), item) in places.zip(outside) {
                if let Ok(found) = sized.binary_search_by_key(&place, |import| import.place) {
                    // SAFETY: as the caller promises.
                    unsafe { module.check_item(&sized[found], *item)? };
                }
            }
        }
        Ok(())
    }
}

impl VmInstance {
    /// The address of the values of the globals that the instance defines, one after another;
    /// `None` if it defines none.
    pub(in crate::vm) fn defined_globals(&self) -> Option<NonNull<ValRaw>> {
        let counts = self.module().loaded.artifact().counts();
        (counts.globals > counts.imported_globals)
            .then(|| self.global(GlobalIndex::new(counts.imported_globals)))
    }
}
