//! Makes a module that starts in a given state.

mod check;
mod data;
mod elements;
mod exports;
mod functions;
mod globals;
mod imports;
mod objects;
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
use objects::Objects;
use renumber::Renumber;
use uses::Uses;

/// Options of [`preinitialize`].
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PreinitializeOptions {
    /// Functions that are no longer exported, by the names of their exports. These are functions
    /// that need not run any more, such as Wizer's `wizer.initialize`.
    pub remove_exports: Vec<String>,
    /// Functions that are exported under another name: the old name, and the new one. If another
    /// export has the new name, it is removed.
    pub rename_exports: Vec<(String, String)>,
    /// Whether a function with the name `_initialize` stays exported. WASI reactors have one, which
    /// must be called once. Without this option it is assumed to have been called.
    pub keep_initialize: bool,
    /// What happens to imported globals, tables and memories that are part of the state.
    pub imported: Imported,
}

/// What happens to imported items that are part of the state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub enum Imported {
    /// They are errors: an importing module can't set the contents of an imported item.
    #[default]
    Refuse,
    /// They become items that the module defines, and are no longer imported.
    ///
    /// If an item that stays imported follows one that does not, indices change. Then code is
    /// encoded again, and DWARF, branch hints and similar sections are left out, since they refer
    /// to positions in it.
    Define,
}

/// The result of [`preinitialize`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preinitialized {
    /// The module.
    pub wasm: Vec<u8>,
    /// The names of custom sections that were left out since they would no longer be correct.
    pub dropped_sections: Vec<String>,
}

/// Makes a module that starts in the given state.
///
/// * Memories and tables have the size of the state from the start, and data and element segments
///   for their contents. Runs of bytes that are close to each other share a segment, and there are
///   never more segments than engines accept.
/// * Globals are initialised with their values.
/// * Segments that were not dropped stay. If code refers to a dropped segment, an empty one stays
///   in its place. Indices of segments in code stay correct.
/// * Imported items that are not part of the state stay imported. Active segments that initialise
///   them stay as they are, and so does their part in instantiation.
/// * Functions that code takes references to stay declared.
/// * Structures and arrays of the garbage-collected heap become constant expressions. Those that
///   several places refer to get an immutable global each, before the globals that the module
///   defines; then code is encoded again, as for [`Imported::Define`].
/// * There is no start function: it has run. Only if objects refer to each other in circles, or if
///   an array has more elements than engines accept in an expression, a new one sets what is
///   missing.
///
/// The name section and other custom sections are kept. Sections with relocations (`linking`,
/// `reloc.*`) are left out, as they would refer to other data, and so is the URL of a source map if
/// code moves within the file. Code itself is copied, so DWARF stays correct; see
/// [`Imported::Define`] for the exception.
///
/// An immutable global that the module defines may be `None` in the state: it keeps its
/// initialiser. Use this for globals whose values a state can't express.
///
/// # Errors
///
/// If the module is not valid, if the state does not fit it or can't be expressed in a module (for
/// objects: a circle of fields that can't be null or can't be set, or an array of more than 10,000
/// elements that can't be set), if an export is missing that the options name, or if the result
/// would be larger than engines accept. [`Error::item`] is the global, table or memory that caused
/// the error.
pub fn preinitialize(
    wasm: &[u8],
    state: &ModuleState,
    options: &PreinitializeOptions,
) -> Result<Preinitialized, Error> {
    let features = validate::input(wasm)?;
    let source = Source::parse(wasm)?;
    check::state(&source, state, options.imported)?;
    let mut uses = Uses::of(&source)?;
    let objects = Objects::new(&source, state)?;
    let mut renumber = Renumber::new(&source, state, &objects)?;

    let mut replaced = Replaced::default();
    replaced.remove(SectionId::Start);
    if !renumber.is_none() {
        replaced.put(&imports::imports(&source, state, &mut renumber)?);
    }
    let tables = imports::tables(&source, state, &mut renumber)?;
    put_unless_empty(&mut replaced, &source, &tables, tables.is_empty());
    let memories = imports::memories(&source, state);
    put_unless_empty(&mut replaced, &source, &memories, memories.is_empty());
    let mut declared = functions::Functions::default();
    let globals = globals::globals(&source, state, &objects, &mut renumber, &mut declared)?;
    put_unless_empty(&mut replaced, &source, &globals, globals.is_empty());
    let exports = exports::exports(&source, options, &renumber, &mut declared)?;
    put_unless_empty(&mut replaced, &source, &exports, exports.is_empty());
    let moves_code = renumber.changes_code() || objects.has_start();
    if moves_code {
        let mut code = renumber.code(&source)?;
        if objects.has_start() {
            let mut named = functions::Functions::default();
            objects.add_start(&source, &mut code, &mut replaced, &mut named)?;
            uses.functions.append(&mut named.0);
        }
        replaced.put(&code);
    }
    let (elements, element_places) =
        elements::elements(&source, state, &objects, &uses, &mut renumber, &mut declared)?;
    put_unless_empty(&mut replaced, &source, &elements, elements.is_empty());
    let (data, data_places) = data::data(&source, state, &uses, &mut renumber)?;
    put_unless_empty(&mut replaced, &source, &data, data.is_empty());
    if source.has_section(SectionId::DataCount.into()) {
        replaced.put(&DataCountSection { count: data.len() });
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

/// A section that was in the input stays, even if it has become empty.
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
