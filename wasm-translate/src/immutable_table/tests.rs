//! Which tables are found, and which are not, one reason at a time.

use wasm_types::{Internals, Module, WasmFeatures};

use wasm_types::HeapType;

use super::*;

fn find_with(text: &str, tunables: &Tunables) -> ImmutableTables {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default())
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    ImmutableTables::find(&parsed, &wasm, tunables)
}

/// The elements of a table, if nothing changes it.
fn elements(text: &str, table: u32) -> Option<Vec<Option<u32>>> {
    let tables = find_with(text, &Tunables::default());
    let found = tables.get(TableIndex::new(table))?;
    Some(found.elements.iter().map(|element| element.map(FuncIndex::as_u32)).collect())
}

/// Whether the first table of a module with some functions is one that nothing changes.
fn is_immutable(fields: &str) -> bool {
    let text = format!(
        r#"(module
          (import "" "f" (func $imported (param i32)))
          (type $t (func))
          {fields}
          (func $f) (func $g (result i32) (i32.const 0))
          (elem $passive func $f) (elem declare func $f $g))"#
    );
    elements(&text, 0).is_some()
}

#[test]
fn segments_say_what_a_table_holds() {
    let text = r#"(module
      (import "" "f" (func $f)) (import "" "t" (table 1 funcref))
      (func $g) (func $h)
      (table 6 funcref)
      (table 2 funcref)
      (table i64 3 funcref)
      (table 0 funcref)
      (elem (table 1) (i32.const 1) func $g $h $g)
      (elem (table 1) (i32.const 2) funcref (ref.func $f) (ref.null func))
      (elem (table 1) (i32.const 6) funcref)
      (elem (table 2) (i32.const 1) func $g)
      (elem (table 3) (i64.const 2) func $f))"#;
    assert_eq!(elements(text, 0), None, "imported");
    assert_eq!(elements(text, 1), Some(vec![None, Some(1), Some(0), None, None, None]));
    assert_eq!(elements(text, 2), Some(vec![None, Some(1)]));
    assert_eq!(elements(text, 3), Some(vec![None, None, Some(0)]));
    assert_eq!(elements(text, 4), Some(vec![]));
}

#[test]
fn tables_have_a_largest_size() {
    for (len, expected) in [(MAX_ELEMENTS, true), (MAX_ELEMENTS + 1, false)] {
        let items = "$f ".repeat(len as usize);
        let fields = format!("(table {len} funcref) (elem (i32.const 0) func {items})");
        assert_eq!(is_immutable(&fields), expected, "{len} elements");
    }
}

#[test]
fn initial_elements_count_where_no_segment_writes() {
    let text = "(module (func) (func) (table 3 funcref) (elem (i32.const 1) func 1))";
    let wasm = wat::parse_str(text).unwrap();
    let mut module = Module::parse(&wasm, WasmFeatures::default()).unwrap();
    let found = |init: ConstOp, module: &mut Module| {
        module.table_inits[0] = Some(ConstExpr::new([init]));
        initial_elements(module, TableIndex::new(0))
    };
    let [first, second] = [0, 1].map(|func| Some(FuncIndex::new(func)));
    let init = ConstOp::RefFunc(FuncIndex::new(0));
    assert_eq!(found(init, &mut module), Some(vec![first, second, first]));
    let init = ConstOp::RefNull(HeapType::Func);
    assert_eq!(found(init, &mut module), Some(vec![None, second, None]));
    let init = ConstOp::GlobalGet(wasm_types::GlobalIndex::new(0));
    assert_eq!(found(init, &mut module), None);
}

#[test]
fn reading_a_table_does_not_change_it() {
    for body in [
        "(call_indirect (type $t) (i32.const 0))",
        "(return_call_indirect (type $t) (i32.const 0))",
        "(drop (table.get $table (i32.const 0)))",
        "(drop (table.size $table))",
        "(table.copy $other $table (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.set $other (i32.const 0) (ref.null func))",
        "(drop (table.grow $other (ref.null func) (i32.const 1)))",
        "(table.fill $other (i32.const 0) (ref.null func) (i32.const 1))",
        "(table.init $other $passive (i32.const 0) (i32.const 0) (i32.const 0))",
        "(elem.drop $passive)",
    ] {
        let fields = format!(
            "(table $table 2 funcref) (table $other 2 funcref) (elem (i32.const 0) func $f $g)
             (func {body})"
        );
        assert!(is_immutable(&fields), "{body}");
    }
}

#[test]
fn any_operator_that_changes_a_table_is_enough() {
    for body in [
        "(table.set $table (i32.const 0) (ref.null func))",
        "(drop (table.grow $table (ref.null func) (i32.const 1)))",
        "(table.fill $table (i32.const 0) (ref.null func) (i32.const 1))",
        "(table.copy $table $other (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.copy $table $table (i32.const 0) (i32.const 0) (i32.const 0))",
        "(table.init $table $passive (i32.const 0) (i32.const 0) (i32.const 0))",
        // Also in code that is never reached.
        "(unreachable) (table.set $table)",
    ] {
        let fields = format!(
            "(table $table 2 funcref) (table $other 2 funcref) (elem (i32.const 0) func $f $g)
             (func) (func {body})"
        );
        assert!(!is_immutable(&fields), "{body}");
    }
}

#[test]
fn what_cannot_be_told_from_the_binary_is_left_alone() {
    for (fields, expected) in [
        ("(table 2 funcref) (elem (i32.const 0) func $f $g)", true),
        ("(table 2 funcref) (elem (i32.const 0) func $f $imported)", true),
        (r#"(table (export "t") 2 funcref) (elem (i32.const 0) func $f $g)"#, false),
        ("(table 2 funcref) (elem (i32.const 1) func $f $g)", false),
        ("(table 2 funcref) (elem (i32.const -1) func $f $g)", false),
        (r#"(import "" "g" (global i32)) (table 2 funcref) (elem (global.get 0) func $f)"#, false),
        ("(table 2 funcref) (elem (i32.add (i32.const 0) (i32.const 1)) func $f)", false),
        (
            r#"(import "" "g" (global funcref)) (table 2 funcref)
               (elem (i32.const 0) funcref (global.get 0))"#,
            false,
        ),
        ("(table 2 externref)", false),
        (
            r#"(table 1 (ref null $t)) (func $typed (type $t))
               (elem (table 0) (i32.const 0) (ref null $t) (ref.func $typed))"#,
            true,
        ),
        // What is imported may have a subtype.
        (
            r#"(type $open (sub (func))) (import "" "s" (func $sub (type $open)))
               (table 1 funcref) (elem (i32.const 0) func $sub)"#,
            false,
        ),
        (
            r#"(type $open (sub (func))) (func $sub (type $open))
               (table 1 funcref) (elem (i32.const 0) func $sub)"#,
            true,
        ),
        // Mostly nulls.
        ("(table 66 funcref) (elem (i32.const 0) func $f)", true),
        ("(table 67 funcref) (elem (i32.const 0) func $f)", false),
        ("(table 10000000 funcref)", false),
    ] {
        assert_eq!(is_immutable(fields), expected, "{fields}");
    }
}

#[test]
fn the_host_may_write_to_what_it_may_write_to() {
    let text = "(module (table 1 funcref) (func $f) (elem (i32.const 0) func $f))";
    for (internals, expected) in
        [(Internals::Sealed, 1), (Internals::Readable, 1), (Internals::Writable, 0)]
    {
        let mut tunables = Tunables::default();
        tunables.internals = internals;
        assert_eq!(find_with(text, &tunables).tables.len(), expected, "{internals:?}");
    }
}

/// Equal types have one number, whatever their index, and other types have others.
#[test]
fn types_are_compared_by_what_they_are() {
    let text = "(module
      (type (func (param i32))) (type (func)) (type (func (param i32))) (type (func (param funcref)))
      (func $a (type 0)) (func $b (type 2)) (func $c (type 1))
      (table 2 funcref) (elem (table 0) (i32.const 0) func $a $b)
      (table 2 funcref) (elem (table 1) (i32.const 0) func $a $c)
      (table 2 funcref) (elem (table 2) (i32.const 0) func $a))";
    let tables = find_with(text, &Tunables::default());
    let numbers: Vec<u32> = (0..4).map(|ty| tables.type_number(TypeIndex::new(ty))).collect();
    assert_eq!(numbers, [0, 1, 0, 3]);
    let only = |table| tables.get(TableIndex::new(table)).unwrap().only_type;
    assert_eq!([only(0), only(1), only(2)], [Some(0), None, None], "the same, mixed, with a null");
}

#[test]
fn types_in_groups_are_compared_whole() {
    let text = "(module
      (rec (type $a (func (param (ref null $b)))) (type $b (func)))
      (type $c (func))
      (rec (type $d (func (param (ref null $e)))) (type $e (func)))
      (type $sub (sub (func))) (type (sub final $sub (func)))
      (func $x (type $b)) (func $y (type $e)) (func $z (type $c))
      (table 2 funcref) (elem (table 0) (i32.const 0) func $x $y)
      (table 2 funcref) (elem (table 1) (i32.const 0) func $x $z))";
    let tables = find_with(text, &Tunables::default());
    let numbers: Vec<u32> = (0..7).map(|ty| tables.type_number(TypeIndex::new(ty))).collect();
    assert_eq!(numbers, [0, 1, 2, 0, 1, 5, 6]);
    let only = |table| tables.get(TableIndex::new(table)).unwrap().only_type;
    assert_eq!([only(0), only(1)], [Some(1), None]);
}

/// A body that can't be read might do anything.
#[test]
fn broken_bodies_change_everything() {
    let text = "(module (table 1 funcref) (func $f) (func (i32.const 0xfffffff) (drop))
                  (elem (i32.const 0) func $f))";
    let wasm = wat::parse_str(text).unwrap();
    let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::default()).unwrap();
    let constant = parsed.module().bodies[1].range.start + 2;
    assert_eq!(wasm[constant - 1], 0x41, "i32.const");
    for (broken, expected) in [(&[0x01, 0x01][..], 1), (&[0xff, 0x0b], 1), (&[0xfc, 0x0c], 0)] {
        let mut wasm = wasm.clone();
        wasm[constant..constant + broken.len()].copy_from_slice(broken);
        // What looks like a change of a table is looked at closely, and the rest is for the
        // compiler.
        let found = ImmutableTables::find(&parsed, &wasm, &Tunables::default());
        assert_eq!(found.tables.len(), expected, "{broken:x?}");
    }
}
