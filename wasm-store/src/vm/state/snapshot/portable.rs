//! The state of an instance as plain data, in terms of its module's indices.

mod objects;

use std::collections::HashMap;

use wasm_types::{
    DefinedTableIndex, EntityIndex, FuncIndex, GlobalIndex, GlobalState, MemoryChunk, MemoryState,
    ModuleState, RefState, TableRun, TableState, ValType,
};

use objects::Objects;

use super::{FuncName, InstanceState, Names, Source, VmState};
use crate::Error;
use crate::vm::memory::MemoryContents;
use crate::vm::room_for;
use crate::vm::table::holds_functions;
use crate::vm::value::ValRaw;

/// What an allocation was for, in errors.
const WHAT: &str = "a snapshot as plain data";

impl VmState {
    /// The state of one of the instances.
    ///
    /// # Errors
    ///
    /// If it refers to something that the module has no index for, or if the state has no names.
    pub(crate) fn module_state(&self, number: usize) -> Result<ModuleState, Error> {
        let instance = &self.instances[number];
        let imported = self.imported_funcs(number)?;
        let mut subject = Subject { number, imported, objects: Objects::default() };
        let artifact = instance.module.loaded.artifact();
        let mut state = ModuleState {
            dropped_data: room_for::copied(&instance.dropped_data, WHAT)?.into(),
            dropped_elements: room_for::copied(&instance.dropped_elements, WHAT)?.into(),
            ..ModuleState::default()
        };
        for (import, source) in artifact.imports().zip(&instance.imports) {
            match import?.index {
                EntityIndex::Memory(_) => state.memories.push(match source {
                    Source::Memory(memory) => Some(self.memory(*memory)?),
                    _ => None,
                }),
                EntityIndex::Table(_) => state.tables.push(match source {
                    Source::Table(table) => Some(self.table(&mut subject, *table)?),
                    _ => None,
                }),
                EntityIndex::Global(global) => {
                    let value = match source {
                        Source::Global(owner, global) => Some(self.defined_global(*owner, *global)),
                        Source::OtherGlobal(global) => Some(self.globals[*global].value),
                        _ => None,
                    };
                    let value =
                        value.map(|value| self.global(&mut subject, global, value)).transpose()?;
                    room_for::push(&mut state.globals, value, WHAT)?;
                }
                EntityIndex::Func(_) | EntityIndex::Tag(_) => {}
            }
        }
        for memory in instance.memories.clone() {
            state.memories.push(Some(self.memory(memory)?));
        }
        for table in instance.tables.clone() {
            state.tables.push(Some(self.table(&mut subject, table)?));
        }
        let imported = artifact.counts().imported_globals;
        for (index, value) in (imported..).zip(&instance.globals) {
            let value = self.global(&mut subject, GlobalIndex::new(index), *value)?;
            room_for::push(&mut state.globals, Some(value), WHAT)?;
        }
        if !instance.made_elements.is_empty() {
            state.elements = room_for::filled(None, instance.dropped_elements.len(), WHAT)?.into();
        }
        for (elem, elements) in &instance.made_elements {
            let mut list = room_for::with_room(elements.len(), WHAT)?;
            for element in elements {
                let what = || format!("element segment {elem}");
                list.push(self.collected(&mut subject, *element, what)?);
            }
            state.elements[elem.index()] = Some(list);
        }
        state.objects = self.objects(&mut subject)?;
        Ok(state)
    }

    fn memory(&self, number: usize) -> Result<MemoryState, Error> {
        let memory = &self.memories[number];
        Ok(MemoryState {
            pages: memory.ty.pages_of(memory.contents.len() as u64),
            chunks: chunks(&memory.contents)?,
        })
    }

    /// A table, in terms of the instance whose state is wanted.
    fn table(&self, subject: &mut Subject, number: usize) -> Result<TableState, Error> {
        let table = &self.tables[number];
        let owner = self.definer_of_table(number);
        let owner = owner.map(|owner| (owner, number - self.instances[owner].tables.start));
        let image = match owner {
            Some((owner, defined)) => {
                let artifact = self.instances[owner].module.loaded.artifact();
                artifact.table_image(DefinedTableIndex::new(defined as u32))?
            }
            None => None,
        };
        let what = |place: usize| format!("element {place} of table {number} of the snapshot");
        let mut runs: Vec<TableRun> = Vec::new();
        for (place, &slot) in table.slots.iter().enumerate() {
            if !holds_functions(&table.ty) {
                if slot != 0 {
                    let element = self.collected(subject, slot, || what(place))?;
                    add(&mut runs, place as u64, element)?;
                }
                continue;
            }
            let name = if slot == 0 {
                let func =
                    image.as_ref().map(|image| image.func(place as u64)).transpose()?.flatten();
                func.zip(owner).map(|(func, (instance, _))| FuncName { instance, func })
            } else if Names::is_null(slot) {
                None
            } else {
                Some(self.name(slot, || what(place))?)
            };
            let Some(name) = name else { continue };
            let func = subject.index_of(name).ok_or_else(|| untellable(&what(place)))?;
            add(&mut runs, place as u64, RefState::Func(func))?;
        }
        Ok(TableState { size: table.slots.len() as u64, runs })
    }

    fn defined_global(&self, owner: usize, global: GlobalIndex) -> ValRaw {
        let InstanceState { module, globals, .. } = &self.instances[owner];
        let imported = module.loaded.artifact().counts().imported_globals;
        globals[(global.as_u32() - imported) as usize]
    }

    fn global(
        &self,
        subject: &mut Subject,
        global: GlobalIndex,
        value: ValRaw,
    ) -> Result<GlobalState, Error> {
        let artifact = self.instances[subject.number].module.loaded.artifact();
        // SAFETY: every bit pattern is a value of each of the types, and the type says which it is.
        Ok(unsafe {
            match artifact.global(global)?.content {
                ValType::I32 => GlobalState::I32(value.i32),
                ValType::I64 => GlobalState::I64(value.i64),
                ValType::F32 => GlobalState::F32(value.f32),
                ValType::F64 => GlobalState::F64(value.f64),
                ValType::V128 => GlobalState::V128(value.v128),
                ValType::Ref(_) if value.u64 == 0 => GlobalState::Ref(RefState::Null),
                ValType::Ref(ty) if ty.is_collected() => {
                    let what = || format!("global {global}");
                    GlobalState::Ref(self.collected(subject, value.u64, what)?)
                }
                ValType::Ref(_) => {
                    let what = || format!("global {global}");
                    let name = self.name(value.u64, what)?;
                    let func = subject.index_of(name).ok_or_else(|| untellable(&what()))?;
                    GlobalState::Ref(RefState::Func(func))
                }
            }
        })
    }

    fn name(&self, reference: u64, what: impl FnOnce() -> String) -> Result<FuncName, Error> {
        let names = self.names.as_ref();
        names.and_then(|names| names.of(reference)).ok_or_else(|| untellable(&what()))
    }

    /// The functions of other instances that an instance imports, with its indices for them.
    fn imported_funcs(&self, instance: usize) -> Result<Imported, Error> {
        let state = &self.instances[instance];
        let mut imported = Imported::new();
        for (import, source) in state.module.loaded.artifact().imports().zip(&state.imports) {
            if let (Source::Func(name), EntityIndex::Func(func)) = (source, import?.index) {
                if imported.try_reserve(1).is_err() {
                    return Err(room_for::no_room::<(FuncName, FuncIndex)>(
                        imported.len() + 1,
                        WHAT,
                    ));
                }
                imported.entry(*name).or_insert(func);
            }
        }
        Ok(imported)
    }
}

/// The indices that an instance has for functions of other instances.
type Imported = HashMap<FuncName, FuncIndex>;

/// The instance whose state is wanted.
struct Subject {
    number: usize,
    imported: Imported,
    objects: Objects,
}

impl Subject {
    /// The index that its module has for a function of one of the instances.
    fn index_of(&self, name: FuncName) -> Option<FuncIndex> {
        match name.instance == self.number {
            true => Some(name.func),
            false => self.imported.get(&name).copied(),
        }
    }
}

/// Adds an element to the runs of a table.
fn add(runs: &mut Vec<TableRun>, offset: u64, element: RefState) -> Result<(), Error> {
    match runs.last_mut() {
        Some(run) if run.offset + run.elements.len() as u64 == offset => {
            room_for::push(&mut run.elements, element, WHAT)
        }
        _ => {
            let mut elements = Vec::new();
            room_for::push(&mut elements, element, WHAT)?;
            room_for::push(runs, TableRun { offset, elements }, WHAT)
        }
    }
}

/// The parts of a memory that are not zero. Adjacent parts are one chunk.
fn chunks(contents: &MemoryContents) -> Result<Vec<MemoryChunk>, Error> {
    let mut chunks: Vec<MemoryChunk> = Vec::new();
    for (offset, page) in contents.pages() {
        let page = &page[..page.len().min(contents.len() - offset)];
        match chunks.last_mut() {
            Some(last) if last.offset + last.bytes.len() as u64 == offset as u64 => {
                room_for::extend(&mut last.bytes, page, WHAT)?;
            }
            _ => {
                let mut bytes = Vec::new();
                room_for::extend(&mut bytes, page, WHAT)?;
                room_for::push(&mut chunks, MemoryChunk { offset: offset as u64, bytes }, WHAT)?;
            }
        }
    }
    Ok(chunks)
}

fn untellable(holder: &str) -> Error {
    Error::msg(format!(
        "{holder} refers to something that the module has no index for: a value of the host, an exception, an \
         object of a type that it does not declare, or a function that it neither defines nor imports"
    ))
}
