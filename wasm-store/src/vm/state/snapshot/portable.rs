//! The state of an instance, told by the indices of its module.

use wasm_types::{
    DefinedTableIndex, EntityIndex, FuncIndex, GlobalIndex, GlobalState, HeapType, MemoryChunk,
    MemoryState, ModuleState, RefState, RefType, TableRun, TableState, ValType,
};

use super::{FuncName, InstanceState, Names, Source, VmState};
use crate::Error;
use crate::vm::memory::MemoryContents;
use crate::vm::table::holds_functions;
use crate::vm::value::ValRaw;

impl VmState {
    /// The state of one of the instances.
    ///
    /// # Errors
    ///
    /// If it refers to what the module has no index for, or the state has no names.
    pub(crate) fn module_state(&self, number: usize) -> Result<ModuleState, Error> {
        let instance = &self.instances[number];
        let artifact = instance.module.loaded.artifact();
        let mut state = ModuleState {
            dropped_data: instance.dropped_data.to_vec(),
            dropped_elements: instance.dropped_elements.to_vec(),
            ..ModuleState::default()
        };
        for (import, source) in artifact.imports().zip(&instance.imports) {
            match import?.index {
                EntityIndex::Memory(_) => state.memories.push(match source {
                    Source::Memory(memory) => Some(self.memory(*memory)),
                    _ => None,
                }),
                EntityIndex::Table(_) => state.tables.push(match source {
                    Source::Table(table) => Some(self.table(number, *table)?),
                    _ => None,
                }),
                EntityIndex::Global(global) => {
                    let value = match source {
                        Source::Global(owner, global) => Some(self.defined_global(*owner, *global)),
                        Source::OtherGlobal(global) => Some(self.globals[*global].value),
                        _ => None,
                    };
                    let value =
                        value.map(|value| self.global(number, global, value)).transpose()?;
                    state.globals.push(value);
                }
                EntityIndex::Func(_) | EntityIndex::Tag(_) => {}
            }
        }
        state.memories.extend(instance.memories.clone().map(|memory| Some(self.memory(memory))));
        for table in instance.tables.clone() {
            state.tables.push(Some(self.table(number, table)?));
        }
        let imported = artifact.counts().imported_globals;
        for (index, value) in (imported..).zip(&instance.globals) {
            state.globals.push(Some(self.global(number, GlobalIndex::new(index), *value)?));
        }
        Ok(state)
    }

    fn memory(&self, number: usize) -> MemoryState {
        let memory = &self.memories[number];
        MemoryState {
            pages: memory.contents.len() as u64 >> memory.ty.page_size_log2,
            chunks: chunks(&memory.contents),
        }
    }

    /// A table, as the instance that is asked about sees it.
    fn table(&self, instance: usize, number: usize) -> Result<TableState, Error> {
        let table = &self.tables[number];
        let owner = self.instances.iter().position(|owner| owner.tables.contains(&number));
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
                    return Err(untellable(&what(place)));
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
            let func = self.func_for(instance, name).ok_or_else(|| untellable(&what(place)))?;
            match runs.last_mut() {
                Some(run) if run.offset + run.elements.len() as u64 == place as u64 => {
                    run.elements.push(RefState::Func(func));
                }
                _ => runs
                    .push(TableRun { offset: place as u64, elements: vec![RefState::Func(func)] }),
            }
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
        instance: usize,
        global: GlobalIndex,
        value: ValRaw,
    ) -> Result<GlobalState, Error> {
        let artifact = self.instances[instance].module.loaded.artifact();
        // SAFETY: every bit pattern is a value of each of the types, and the type says which it is.
        Ok(unsafe {
            match artifact.global(global)?.content {
                ValType::I32 => GlobalState::I32(value.i32),
                ValType::I64 => GlobalState::I64(value.i64),
                ValType::F32 => GlobalState::F32(value.f32),
                ValType::F64 => GlobalState::F64(value.f64),
                ValType::V128 => GlobalState::V128(value.v128),
                ValType::Ref(_) if value.u64 == 0 => GlobalState::Ref(RefState::Null),
                ValType::Ref(RefType { heap: HeapType::Extern | HeapType::NoExtern, .. }) => {
                    return Err(untellable(&format!("global {global}")));
                }
                ValType::Ref(_) => {
                    let what = || format!("global {global}");
                    let name = self.name(value.u64, what)?;
                    let func = self.func_for(instance, name).ok_or_else(|| untellable(&what()))?;
                    GlobalState::Ref(RefState::Func(func))
                }
            }
        })
    }

    fn name(&self, reference: u64, what: impl FnOnce() -> String) -> Result<FuncName, Error> {
        let names = self.names.as_ref();
        names.and_then(|names| names.of(reference)).ok_or_else(|| untellable(&what()))
    }

    /// The index that a module has for a function of one of the instances.
    fn func_for(&self, instance: usize, name: FuncName) -> Option<FuncIndex> {
        if name.instance == instance {
            return Some(name.func);
        }
        let state = &self.instances[instance];
        let imports = state.module.loaded.artifact().imports().zip(&state.imports);
        for (import, source) in imports {
            if *source == Source::Func(name)
                && let EntityIndex::Func(func) = import.ok()?.index
            {
                return Some(func);
            }
        }
        None
    }
}

/// The parts of a memory that are not zero, those that are next to each other as one.
fn chunks(contents: &MemoryContents) -> Vec<MemoryChunk> {
    let mut chunks: Vec<MemoryChunk> = Vec::new();
    for (offset, page) in contents.pages() {
        let page = &page[..page.len().min(contents.len() - offset)];
        match chunks.last_mut() {
            Some(last) if last.offset + last.bytes.len() as u64 == offset as u64 => {
                last.bytes.extend_from_slice(page);
            }
            _ => chunks.push(MemoryChunk { offset: offset as u64, bytes: page.to_vec() }),
        }
    }
    chunks
}

fn untellable(holder: &str) -> Error {
    Error::msg(format!(
        "{holder} refers to something that the module has no index for: a value of the host, or a function \
         that it neither defines nor imports"
    ))
}
