//! Which segments become part of an image: the cases that the order of instantiation decides.

use wasm_artifact::{Artifact, WriteOptions, write};
use wasm_types::{
    CompiledModule, ConstExpr, ConstOp, DataKind, DataSegment, DefinedMemoryIndex,
    DefinedTableIndex, ElementItems, ElementKind, ElementSegment, EntityIndex, EntityType,
    FuncIndex, GlobalIndex, GlobalType, Import, MemoryIndex, MemoryType, Module, RefType,
    TableIndex, TableType, ValType,
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
    let compiled =
        CompiledModule { target: "x86_64-unknown-linux-gnu".into(), ..Default::default() };
    let bytes = write(module, &[7; 10_000], &compiled, &WriteOptions::new()).unwrap();
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

#[test]
fn what_is_imported_or_does_not_start_empty_has_no_image() {
    let mut module = module(&[1]);
    module.table_inits = vec![Some(unknown())];
    module.num_imported_memories = 1;
    element(&mut module, constant(0), functions(&[1]));
    data(&mut module, 0, constant(100), 10);
    check(&module, &[false], &[false]);
}
