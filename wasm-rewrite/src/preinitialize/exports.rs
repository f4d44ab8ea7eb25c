//! Exports: functions that need not run any more are removed, others get new names.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::ExportSection;
use wasmparser::{Export, ExternalKind};

use super::PreinitializeOptions;
use super::functions::Functions;
use super::renumber::Renumber;
use crate::error::{Error, ErrorKind};
use crate::sections::Source;

/// The name of a WASI reactor's initialisation function.
const INITIALIZE: &str = "_initialize";

/// The exports of the output.
pub(super) fn exports(
    source: &Source<'_>,
    options: &PreinitializeOptions,
    renumber: &Renumber,
    functions: &mut Functions,
) -> Result<ExportSection, Error> {
    let (removed, renamed) = wanted(source, options)?;
    let replaced: BTreeSet<&str> = renamed.values().copied().collect();
    let mut section = ExportSection::new();
    for export in &source.exports {
        let name = match renamed.get(export.name) {
            Some(name) => name,
            None if removed.contains(export.name) || replaced.contains(export.name) => continue,
            None if !options.keep_initialize && is_initialize(export) => continue,
            None => export.name,
        };
        let indices = match export.kind {
            ExternalKind::Memory => &renumber.memories,
            ExternalKind::Table => &renumber.tables,
            ExternalKind::Global => &renumber.globals,
            ExternalKind::Func | ExternalKind::FuncExact => {
                functions.0.insert(export.index);
                section.export(name, export.kind.into(), export.index);
                continue;
            }
            ExternalKind::Tag => {
                section.export(name, export.kind.into(), export.index);
                continue;
            }
        };
        let index = indices.get(export.index as usize).copied().unwrap_or(export.index);
        section.export(name, export.kind.into(), index);
    }
    Ok(section)
}

type Wanted<'a> = (BTreeSet<&'a str>, BTreeMap<&'a str, &'a str>);

/// The exports to remove, and those to rename, with their new names.
fn wanted<'a>(source: &Source<'_>, options: &'a PreinitializeOptions) -> Result<Wanted<'a>, Error> {
    let removed: BTreeSet<&str> = options.remove_exports.iter().map(String::as_str).collect();
    let (mut renamed, mut new) = (BTreeMap::new(), BTreeSet::new());
    for (from, to) in &options.rename_exports {
        if renamed.insert(from.as_str(), to.as_str()).is_some() || removed.contains(from.as_str()) {
            return Err(Error::new(
                ErrorKind::Export,
                format!("the export {from:?} is to be renamed and renamed or removed again"),
            ));
        }
        if !new.insert(to.as_str()) {
            return Err(Error::new(
                ErrorKind::Export,
                format!("two exports are to be renamed to {to:?}"),
            ));
        }
    }
    for &name in removed.iter().chain(renamed.keys()) {
        let reason = match source.exports.iter().find(|export| export.name == name) {
            Some(export) if is_function(export) => continue,
            Some(export) => format!("but it is not a function but a {:?}", export.kind),
            None => "but there is none of that name".to_owned(),
        };
        return Err(Error::new(
            ErrorKind::Export,
            format!("the export {name:?} is to be removed or renamed, {reason}"),
        ));
    }
    Ok((removed, renamed))
}

fn is_function(export: &Export<'_>) -> bool {
    matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
}

fn is_initialize(export: &Export<'_>) -> bool {
    export.name == INITIALIZE && is_function(export)
}
