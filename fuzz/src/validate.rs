//! Parsing and validation: the result agrees with wasmparser, and is consistent.

use arbitrary::Result;
use wasm_types::abi::ContextLayout;
use wasm_types::wasmparser::{self, Validator};
use wasm_types::{Module, ParseError, ParseErrorKind, WasmFeatures};

use crate::generate;

/// Parses the bytes as they are, or a module that is made from them and perhaps damaged.
///
/// # Panics
///
/// If something is wrong.
pub fn check(data: &[u8]) {
    if data.starts_with(b"\0asm") {
        return check_binary(data, WasmFeatures::SUPPORTED);
    }
    let _ = generated(data);
}

fn generated(data: &[u8]) -> Result<()> {
    let (mut how, mut what) = generate::split(data);
    let features = generate::features(&mut how)?;
    let mut wasm = generate::any(&mut what)?;
    generate::damage(&mut wasm, 8, &mut how)?;
    check_binary(&wasm, features);
    Ok(())
}

fn check_binary(wasm: &[u8], features: WasmFeatures) {
    let allowed = wasmparser::WasmFeatures::from(features & WasmFeatures::SUPPORTED);
    let expected = Validator::new_with_features(allowed).validate_all(wasm);
    match (Module::parse(wasm, features), expected) {
        (Ok(module), Ok(_)) => check_module(&module, wasm),
        (Err(error), Err(expected)) => check_error(&error, &expected, wasm),
        (Ok(_), Err(expected)) => panic!("accepted, but wasmparser says {expected}"),
        // Of this proposal, recursive groups and subtypes of function types are translated.
        (Err(error), Ok(_)) if error.proposal() == Some("garbage-collection") => {}
        (Err(error), Ok(_)) => panic!("refused, but wasmparser accepts: {error}"),
    }
}

fn check_module(module: &Module, wasm: &[u8]) {
    let mut next = 0;
    for group in &module.rec_groups {
        assert_eq!(group.start.as_u32(), next);
        next += group.len;
    }
    assert_eq!(next as usize, module.types.len(), "groups partition the types");
    assert!(module.escaping_functions.is_sorted_by(|a, b| a < b));
    assert!(module.escaping_functions.iter().all(|f| f.index() < module.functions.len()));
    assert_eq!(module.bodies.len() as u32, module.num_defined_functions());
    for import in &module.imports {
        assert_eq!(module.entity_type(import.index), import.ty);
    }
    for export in &module.exports {
        module.entity_type(export.index);
    }
    for func in &module.functions {
        assert!(module.func_type(*func).is_some(), "functions have function types");
    }
    let ranges = module.bodies.iter().map(|body| &body.range);
    for range in ranges.chain(module.data.iter().map(|segment| &segment.range)) {
        assert!(range.start <= range.end && range.end <= wasm.len());
    }
    assert_eq!(module.table_inits.len() as u32, count(&module.tables, module.num_imported_tables));
    assert_eq!(
        module.global_inits.len() as u32,
        count(&module.globals, module.num_imported_globals)
    );
    assert!(ContextLayout::new(module).size() < 1 << 31);
}

fn count<T>(all: &[T], imported: u32) -> u32 {
    all.len() as u32 - imported
}

fn check_error(error: &ParseError, expected: &wasmparser::Error, wasm: &[u8]) {
    assert!(!error.message().is_empty());
    assert!(error.offset() <= wasm.len(), "{error}");
    assert_eq!(error.proposal().is_some(), error.kind() == ParseErrorKind::Unsupported, "{error}");
    if matches!(error.kind(), ParseErrorKind::Malformed | ParseErrorKind::Invalid) {
        assert_eq!(error.message(), expected.message());
        assert_eq!(error.offset() as u64, expected.offset());
    }
}
