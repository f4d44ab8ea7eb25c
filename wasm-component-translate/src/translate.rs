//! The whole way of a component.

use wasm_types::WasmFeatures;

use crate::adapt::export_name;
use crate::compose::HostAccess;
use crate::emit::{Translation, emit};
use crate::error::Error;
use crate::inline::inline;
use crate::parse::parse;

/// Validates a component and takes it apart.
///
/// Bodies of functions are not validated: that is done when the modules are compiled, and here it
/// would be done twice.
///
/// # Errors
///
/// If the bytes are no component, or it is not valid; or if it uses something that is not supported
/// or that `features` do not allow; or if it is so large, or its parts lie so deep in each other,
/// that it can't be translated.
pub fn translate(wasm: &[u8], features: WasmFeatures) -> Result<Translation<'_>, Error> {
    translate_with_access(wasm, features, &HostAccess::default())
}

/// As [`translate`], for a component that has access to the host's memory, or others put into it
/// ([`compose`](crate::compose)). The imports that give access are no imports of the translated
/// component.
///
/// # Errors
///
/// As for [`translate`]; or if such an import is no instance of such functions.
pub fn translate_with_access<'a>(
    wasm: &'a [u8],
    features: WasmFeatures,
    access: &HostAccess,
) -> Result<Translation<'a>, Error> {
    let parsed = parse(wasm, features)?;
    let inlined = inline(&parsed, access)?;
    let names: Vec<String> = (0..inlined.adapters.len()).map(export_name).collect();
    emit(inlined, &parsed.modules, &names, features)
}
