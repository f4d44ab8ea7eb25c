//! Names for people.

use alloc::string::String;

use wasm_types::{
    DataIndex, ElemIndex, EntityIndex, FuncIndex, GlobalIndex, MemoryIndex, NameMap, TableIndex,
    TagIndex, TypeIndex,
};

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

    /// The name that the name section gives something that can be imported or exported.
    pub fn entity_name(&self, entity: EntityIndex) -> Option<&'a str> {
        match entity {
            EntityIndex::Func(func) => self.name(func),
            EntityIndex::Table(table) => self.other_name(name_kind::TABLE, table.as_u32()),
            EntityIndex::Memory(memory) => self.other_name(name_kind::MEMORY, memory.as_u32()),
            EntityIndex::Global(global) => self.other_name(name_kind::GLOBAL, global.as_u32()),
            EntityIndex::Tag(tag) => self.other_name(name_kind::TAG, tag.as_u32()),
        }
    }

    /// The name that the name section gives a type.
    pub fn type_name(&self, ty: TypeIndex) -> Option<&'a str> {
        self.other_name(name_kind::TYPE, ty.as_u32())
    }

    /// The name that the name section gives a field of a structure.
    pub fn field_name(&self, ty: TypeIndex, field: u32) -> Option<&'a str> {
        // No structure has as many fields as would fit.
        (field >> 24 == 0).then(|| self.other_name(name_kind::of_field(field), ty.as_u32()))?
    }

    /// The name of this kind: read where it stands, by a binary search.
    fn other_name(&self, kind: u32, index: u32) -> Option<&'a str> {
        let key = |kind: u32, index: u32| {
            let (kind, field) = name_kind::parts(kind);
            (kind, index, field)
        };
        let wanted = key(kind, index);
        let names = self.tables.other_names;
        let key_of = |name: &OtherNameRecord| key(name.kind.get(), name.index.get());
        let place = names.partition_point(&self.checksums, |name| key_of(name) < wanted)?;
        let record = names.get(place, &self.checksums).filter(|name| key_of(name) == wanted)?;
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
            let (kind, field) = name_kind::parts(kind.get());
            match kind {
                name_kind::TABLE => names.tables.push((TableIndex::new(index), name)),
                name_kind::MEMORY => names.memories.push((MemoryIndex::new(index), name)),
                name_kind::GLOBAL => names.globals.push((GlobalIndex::new(index), name)),
                name_kind::ELEMENT => names.elements.push((ElemIndex::new(index), name)),
                name_kind::DATA => names.data.push((DataIndex::new(index), name)),
                name_kind::TYPE => names.types.push((TypeIndex::new(index), name)),
                name_kind::TAG => names.tags.push((TagIndex::new(index), name)),
                name_kind::FIELD => names.fields.push(((TypeIndex::new(index), field), name)),
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
