//! What the code keeps for native debuggers: by the debugging information of the module with the
//! feature `debug-info`, and nothing without it.

use wasm_translate::Settings;
use wasm_types::Module;

/// Whether the debugging information of a module names locals.
#[cfg(feature = "debug-info")]
pub(super) fn may_be_kept(module: &Module) -> bool {
    !module.debug_sections.is_empty()
}

/// Makes functions keep the locals that the module's debugging information names.
#[cfg(feature = "debug-info")]
pub(super) fn keep(settings: &mut Settings, module: &Module, wasm: &[u8]) {
    use wasm_types::DefinedFuncIndex;

    let debug = &module.debug_sections;
    let section = |name: &str| {
        let found = debug.sections.iter().find(|(known, _)| known == name);
        found.and_then(|(_, place)| wasm.get(place.clone())).unwrap_or_default()
    };
    let functions = wasm_dwarf::named_locals(&section).into_iter().filter_map(|function| {
        // Where its last byte is in the binary. The first one may be that of the length before it.
        let last = usize::try_from(function.code.end).ok()?.checked_sub(1)?;
        let last = debug.code_start.checked_add(last)?;
        let number = module.bodies.partition_point(|body| body.range.end <= last);
        let body = module.bodies.get(number)?;
        body.range
            .contains(&last)
            .then_some((DefinedFuncIndex::new(number as u32), function.locals))
    });
    settings.named_locals(functions);
}

/// Never.
#[cfg(not(feature = "debug-info"))]
pub(super) fn may_be_kept(_module: &Module) -> bool {
    false
}

/// Nothing.
#[cfg(not(feature = "debug-info"))]
pub(super) fn keep(_settings: &mut Settings, _module: &Module, _wasm: &[u8]) {}
