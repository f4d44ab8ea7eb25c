//! Numbers and types: what wasm-encoder writes is what is read.

use proptest::collection::vec;
use proptest::prelude::*;
use wasm_types::*;

fn val_type() -> impl Strategy<Value = ValType> {
    prop_oneof![
        Just(ValType::I32),
        Just(ValType::I64),
        Just(ValType::F32),
        Just(ValType::F64),
        Just(ValType::V128),
        Just(ValType::FUNCREF),
        Just(ValType::EXTERNREF),
    ]
}

fn encode(ty: ValType) -> wasm_encoder::ValType {
    match ty {
        ValType::I32 => wasm_encoder::ValType::I32,
        ValType::I64 => wasm_encoder::ValType::I64,
        ValType::F32 => wasm_encoder::ValType::F32,
        ValType::F64 => wasm_encoder::ValType::F64,
        ValType::V128 => wasm_encoder::ValType::V128,
        ValType::FUNCREF => wasm_encoder::ValType::FUNCREF,
        ValType::EXTERNREF => wasm_encoder::ValType::EXTERNREF,
        ValType::Ref(other) => panic!("not generated: {other}"),
    }
}

fn parse(module: wasm_encoder::Module) -> Module {
    Module::parse(&module.finish(), WasmFeatures::SUPPORTED).unwrap()
}

fn limits(bound: u64) -> impl Strategy<Value = (u64, Option<u64>)> {
    (0..=bound).prop_flat_map(move |minimum| (Just(minimum), proptest::option::of(minimum..=bound)))
}

proptest! {
    #[test]
    fn function_types(types in vec((vec(val_type(), 0..20), vec(val_type(), 0..20)), 0..20)) {
        let mut section = wasm_encoder::TypeSection::new();
        for (params, results) in &types {
            section.ty().function(params.iter().copied().map(encode), results.iter().copied().map(encode));
        }
        let mut module = wasm_encoder::Module::new();
        module.section(&section);
        let expected = types.into_iter().map(|(p, r)| SubType::func(FuncType::new(p, r)));
        prop_assert_eq!(parse(module).types, expected.collect::<Vec<_>>());
    }

    #[test]
    fn function_types_through_wasmparser(params in vec(val_type(), 0..20), results in vec(val_type(), 0..20)) {
        let ours = FuncType::new(params, results);
        let theirs = wasmparser::FuncType::from(&ours);
        prop_assert_eq!(FuncType::from_parser(&theirs, [].as_slice()), Ok(ours));
    }

    #[test]
    fn memories((minimum, maximum) in limits(1 << 16), (minimum64, maximum64) in limits(1 << 48)) {
        let mut section = wasm_encoder::MemorySection::new();
        let small = wasm_encoder::MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None };
        section.memory(small);
        section.memory(wasm_encoder::MemoryType { minimum: minimum64, maximum: maximum64, memory64: true, ..small });
        let mut module = wasm_encoder::Module::new();
        module.section(&section);
        let small = MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: 16 };
        let large = MemoryType { minimum: minimum64, maximum: maximum64, memory64: true, ..small };
        let memories = parse(module).memories;
        for ours in &memories {
            prop_assert_eq!(MemoryType::from(wasmparser::MemoryType::from(*ours)), *ours);
            prop_assert!(ours.minimum <= ours.absolute_maximum());
        }
        prop_assert_eq!(memories, [small, large]);
    }

    #[test]
    fn tables((minimum, maximum) in limits(u64::from(u32::MAX)), (minimum64, maximum64) in limits(u64::MAX)) {
        let mut section = wasm_encoder::TableSection::new();
        let small = wasm_encoder::TableType {
            element_type: wasm_encoder::RefType::FUNCREF, table64: false, minimum, maximum, shared: false,
        };
        section.table(small);
        section.table(wasm_encoder::TableType { minimum: minimum64, maximum: maximum64, table64: true, ..small });
        let mut module = wasm_encoder::Module::new();
        module.section(&section);
        let small = TableType { element: RefType::FUNCREF, minimum, maximum, table64: false, shared: false };
        let large = TableType { minimum: minimum64, maximum: maximum64, table64: true, ..small };
        let tables = parse(module).tables;
        for ours in &tables {
            prop_assert_eq!(TableType::from_parser(wasmparser::TableType::from(*ours), [].as_slice()), Ok(*ours));
        }
        prop_assert_eq!(tables, [small, large]);
    }

    #[test]
    fn constants(a: i32, b: i64, c: u32, d: u64, e: u128, mutable: bool) {
        use wasm_encoder::{ConstExpr as Expr, GlobalType as Type, ValType as Val};
        let mut section = wasm_encoder::GlobalSection::new();
        let ty = |val_type| Type { val_type, mutable, shared: false };
        section.global(ty(Val::I32), &Expr::i32_const(a));
        section.global(ty(Val::I64), &Expr::i64_const(b));
        section.global(ty(Val::F32), &Expr::f32_const(f32::from_bits(c).into()));
        section.global(ty(Val::F64), &Expr::f64_const(f64::from_bits(d).into()));
        section.global(ty(Val::V128), &Expr::v128_const(e.cast_signed()));
        let mut module = wasm_encoder::Module::new();
        module.section(&section);
        let module = parse(module);
        let expected = [
            ConstOp::I32Const(a),
            ConstOp::I64Const(b),
            ConstOp::F32Const(c),
            ConstOp::F64Const(d),
            ConstOp::V128Const(e),
        ];
        let found = module.global_inits.iter().flat_map(ConstExpr::ops).copied();
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        for ours in &module.globals {
            prop_assert_eq!(ours.mutable, mutable);
            prop_assert_eq!(GlobalType::from_parser(wasmparser::GlobalType::from(*ours), [].as_slice()), Ok(*ours));
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in vec(any::<u8>(), 0..200)) {
        let wasm = [&b"\0asm\x01\0\0\0"[..], &bytes].concat();
        let _ = Module::parse(&wasm, WasmFeatures::SUPPORTED);
    }
}

#[test]
fn reference_types_of_all_of_wasm_3_and_continuations() {
    use HeapType::*;
    let concrete = Concrete(TypeIndex::new(77), TypeKind::Struct);
    let heaps = [
        Func, NoFunc, Extern, NoExtern, Any, Eq, I31, Struct, Array, None, Exn, NoExn, Cont,
        NoCont, concrete,
    ];
    for heap in heaps {
        for nullable in [false, true] {
            let ours = ValType::Ref(RefType { nullable, heap });
            let theirs = wasmparser::ValType::from(ours);
            assert_eq!(ValType::from_parser(theirs, [TypeKind::Struct; 78].as_slice()), Ok(ours));
        }
    }
}

#[test]
fn sub_types_of_all_of_wasm_3_and_continuations() {
    let text = r#"(module
        (rec
            (type $node (sub (struct (field (mut i32)) (field (ref null $list)))))
            (type $list (array (mut (ref $node)))))
        (type $derived (sub final $node (struct (field (mut i32)) (field (ref null $list)) (field i8))))
        (type $bytes (array i16))
        (type $func (func))
        (type $cont (cont $func)))"#;
    let wasm = wat::parse_str(text).unwrap();
    let types = Module::parse(&wasm, WasmFeatures::SUPPORTED).unwrap().types;
    let field = |storage, mutable| FieldType { storage, mutable };
    let reference = |nullable, index| {
        let kind = if index == 1 { TypeKind::Array } else { TypeKind::Struct };
        let heap = HeapType::Concrete(TypeIndex::new(index), kind);
        StorageType::Val(ValType::Ref(RefType { nullable, heap }))
    };
    let number = field(StorageType::Val(ValType::I32), true);
    let list = field(reference(true, 1), false);
    let structure =
        |fields: &[FieldType]| CompositeType::Struct(StructType { fields: fields.into() });
    let expected = [
        SubType { is_final: false, supertype: None, composite: structure(&[number, list]) },
        SubType {
            is_final: true,
            supertype: None,
            composite: CompositeType::Array(ArrayType(field(reference(false, 0), true))),
        },
        SubType {
            is_final: true,
            supertype: Some(TypeIndex::new(0)),
            composite: structure(&[number, list, field(StorageType::I8, false)]),
        },
        SubType {
            is_final: true,
            supertype: None,
            composite: CompositeType::Array(ArrayType(field(StorageType::I16, false))),
        },
        SubType::func(FuncType::new([], [])),
        SubType {
            is_final: true,
            supertype: None,
            composite: CompositeType::Cont(ContType(TypeIndex::new(4))),
        },
    ];
    assert_eq!(types, expected);
}
