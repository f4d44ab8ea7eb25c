//! Functions that are recognised by their bodies: which are, and which must not be.

mod common;

use common::{TARGETS, compile, parse, settings};
use wasm_translate::{ClifStage, clif};
use wasm_types::{DefinedFuncIndex, TrapCode};

const PRODUCTS: &str = include_str!("clif/wide_multiply.wat");

/// The CLIF of a function of a module, as text.
fn function(text: &str, func: u32, on: bool) -> String {
    let wasm = wat::parse_str(text).unwrap();
    let mut settings = settings(TARGETS[0]);
    settings.idioms(on);
    let func = DefinedFuncIndex::new(func);
    clif(&parse(&wasm), &wasm, func, &settings, ClifStage::Raw).unwrap()
}

/// Whether a function of a module is recognised.
fn is_product(text: &str, func: u32) -> bool {
    function(text, func, true).contains("isplit")
}

/// The module with one thing in it changed, wherever it stands in the function with this name.
fn changed(name: &str, from: &str, to: &str) -> String {
    let start = PRODUCTS.find(&format!("(func ${name}")).unwrap();
    let end = start + PRODUCTS[start..].find("\n\n").unwrap();
    let function = &PRODUCTS[start..end];
    assert!(function.contains(from), "{name} has no `{from}`");
    format!("{}{}{}", &PRODUCTS[..start], function.replacen(from, to, 1), &PRODUCTS[end..])
}

#[test]
fn products_are_recognised_in_each_way_and_where_they_are_called() {
    for func in 0..6 {
        assert!(is_product(PRODUCTS, func), "function {func}");
        assert!(!function(PRODUCTS, func, false).contains("isplit"), "function {func}");
    }
}

#[test]
fn names_do_not_matter() {
    let text = "(module (memory 1) (func $__multi3 (param i32 i64 i64 i64 i64)
        (i64.store (local.get 0) (local.get 1)) (i64.store offset=8 (local.get 0) (local.get 2))))";
    assert!(!is_product(text, 0));
}

#[test]
fn harmless_differences_do_not_matter() {
    for (name, from, to) in [
        // Factors and terms in another order.
        (
            "by_halves",
            "(i64.mul (local.get 4) (local.get 1))",
            "(i64.mul (local.get 1) (local.get 4))",
        ),
        ("by_halves", "(i64.or", "(i64.add"),
        // Shifts are modulo 64.
        ("by_halves", "(i64.const 32)", "(i64.const 96)"),
        // The other term of the sum gives the carry as well.
        (
            "by_comparisons",
            "(i64.lt_u (local.get 5) (local.get 6))",
            "(i64.lt_u (local.get 5) (i64.mul (local.get 9) (i64.and (local.get 3) (i64.const 4294967295))))",
        ),
        // Another place.
        ("by_conversion", "offset=16 (local.get $p)", "offset=16 align=1 (local.get $p)"),
    ] {
        let number =
            ["by_halves", "by_comparisons", "by_conversion"].iter().position(|n| *n == name);
        assert!(
            is_product(&changed(name, from, to), number.unwrap() as u32),
            "{name}: {from} -> {to}"
        );
    }
}

#[test]
fn what_is_not_quite_the_product_is_not_recognised() {
    for (name, from, to) in [
        ("by_halves", "4294967295", "4294967294"),
        ("by_halves", "i64.const 32", "i64.const 31"),
        (
            "by_halves",
            "(i64.mul (local.get 2) (local.get 3))",
            "(i64.mul (local.get 2) (local.get 1))",
        ),
        ("by_halves", "i64.shr_u", "i64.shr_s"),
        ("by_halves", "offset=8", "offset=16"),
        ("by_halves", "offset=8", ""),
        ("by_halves", "local.get 0\n", "(i32.add (local.get 0) (i32.const 0))\n"),
        ("by_halves", "(i64.store (local.get 0)", "(i64.store (i32.wrap_i64 (local.get 1))"),
        ("by_halves", "(i64.or", "(i64.sub"),
        (
            "by_halves",
            "i64.store offset=8",
            "i64.store offset=8 (i64.store (local.get 0) (i64.const 0))",
        ),
        (
            "by_halves",
            "i64.store offset=8",
            "i64.store offset=8 (drop (i64.load offset=8 (local.get 0)))",
        ),
        ("by_comparisons", "i64.gt_u", "i64.lt_u"),
        ("by_comparisons", "i64.gt_u", "i64.ge_u"),
        ("by_comparisons", "i64.lt_u", "i64.lt_s"),
        ("by_comparisons", "(i64.mul (local.get 8) (local.get 9))", "(i64.const 0)"),
        ("by_comparisons", "offset=8", "offset=9"),
        ("by_conversion", "i64.extend_i32_u (i32", "i64.extend_i32_s (i32"),
        ("by_conversion", "offset=24", "offset=8"),
        (
            "by_conversion",
            "(i64.mul (local.get $b) (local.get $a))",
            "(i64.mul (local.get $b) (local.get $b))",
        ),
    ] {
        let number =
            ["by_halves", "by_comparisons", "by_conversion"].iter().position(|n| *n == name);
        let number = number.unwrap() as u32;
        let text = changed(name, from, to);
        assert!(!is_product(&text, number), "{name}: {from} -> {to}");
        assert!(!is_product(&text, number + 3), "a call of {name}: {from} -> {to}");
    }
}

#[test]
fn what_is_not_valid_is_told_all_the_same() {
    // The value is computed and forgotten, but for validation it is of the wrong type.
    let text = changed(
        "by_comparisons",
        "(i64.extend_i32_u (i64.gt_u (local.get 7) (local.get 10)))",
        "(i64.gt_u (local.get 7) (local.get 10))",
    );
    let error = compile(&wat::parse_str(text).unwrap(), &settings(TARGETS[0])).unwrap_err();
    assert_eq!(error.kind(), wasm_translate::ErrorKind::Invalid);
    assert_eq!(error.function().unwrap().as_u32(), 1);
}

#[test]
fn stores_keep_their_places_and_traps_on_every_target() {
    let wasm = wat::parse_str(PRODUCTS).unwrap();
    for target in TARGETS {
        let [with, without] = [true, false].map(|on| {
            let mut settings = settings(target);
            settings.idioms(on);
            compile(&wasm, &settings).unwrap_or_else(|error| panic!("{target}: {error}"))
        });
        for number in 0..3 {
            let places = |module: &wasm_types::CompiledModule| -> Vec<u32> {
                let function = module.functions[number];
                let own = function.offset..function.offset + function.len;
                let traps = module.traps.iter().filter(|trap| own.contains(&trap.offset));
                let at = |trap: &wasm_types::TrapEntry| {
                    assert_eq!(trap.code, TrapCode::MemoryOutOfBounds);
                    let after =
                        module.address_map.partition_point(|entry| entry.offset <= trap.offset);
                    module.address_map[after - 1].wasm_offset
                };
                traps.map(at).collect()
            };
            assert_eq!(places(&with), places(&without), "{target}, function {number}");
            assert_eq!(places(&with).len(), 2);
        }
    }
}

#[test]
fn memories_with_checks_have_the_function_called() {
    let wasm = wat::parse_str(PRODUCTS).unwrap();
    for target in TARGETS {
        let mut settings = settings(target);
        let mut tunables = wasm_types::Tunables::default();
        tunables.memory_reservation = 1 << 20;
        settings.tunables(tunables);
        compile(&wasm, &settings).unwrap();
        let text = clif(&parse(&wasm), &wasm, DefinedFuncIndex::new(3), &settings, ClifStage::Raw);
        assert!(!text.unwrap().contains("isplit"));
    }
}
