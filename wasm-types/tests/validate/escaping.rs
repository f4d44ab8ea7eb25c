//! Functions that can be referred to are found wherever they are named.

use wasm_types::FuncIndex;

use crate::support::parse;

fn escaping(text: &str) -> Vec<u32> {
    let module = parse(text);
    for (slot, func) in module.escaping_functions.iter().enumerate() {
        assert_eq!(module.funcref_slot(*func), Some(slot as u32));
    }
    module.escaping_functions.iter().map(|func| func.as_u32()).collect()
}

#[test]
fn direct_calls_do_not_count() {
    assert_eq!(escaping("(module (func call 1) (func call 0))"), []);
    let module = parse("(module (func call 1) (func call 0))");
    assert_eq!(module.funcref_slot(FuncIndex::new(0)), None);
}

#[test]
fn exports_and_start_count() {
    assert_eq!(escaping(r#"(module (func) (func (export "f")) (func $s) (start $s))"#), [1, 2]);
    let imported =
        r#"(module (import "m" "f" (func)) (export "a" (func 0)) (export "b" (func 0)))"#;
    assert_eq!(escaping(imported), [0]);
}

#[test]
fn constant_expressions_count() {
    assert_eq!(escaping("(module (func) (func) (global funcref (ref.func 1)))"), [1]);
}

#[test]
fn segments_of_any_kind_count() {
    assert_eq!(
        escaping(
            r#"(module
                (table 9 funcref)
                (func) (func) (func) (func) (func) (func)
                (elem (i32.const 0) func 5)
                (elem func 3)
                (elem declare func 1)
                (elem funcref (ref.func 4) (ref.null func) (ref.func 3)))"#
        ),
        [1, 3, 4, 5]
    );
}

#[test]
fn references_in_bodies_name_only_these() {
    let declared = "(module (elem declare func 1) (func ref.func 1 drop) (func))";
    assert_eq!(escaping(declared), [1]);
    let error = crate::support::refuse("(module (func ref.func 1 drop) (func))");
    assert_eq!(error.message(), "undeclared function reference");
}
