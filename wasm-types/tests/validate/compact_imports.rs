//! Import sections that name a module, or a type, once for several imports: the imports are those
//! of a section that does not.

use wasm_types::{Module, ParseErrorKind, WasmFeatures};

use crate::support::{binary, parse, refuse_with};

/// The same imports: each with its module and type, in groups with one module, and in groups with
/// one module and one type.
const PLAIN: &str = r#"(module (type (func)) (type (func (param i32)))
    (import "a" "f" (func (type 0))) (import "a" "m" (memory 1 2))
    (import "b" "g" (global i32)) (import "b" "h" (global i32)) (import "b" "" (global i32))
    (import "a" "f" (func (type 1))))"#;

const COMPACT: &str = r#"(module (type (func)) (type (func (param i32)))
    (import "a" (item "f" (func (type 0))) (item "m" (memory 1 2)))
    (import "b" (item "g") (item "h") (item "") (global i32))
    (import "a" "f" (func (type 1))))"#;

#[test]
fn groups_of_imports_are_their_imports() {
    assert!(binary(COMPACT).len() < binary(PLAIN).len());
    let (plain, compact) = (parse(PLAIN), parse(COMPACT));
    assert_eq!(plain.imports.len(), 6);
    assert_eq!(plain, compact);
    let only_imports =
        |text| Module::parse_imports(&binary(text), WasmFeatures::SUPPORTED).unwrap().imports;
    assert_eq!(only_imports(PLAIN), only_imports(COMPACT));
}

#[test]
fn groups_of_imports_are_refused_by_name() {
    for features in [WasmFeatures::DEFAULT, WasmFeatures::SUPPORTED - WasmFeatures::COMPACT_IMPORTS]
    {
        let error = refuse_with(COMPACT, features);
        assert_eq!(error.proposal(), Some("compact-import-section"), "{error}");
        assert!(error.to_string().contains("which is switched off"), "{error}");
        let error = Module::parse_imports(&binary(COMPACT), features).unwrap_err();
        assert_eq!(error.proposal(), Some("compact-import-section"), "{error}");
    }
}

#[test]
fn a_damaged_group_is_an_error() {
    let wasm = binary(COMPACT);
    for end in 9..wasm.len() {
        // What is cut off may leave fewer sections, each of them whole.
        if let Ok(module) = Module::parse(&wasm[..end], WasmFeatures::SUPPORTED) {
            assert!(module.imports.is_empty());
        }
    }
}

#[test]
fn names_that_a_small_section_multiplies_are_refused() {
    let section = |items: usize| {
        let items: String = (0..items).map(|item| format!("(item \"{item}\")")).collect();
        binary(&format!("(module (import \"{}\" {items} (func)))", "a".repeat(100_000)))
    };
    assert_eq!(Module::parse(&section(100), WasmFeatures::SUPPORTED).unwrap().imports.len(), 100);
    let wasm = section(1_000);
    assert!(wasm.len() < 110_000);
    for error in [
        Module::parse(&wasm, WasmFeatures::SUPPORTED).unwrap_err(),
        Module::parse_imports(&wasm, WasmFeatures::SUPPORTED).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ParseErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("have more than 67108864 bytes"), "{error}");
    }
}
