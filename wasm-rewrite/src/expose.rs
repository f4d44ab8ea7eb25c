//! Exports items that are not exported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use wasm_encoder::{ExportKind, ExportSection};

use crate::error::{Error, ErrorKind};
use crate::item::{Item, ItemKind};
use crate::sections::{self, Custom, Replaced, Source};
use crate::validate;

/// The longest name that engines accept, in bytes.
const LONGEST_NAME: usize = 100_000;

/// Returns the name for the export of an item, or `None` if it is not to be exported.
pub type Namer<'a> = dyn Fn(&Item) -> Option<String> + 'a;

/// What [`expose`] exports, and under which names.
pub struct ExposeOptions<'a> {
    /// Whether to export globals.
    pub globals: bool,
    /// Whether to export tables.
    pub tables: bool,
    /// Whether to export memories.
    pub memories: bool,
    /// Whether mutable globals may be exported. Engines of the first version of WebAssembly 1.0 may
    /// not support that; those globals are left out then.
    pub mutable_globals: bool,
    /// Whether items that the module already exports get a second export, so that all are found
    /// under names of one scheme.
    pub again: bool,
    /// The beginning of all names.
    pub prefix: &'a str,
    /// Names an item, or leaves it out. Without it, the names are the prefix, the kind, `_`, and
    /// the name in the name section or else the index: `__global_count`, `__table_0`. Names that
    /// this returns get no prefix.
    pub name: Option<&'a Namer<'a>>,
}

impl Default for ExposeOptions<'_> {
    /// Exports everything, with the prefix `__`.
    fn default() -> Self {
        Self {
            globals: true,
            tables: true,
            memories: true,
            mutable_globals: true,
            again: true,
            prefix: "__",
            name: None,
        }
    }
}

impl fmt::Debug for ExposeOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExposeOptions")
            .field("globals", &self.globals)
            .field("tables", &self.tables)
            .field("memories", &self.memories)
            .field("mutable_globals", &self.mutable_globals)
            .field("again", &self.again)
            .field("prefix", &self.prefix)
            .field("name", &self.name.map(|_| "Fn"))
            .finish()
    }
}

/// The result of [`expose`].
#[derive(Clone, Debug)]
pub struct Exposed {
    /// The module.
    pub wasm: Vec<u8>,
    /// The new exports: globals, tables, memories, each in the order of their indices.
    pub items: Vec<ExposedItem>,
    /// Mutable globals that were left out because of [`ExposeOptions::mutable_globals`].
    pub skipped: Vec<Item>,
    /// The names of custom sections that were left out since they would no longer be correct: the
    /// URL of a source map, whose offsets count from the start of the file.
    pub dropped_sections: Vec<String>,
}

/// A new export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExposedItem {
    /// What is exported.
    pub item: Item,
    /// The name of the export.
    pub name: String,
}

/// Exports the globals, tables and memories of a module, imported ones too.
///
/// Existing exports stay, in their order and before the new ones. Where a name is taken, `_2` is
/// appended, or the next number that is free. Everything else is copied.
///
/// # Errors
///
/// If the module is not valid, or if it has more exports than engines accept.
pub fn expose(wasm: &[u8], options: &ExposeOptions<'_>) -> Result<Exposed, Error> {
    let features = validate::input(wasm)?;
    let source = Source::parse(wasm)?;
    let mut section = ExportSection::new();
    let mut taken = BTreeMap::new();
    let mut exported = BTreeSet::new();
    for export in &source.exports {
        section.export(export.name, export.kind.into(), export.index);
        taken.insert(export.name.to_owned(), 2);
        exported.insert((ExportKind::from(export.kind) as u8, export.index));
    }
    let (mut items, mut skipped) = (Vec::new(), Vec::new());
    for item in candidates(&source, options) {
        let kind = match item.kind {
            ItemKind::Global => ExportKind::Global,
            ItemKind::Table => ExportKind::Table,
            ItemKind::Memory => ExportKind::Memory,
        };
        if !options.again && exported.contains(&(kind as u8, item.index)) {
            continue;
        }
        if item.kind == ItemKind::Global && item.mutable && !options.mutable_globals {
            skipped.push(item);
            continue;
        }
        let Some(wanted) = name(&item, options)? else { continue };
        let name = free_name(wanted, &mut taken);
        section.export(&name, kind, item.index);
        items.push(ExposedItem { item, name });
    }
    if items.is_empty() {
        let wasm = wasm.to_vec();
        return Ok(Exposed { wasm, items, skipped, dropped_sections: Vec::new() });
    }
    let mut replaced = Replaced::default();
    replaced.put(&section);
    let (wasm, dropped_sections) = sections::assemble(&source, &replaced, |_| Custom::Keep);
    // Apart from the kind, what the validator checks of an export came with WebAssembly 1.0. So the
    // proposals of the input are enough.
    let wasm = validate::output(wasm, features)?;
    Ok(Exposed { wasm, items, skipped, dropped_sections })
}

fn candidates(source: &Source<'_>, options: &ExposeOptions<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    if options.globals {
        items.extend((0..source.globals.len()).map(|index| source.global(index)));
    }
    if options.tables {
        items.extend((0..source.tables.len()).map(|index| source.table(index)));
    }
    if options.memories {
        items.extend((0..source.memories.len()).map(|index| source.memory(index)));
    }
    items
}

fn name(item: &Item, options: &ExposeOptions<'_>) -> Result<Option<String>, Error> {
    let name = match options.name {
        Some(name) => name(item),
        None => {
            let (prefix, kind) = (options.prefix, item.kind);
            let named = item.name.as_ref().map(|name| format!("{prefix}{kind}_{name}"));
            // There must be room for a number after the name.
            let short = named.filter(|name| name.len() + 16 <= LONGEST_NAME);
            Some(short.unwrap_or_else(|| format!("{prefix}{kind}_{}", item.index)))
        }
    };
    match name {
        Some(name) if name.len() > LONGEST_NAME => Err(Error::of(
            ErrorKind::Limit,
            item,
            format_args!(
                "its export would have a name of {} bytes; engines accept {LONGEST_NAME}",
                name.len()
            ),
        )),
        name => Ok(name),
    }
}

/// The name itself, or one with a number after it. For each name that was requested, the map has
/// the number to try next, so that many items of one name do not take long.
fn free_name(wanted: String, taken: &mut BTreeMap<String, u64>) -> String {
    let Some(&(mut number)) = taken.get(&wanted) else {
        taken.insert(wanted.clone(), 2);
        return wanted;
    };
    loop {
        let name = format!("{wanted}_{number}");
        number += 1;
        if !taken.contains_key(&name) {
            taken.insert(name.clone(), 2);
            taken.insert(wanted, number);
            return name;
        }
    }
}
