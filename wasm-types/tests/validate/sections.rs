//! Each section of a binary is found again in the `Module`.

use wasm_types::*;

use crate::support::{binary, parse};

const I32: ValType = ValType::I32;

#[test]
fn the_empty_module() {
    let module = parse("(module)");
    assert_eq!(module, Module { features: WasmFeatures::SUPPORTED, ..Module::default() });
}

#[test]
fn types() {
    let module = parse("(module (type (func)) (type (func (param i32 v128) (result f64 i64))))");
    let second = FuncType::new([I32, ValType::V128], [ValType::F64, ValType::I64]);
    assert_eq!(module.types, [SubType::func(FuncType::new([], [])), SubType::func(second)]);
    let group = |start| RecGroup { start: TypeIndex::new(start), len: 1 };
    assert_eq!(module.rec_groups, [group(0), group(1)]);
    assert_eq!(
        module.func_type(TypeIndex::new(1)).unwrap().to_string(),
        "(func (param i32 v128) (result f64 i64))"
    );
}

#[test]
fn equal_types_are_told_apart() {
    let module =
        parse("(module (type (func (param i32))) (type (func)) (type (func (param i32))))");
    let types = [&[I32][..], &[], &[I32]].map(|params| FuncType::new(params.iter().copied(), []));
    assert_eq!(module.types, types.map(SubType::func));
    assert_eq!(module.rec_groups.len(), 3);
}

#[test]
fn constant_expressions_of_one_operator_and_of_several() {
    let module = parse(
        "(module (global i32 (i32.const 7))
           (global i64 (i64.mul (i64.const 2) (i64.add (i64.const 3) (i64.const 4)))))",
    );
    let [one, several] = &module.global_inits[..] else { panic!("{:?}", module.global_inits) };
    assert_eq!((one.ops(), one.as_address()), (&[ConstOp::I32Const(7)][..], Some(7)));
    let constants = [2, 3, 4].map(ConstOp::I64Const);
    let ops = constants.into_iter().chain([ConstOp::I64Add, ConstOp::I64Mul]);
    assert_eq!((several, several.as_address()), (&ConstExpr::new(ops), None));
    assert_ne!(one, several);
    assert!(ConstExpr::new([]).ops().is_empty());
}

#[test]
fn imports_come_first_in_each_index_space() {
    let module = parse(
        r#"(module
            (import "a" "f" (func (param i32)))
            (import "a" "t" (table 1 2 externref))
            (import "b" "m" (memory 1 2))
            (import "b" "g" (global (mut i64)))
            (import "b" "f" (func))
            (func)
            (table 3 funcref)
            (memory 3)
            (global f32 (f32.const 1)))"#,
    );
    let names = module.imports.iter().map(|i| (&*i.module, &*i.name));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [("a", "f"), ("a", "t"), ("b", "m"), ("b", "g"), ("b", "f")]
    );
    assert_eq!(module.imports[4].index, EntityIndex::Func(FuncIndex::new(1)));
    for import in &module.imports {
        assert_eq!(module.entity_type(import.index), import.ty);
    }
    assert_eq!(module.functions.len(), 3);
    assert_eq!(module.num_imported_functions, 2);
    assert_eq!(module.num_defined_functions(), 1);
    assert_eq!(module.defined_func(FuncIndex::new(1)), None);
    assert_eq!(module.defined_func(FuncIndex::new(2)), Some(DefinedFuncIndex::new(0)));
    assert_eq!(module.func_index(DefinedFuncIndex::new(0)), FuncIndex::new(2));
    assert_eq!(module.tables[0].element, RefType::EXTERNREF);
    assert_eq!(module.tables[1].minimum, 3);
    assert_eq!(module.memories[1].minimum, 3);
    assert_eq!(module.globals[0], GlobalType { content: ValType::I64, mutable: true });
    assert_eq!(module.globals[1], GlobalType { content: ValType::F32, mutable: false });
}

#[test]
fn tables_and_memories() {
    let module = parse("(module (table i64 1 5 funcref) (memory i64 2) (memory 0 65536))");
    let [table] = &module.tables[..] else { panic!() };
    let expected = TableType {
        element: RefType::FUNCREF,
        minimum: 1,
        maximum: Some(5),
        table64: true,
        shared: false,
    };
    assert_eq!(*table, expected);
    assert_eq!(module.table_inits, [None]);
    let [large, small] = &module.memories[..] else { panic!() };
    assert_eq!((large.minimum, large.maximum, large.memory64), (2, None, true));
    assert_eq!((small.minimum, small.maximum, small.memory64), (0, Some(65536), false));
    assert_eq!(small.page_size(), 65536);
}

#[test]
fn globals_with_every_operator_of_constant_expressions() {
    let module = parse(
        r#"(module
            (import "m" "i32" (global i32))
            (import "m" "i64" (global i64))
            (func $f)
            (global i32 (i32.mul (i32.const 3) (i32.sub (global.get 0) (i32.add (i32.const 1) (i32.const 2)))))
            (global i64 (i64.mul (i64.const 3) (i64.sub (global.get 1) (i64.add (i64.const 1) (i64.const 2)))))
            (global f32 (f32.const -0))
            (global f64 (f64.const nan:0x123))
            (global v128 (v128.const i32x4 1 2 3 4))
            (global funcref (ref.func $f))
            (global externref (ref.null extern)))"#,
    );
    let g = |n| ConstOp::GlobalGet(GlobalIndex::new(n));
    let expected: [&[ConstOp]; 7] = [
        &[
            ConstOp::I32Const(3),
            g(0),
            ConstOp::I32Const(1),
            ConstOp::I32Const(2),
            ConstOp::I32Add,
            ConstOp::I32Sub,
            ConstOp::I32Mul,
        ],
        &[
            ConstOp::I64Const(3),
            g(1),
            ConstOp::I64Const(1),
            ConstOp::I64Const(2),
            ConstOp::I64Add,
            ConstOp::I64Sub,
            ConstOp::I64Mul,
        ],
        &[ConstOp::F32Const(0x8000_0000)],
        &[ConstOp::F64Const(0x7ff0_0000_0000_0123)],
        &[ConstOp::V128Const(0x4_0000_0003_0000_0002_0000_0001)],
        &[ConstOp::RefFunc(FuncIndex::new(0))],
        &[ConstOp::RefNull(HeapType::Extern)],
    ];
    let found = module.global_inits.iter().map(ConstExpr::ops);
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn exports_and_start() {
    let module = parse(
        r#"(module
            (func $f) (table 1 funcref) (memory 1) (global i32 (i32.const 0))
            (export "t" (table 0)) (export "f" (func $f)) (export "m" (memory 0))
            (export "g" (global 0)) (export "" (func $f))
            (start $f))"#,
    );
    let exports = module.exports.iter().map(|export| (export.name.as_str(), export.index));
    let f = EntityIndex::Func(FuncIndex::new(0));
    assert_eq!(
        exports.collect::<Vec<_>>(),
        [
            ("t", EntityIndex::Table(TableIndex::new(0))),
            ("f", f),
            ("m", EntityIndex::Memory(MemoryIndex::new(0))),
            ("g", EntityIndex::Global(GlobalIndex::new(0))),
            ("", f),
        ]
    );
    assert_eq!(module.start, Some(FuncIndex::new(0)));
}

#[test]
fn elements() {
    let module = parse(
        r#"(module
            (table 4 funcref) (table 4 externref) (func $f) (func $g)
            (elem (i32.const 1) $g $f)
            (elem declare func $f)
            (elem funcref (ref.func $f) (ref.null func))
            (elem (table 1) (offset (i32.const 2)) externref (ref.null extern)))"#,
    );
    let [active, declared, passive, second] = &module.elements[..] else { panic!() };
    let ElementKind::Active { table, offset } = &active.kind else { panic!() };
    assert_eq!((table.as_u32(), offset.as_address()), (0, Some(1)));
    let functions = [1, 0].map(FuncIndex::new).to_vec();
    assert_eq!(active.items, ElementItems::Functions(functions));
    assert_eq!(declared.kind, ElementKind::Declared);
    assert_eq!(passive.kind, ElementKind::Passive);
    assert_eq!(passive.ty, RefType::FUNCREF);
    let ElementItems::Expressions(items) = &passive.items else { panic!() };
    assert_eq!(items[0].ops(), [ConstOp::RefFunc(FuncIndex::new(0))]);
    assert_eq!(items[1].ops(), [ConstOp::RefNull(HeapType::Func)]);
    let ElementKind::Active { table, .. } = &second.kind else { panic!() };
    assert_eq!((table.as_u32(), second.ty), (1, RefType::EXTERNREF));
    assert_eq!((second.items.len(), second.items.is_empty()), (1, false));
}

#[test]
fn data() {
    let text = r#"(module
        (memory 1) (memory i64 1)
        (data (i32.const 7) "active")
        (data "passive")
        (data (memory 1) (i64.const 0x1_0000_0000) "")
        (data (i32.const -1) "x"))"#;
    let (wasm, module) = (binary(text), parse(text));
    let bytes = module.data.iter().map(|segment| &wasm[segment.range.clone()]);
    assert_eq!(bytes.collect::<Vec<_>>(), [&b"active"[..], b"passive", b"", b"x"]);
    let places = module.data.iter().map(|segment| match &segment.kind {
        DataKind::Passive => None,
        DataKind::Active { memory, offset } => Some((memory.as_u32(), offset.as_address()?)),
    });
    assert_eq!(
        places.collect::<Vec<_>>(),
        [Some((0, 7)), None, Some((1, 1 << 32)), Some((0, 0xffff_ffff))]
    );
}

#[test]
fn code() {
    let text = "(module (func) (func (local i32) unreachable))";
    let (wasm, module) = (binary(text), parse(text));
    let bodies = module.bodies.iter().map(|body| &wasm[body.range.clone()]);
    assert_eq!(bodies.collect::<Vec<_>>(), [&[0, 0x0b][..], &[1, 1, 0x7f, 0, 0x0b]]);
}

#[test]
fn names() {
    let module = parse(
        r#"(module $m
            (func $f) (func) (func $g) (table $t 1 funcref) (memory $mem 1)
            (global $glob i32 (i32.const 0)) (elem $e func $f) (data $d ""))"#,
    );
    let names = &module.names;
    assert_eq!(names.module.as_deref(), Some("m"));
    assert_eq!(names.function(FuncIndex::new(0)), Some("f"));
    assert_eq!(names.function(FuncIndex::new(1)), None);
    assert_eq!(names.function(FuncIndex::new(2)), Some("g"));
    assert_eq!(names.tables, [(TableIndex::new(0), "t".to_string())]);
    assert_eq!(names.memories, [(MemoryIndex::new(0), "mem".to_string())]);
    assert_eq!(names.globals, [(GlobalIndex::new(0), "glob".to_string())]);
    assert_eq!(names.elements, [(ElemIndex::new(0), "e".to_string())]);
    assert_eq!(names.data, [(DataIndex::new(0), "d".to_string())]);
    assert_eq!(names.memory(MemoryIndex::new(0)), Some("mem"));
    assert_eq!(names.table(TableIndex::new(0)), Some("t"));
    assert_eq!(names.global(GlobalIndex::new(0)), Some("glob"));
    assert_eq!(names.global(GlobalIndex::new(1)), None);
}

#[test]
fn types_have_names_too() {
    let module = parse("(module (type (func)) (type $t (func (param i32))))");
    assert_eq!(module.names.type_name(TypeIndex::new(0)), None);
    assert_eq!(module.names.type_name(TypeIndex::new(1)), Some("t"));
}

#[test]
fn names_that_are_wrong_are_passed_over() {
    let with_names = |section: &[u8]| {
        let mut wasm = binary(r#"(module (func $f) (func $g))"#);
        let plain = binary("(module (func) (func))").len();
        wasm.truncate(plain);
        let content = [&[4][..], b"name", section].concat();
        wasm.extend([&[0, content.len() as u8][..], &content].concat());
        Module::parse(&wasm, WasmFeatures::SUPPORTED).expect("names are never refused").names
    };
    let f = (FuncIndex::new(0), "f".to_string());
    let good = [1, 4, 1, 0, 1, b'f'];
    let f = [f];
    assert_eq!(with_names(&good).functions, f);
    let beyond = [1, 7, 2, 0, 1, b'f', 9, 1, b'g'];
    assert_eq!(with_names(&beyond).functions, f);
    let out_of_order = [1, 7, 2, 1, 1, b'g', 0, 1, b'f'];
    assert_eq!(with_names(&out_of_order).functions, [(FuncIndex::new(1), "g".to_string())]);
    let not_text = [1, 4, 1, 0, 1, 0xff];
    assert_eq!(with_names(&not_text).functions, []);
    let too_long = [1, 100, 1, 0, 1, b'f'];
    assert_eq!(with_names(&too_long).functions, []);
    assert_eq!(with_names(&[]), NameMap::default());
}
