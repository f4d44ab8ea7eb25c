//! Making a module that starts in a given state.

mod check;
mod constant;
mod data;
mod elements;
mod exports;
mod globals;
mod imports;
mod renumber;
mod runs;
mod slots;
mod uses;

use wasm_encoder::{DataCountSection, SectionId};
use wasm_types::ModuleState;

use crate::error::Error;
use crate::names::{self, Moved};
use crate::sections::{self, Custom, Replaced, Section, Source};
use crate::validate;
use renumber::Renumber;
use uses::Uses;

/// How [`preinitialize`] goes about it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PreinitializeOptions {
    /// Functions that are no longer exported, by the names of their exports: those that have done
    /// their work, such as Wizer's `wizer.initialize`.
    pub remove_exports: Vec<String>,
    /// Functions that are exported under another name: the old name, and the new one. An export
    /// that had the new name is removed.
    pub rename_exports: Vec<(String, String)>,
    /// Whether a function stays exported that has the name `_initialize`, which a WASI reactor has
    /// for what must be called once. Without this it is taken to have been called.
    pub keep_initialize: bool,
    /// What becomes of imported globals, tables and memories that are part of the state.
    pub imported: Imported,
}

/// What becomes of imported items that are part of the state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum Imported {
    /// They are errors: an importing module does not say what an imported item holds.
    #[default]
    Refuse,
    /// They become items that the module defines, and are imported no longer.
    ///
    /// If one that stays imported follows one that does not, indices change. Code is encoded again
    /// then, and DWARF, branch hints and the like are left out, since they name places in it.
    Define,
}

/// What [`preinitialize`] made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preinitialized {
    /// The module.
    pub wasm: Vec<u8>,
    /// The names of custom sections that were left out since they would no longer be right.
    pub dropped_sections: Vec<String>,
}

/// Makes a module that starts in the given state.
///
/// * Memories and tables have the size of the state from the start, and data and element segments
///   for what they hold. Runs of bytes that are near are in one segment, and there are never more
///   segments than engines accept.
/// * Globals are initialised with their values.
/// * Segments that were not dropped stay. Of those that were, an empty one stays where code names
///   it; indices of segments in code stay right.
/// * Imported items that are not part of the state stay imported, and active segments that
///   initialise them stay what they are, as does their part in instantiation.
/// * Functions that code takes references of stay declared.
/// * There is no start function: it has run.
///
/// The name section and other custom sections are kept. Left out are those with relocations
/// (`linking`, `reloc.*`), which would refer to other data, and the URL of a source map if code
/// moves within the file. Code itself is copied, so DWARF stays right; see [`Imported::Define`] for
/// the exception.
///
/// An immutable global that the module defines may be `None` in the state: it keeps its
/// initialiser. This is the way for globals whose values a state can't tell.
///
/// # Errors
///
/// If the module is not valid, if the state does not fit it or can't be told in a module, if an
/// export is missing that the options name, or if the result would be larger than engines accept.
/// [`Error::item`] is the global, table or memory that is the reason.
pub fn preinitialize(
    wasm: &[u8],
    state: &ModuleState,
    options: &PreinitializeOptions,
) -> Result<Preinitialized, Error> {
    let features = validate::input(wasm)?;
    let source = Source::parse(wasm)?;
    check::state(&source, state, options.imported)?;
    let uses = Uses::of(&source)?;
    let mut renumber = Renumber::new(&source, state)?;

    let mut replaced = Replaced::default();
    replaced.remove(SectionId::Start);
    if !renumber.is_none() {
        replaced.put(&imports::imports(&source, state, &mut renumber)?);
    }
    let tables = imports::tables(&source, state, &mut renumber)?;
    put_unless_empty(&mut replaced, &source, &tables, tables.is_empty());
    let memories = imports::memories(&source, state);
    put_unless_empty(&mut replaced, &source, &memories, memories.is_empty());
    let mut declared = globals::Functions::default();
    let globals = globals::globals(&source, state, &mut renumber, &mut declared)?;
    put_unless_empty(&mut replaced, &source, &globals, globals.is_empty());
    let exports = exports::exports(&source, options, &renumber, &mut declared)?;
    put_unless_empty(&mut replaced, &source, &exports, exports.is_empty());
    let (elements, element_places) =
        elements::elements(&source, state, &uses, &mut renumber, &mut declared)?;
    put_unless_empty(&mut replaced, &source, &elements, elements.is_empty());
    let (data, data_places) = data::data(&source, state, &uses, &mut renumber)?;
    put_unless_empty(&mut replaced, &source, &data, data.is_empty());
    if source.has_section(SectionId::DataCount.into()) {
        replaced.put(&DataCountSection { count: data.len() });
    }
    let moves_code = renumber.changes_code();
    if moves_code {
        replaced.put(&renumber.code(&source)?);
    }

    let places = |indices: &[u32]| indices.iter().copied().map(Some).collect();
    let moved = Moved {
        tables: places(&renumber.tables),
        memories: places(&renumber.memories),
        globals: places(&renumber.globals),
        elements: element_places,
        data: data_places,
    };
    let (wasm, dropped_sections) =
        sections::assemble(&source, &replaced, |section| custom(section, &moved, moves_code));
    let wasm = validate::output(wasm, features)?;
    Ok(Preinitialized { wasm, dropped_sections })
}

/// A section that was there stays, even if it has become empty.
fn put_unless_empty(
    replaced: &mut Replaced,
    source: &Source<'_>,
    section: &impl wasm_encoder::Section,
    empty: bool,
) {
    if !empty || source.has_section(section.id()) {
        replaced.put(section);
    }
}

fn custom(section: &Section<'_>, moved: &Moved, moves_code: bool) -> Custom {
    let name = section.name.unwrap_or_default();
    if name == "name" {
        return match names::rename(section.payload, moved) {
            Some(payload) => Custom::Replace(payload),
            None => Custom::Drop,
        };
    }
    let relocates = name == "linking" || name.starts_with("reloc.");
    let names_code = name.starts_with(".debug_")
        || name == "external_debug_info"
        || name.starts_with("metadata.code.");
    if relocates || (moves_code && names_code) { Custom::Drop } else { Custom::Keep }
}
