//! Index spaces, imports and exports.

use wasm_types::{
    EntityIndex, EntityType, FuncIndex, GlobalIndex, GlobalType, MemoryIndex, MemoryType,
    TableIndex, TableType, TagIndex, TagType, TypeIndex,
};

use super::Artifact;
use crate::codes;
use crate::error::Error;
use crate::format::{EntityRecord, ImportRecord, LimitsRecord, entity_kind, limits_flags};

/// An import.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportRef<'a> {
    /// The module that it is imported from.
    pub module: &'a str,
    /// The name within that module.
    pub name: &'a str,
    /// What is imported, with its index in this module.
    pub index: EntityIndex,
    /// The type that is wanted.
    pub ty: EntityType,
}

/// An export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExportRef<'a> {
    /// The name, unique within the module.
    pub name: &'a str,
    /// What is exported.
    pub index: EntityIndex,
}

impl<'a> Artifact<'a> {
    /// The type of a function, imported or defined.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn function_type(&self, func: FuncIndex) -> Result<TypeIndex, Error> {
        let ty = self.tables.function_types.get(func.index(), &self.checksums);
        ty.filter(|ty| (ty.get() as usize) < self.tables.types.len())
            .map(|ty| TypeIndex::new(ty.get()))
            .ok_or_else(|| Error::damaged("the type of a function"))
    }

    /// The type of a table, imported or defined.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn table(&self, index: TableIndex) -> Result<TableType, Error> {
        let record = self.tables.tables.get(index.index(), &self.checksums);
        record
            .and_then(|record| {
                let (maximum, table64, shared) = limits(record)?;
                Some(TableType {
                    element: codes::ref_of(record.element.get())?,
                    minimum: record.minimum.get(),
                    maximum,
                    table64,
                    shared,
                })
            })
            .ok_or_else(|| Error::damaged("the type of a table"))
    }

    /// The type of a memory, imported or defined.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn memory(&self, index: MemoryIndex) -> Result<MemoryType, Error> {
        let record = self.tables.memories.get(index.index(), &self.checksums);
        record
            .and_then(|record| {
                let (maximum, memory64, shared) = limits(record)?;
                let page_size_log2 = u8::try_from(record.element.get()).ok().filter(|n| *n < 64)?;
                Some(MemoryType {
                    minimum: record.minimum.get(),
                    maximum,
                    memory64,
                    shared,
                    page_size_log2,
                })
            })
            .ok_or_else(|| Error::damaged("the type of a memory"))
    }

    /// The type of a global, imported or defined.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn global(&self, index: GlobalIndex) -> Result<GlobalType, Error> {
        let record = self.tables.globals.get(index.index(), &self.checksums);
        record
            .and_then(|record| {
                let content = codes::val_of(record.content.get())?;
                Some(GlobalType { content, mutable: record.mutable.get() != 0 })
            })
            .ok_or_else(|| Error::damaged("the type of a global"))
    }

    /// The type of a tag, imported or defined.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn tag(&self, index: TagIndex) -> Result<TagType, Error> {
        let ty = self.tables.tags.get(index.index(), &self.checksums);
        ty.map(|ty| TagType { ty: TypeIndex::new(ty.get()) })
            .ok_or_else(|| Error::damaged("the type of a tag"))
    }

    /// The type of anything in an index space.
    ///
    /// # Errors
    ///
    /// If there is none with this index, or the artifact is damaged there.
    pub fn entity_type(&self, index: EntityIndex) -> Result<EntityType, Error> {
        Ok(match index {
            EntityIndex::Func(index) => EntityType::Func(self.function_type(index)?),
            EntityIndex::Table(index) => EntityType::Table(self.table(index)?),
            EntityIndex::Memory(index) => EntityType::Memory(self.memory(index)?),
            EntityIndex::Global(index) => EntityType::Global(self.global(index)?),
            EntityIndex::Tag(index) => EntityType::Tag(self.tag(index)?),
        })
    }

    /// Checks that types and imports are not damaged, so that what is read of them later is what
    /// was written. Costs a look at each import and, once, at the bytes of all types.
    ///
    /// # Errors
    ///
    /// If they are.
    pub fn check_interface(&self) -> Result<(), Error> {
        let (tables, checksums) = (&self.tables, &self.checksums);
        let intact = tables.types.all(checksums).is_some()
            && tables.type_codes.all(checksums).is_some()
            && tables.rec_groups.all(checksums).is_some();
        if !intact {
            return Err(Error::damaged("the types"));
        }
        self.imports().try_for_each(|import| import.map(drop))
    }

    /// The imports, in the order of the module.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = Result<ImportRef<'a>, Error>> + '_ {
        (0..self.tables.imports.len() as u32).map(|position| self.import_at(position))
    }

    /// An import, by its place in the module.
    ///
    /// # Errors
    ///
    /// If there is none at this place, or the artifact is damaged there.
    pub fn import_at(&self, position: u32) -> Result<ImportRef<'a>, Error> {
        let (module, name) = self.import_names_at(position)?;
        let (index, ty) = self.import_item_at(position)?;
        Ok(ImportRef { module, name, index, ty })
    }

    /// The module and the name of an import, by its place in the module.
    ///
    /// # Errors
    ///
    /// As for [`import_at`](Self::import_at).
    pub fn import_names_at(&self, position: u32) -> Result<(&'a str, &'a str), Error> {
        let record = self.import_record(position)?;
        Ok((self.string(record.module)?, self.string(record.name)?))
    }

    /// What is imported and the type that is wanted, by the place of the import in the module.
    ///
    /// # Errors
    ///
    /// As for [`import_at`](Self::import_at).
    pub fn import_item_at(&self, position: u32) -> Result<(EntityIndex, EntityType), Error> {
        let index = self.entity(self.import_record(position)?.entity)?;
        Ok((index, self.entity_type(index)?))
    }

    fn import_record(&self, position: u32) -> Result<&'a ImportRecord, Error> {
        let record = self.tables.imports.get(position as usize, &self.checksums);
        record.ok_or_else(|| Error::damaged("an import"))
    }

    /// The exports, in the order of the module.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = Result<ExportRef<'a>, Error>> + '_ {
        (0..self.tables.exports.len() as u32).map(|position| self.export_at(position))
    }

    /// An export, by its place in the module.
    ///
    /// # Errors
    ///
    /// If there is none at this place, or the artifact is damaged there.
    pub fn export_at(&self, position: u32) -> Result<ExportRef<'a>, Error> {
        let record = self.tables.exports.get(position as usize, &self.checksums);
        let record = record.ok_or_else(|| Error::damaged("an export"))?;
        Ok(ExportRef { name: self.string(record.name)?, index: self.entity(record.entity)? })
    }

    /// The export with the given name.
    pub fn export(&self, name: &str) -> Option<ExportRef<'a>> {
        self.export_at(self.export_position(name)?).ok()
    }

    /// The place of the export with the given name, in the order of the module.
    pub fn export_position(&self, name: &str) -> Option<u32> {
        let order = self.tables.export_order;
        let name_at = |position: u32| {
            let record = self.tables.exports.get(position as usize, &self.checksums)?;
            self.string(record.name).ok()
        };
        let place = order.partition_point(&self.checksums, |position| {
            // A damaged name sorts first: the search then may miss others, but ends.
            name_at(position.get()).unwrap_or_default() < name
        });
        let position = order.get(place?, &self.checksums)?.get();
        (name_at(position) == Some(name)).then_some(position)
    }

    fn entity(&self, record: EntityRecord) -> Result<EntityIndex, Error> {
        let index = record.index.get();
        let tables = &self.tables;
        let (entity, len) = match record.kind.get() {
            entity_kind::FUNC => {
                (EntityIndex::Func(FuncIndex::new(index)), tables.function_types.len())
            }
            entity_kind::TABLE => (EntityIndex::Table(TableIndex::new(index)), tables.tables.len()),
            entity_kind::MEMORY => {
                (EntityIndex::Memory(MemoryIndex::new(index)), tables.memories.len())
            }
            entity_kind::GLOBAL => {
                (EntityIndex::Global(GlobalIndex::new(index)), tables.globals.len())
            }
            entity_kind::TAG => (EntityIndex::Tag(TagIndex::new(index)), tables.tags.len()),
            _ => return Err(Error::damaged("the kind of an import or export")),
        };
        if (index as usize) < len {
            Ok(entity)
        } else {
            Err(Error::damaged("the index of an import or export"))
        }
    }
}

/// The maximum, and whether the index type is 64-bit, and whether it is shared; `None` if the
/// limits are impossible.
fn limits(record: &LimitsRecord) -> Option<(Option<u64>, bool, bool)> {
    let bits = record.flags.get();
    let maximum = (bits & limits_flags::HAS_MAXIMUM != 0).then_some(record.maximum.get());
    Some((maximum, bits & limits_flags::INDEX64 != 0, bits & limits_flags::SHARED != 0))
}
