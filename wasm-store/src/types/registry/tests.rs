//! Equal groups, subtypes, and declarations that contradict themselves.

use wasm_types::{HeapType, RefType, TypeKind, ValType};

use super::*;

fn group(start: u32, len: u32) -> RecGroup {
    RecGroup { start: TypeIndex::new(start), len }
}

fn reference(index: u32) -> ValType {
    ValType::Ref(RefType {
        nullable: true,
        heap: HeapType::Concrete(TypeIndex::new(index), TypeKind::Func),
    })
}

fn func(params: &[ValType]) -> SubType {
    SubType::func(FuncType::new(params.iter().copied(), []))
}

#[test]
fn equal_types_of_two_modules_get_one_id() {
    let registry = TypeRegistry::default();
    let a = [func(&[ValType::I32]), func(&[]), func(&[reference(0)])];
    let b = [func(&[]), func(&[ValType::I32]), func(&[reference(1)])];
    let groups = [group(0, 1), group(1, 1), group(2, 1)];
    let a = registry.register_module(&a, &groups).unwrap();
    let b = registry.register_module(&b, &groups).unwrap();
    assert_eq!(a, [b[1], b[0], b[2]]);
    let single = registry.register_func(FuncType::new([ValType::I32], []));
    assert_eq!(single.id(), a[0]);
}

#[test]
fn recursive_groups_are_compared_whole() {
    let registry = TypeRegistry::default();
    // A pair of types that refer to each other, at different indices; and the same pair in two
    // groups.
    let pair = |base: u32| [func(&[reference(base + 1)]), func(&[reference(base)])];
    let first = registry.register_module(&pair(0), &[group(0, 2)]).unwrap();
    let mut types = vec![func(&[ValType::F32])];
    types.extend(pair(1));
    let second = registry.register_module(&types, &[group(0, 1), group(1, 2)]).unwrap();
    assert_eq!(first, second[1..]);
    let Some(Canonical::Func(record)) = registry.get(first[0]) else {
        panic!("a function type");
    };
    assert_eq!(record.ty.params(), [reference(first[1])]);
    // A type must not refer to a type of a later group.
    let error = registry.register_module(&pair(0), &[group(0, 1), group(1, 1)]).unwrap_err();
    assert!(error.to_string().contains("before it is declared"), "{error}");
}

#[test]
fn subtypes_follow_the_declared_chain() {
    let registry = TypeRegistry::default();
    let open = |supertype: Option<u32>| SubType {
        is_final: false,
        supertype: supertype.map(TypeIndex::new),
        composite: CompositeType::Func(FuncType::new([], [])),
    };
    let types = [open(None), open(Some(0)), open(Some(1))];
    let ids = registry.register_module(&types, &[group(0, 1), group(1, 1), group(2, 1)]).unwrap();
    assert!(registry.is_subtype(ids[2], ids[0]));
    assert!(!registry.is_subtype(ids[0], ids[2]));
    assert!(registry.is_subtype(ids[1], ids[1]));
}

#[test]
fn groups_that_leave_gaps_are_an_error() {
    let registry = TypeRegistry::default();
    let types = [func(&[]), func(&[])];
    assert!(registry.register_module(&types, &[group(0, 1)]).is_err());
    assert!(registry.register_module(&types, &[group(1, 1)]).is_err());
    assert!(registry.register_module(&types, &[group(0, 3)]).is_err());
}

mod random;
