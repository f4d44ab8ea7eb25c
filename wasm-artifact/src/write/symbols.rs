//! Names: of functions, for backtraces; of everything else, for tools; as ELF symbols.

use alloc::collections::BTreeMap;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use wasm_types::{CompiledModule, EntityIndex, FuncIndex, Module, TextItemKind};

use super::pools::small;
use super::{WriteOptions, Writer};
use crate::elf;
use crate::error::Error;
use crate::format::{FunctionNameRecord, NONE, OtherNameRecord, Part, name_kind};
use crate::symbols::nameless;

/// An ELF symbol: a defined function, or what stands beside them.
pub(super) struct Symbol {
    /// What it stands for, as ELF says it.
    pub(super) info: u8,
    /// Where its name starts among the symbols' strings.
    pub(super) name: u32,
    /// From the start of the text.
    pub(super) offset: u32,
    pub(super) len: u32,
}

const TOO_LARGE: &str = "it has more than 4 GiB of names";

impl Writer {
    /// Adds the tables of names and returns the symbols: first those of the functions, in their
    /// order.
    pub(super) fn add_names(
        &mut self,
        module: &Module,
        compiled: &CompiledModule,
        options: &WriteOptions,
    ) -> Result<Vec<Symbol>, Error> {
        // ELF wants the empty name first.
        let mut pool = alloc::vec![0u8];
        let mut places: BTreeMap<FuncIndex, u32> = BTreeMap::new();
        let mut records = Vec::new();
        if options.names {
            let mut names: Vec<_> = module.names.functions.iter().collect();
            // A reader searches them; what a name section says twice counts once.
            names.sort_by_key(|(func, _)| *func);
            names.dedup_by_key(|(func, _)| *func);
            for (func, name) in names {
                let offset = small(pool.len(), TOO_LARGE)?;
                records
                    .push(FunctionNameRecord { func: func.as_u32().into(), offset: offset.into() });
                places.insert(*func, offset);
                pool.extend_from_slice(name.as_bytes());
                pool.push(0);
            }
            if !records.is_empty() {
                let end = small(pool.len(), TOO_LARGE)?.into();
                records.push(FunctionNameRecord { func: NONE.into(), offset: end });
            }
            self.add_other_names(module)?;
        }
        let has_names = !records.is_empty();
        self.add(Part::FunctionNames, records);

        let mut symbols = Vec::new();
        if options.symbols {
            let mut exported = BTreeMap::new();
            for export in &module.exports {
                if let EntityIndex::Func(func) = export.index {
                    exported.entry(func).or_insert(export.name.as_str());
                }
            }
            for (number, code) in compiled.functions.iter().enumerate() {
                let func = FuncIndex::new(module.num_imported_functions + number as u32);
                let name = match (places.get(&func), exported.get(&func)) {
                    (Some(name), _) => *name,
                    (None, exported) => {
                        let name = small(pool.len(), TOO_LARGE)?;
                        match exported {
                            Some(name) => pool.extend_from_slice(name.as_bytes()),
                            None => pool.extend_from_slice(nameless(func).as_bytes()),
                        }
                        pool.push(0);
                        name
                    }
                };
                symbols.push(Symbol {
                    info: elf::STT_FUNC_LOCAL,
                    name,
                    offset: code.offset,
                    len: code.len,
                });
            }
            for item in &compiled.items {
                let name = small(pool.len(), TOO_LARGE)?;
                let info = match item.kind {
                    TextItemKind::Table(_) => elf::STT_OBJECT_LOCAL,
                    TextItemKind::ImportThunk(_) => elf::STT_FUNC_LOCAL,
                };
                pool.extend_from_slice(item.kind.to_string().as_bytes());
                pool.push(0);
                symbols.push(Symbol { info, name, offset: item.offset, len: item.len });
            }
        }
        if !symbols.is_empty() || has_names {
            self.add(Part::SymbolStrings, pool);
        }
        Ok(symbols)
    }

    fn add_other_names(&mut self, module: &Module) -> Result<(), Error> {
        let names = &module.names;
        let modules = names.module.iter().map(|name| (name_kind::MODULE, 0, name));
        let tables = names.tables.iter().map(|(i, name)| (name_kind::TABLE, i.as_u32(), name));
        let memories = names.memories.iter().map(|(i, name)| (name_kind::MEMORY, i.as_u32(), name));
        let globals = names.globals.iter().map(|(i, name)| (name_kind::GLOBAL, i.as_u32(), name));
        let elements =
            names.elements.iter().map(|(i, name)| (name_kind::ELEMENT, i.as_u32(), name));
        let data = names.data.iter().map(|(i, name)| (name_kind::DATA, i.as_u32(), name));
        let types = names.types.iter().map(|(i, name)| (name_kind::TYPE, i.as_u32(), name));
        let tags = names.tags.iter().map(|(i, name)| (name_kind::TAG, i.as_u32(), name));
        let fields = names.fields.iter().map(|((ty, field), name)| {
            // Structures have ten thousand fields at most.
            (name_kind::of_field(*field), ty.as_u32(), name)
        });
        // The module's own name comes first: a reader finds it there. Kinds are in rising order,
        // and so is each list.
        let all = modules.chain(tables).chain(memories).chain(globals).chain(elements).chain(data);
        let all = all.chain(types).chain(tags).chain(fields);
        let records = all.map(|(kind, index, name)| {
            let name = self.strings.add(name)?;
            Ok(OtherNameRecord { kind: kind.into(), index: index.into(), name })
        });
        let records: Vec<_> = records.collect::<Result<_, Error>>()?;
        self.add(Part::OtherNames, records);
        Ok(())
    }
}
