//! What stands in the text behind the functions: the thunks of imported functions that are elements
//! of tables which nothing changes, and those tables.

use std::collections::BTreeMap;

use cranelift_codegen::TextSectionBuilder;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::Endianness;
use wasm_types::abi::NO_TYPE_ID;
use wasm_types::{
    AddressMapEntry, CompiledModule, FuncIndex, InlinedRange, TableIndex, TextItem, TextItemKind,
};

use super::MAX_TEXT;
use crate::codegen::{FunctionCode, Job, Target};
use crate::error::{Error, ErrorKind};
use crate::immutable_table::ImmutableTable;

/// Tables start at multiples of this, which is the size of an element: none of them is in two cache
/// lines.
const TABLE_ALIGNMENT: u32 = 8;

/// What the code refers to beside functions.
#[derive(Default)]
pub(crate) struct Items<'a> {
    tables: BTreeMap<TableIndex, &'a ImmutableTable>,
    thunks: BTreeMap<FuncIndex, FunctionCode>,
}

impl<'a> Items<'a> {
    /// What is referred to by the code of some functions. The thunks are still to be
    /// [made](Self::add_thunk).
    pub(crate) fn used_by(job: &'a Job<'_>, functions: &[FunctionCode]) -> Self {
        let references = functions.iter().flat_map(|code| &code.references);
        let tables = references.filter_map(|reference| match reference.target {
            Target::Table(table) => Some((table, job.immutable_tables.get(table)?)),
            Target::Function(_) => None,
        });
        Self { tables: tables.collect(), thunks: BTreeMap::new() }
    }

    /// The imported functions that thunks are needed for.
    pub(crate) fn imports(&self, job: &Job<'_>) -> Vec<FuncIndex> {
        let module = job.parsed.module();
        let elements = self.tables.values().flat_map(|table| table.elements.iter().flatten());
        let mut imports: Vec<FuncIndex> =
            elements.copied().filter(|func| module.defined_func(*func).is_none()).collect();
        imports.sort_unstable();
        imports.dedup();
        imports
    }

    pub(crate) fn add_thunk(&mut self, func: FuncIndex, code: FunctionCode) {
        self.thunks.insert(func, code);
    }

    /// The thunks' code.
    pub(super) fn thunks(&self) -> impl Iterator<Item = &FunctionCode> {
        self.thunks.values()
    }

    /// Puts everything behind the functions, whose places are known.
    pub(super) fn append(
        &self,
        job: &Job<'_>,
        alignment: u32,
        text: &mut dyn TextSectionBuilder,
        compiled: &mut CompiledModule,
    ) -> Result<(), Error> {
        let mut control = ControlPlane::default();
        let mut thunks = BTreeMap::new();
        for (func, code) in &self.thunks {
            let alignment = code.alignment.max(alignment);
            let start = text.append(false, &code.bytes, alignment, &mut control);
            let item = item(TextItemKind::ImportThunk(*func), start, code.bytes.len())?;
            thunks.insert(*func, item.offset);
            compiled.items.push(item);
        }
        let mut items = Vec::with_capacity(self.tables.len());
        for (table, contents) in &self.tables {
            // Elements are distances from the start of the table, which is here unless the builder
            // puts something else in between.
            let expected = text.append(false, &[], TABLE_ALIGNMENT, &mut control);
            let bytes = elements(job, compiled, &thunks, contents, expected);
            let start = text.append(false, &bytes, TABLE_ALIGNMENT, &mut control);
            items.push(item(TextItemKind::Table(*table), start, bytes.len())?);
            if start != expected {
                text.write(start, &elements(job, compiled, &thunks, contents, start));
            }
        }
        compiled.items.extend(items);
        // It comes from no place of the binary, though it stands behind code that does.
        compiled.address_map.extend(
            compiled
                .items
                .first()
                .map(|first| AddressMapEntry { offset: first.offset, wasm_offset: u32::MAX }),
        );
        // Nor does it stand in place of a call.
        if let Some(first) = compiled.items.first()
            && compiled.inlined_ranges.last().is_some_and(|last| last.function.is_some())
        {
            compiled.inlined_ranges.push(InlinedRange { offset: first.offset, function: None });
        }
        Ok(())
    }
}

/// The elements of a table that starts at an offset of the text: for each the distance of its code,
/// and the number of its type.
fn elements(
    job: &Job<'_>,
    compiled: &CompiledModule,
    thunks: &BTreeMap<FuncIndex, u32>,
    table: &ImmutableTable,
    start: u64,
) -> Vec<u8> {
    let module = job.parsed.module();
    let code_of = |func: FuncIndex| match module.defined_func(func) {
        Some(defined) => compiled.functions[defined.index()].offset,
        None => thunks[&func],
    };
    let big_endian = job.isa.endianness() == Endianness::Big;
    let mut bytes = Vec::with_capacity(table.elements.len() * 8);
    for element in &table.elements {
        let (distance, number) = match element {
            Some(func) => {
                let number = job.immutable_tables.type_number(module.functions[func.index()]);
                // Both are below 2 GiB, or the text is refused for its size.
                (code_of(*func).wrapping_sub(start as u32), number)
            }
            None => (0, NO_TYPE_ID),
        };
        for word in [distance, number] {
            bytes.extend_from_slice(&if big_endian {
                word.to_be_bytes()
            } else {
                word.to_le_bytes()
            });
        }
    }
    bytes
}

fn item(kind: TextItemKind, start: u64, len: usize) -> Result<TextItem, Error> {
    if start + len as u64 > MAX_TEXT {
        return Err(Error::new(ErrorKind::Limit, "the machine code is larger than 2 GiB"));
    }
    Ok(TextItem { kind, offset: start as u32, len: len as u32 })
}
