//! Validation of input and output.

use wasm_types::Import;
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use crate::error::{Error, ErrorKind};

/// The editions of the specification, and finally everything that the validator knows.
const EDITIONS: [WasmFeatures; 4] =
    [WasmFeatures::WASM1, WasmFeatures::WASM2, WasmFeatures::WASM3, WasmFeatures::all()];

/// Validates the input, and returns the proposals of the first edition in which it is valid.
pub(crate) fn input(wasm: &[u8]) -> Result<WasmFeatures, Error> {
    check_import_names(wasm)?;
    if let Err(error) = check(wasm, WasmFeatures::all()) {
        return Err(error.into());
    }
    Ok(EDITIONS
        .into_iter()
        .find(|&features| check(wasm, features).is_ok())
        .unwrap_or(WasmFeatures::all()))
}

/// Refuses imports whose names, counted for each import, are far more than there is in the binary.
fn check_import_names(wasm: &[u8]) -> Result<(), Error> {
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::ImportSection(section)) => {
                let imports = section.into_imports().map_while(Result::ok);
                let bytes: usize =
                    imports.map(|import| import.module.len() + import.name.len()).sum();
                if bytes > Import::MAX_NAMES {
                    let most = Import::MAX_NAMES;
                    let message = format!("the names of the imports have more than {most} bytes");
                    return Err(Error::new(ErrorKind::Invalid, message));
                }
            }
            // What can't be read is refused by the validator.
            Ok(Payload::CodeSectionStart { .. }) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Ok(())
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
