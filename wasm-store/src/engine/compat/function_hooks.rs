//! Whether an artifact's functions notify the hooks that an engine is set to.

use wasm_artifact::Artifact;
use wasm_hooks::NamePattern;
use wasm_loader::Mismatch;
use wasm_types::{EntityIndex, Escaped, FuncIndex};

use crate::engine::CompileRequest;
use crate::engine::function_names::display_name;

/// Compares the functions of an artifact that notify hooks with those that the engine selects.
pub(super) fn check(request: &CompileRequest, artifact: &Artifact<'_>) -> Option<Mismatch> {
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
        format!(
            "code that notifies no hook of `{}`",
            Escaped::new(&display_name(artifact, silent))
        ),
        format!("hooks for it, by the patterns `{}`", request.function_hooks.join("`, `")),
        "compile the module with the same `Config::function_hooks`, or set up the engine without",
    ))
}
