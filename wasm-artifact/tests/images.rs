//! Which segments become part of an image: the cases that the order of instantiation decides.

use wasm_artifact::{Artifact, WriteOptions, write};
use wasm_types::{
    CompiledModule, ConstExpr, ConstOp, DataKind, DataSegment, DefinedMemoryIndex,
    DefinedTableIndex, ElementItems, ElementKind, ElementSegment, EntityIndex, EntityType,
    FuncIndex, FuncType, GlobalIndex, GlobalType, Import, MemoryIndex, MemoryType, Module,
    RecGroup, RefType, SubType, TableIndex, TableType, TypeIndex, ValType,
};

const PAGE: i32 = 65536;

fn constant(value: i32) -> ConstExpr {
    ConstExpr::new([ConstOp::I32Const(value)])
}

/// The value of an imported global: the writer cannot know it.
fn unknown() -> ConstExpr {
    ConstExpr::new([ConstOp::GlobalGet(GlobalIndex::new(0))])
}

/// A module with an imported global, memories of `pages` and a table of 10 functions.
fn module(pages: &[u64]) -> Module {
    let global = GlobalType { content: ValType::I32, mutable: false };
    let memory = |pages: &u64| MemoryType {
        minimum: *pages,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: 16,
    };
    let table = TableType {
        element: RefType::FUNCREF,
        minimum: 10,
        maximum: None,
        table64: false,
        shared: false,
    };
    Module {
        imports: vec![Import {
            module: "env".into(),
            name: "base".into(),
            index: EntityIndex::Global(GlobalIndex::new(0)),
            ty: EntityType::Global(global),
        }],
        globals: vec![global],
        num_imported_globals: 1,
        memories: pages.iter().map(memory).collect(),
        tables: vec![table],
        table_inits: vec![None],
        ..Module::default()
    }
}

fn data(module: &mut Module, memory: u32, offset: ConstExpr, len: usize) {
    let kind = DataKind::Active { memory: MemoryIndex::new(memory), offset };
    module.data.push(DataSegment { kind, range: 0..len });
}

fn element(module: &mut Module, offset: ConstExpr, items: ElementItems) {
    let kind = ElementKind::Active { table: TableIndex::new(0), offset };
    module.elements.push(ElementSegment { kind, ty: RefType::FUNCREF, items });
}

fn functions(list: &[u32]) -> ElementItems {
    ElementItems::Functions(list.iter().map(|func| FuncIndex::new(*func)).collect())
}

/// Which element and data segments are in images.
#[track_caller]
fn check(module: &Module, elements: &[bool], data: &[bool]) -> Vec<u8> {
    check_large(module, 10_000, elements, data)
}

/// The same for a module whose binary has this many bytes.
#[track_caller]
fn check_large(module: &Module, size: usize, elements: &[bool], data: &[bool]) -> Vec<u8> {
    let compiled =
        CompiledModule { target: "x86_64-unknown-linux-gnu".into(), ..Default::default() };
    let bytes = write(module, &vec![7; size], &compiled, &WriteOptions::new()).unwrap();
    let artifact = Artifact::parse(&bytes).unwrap();
    let in_image: Vec<_> = artifact.elements().map(|element| element.unwrap().in_image).collect();
    assert_eq!(in_image, elements, "element segments");
    let in_image: Vec<_> = artifact.data_segments().map(|data| data.unwrap().in_image).collect();
    assert_eq!(in_image, data, "data segments");
    bytes
}

#[test]
fn ordinary_segments_are_in_images() {
    let mut module = module(&[3, 1]);
    element(&mut module, constant(1), functions(&[5, 6]));
    let item = |op| ConstExpr::new([op]);
    let items = vec![
        item(ConstOp::RefFunc(FuncIndex::new(9))),
        item(ConstOp::RefNull(wasm_types::HeapType::Func)),
    ];
    element(&mut module, constant(2), ElementItems::Expressions(items));
    data(&mut module, 0, constant(PAGE + 5), 10);
    data(&mut module, 0, constant(PAGE + 8000), 100);
    data(&mut module, 0, constant(3 * PAGE), 0);
    let bytes = check(&module, &[true, true], &[true, true, true]);
    let artifact = Artifact::parse(&bytes).unwrap();
    let image = artifact.memory_image(DefinedMemoryIndex::new(0)).unwrap().unwrap();
    assert_eq!(image.memory_offset, PAGE as u64);
    assert_eq!(image.bytes.len(), 2 * 4096);
    assert_eq!(image.bytes[4..16], [0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0]);
    assert!(artifact.memory_image(DefinedMemoryIndex::new(1)).unwrap().is_none());
    let image = artifact.table_image(DefinedTableIndex::new(0)).unwrap().unwrap();
    let found: Vec<_> = (0..6).map(|i| image.func(i).unwrap().map(FuncIndex::as_u32)).collect();
    assert_eq!(found, [None, Some(5), Some(9), None, None, None]);
    assert_eq!(image.end(), 4);
}

/// The functions of each element segment, whatever its list shares with others.
fn lists(bytes: &[u8]) -> Vec<Vec<u32>> {
    let module = Artifact::parse(bytes).unwrap().declarations().unwrap();
    let list = |segment: &ElementSegment| match &segment.items {
        ElementItems::Functions(items) => items.iter().map(|func| func.as_u32()).collect(),
        ElementItems::Expressions(_) => unreachable!("there is none"),
    };
    module.elements.iter().map(list).collect()
}

#[test]
fn segments_have_lists_of_their_own_only_where_the_image_is_another() {
    let segments = [(1, vec![5, 6, 7]), (2, vec![6]), (3, vec![8, 9]), (9, vec![]), (8, vec![4])];
    let mut module = module(&[]);
    for (offset, items) in &segments {
        element(&mut module, constant(*offset), functions(items));
    }
    let expected: Vec<Vec<u32>> = segments.iter().map(|(_, items)| items.clone()).collect();
    let bytes = check(&module, &[true; 5], &[]);
    assert_eq!(lists(&bytes), expected);
    let artifact = Artifact::parse(&bytes).unwrap();
    let image = artifact.table_image(DefinedTableIndex::new(0)).unwrap().unwrap();
    let found: Vec<_> = (0..10).map(|i| image.func(i).unwrap().map(FuncIndex::as_u32)).collect();
    let (no, some) = (None, Some::<u32>);
    assert_eq!(found, [no, some(5), some(6), some(8), some(9), no, no, no, some(4), no]);
}

#[test]
fn a_table_that_is_filled_again_and_again_takes_its_place_once() {
    let size = |count: usize| {
        let mut module = module(&[]);
        module.tables[0].minimum = 1_000;
        for _ in 0..count {
            element(&mut module, constant(0), functions(&[3; 1_000]));
        }
        let bytes = check(&module, &vec![true; count], &[]);
        assert_eq!(lists(&bytes), vec![vec![3; 1_000]; count]);
        bytes.len()
    };
    assert!(size(20) - size(1) < 4_000);
}

/// Whatever the order of data segments, those that overlap an earlier one are not in the image, nor
/// is what follows.
#[test]
fn data_segments_may_come_in_any_order() {
    for (order, last) in [
        ([300, 100, 200, 400], (150, true)),
        ([300, 100, 200, 400], (195, false)),
        ([300, 100, 200, 400], (205, false)),
        ([100, 200, 300, 400], (105, false)),
        ([100, 200, 300, 400], (395, false)),
        ([100, 200, 300, 400], (110, true)),
        ([400, 300, 200, 100], (390, true)),
        ([400, 300, 200, 100], (391, false)),
    ] {
        let mut module = module(&[1]);
        for start in order {
            data(&mut module, 0, constant(start), 10);
        }
        data(&mut module, 0, constant(last.0), 10);
        data(&mut module, 0, constant(1000), 10);
        let bytes = check(&module, &[], &[true, true, true, true, last.1, last.1]);
        let artifact = Artifact::parse(&bytes).unwrap();
        let image = artifact.memory_image(DefinedMemoryIndex::new(0)).unwrap().unwrap();
        let sevens = image.bytes.iter().filter(|byte| **byte == 7).count();
        assert_eq!(sevens, if last.1 { 60 } else { 40 });
    }
}

#[test]
fn equal_lists_of_types_stand_in_an_artifact_once() {
    let types = |count: usize| {
        let long = FuncType::new([ValType::I32; 500], [ValType::F64; 500]);
        let shorter = FuncType::new([ValType::I32; 499], [ValType::F64; 500]);
        let mut module = module(&[]);
        for _ in 0..count {
            module.types.extend([long.clone(), shorter.clone()].map(SubType::func));
        }
        let all = (0..module.types.len() as u32).map(TypeIndex::new);
        module.rec_groups = all.map(|start| RecGroup { start, len: 1 }).collect();
        let bytes = check(&module, &[], &[]);
        assert_eq!(Artifact::parse(&bytes).unwrap().declarations().unwrap().types, module.types);
        bytes.len()
    };
    assert!(types(20) - types(1) < 4_000);
}

#[test]
fn nothing_after_a_segment_that_may_trap() {
    // Element segments come before data segments.
    for offset in [unknown(), constant(9), constant(-1)] {
        let mut module = module(&[1]);
        element(&mut module, constant(1), functions(&[5, 6]));
        element(&mut module, offset, functions(&[5, 6]));
        element(&mut module, constant(4), functions(&[5, 6]));
        data(&mut module, 0, constant(0), 10);
        check(&module, &[true, false, false], &[false]);
    }
    for offset in [unknown(), constant(PAGE - 9), constant(-1)] {
        let mut module = module(&[1, 1]);
        element(&mut module, constant(1), functions(&[5, 6]));
        data(&mut module, 0, constant(100), 10);
        data(&mut module, 1, offset, 10);
        data(&mut module, 0, constant(200), 10);
        check(&module, &[true], &[true, false, false]);
    }
}

#[test]
fn nothing_after_a_segment_that_is_written() {
    let mut module = module(&[1]);
    element(&mut module, constant(0), functions(&[1]));
    element(&mut module, constant(1), ElementItems::Expressions(vec![unknown()]));
    element(&mut module, constant(1), functions(&[5, 6]));
    data(&mut module, 0, constant(100), 10);
    // Overlaps, and is written over the image.
    data(&mut module, 0, constant(95), 10);
    data(&mut module, 0, constant(200), 10);
    check(&module, &[true, false, false], &[true, false, false]);
}

#[test]
fn images_are_not_wasteful() {
    let mut module = module(&[100]);
    data(&mut module, 0, constant(0), 100);
    data(&mut module, 0, constant(90 * PAGE), 100);
    check(&module, &[], &[false, false]);
}

/// What is little for a large module may be between its segments.
#[test]
fn large_modules_have_images_with_holes() {
    let mut module = module(&[100]);
    data(&mut module, 0, constant(10), 100);
    data(&mut module, 0, constant(8 * PAGE), 100);
    check_large(&module, 1_800_000, &[], &[false, false]);
    let bytes = check_large(&module, 2_200_000, &[], &[true, true]);
    let artifact = Artifact::parse(&bytes).unwrap();
    let uses: Vec<_> = artifact.data_uses().unwrap().collect();
    assert!(uses.len() == 2 && uses.iter().all(|data| data.is_active && data.in_image));
    let image = artifact.memory_image(DefinedMemoryIndex::new(0)).unwrap().unwrap();
    assert_eq!(image.bytes.iter().filter(|byte| **byte == 7).count(), 200);
    assert_eq!(image.bytes[8 * PAGE as usize..][..100], [7; 100]);
}

/// Else a module of many memories would have an artifact many times as large as it is.
#[test]
fn memories_share_what_may_be_holes() {
    let mut module = module(&[100; 20]);
    for memory in 0..20 {
        data(&mut module, memory, constant(10), 1);
        data(&mut module, memory, constant(8 * PAGE), 1);
    }
    let mut expected = [false; 40];
    expected[..2].fill(true);
    let bytes = check_large(&module, 2_200_000, &[], &expected);
    assert!(bytes.len() < 2_000_000, "{}", bytes.len());
}

#[test]
fn what_is_done_with_segments_is_known_without_reading_them() {
    let mut module = module(&[1]);
    data(&mut module, 0, constant(0), 10);
    module.data.push(DataSegment { kind: DataKind::Passive, range: 0..5 });
    data(&mut module, 0, unknown(), 10);
    let bytes = check(&module, &[], &[true, false, false]);
    let artifact = Artifact::parse(&bytes).unwrap();
    let uses: Vec<_> = artifact.data_uses().unwrap().collect();
    let expected = [(true, true), (false, false), (true, false)];
    assert_eq!(
        uses.iter().map(|data| (data.is_active, data.in_image)).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn what_is_imported_or_does_not_start_empty_has_no_image() {
    let mut module = module(&[1]);
    module.table_inits = vec![Some(unknown())];
    module.num_imported_memories = 1;
    element(&mut module, constant(0), functions(&[1]));
    data(&mut module, 0, constant(100), 10);
    check(&module, &[false], &[false]);
}
