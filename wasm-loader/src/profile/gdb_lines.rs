//! Lines and variables of the source for debuggers: by the debugging information in the artifact
//! with the feature `debug-info`, and none at all without it.

use super::functions::Function;
use crate::loaded::Loaded;

/// The sections of an ELF file with debugging information of the loaded code, by their names.
#[cfg(feature = "debug-info")]
pub(super) fn sections(
    loaded: &Loaded,
    functions: &[Function<'_>],
) -> Vec<(&'static str, Vec<u8>)> {
    let artifact = loaded.artifact();
    let Some(start) = artifact.code_section_start() else { return Vec::new() };
    let places: Vec<_> = artifact.address_map().iter().collect();
    // In a damaged artifact there are none.
    let kept: Vec<_> = artifact.kept_values().into_iter().flatten().collect();
    let imported = artifact.counts().imported_functions;
    let code = functions.iter().map(|function| {
        let end = u64::from(function.offset) + function.code.len() as u64;
        let from = places.partition_point(|place| place.offset < function.offset);
        let to = places.partition_point(|place| u64::from(place.offset) < end);
        let places = places.get(from..to).unwrap_or_default().iter();
        wasm_dwarf::Code {
            address: function.address as u64,
            len: function.code.len() as u64,
            frame: frame(&kept, function.func.as_u32().checked_sub(imported)),
            name: &function.name,
            places: places
                .map(|place| {
                    // In a damaged artifact the addresses may be out of order.
                    let offset = place.offset.saturating_sub(function.offset);
                    let wasm = u64::from(place.wasm_offset).checked_sub(start);
                    (offset.into(), wasm.filter(|_| place.wasm_offset != u32::MAX))
                })
                .collect(),
        }
    });
    let code: Vec<_> = code.collect();
    let section = |name: &str| artifact.debug_section(name).unwrap_or_default();
    wasm_dwarf::translate(&section, &code)
}

/// What a function keeps in its frame.
#[cfg(feature = "debug-info")]
fn frame(kept: &[wasm_types::KeptValue], function: Option<u32>) -> Option<wasm_dwarf::KeptFrame> {
    let function = wasm_types::DefinedFuncIndex::new(function?);
    let start = kept.partition_point(|kept| kept.func < function);
    let own = kept.get(start..)?.iter().take_while(|kept| kept.func == function);
    let memory = own.clone().find(|kept| kept.local.is_none())?;
    let locals = own.filter_map(|kept| {
        let (local, below, size) = (kept.local?, kept.below_frame_pointer, kept.size);
        Some(wasm_dwarf::KeptLocal { local, below, size })
    });
    Some(wasm_dwarf::KeptFrame {
        register: FRAME_POINTER?,
        memory_below: memory.below_frame_pointer,
        locals: locals.collect(),
    })
}

/// The number that debuggers know the frame pointer by. Where there is none, or numbers have
/// another order of bytes in memory than those of modules, there are no variables.
#[cfg(feature = "debug-info")]
const FRAME_POINTER: Option<u16> = if cfg!(target_arch = "x86_64") {
    Some(6)
} else if cfg!(target_arch = "aarch64") {
    Some(29)
} else if cfg!(target_arch = "riscv64") {
    Some(8)
} else {
    None
};

/// None.
#[cfg(not(feature = "debug-info"))]
pub(super) fn sections(
    _loaded: &Loaded,
    _functions: &[Function<'_>],
) -> Vec<(&'static str, Vec<u8>)> {
    Vec::new()
}
