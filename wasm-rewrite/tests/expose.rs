//! What `expose` exports, and under which names.

mod support;
#[path = "support/text.rs"]
mod text;

use support::shape;
use text::encoded;
use wasm_rewrite::{ErrorKind, ExposeOptions, Item, expose};

const MODULE: &str = r#"(module $m
    (import "env" "base" (global $base i32))
    (global $count (mut i32) (i32.const 0))
    (global i64 (i64.const 1))
    (table $t 1 funcref)
    (memory 1)
    (func $f (export "__global_count"))
    (export "memory" (memory 0))
    (@custom "kept" "content"))"#;

#[test]
fn everything_is_exported_and_the_rest_stays() {
    let wasm = encoded(MODULE);
    let exposed = expose(&wasm, &ExposeOptions::default()).unwrap();
    let names: Vec<&str> = exposed.items.iter().map(|item| item.name.as_str()).collect();
    let expected = ["__global_base", "__global_count_2", "__global_2", "__table_t", "__memory_0"];
    assert_eq!(names, expected);
    assert_eq!(exposed.items[0].item.to_string(), r#"global 0 ($base), imported as "env" "base""#);
    let (before, after) = (shape(&wasm), shape(&exposed.wasm));
    assert_eq!(after.exports[..2], before.exports[..]);
    assert_eq!(after.exports[3], ("__global_count_2".into(), "Global".into(), 1));
    assert_eq!(after.exports.len(), 7);
    assert_eq!(
        (after.imports, after.types, after.code, after.custom),
        (before.imports, before.types, before.code, before.custom)
    );
}

#[test]
fn a_module_without_exports_gets_a_section() {
    let wasm =
        encoded("(module (memory 1) (func) (data (i32.const 0) \"x\") (@custom \"c\" \"\"))");
    let exposed = expose(&wasm, &ExposeOptions::default()).unwrap();
    let expected = encoded(
        "(module (memory (export \"__memory_0\") 1) (func) (data (i32.const 0) \"x\")
           (@custom \"c\" \"\"))",
    );
    assert_eq!(exposed.wasm, expected);
}

#[test]
fn options_choose() {
    let wasm = encoded(MODULE);
    let options = ExposeOptions {
        tables: false,
        again: false,
        mutable_globals: false,
        prefix: "state.",
        ..ExposeOptions::default()
    };
    let exposed = expose(&wasm, &options).unwrap();
    let names: Vec<&str> = exposed.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["state.global_base", "state.global_2"]);
    assert_eq!(exposed.skipped.len(), 1);
    assert_eq!(exposed.skipped[0].to_string(), "global 1 ($count)");
}

#[test]
fn a_function_can_name() {
    let wanted = String::from("same");
    let name = |item: &Item| (item.index == 0).then(|| wanted.clone());
    let options = ExposeOptions { name: Some(&name), ..ExposeOptions::default() };
    let exposed = expose(&encoded(MODULE), &options).unwrap();
    let names: Vec<&str> = exposed.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["same", "same_2", "same_3"]);
    let long = |_: &Item| Some("x".repeat(100_001));
    let options = ExposeOptions { name: Some(&long), ..ExposeOptions::default() };
    let error = expose(&encoded(MODULE), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("100001 bytes"), "{error}");
}

#[test]
fn source_maps_go_when_code_moves() {
    let wasm = encoded("(module (memory 1) (func) (@custom \"sourceMappingURL\" \"\\01x\"))");
    let exposed = expose(&wasm, &ExposeOptions::default()).unwrap();
    assert_eq!(exposed.dropped_sections, ["sourceMappingURL"]);
    assert_eq!(shape(&exposed.wasm).custom, []);
}

#[test]
fn what_is_no_module_is_an_error() {
    for bytes in [&b""[..], b"\0asm\x0d\0\x01\0", b"\0asm\x01\0\0\0\x01"] {
        let error = expose(bytes, &ExposeOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}
