//! What functions are called, and which of them an engine wants to tell.

use std::borrow::Cow;

use wasm_artifact::Artifact;
use wasm_hooks::{NamePattern, unnamed_function};
use wasm_loader::Mismatch;
use wasm_types::{EntityIndex, Escaped, FuncIndex};

use crate::engine::CompileRequest;

/// What to call a function: see [`FunctionHookContext::display_name`](super::FunctionHookContext::display_name).
pub(crate) fn display_name<'a>(artifact: &Artifact<'a>, func: FuncIndex) -> Cow<'a, str> {
    if let Some(name) = artifact.name(func) {
        return Cow::Borrowed(name);
    }
    match exported_as(artifact, func).next() {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(unnamed_function(func.as_u32())),
    }
}

/// The names that a function is exported by.
pub(super) fn exported_as<'r, 'a>(
    artifact: &'r Artifact<'a>,
    func: FuncIndex,
) -> impl Iterator<Item = &'a str> + use<'r, 'a> {
    let exports = artifact.exports().filter_map(|export| export.ok());
    exports.filter(move |export| export.index == EntityIndex::Func(func)).map(|export| export.name)
}

/// Whether an artifact tells of the functions that an engine asks for.
pub(crate) fn check(request: &CompileRequest, artifact: &Artifact<'_>) -> Option<Mismatch> {
    if request.function_hooks.is_empty() {
        return None;
    }
    let texts = request.function_hooks.iter();
    let patterns: Vec<NamePattern> = texts.filter_map(|text| text.parse().ok()).collect();
    let counts = artifact.counts();
    let mut exports = vec![Vec::new(); counts.functions as usize];
    for export in artifact.exports().flatten() {
        if let EntityIndex::Func(func) = export.index
            && let Some(names) = exports.get_mut(func.index())
        {
            names.push(export.name);
        }
    }
    let silent =
        (counts.imported_functions..counts.functions).map(FuncIndex::new).find(|func| {
            let names =
                artifact.name(*func).into_iter().chain(exports[func.index()].iter().copied());
            NamePattern::matches_function(&patterns, func.as_u32(), names)
                && !artifact.is_hooked_function(*func)
        })?;
    Some(Mismatch::with_engine(
        "function hooks",
        format!("code that does not tell of `{}`", Escaped::new(&display_name(artifact, silent))),
        format!("it asked for, by the patterns `{}`", request.function_hooks.join("`, `")),
        "compile the module with the same `Config::function_hooks`, or set up the engine without",
    ))
}
