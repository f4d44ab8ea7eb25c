//! Names for people.

use alloc::string::String;

use wasm_types::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, NameMap, TableIndex};

use super::Artifact;
use crate::format::{FunctionNameRecord, NONE, OtherNameRecord, name_kind};

impl<'a> Artifact<'a> {
    /// The name that the name section gives a function.
    pub fn name(&self, func: FuncIndex) -> Option<&'a str> {
        let names = self.tables.function_names;
        let func = func.as_u32();
        // Where all functions have names, which is the rule, their indices are the places.
        if let Some([name, next]) = names.range(func.into(), 2, &self.checksums)
            && name.func.get() == func
        {
            return self.function_name(name, next);
        }
        let place = names.partition_point(&self.checksums, |name| name.func.get() < func)?;
        names.get(place, &self.checksums).filter(|name| name.func.get() == func)?;
        self.function_name_at(place)
    }

    /// The name that the name section gives the module.
    pub fn module_name(&self) -> Option<&'a str> {
        // It is written first.
        let record = self.tables.other_names.get(0, &self.checksums)?;
        if record.kind.get() != name_kind::MODULE {
            return None;
        }
        self.string(record.name).ok()
    }

    /// Every name there is. What is damaged is left out.
    pub fn names(&self) -> NameMap {
        let mut names =
            NameMap { module: self.module_name().map(String::from), ..NameMap::default() };
        for place in 0..self.tables.function_names.len() {
            let record = self.tables.function_names.get(place, &self.checksums);
            let Some(func) = record.map(|record| record.func.get()).filter(|func| *func != NONE)
            else {
                continue;
            };
            if let Some(name) = self.function_name_at(place) {
                names.functions.push((FuncIndex::new(func), name.into()));
            }
        }
        let others = self.tables.other_names;
        for place in 0..others.len() {
            let Some(&OtherNameRecord { kind, index, name }) = others.get(place, &self.checksums)
            else {
                continue;
            };
            let (Ok(name), index) = (self.string(name), index.get()) else { continue };
            let name = String::from(name);
            match kind.get() {
                name_kind::TABLE => names.tables.push((TableIndex::new(index), name)),
                name_kind::MEMORY => names.memories.push((MemoryIndex::new(index), name)),
                name_kind::GLOBAL => names.globals.push((GlobalIndex::new(index), name)),
                name_kind::ELEMENT => names.elements.push((ElemIndex::new(index), name)),
                name_kind::DATA => names.data.push((DataIndex::new(index), name)),
                _ => {}
            }
        }
        names
    }

    fn function_name_at(&self, place: usize) -> Option<&'a str> {
        match self.tables.function_names.range(place as u64, 2, &self.checksums)? {
            [name, next] => self.function_name(name, next),
            _ => None,
        }
    }

    /// The name whose row this is; where it ends is for the row after it to say.
    #[inline]
    fn function_name(
        &self,
        name: &FunctionNameRecord,
        next: &FunctionNameRecord,
    ) -> Option<&'a str> {
        let start = name.offset.get();
        let len = next.offset.get().checked_sub(1)?.checked_sub(start)?;
        let bytes = self.tables.symbol_strings.range(start.into(), len.into(), &self.checksums)?;
        core::str::from_utf8(bytes).ok()
    }
}
