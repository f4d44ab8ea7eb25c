//! Instances made with the state of others, in another store.
//!
//! A [`Plan`] is a state in terms that hold in every store: words that mean the same everywhere,
//! and the targets of the references among them. It is made once for all forks. Table elements that
//! are what they were at the start are left to be filled in on first use, so that most tables are
//! copied as they are.

#![allow(unsafe_code)]

mod functions;

use std::collections::BTreeMap;
use std::ptr::NonNull;

use wasm_types::{DefinedTableIndex, GlobalIndex, MemoryIndex, TableIndex, ValType};

use functions::{object_functions, object_tags};

use super::snapshot::{FuncName, Names, Source, TagName, VmState, is_function};
use crate::Error;
use crate::vm::gc::{Placed, place_of};
use crate::vm::instance::VmInstance;
use crate::vm::instantiate::{VmImport, bind_imports};
use crate::vm::memory::VmMemory;
use crate::vm::room_for;
use crate::vm::store::VmStore;
use crate::vm::table::{VmTable, holds_functions};
use crate::vm::unwind::Unwind;
use crate::vm::value::ValRaw;

/// What an allocation was for, in errors.
const WHAT: &str = "what forks of a snapshot start from";

/// As above.
const FORK: &str = "a fork of a snapshot";

/// What a reference refers to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// A function of an instance of the state.
    Func(FuncName),
    /// An object of the heap, by the reference in the image of the state.
    Object(u64),
}

/// A list of words. The references among them are listed by position, and are 0 in the list.
#[derive(Debug)]
struct Words<W> {
    words: Box<[W]>,
    references: Vec<(usize, Target)>,
}

/// A state in terms that hold in every store.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The elements of each table of the state.
    tables: Box<[Words<u64>]>,
    /// The globals that each instance defines.
    globals: Box<[Words<ValRaw>]>,
    /// The globals that no instance of the state defines.
    others: Words<ValRaw>,
    /// The functions that objects refer to, by their numbers in the image.
    functions: BTreeMap<u32, FuncName>,
    /// The tags of exceptions, by their numbers in the image.
    tags: BTreeMap<u32, TagName>,
}

impl Plan {
    /// The plan of a state that has names.
    ///
    /// # Errors
    ///
    /// If the state has no names, a reference in it is to a function that no instance of it defines
    /// or imports, or an import of one of its instances is smaller than it has to be.
    pub(crate) fn new(state: &VmState) -> Result<Self, Error> {
        let Some(names) = &state.names else {
            return Err(Error::msg("a snapshot for a transaction can't be forked"));
        };
        state.check_own_sizes()?;
        let mut tables = room_for::with_room(state.tables.len(), WHAT)?;
        for (number, table) in state.tables.iter().enumerate() {
            let place = state.definer_of_table(number).map(|owner| {
                let state = &state.instances[owner];
                (owner, (number - state.tables.start) as u32)
            });
            let words = match holds_functions(&table.ty) {
                true => table_words(state, names, &table.slots, place)?,
                false => object_words(&table.slots)?,
            };
            tables.push(words);
        }
        let mut globals = room_for::with_room(state.instances.len(), WHAT)?;
        for (number, instance) in state.instances.iter().enumerate() {
            let artifact = instance.module.loaded.artifact();
            let first = artifact.counts().imported_globals;
            let typed = (first..).zip(&instance.globals).map(|(index, value)| {
                let ty = artifact.global(GlobalIndex::new(index))?.content;
                Ok((*value, Some(ty)))
            });
            let describe =
                |place| format!("global {} of instance {number}", first as usize + place);
            globals.push(global_words(names, typed, describe)?);
        }
        let others = state.globals.iter().map(|global| {
            // A reference that nobody reads is none.
            let is_unread = global.collected && global.ty.is_none();
            Ok((if is_unread { ValRaw::ZERO } else { global.value }, global.ty))
        });
        let others = global_words(names, others, |place| format!("global {place} of the host"))?;
        let functions = object_functions(state, names)?;
        let tags = object_tags(state, names)?;
        Ok(Self { tables: tables.into(), globals: globals.into(), others, functions, tags })
    }
}

/// The elements of a table of functions. `place` is the instance that defines it, and its number
/// there.
fn table_words(
    state: &VmState,
    names: &Names,
    slots: &[u64],
    place: Option<(usize, u32)>,
) -> Result<Words<u64>, Error> {
    let image = match place {
        Some((owner, defined)) => {
            let artifact = state.instances[owner].module.loaded.artifact();
            artifact.table_image(DefinedTableIndex::new(defined))?
        }
        None => None,
    };
    let (mut words, mut references) = (room_for::with_room(slots.len(), WHAT)?, Vec::new());
    for (number, &slot) in slots.iter().enumerate() {
        if slot == 0 || Names::is_null(slot) {
            words.push(slot);
            continue;
        }
        words.push(0);
        let Some(name) = names.of(slot) else {
            let table = match place {
                Some((owner, defined)) => {
                    let counts = state.instances[owner].module.loaded.artifact().counts();
                    format!("table {} of instance {owner}", counts.imported_tables + defined)
                }
                None => "a table of the host's".to_string(),
            };
            return Err(unnamed(&format!("element {number} of {table}")));
        };
        let initial = image.as_ref().map(|image| image.func(number as u64)).transpose()?.flatten();
        let is_initial = initial
            .zip(place)
            .is_some_and(|(func, (instance, _))| name == FuncName { instance, func });
        if !is_initial {
            room_for::push(&mut references, (number, Target::Func(name)), WHAT)?;
        }
    }
    Ok(Words { words: words.into(), references })
}

/// The elements of a table of references into the heap.
fn object_words(slots: &[u64]) -> Result<Words<u64>, Error> {
    let mut references = Vec::new();
    let mut words = room_for::copied(slots, WHAT)?;
    for (place, slot) in words.iter_mut().enumerate() {
        // An unboxed integer is the same everywhere.
        if place_of(*slot).is_some() {
            room_for::push(&mut references, (place, Target::Object(*slot)), WHAT)?;
            *slot = 0;
        }
    }
    Ok(Words { words, references })
}

/// Globals with their types. Those without a type belong to no instance; nobody reads them, so they
/// are copied as they are.
fn global_words(
    names: &Names,
    globals: impl Iterator<Item = Result<(ValRaw, Option<ValType>), Error>>,
    describe: impl Fn(usize) -> String,
) -> Result<Words<ValRaw>, Error> {
    let (mut words, mut references) = (Vec::new(), Vec::new());
    for (place, global) in globals.enumerate() {
        let (value, ty) = global?;
        // SAFETY: the value of a reference is its low 64 bits.
        let reference = unsafe { value.u64 };
        match ty {
            Some(ValType::Ref(_)) if reference == 0 => {
                room_for::push(&mut words, ValRaw::ZERO, WHAT)?
            }
            Some(ty) if is_function(ty) => {
                let name = names.of(reference).ok_or_else(|| unnamed(&describe(place)))?;
                room_for::push(&mut words, ValRaw::ZERO, WHAT)?;
                room_for::push(&mut references, (place, Target::Func(name)), WHAT)?;
            }
            Some(ty) if ty.is_collected() && place_of(reference).is_some() => {
                room_for::push(&mut words, ValRaw::ZERO, WHAT)?;
                room_for::push(&mut references, (place, Target::Object(reference)), WHAT)?;
            }
            _ => room_for::push(&mut words, value, WHAT)?,
        }
    }
    Ok(Words { words: words.into(), references })
}

fn unnamed(holder: &str) -> Error {
    Error::msg(format!(
        "{holder} refers to a function that no instance of the snapshot defines or imports, so that it has \
         no counterpart elsewhere; the snapshot can be restored in its own store"
    ))
}

impl VmStore {
    /// Makes instances with the state of others. `imports` has, for each instance, what replaces
    /// its imports from outside of the state, in order. `placed` are the objects of the state's
    /// image in this store, where collections are put off.
    ///
    /// # Safety
    ///
    /// The plan is that of the state. The imports fit, also by their sizes
    /// ([`VmState::check_outside_sizes`]), and are of this store; definitions of host functions
    /// live as long as it. The store is pinned.
    pub(crate) unsafe fn fork(
        &mut self,
        state: &VmState,
        plan: &Plan,
        imports: &[Vec<VmImport>],
        placed: &Placed<'_>,
    ) -> Result<Vec<NonNull<VmInstance>>, Error> {
        let mut fork = Fork {
            memories: room_for::filled(None, state.memories.len(), FORK)?,
            tables: room_for::filled(None, state.tables.len(), FORK)?,
            globals: room_for::with_room(plan.others.words.len(), FORK)?,
            instances: room_for::with_room(state.instances.len(), FORK)?,
        };
        let owned =
            state.instances.last().map_or((0, 0), |last| (last.memories.end, last.tables.end));
        for (number, memory) in state.memories.iter().enumerate().skip(owned.0) {
            fork.memories[number] = Some(self.new_memory_of(memory.ty, &memory.contents)?);
        }
        for (number, table) in state.tables.iter().enumerate().skip(owned.1) {
            let made = self.new_table(table.ty, 0)?;
            // SAFETY: just made.
            unsafe {
                let words = &plan.tables[number].words;
                (*made.as_ptr()).make_room(words.len())?;
                (*made.as_ptr()).put_back(words);
            }
            fork.tables[number] = Some(made);
        }
        for (value, global) in plan.others.words.iter().zip(&state.globals) {
            fork.globals.push(self.new_global(*value, global.collected));
        }
        // SAFETY: as the caller promises; nothing borrows what has just been made.
        unsafe {
            for (number, imports) in imports.iter().enumerate() {
                self.fork_instance(state, plan, number, imports, &mut fork)?;
            }
            let mut tags = BTreeMap::new();
            for (number, name) in &plan.tags {
                let tag = fork.instance(name.instance)?.as_ref().tag(name.tag);
                tags.insert(*number, self.number_of_tag(tag)?);
            }
            self.set_numbers(placed, &tags, |number| {
                let name = plan.functions.get(&number).ok_or_else(|| unnamed("an object"))?;
                fork.func(*name)
            })?;
            fork.refer(plan, placed)?;
            for (instance, state) in fork.instances.iter().zip(&state.instances) {
                let made = &mut (*instance.as_ptr()).made_elements;
                made.clone_from(&state.made_elements);
                for (_, elements) in made {
                    for element in elements {
                        *element = placed.reference(*element);
                    }
                }
            }
        }
        Ok(fork.instances)
    }

    /// Makes one of the instances, without its references.
    unsafe fn fork_instance(
        &mut self,
        state: &VmState,
        plan: &Plan,
        number: usize,
        imports: &[VmImport],
        fork: &mut Fork,
    ) -> Result<(), Error> {
        let module = &state.instances[number].module;
        let artifact = module.loaded.artifact();
        let counts = artifact.counts();
        let imports = fork.imports(&state.instances[number].imports, imports)?;
        self.count_instance()?;
        self.prepare_interruption(module)?;
        let pointer = VmInstance::new(self.context(), module)?;
        self.adopt_instance(pointer);
        // SAFETY: just made, and nothing borrows it.
        unsafe { self.enter_types(pointer)? };
        // SAFETY: just made. Tables and memories keep its address, and use it only after this
        // function.
        unsafe {
            bind_imports(pointer, module, &imports).map_err(|unwind| into_error(*unwind))?;
            let instance = &mut *pointer.as_ptr();
            let mut memories = std::mem::take(&mut instance.memories);
            for (place, memory) in state.instances[number].memories.clone().enumerate() {
                let index = MemoryIndex::new(counts.imported_memories + place as u32);
                let Ok(offset) = module.layout.memory(index) else {
                    unreachable!("a defined memory has a record")
                };
                let record = NonNull::new_unchecked(instance.at(offset));
                let taken = &state.memories[memory];
                let made = VmMemory::of_contents(taken.ty, &self.engine, record, &taken.contents)?;
                let made = self.adopt_memory(made);
                fork.memories[memory] = Some(made);
                memories.push(made);
            }
            instance.memories = memories;
            self.open_memory(instance, module)?;
            let mut tables = std::mem::take(&mut instance.tables);
            for (place, table) in state.instances[number].tables.clone().enumerate() {
                let index = counts.imported_tables + place as u32;
                let Ok(offset) = module.layout.table(TableIndex::new(index)) else {
                    unreachable!("a defined table has a record")
                };
                let record = NonNull::new_unchecked(instance.at(offset));
                let ty = artifact.table(TableIndex::new(index))?;
                let mut made = VmTable::new(ty, record, Some((pointer, index)), 0)?;
                made.make_room(plan.tables[table].words.len())?;
                made.put_back(&plan.tables[table].words);
                let made = self.adopt_table(made);
                fork.tables[table] = Some(made);
                tables.push(made);
            }
            instance.tables = tables;
            if let Some(first) = instance.defined_globals() {
                let words = &plan.globals[number].words;
                first.as_ptr().copy_from_nonoverlapping(words.as_ptr(), words.len());
            }
            instance.dropped_elements.copy_from_slice(&state.instances[number].dropped_elements);
            instance.dropped_data.copy_from_slice(&state.instances[number].dropped_data);
        }
        fork.instances.push(pointer);
        Ok(())
    }
}

fn into_error(unwind: Unwind) -> Error {
    match unwind {
        Unwind::Error(error) => error,
        other => Error::msg(format!("the imports could not be bound: {other:?}")),
    }
}

/// What was made so far, by the numbers that the items have in the state.
struct Fork {
    memories: Box<[Option<NonNull<VmMemory>>]>,
    tables: Box<[Option<NonNull<VmTable>>]>,
    globals: Vec<NonNull<ValRaw>>,
    instances: Vec<NonNull<VmInstance>>,
}

impl Fork {
    /// What the imports of an instance are bound to.
    unsafe fn import(&self, source: Source) -> Result<Option<VmImport>, Error> {
        let missing = || Error::msg("the snapshot has an instance before one that it imports from");
        Ok(Some(match source {
            Source::Outside => return Ok(None),
            // SAFETY: the caller promises that nothing borrows the instances.
            Source::Func(name) => unsafe { VmImport::Func(self.func(name)?) },
            Source::Memory(number) => VmImport::Memory(self.memories[number].ok_or_else(missing)?),
            Source::Table(number) => VmImport::Table(self.tables[number].ok_or_else(missing)?),
            Source::Global(instance, global) => {
                let instance = self.instances.get(instance).ok_or_else(missing)?;
                // SAFETY: as above.
                VmImport::Global(unsafe { instance.as_ref() }.global(global))
            }
            Source::OtherGlobal(number) => VmImport::Global(self.globals[number]),
            Source::Tag(instance, tag) => {
                let instance = self.instances.get(instance).ok_or_else(missing)?;
                // SAFETY: as above.
                VmImport::Tag(unsafe { instance.as_ref() }.tag(tag))
            }
        }))
    }

    fn imports(&self, sources: &[Source], outside: &[VmImport]) -> Result<Vec<VmImport>, Error> {
        let mut outside = outside.iter();
        let mut imports = room_for::with_room(sources.len(), FORK)?;
        for source in sources {
            // SAFETY: nothing borrows the instances.
            let import = match unsafe { self.import(*source)? } {
                Some(import) => import,
                None => *outside.next().ok_or_else(|| Error::msg("an import is not bound"))?,
            };
            imports.push(import);
        }
        Ok(imports)
    }

    fn instance(&self, number: usize) -> Result<NonNull<VmInstance>, Error> {
        self.instances.get(number).copied().ok_or_else(|| {
            Error::msg("the snapshot has an instance before one that it imports from")
        })
    }

    /// # Safety
    ///
    /// Nothing borrows the instance.
    unsafe fn func(&self, name: FuncName) -> Result<NonNull<crate::vm::FuncRef>, Error> {
        let instance = self.instance(name.instance)?;
        // SAFETY: as the caller promises.
        Ok(unsafe { (*instance.as_ptr()).func(name.func)? })
    }

    unsafe fn target(&self, target: Target, placed: &Placed<'_>) -> Result<u64, Error> {
        match target {
            // SAFETY: as the caller promises.
            Target::Func(name) => Ok(unsafe { self.func(name)? }.as_ptr() as u64),
            Target::Object(reference) => Ok(placed.reference(reference)),
        }
    }

    /// Fills in the references.
    ///
    /// # Safety
    ///
    /// Nothing borrows what was made.
    unsafe fn refer(&self, plan: &Plan, placed: &Placed<'_>) -> Result<(), Error> {
        // SAFETY: as the caller promises.
        unsafe {
            for (table, words) in self.tables.iter().zip(&plan.tables) {
                let Some(table) = table else { continue };
                for (place, target) in &words.references {
                    let reference = self.target(*target, placed)?;
                    (*table.as_ptr()).set(*place as u64, reference);
                }
            }
            for (instance, words) in self.instances.iter().zip(&plan.globals) {
                let Some(first) = instance.as_ref().defined_globals() else { continue };
                for (place, target) in &words.references {
                    let reference = self.target(*target, placed)?;
                    first.add(*place).write(ValRaw::from_u64(reference));
                }
            }
            for (place, target) in &plan.others.references {
                let reference = self.target(*target, placed)?;
                self.globals[*place].write(ValRaw::from_u64(reference));
            }
        }
        Ok(())
    }
}
