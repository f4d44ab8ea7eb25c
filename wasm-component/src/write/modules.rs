//! Core modules and their types.

use alloc::vec::Vec;

use wasm_types::{GlobalType, MemoryType, TableType, ValType};

use crate::core_def::CoreKind;
use crate::error::Error;
use crate::format::{CoreItemRecord, ModuleRecord, ModuleTypeRecord, RangeRef, limit_bits, role};
use crate::index::{ModuleTypeIndex, StaticModuleIndex};
use crate::read::StaticModule;
use crate::write::steps::kind_number;
use crate::write::{PlanBuilder, fit};

/// An import or export of a module type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoreItemDecl<'a> {
    /// The first name of an import; empty for exports.
    pub module: &'a str,
    /// The name.
    pub name: &'a str,
    /// Its type.
    pub ty: CoreItemDeclType,
}

/// The type of an import or export of a module type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CoreItemDeclType {
    /// A function.
    Func {
        /// Its parameters.
        params: Vec<ValType>,
        /// Its results.
        results: Vec<ValType>,
    },
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// A tag.
    Tag {
        /// What it carries.
        params: Vec<ValType>,
    },
}

impl PlanBuilder {
    /// A core module that is compiled with the component.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn module(&mut self, module: &StaticModule<'_>) -> Result<StaticModuleIndex, Error> {
        let number = fit(self.modules.len())?;
        let role = if module.adapter { role::ADAPTER } else { role::OWN };
        let name = self.types.strings.add(module.name)?;
        self.modules.push(ModuleRecord { role: role.into(), name });
        Ok(StaticModuleIndex::new(number))
    }

    /// A type of core modules.
    ///
    /// # Errors
    ///
    /// If there are too many, or something has a type other than numbers, vectors, `funcref` and
    /// `externref`.
    pub fn module_type(
        &mut self,
        imports: &[CoreItemDecl<'_>],
        exports: &[CoreItemDecl<'_>],
    ) -> Result<ModuleTypeIndex, Error> {
        let number = fit(self.module_types.len())?;
        let imports = self.core_items(imports)?;
        let exports = self.core_items(exports)?;
        self.module_types.push(ModuleTypeRecord { imports, exports });
        Ok(ModuleTypeIndex::new(number))
    }

    fn core_items(&mut self, items: &[CoreItemDecl<'_>]) -> Result<RangeRef, Error> {
        let start = fit(self.core_items.len())?.into();
        for item in items {
            let record = self.core_item(item)?;
            self.core_items.push(record);
        }
        Ok(RangeRef { start, len: fit(items.len())?.into() })
    }

    fn core_item(&mut self, item: &CoreItemDecl<'_>) -> Result<CoreItemRecord, Error> {
        let none: &[ValType] = &[];
        let mut limits = (0, None);
        let mut bits = 0;
        let mut set = |is: bool, bit: u32| bits |= if is { bit } else { 0 };
        let mut page_size = 0;
        let single;
        let (kind, types, results) = match &item.ty {
            CoreItemDeclType::Func { params, results } => {
                (CoreKind::Func, params.as_slice(), results.as_slice())
            }
            CoreItemDeclType::Table(table) => {
                limits = (table.minimum, table.maximum);
                set(table.table64, limit_bits::IS_64);
                set(table.shared, limit_bits::SHARED);
                single = [ValType::Ref(table.element)];
                (CoreKind::Table, single.as_slice(), none)
            }
            CoreItemDeclType::Memory(memory) => {
                limits = (memory.minimum, memory.maximum);
                set(memory.memory64, limit_bits::IS_64);
                set(memory.shared, limit_bits::SHARED);
                page_size = u32::from(memory.page_size_log2);
                (CoreKind::Memory, none, none)
            }
            CoreItemDeclType::Global(global) => {
                set(global.mutable, limit_bits::MUTABLE);
                single = [global.content];
                (CoreKind::Global, single.as_slice(), none)
            }
            CoreItemDeclType::Tag { params } => (CoreKind::Tag, params.as_slice(), none),
        };
        set(limits.1.is_some(), limit_bits::HAS_MAXIMUM);
        Ok(CoreItemRecord {
            module: self.types.strings.add(item.module)?,
            name: self.types.strings.add(item.name)?,
            kind: kind_number(kind).into(),
            bits: bits.into(),
            page_size: page_size.into(),
            minimum: limits.0.into(),
            maximum: limits.1.unwrap_or_default().into(),
            types: self.val_types(types)?,
            results: self.val_types(results)?,
        })
    }

    fn val_types(&mut self, types: &[ValType]) -> Result<RangeRef, Error> {
        let known = crate::read::VAL_TYPES;
        let mut bytes = Vec::with_capacity(types.len());
        for ty in types {
            let place = known.iter().position(|of| of == ty).ok_or(Error::unsupported(
                "core modules that are imported or exported can have only numbers, vectors, \
                 `funcref` and `externref` in their types",
            ))?;
            bytes.push(place as u8);
        }
        self.types.push_bytes(&bytes)
    }
}
