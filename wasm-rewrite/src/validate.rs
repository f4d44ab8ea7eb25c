//! Validation of input and output.

use wasmparser::{Validator, WasmFeatures};

use crate::error::Error;

/// The editions of the specification, and finally everything that the validator knows.
const EDITIONS: [WasmFeatures; 4] =
    [WasmFeatures::WASM1, WasmFeatures::WASM2, WasmFeatures::WASM3, WasmFeatures::all()];

/// Validates the input, and returns the proposals of the first edition in which it is valid.
pub(crate) fn input(wasm: &[u8]) -> Result<WasmFeatures, Error> {
    if let Err(error) = check(wasm, WasmFeatures::all()) {
        return Err(error.into());
    }
    Ok(EDITIONS
        .into_iter()
        .find(|&features| check(wasm, features).is_ok())
        .unwrap_or(WasmFeatures::all()))
}

/// Validates the output with the proposals that the input needed.
pub(crate) fn output(wasm: Vec<u8>, features: WasmFeatures) -> Result<Vec<u8>, Error> {
    match check(&wasm, features) {
        Ok(()) => Ok(wasm),
        Err(error) => Err(Error::output(error)),
    }
}

fn check(wasm: &[u8], features: WasmFeatures) -> Result<(), wasmparser::Error> {
    // A component is neither input nor output; without the feature the validator refuses it.
    let features = features.difference(WasmFeatures::COMPONENT_MODEL);
    Validator::new_with_features(features).validate_all(wasm).map(|_| ())
}
