//! Taking the state of instances.

use std::collections::HashMap;
use std::ptr::NonNull;

use wasm_types::{EntityIndex, Escaped, FuncIndex, GlobalIndex, ValType};

use super::{
    InstanceState, MemoryState, Names, OtherGlobal, Source, TableState, VmOutside, VmState,
};
use crate::Error;
use crate::vm::context::ImportRecord;
use crate::vm::instance::VmInstance;
use crate::vm::memory::VmMemory;
use crate::vm::room_for;
use crate::vm::store::VmStore;
use crate::vm::table::{VmTable, holds_functions};
use crate::vm::value::ValRaw;

/// What an allocation was for, in errors.
const GLOBALS: &str = "a snapshot of globals";

/// As above.
const SEGMENTS: &str = "a snapshot of which segments were dropped";

/// The items that belong to the state, collected on the way.
struct Found {
    memories: Vec<NonNull<VmMemory>>,
    tables: Vec<NonNull<VmTable>>,
    globals: Vec<(NonNull<ValRaw>, Option<ValType>)>,
    /// The numbers of these, by their addresses.
    numbers: HashMap<NonNull<ValRaw>, usize>,
}

impl Found {
    fn add_global(&mut self, global: NonNull<ValRaw>) -> Result<usize, Error> {
        let number = self.globals.len();
        if self.numbers.try_reserve(1).is_err() {
            return Err(room_for::no_room::<(NonNull<ValRaw>, usize)>(number + 1, GLOBALS));
        }
        room_for::push(&mut self.globals, (global, None), GLOBALS)?;
        self.numbers.insert(global, number);
        Ok(number)
    }
}

impl VmStore {
    /// Takes the state of instances, or of everything that the store has. If it is `named`,
    /// references get names.
    ///
    /// # Errors
    ///
    /// If the machine has no room. Also if the state is `named` and an instance or memory in it has
    /// lost what it held: no complete copy can be made of that. A state without names may be taken
    /// of such items; putting it back restores no more than what was there.
    ///
    /// # Safety
    ///
    /// The instances are of this store, which is at rest; nothing borrows what belongs to it.
    pub(crate) unsafe fn take_state(
        &mut self,
        instances: Option<&[NonNull<VmInstance>]>,
        outside: VmOutside,
        named: bool,
    ) -> Result<VmState, Error> {
        let mut found = Found {
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            numbers: HashMap::new(),
        };
        let everything = self.instances().to_vec();
        let whole = instances.is_none();
        let instances = instances.unwrap_or(&everything);
        // SAFETY: as the caller promises, all of them live and are not borrowed.
        unsafe {
            check_own(instances)?;
            let names = Names::new(instances, named)?;
            let mut states = Vec::with_capacity(instances.len());
            for instance in instances {
                states.push(take_instance(*instance, &mut found)?);
            }
            if whole {
                for memory in self.host_memories() {
                    check_mapped(memory)?;
                    found.memories.push(memory);
                }
                found.tables.extend(self.host_tables());
                for global in self.host_globals() {
                    found.add_global(*global)?;
                }
            }
            for (state, instance) in states.iter_mut().zip(instances) {
                let imports =
                    find_imports(instance.as_ref(), &names, instances, &mut found, outside)?;
                state.imports = if named { imports.into() } else { Box::default() };
            }
            if named {
                check_whole(instances, &found.memories)?;
            }
            let memories = take_memories(&found.memories);
            if memories.is_err() && found.memories.iter().any(|it| it.as_ref().given_up) {
                // One of these memories may have lost what it held.
                self.follow_sizes();
            }
            let mut globals = room_for::with_room(found.globals.len(), GLOBALS)?;
            let values = found.globals.iter();
            globals.extend(values.map(|&(global, ty)| OtherGlobal {
                global,
                value: global.read(),
                ty,
                collected: ty.map_or_else(|| self.gc.has_global(global), ValType::is_collected),
            }));
            let mut state = VmState {
                instances: states.into(),
                memories: memories?,
                tables: take_tables(&found.tables, &names)?,
                globals: globals.into(),
                names: None,
                held: Default::default(),
            };
            state.hold_references(self)?;
            if named {
                state.names = Some(learn_all(self, names, &state, instances)?);
            }
            Ok(state)
        }
    }
}

/// Checks that the memories that the instances define or import are this store's own, and so are
/// their pages.
unsafe fn check_own(instances: &[NonNull<VmInstance>]) -> Result<(), Error> {
    for instance in instances {
        // SAFETY: as promised to `take_state`.
        unsafe { instance.as_ref().memories.iter().try_for_each(|memory| check_mapped(*memory))? }
    }
    Ok(())
}

/// Checks that the pages of a memory are the store's own.
unsafe fn check_mapped(memory: NonNull<VmMemory>) -> Result<(), Error> {
    // SAFETY: as promised to `take_state`.
    let memory = unsafe { memory.as_ref() };
    if memory.shared().is_some() {
        return Err(Error::msg(
            "an instance has a shared memory, which other threads may be writing to: the state of such an \
             instance can't be taken, nor can it be part of a transaction",
        ));
    }
    if !memory.is_mapped_here() {
        return Err(Error::msg(
            "a memory is one of `Config::with_host_memory`, whose pages are the program's: its state can't be \
             taken, nor can it be part of a transaction",
        ));
    }
    Ok(())
}

/// Checks that no instance or memory is only what was left after a state could not be put back.
unsafe fn check_whole(
    instances: &[NonNull<VmInstance>],
    memories: &[NonNull<VmMemory>],
) -> Result<(), Error> {
    // SAFETY: as promised to `take_state`.
    let is_whole = unsafe {
        instances.iter().all(|instance| !instance.as_ref().has_lost())
            && memories.iter().all(|memory| !memory.as_ref().given_up)
    };
    if is_whole {
        return Ok(());
    }
    Err(Error::msg(
        "an instance or memory has lost its state, since an earlier one could be put back only in part: \
         restore a snapshot of it before a new one is taken",
    ))
}

/// The instance's own state. Its memories and tables are listed, to be taken later.
unsafe fn take_instance(
    instance: NonNull<VmInstance>,
    found: &mut Found,
) -> Result<InstanceState, Error> {
    // SAFETY: as promised to `take_state`.
    let vm = unsafe { instance.as_ref() };
    let counts = vm.module().loaded.artifact().counts();
    let (memories, tables) = (found.memories.len(), found.tables.len());
    // An instance whose making failed may have fewer than it declares.
    found.memories.extend(vm.memories.iter().skip(counts.imported_memories as usize));
    found.tables.extend(vm.tables.iter().skip(counts.imported_tables as usize));
    let globals = match vm.defined_globals() {
        // SAFETY: there are that many values, one after another; every bit pattern is one.
        Some(first) => unsafe {
            let count = (counts.globals - counts.imported_globals) as usize;
            let globals = std::slice::from_raw_parts(first.as_ptr(), count);
            room_for::copied(globals, GLOBALS)?
        },
        None => Box::default(),
    };
    Ok(InstanceState {
        instance,
        module: vm.module().clone(),
        globals,
        dropped_elements: room_for::copied(&vm.dropped_elements, SEGMENTS)?,
        dropped_data: room_for::copied(&vm.dropped_data, SEGMENTS)?,
        made_elements: vm.made_elements.clone(),
        memories: memories..found.memories.len(),
        tables: tables..found.tables.len(),
        imports: Box::default(),
        lost: vm.lost,
    })
}

/// What the imports of an instance are bound to. An item from outside of the state is added to it,
/// left out, or an error, as `outside` says.
unsafe fn find_imports(
    vm: &VmInstance,
    names: &Names,
    instances: &[NonNull<VmInstance>],
    found: &mut Found,
    outside: VmOutside,
) -> Result<Vec<Source>, Error> {
    let artifact = vm.module().loaded.artifact();
    let mut sources =
        room_for::with_room(artifact.imports().len(), "what a snapshot's instances import")?;
    for import in artifact.imports() {
        let import = import?;
        let foreign = |what: &str| {
            Err(Error::msg(format!(
                "the snapshot has no instance that defines the {what} imported as `{}::{}`: add the \
                 instance to the set, or say with `SnapshotBuilder::outside` to include it or to leave it \
                 out",
                Escaped::new(import.module),
                Escaped::new(import.name)
            )))
        };
        // SAFETY: as promised to `take_state`; the layout gives places within the context.
        let source = unsafe {
            match import.index {
                EntityIndex::Func(func) => func_source(vm, func, names, instances),
                EntityIndex::Memory(memory) => {
                    let Some(memory) = vm.memories.get(memory.index()) else { continue };
                    match place(&mut found.memories, *memory, outside) {
                        Some(number) => Source::Memory(number),
                        None if outside == VmOutside::Refuse => return foreign("memory"),
                        None => Source::Outside,
                    }
                }
                EntityIndex::Table(table) => {
                    let Some(table) = vm.tables.get(table.index()) else { continue };
                    match place(&mut found.tables, *table, outside) {
                        Some(number) => Source::Table(number),
                        None if outside == VmOutside::Refuse => return foreign("table"),
                        None => Source::Outside,
                    }
                }
                EntityIndex::Global(index) => {
                    let Err(offset) = vm.module().layout.global(index) else { continue };
                    let Some(global) = NonNull::new(*vm.at::<*mut ValRaw>(offset)) else {
                        continue;
                    };
                    match names.global(global) {
                        Some((instance, global)) => Source::Global(instance, global),
                        None if !artifact.global(index)?.mutable => Source::Outside,
                        None => {
                            let number = match found.numbers.get(&global) {
                                None if outside == VmOutside::Include => {
                                    Some(found.add_global(global)?)
                                }
                                known => known.copied(),
                            };
                            match number {
                                Some(number) => {
                                    found.globals[number].1 = Some(artifact.global(index)?.content);
                                    Source::OtherGlobal(number)
                                }
                                None if outside == VmOutside::Refuse => {
                                    return foreign("mutable global");
                                }
                                None => Source::Outside,
                            }
                        }
                    }
                }
                EntityIndex::Tag(index) => {
                    let found = names.tag(vm.tag(index), instances);
                    found.map_or(Source::Outside, |(number, tag)| Source::Tag(number, tag))
                }
            }
        };
        sources.push(source);
    }
    Ok(sources)
}

/// The number of an item among those found. An item from outside is added if it is to be included.
fn place<T>(found: &mut Vec<NonNull<T>>, item: NonNull<T>, outside: VmOutside) -> Option<usize> {
    found.iter().position(|other| *other == item).or_else(|| {
        (outside == VmOutside::Include).then(|| {
            found.push(item);
            found.len() - 1
        })
    })
}

unsafe fn func_source(
    vm: &VmInstance,
    func: FuncIndex,
    names: &Names,
    instances: &[NonNull<VmInstance>],
) -> Source {
    // SAFETY: as promised to `take_state`; the layout gives places within the context.
    unsafe {
        let record = &*vm.at::<ImportRecord>(vm.module().layout.imported_function(func));
        let func = NonNull::new(record.func_ref);
        match func.and_then(|func| names.name(func, instances)) {
            Some(name) => Source::Func(name),
            None => Source::Outside,
        }
    }
}

impl Names {
    /// The instance and index of a global that an instance defines.
    fn global(&self, global: NonNull<ValRaw>) -> Option<(usize, GlobalIndex)> {
        let address = global.as_ptr() as u64;
        let place = self.contexts.partition_point(|(context, _)| *context <= address);
        let place = place.checked_sub(1)?;
        // Both lists have the same order: records lie in contexts.
        let ((context, number), (_, _, module)) =
            (*self.contexts.get(place)?, self.records.get(place)?);
        let counts = module.loaded.artifact().counts();
        if counts.globals == counts.imported_globals {
            return None;
        }
        let first = module.layout.global(GlobalIndex::new(counts.imported_globals)).ok()?;
        let defined =
            (address - context).checked_sub(u64::from(first))? / size_of::<ValRaw>() as u64;
        let index = u32::try_from(defined).ok()?.checked_add(counts.imported_globals)?;
        (index < counts.globals).then(|| (number, GlobalIndex::new(index)))
    }
}

unsafe fn take_memories(memories: &[NonNull<VmMemory>]) -> Result<Box<[MemoryState]>, Error> {
    let mut states = Vec::with_capacity(memories.len());
    for memory in memories {
        // SAFETY: as promised to `take_state`.
        let (ty, contents, given_up) = unsafe {
            let vm = &mut *memory.as_ptr();
            (vm.ty(), vm.take_contents()?, vm.given_up)
        };
        states.push(MemoryState { memory: *memory, contents, ty, given_up });
    }
    Ok(states.into())
}

unsafe fn take_tables(
    tables: &[NonNull<VmTable>],
    names: &Names,
) -> Result<Box<[TableState]>, Error> {
    let mut states = Vec::with_capacity(tables.len());
    for table in tables {
        // SAFETY: as promised to `take_state`.
        unsafe {
            let vm = &mut *table.as_ptr();
            let foreign = vm.owner().is_some_and(|owner| !names.has(owner));
            if foreign {
                // Elements that are not filled in yet are known only to their instance, which is
                // not part of the state.
                for place in 0..vm.size() {
                    vm.slot(place)?;
                }
            }
            let slots = room_for::copied(vm.slots(), "a snapshot of a table")?;
            states.push(TableState { table: *table, slots, ty: vm.ty() });
        }
    }
    Ok(states.into())
}

/// Names of all references to functions in a state, and of the tags of its exceptions.
unsafe fn learn_all(
    store: &VmStore,
    mut names: Names,
    state: &VmState,
    instances: &[NonNull<VmInstance>],
) -> Result<Names, Error> {
    // SAFETY: as promised to `take_state`: what is in the state is in the store.
    unsafe {
        for table in state.tables.iter().filter(|table| holds_functions(&table.ty)) {
            for slot in &table.slots {
                names.learn(*slot, instances)?;
            }
        }
        for state in &state.instances {
            let artifact = state.module.loaded.artifact();
            let imported = artifact.counts().imported_globals;
            for (index, value) in (imported..).zip(&state.globals) {
                if let Ok(ty) = artifact.global(GlobalIndex::new(index))
                    && is_function(ty.content)
                {
                    names.learn(value.u64, instances)?;
                }
            }
        }
        for OtherGlobal { value, ty, .. } in &state.globals {
            if ty.is_some_and(is_function) {
                names.learn(value.u64, instances)?;
            }
        }
        let image = &state.held.image;
        for func in image.functions.values() {
            names.learn(*func, instances)?;
        }
        for number in image.tags(image.len()) {
            if let Some(tag) = store.tag_numbered(number) {
                names.learn_tag(number, tag, instances);
            }
        }
    }
    Ok(names)
}

/// Whether values of a type are references to functions.
pub(crate) fn is_function(ty: ValType) -> bool {
    match ty {
        ValType::Ref(ty) => ty.heap.is_of_functions(),
        _ => false,
    }
}
