//! Lines in the source for debuggers: by the debugging information in the artifact with the feature
//! `debug-info`, and none at all without it.

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
    let code = functions.iter().map(|function| {
        let end = u64::from(function.offset) + function.code.len() as u64;
        let from = places.partition_point(|place| place.offset < function.offset);
        let to = places.partition_point(|place| u64::from(place.offset) < end);
        let places = places.get(from..to).unwrap_or_default().iter();
        wasm_dwarf::Code {
            address: function.address as u64,
            len: function.code.len() as u64,
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

/// None.
#[cfg(not(feature = "debug-info"))]
pub(super) fn sections(
    _loaded: &Loaded,
    _functions: &[Function<'_>],
) -> Vec<(&'static str, Vec<u8>)> {
    Vec::new()
}
