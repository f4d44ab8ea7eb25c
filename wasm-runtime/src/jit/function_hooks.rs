//! Finds the functions of a module that have hooks, by patterns for their names.

use std::collections::HashMap;
use std::sync::Arc;

use wasm_hooks::NamePattern;
use wasm_store::Result;
use wasm_store::error::Context;
use wasm_translate::FunctionSelection;
use wasm_types::{EntityIndex, FuncIndex, Module};

/// The functions that a request's patterns select.
///
/// # Errors
///
/// If one of them is not a pattern.
pub(super) fn selection(texts: &[String]) -> Result<Arc<FunctionSelection>> {
    let parse = |text: &String| {
        text.parse::<NamePattern>().with_context(|| format!("function hooks for `{text}`"))
    };
    let patterns: Vec<NamePattern> = texts.iter().map(parse).collect::<Result<_>>()?;
    Ok(Arc::new(move |module: &Module| select(&patterns, module)))
}

fn select(patterns: &[NamePattern], module: &Module) -> Vec<FuncIndex> {
    let mut exports: HashMap<FuncIndex, Vec<&str>> = HashMap::new();
    for export in &module.exports {
        if let EntityIndex::Func(func) = export.index {
            exports.entry(func).or_default().push(&export.name);
        }
    }
    let defined = module.num_imported_functions..module.functions.len() as u32;
    let matches = |func: &FuncIndex| {
        let exports = exports.get(func).into_iter().flatten().copied();
        let names = module.names.function(*func).into_iter().chain(exports);
        NamePattern::matches_function(patterns, func.as_u32(), names)
    };
    defined.map(FuncIndex::new).filter(matches).collect()
}
