//! What was written is what is read, whatever the module.

mod support;

use proptest::prelude::*;
use support::{Input, input};
use wasm_artifact::{
    Artifact, DataRefKind, ElementRefKind, ItemsRef, WriteOptions, inspect, write,
};
use wasm_types::{
    CompiledModule, CompositeType, ConstExpr, ConstOp, DataKind, DefinedFuncIndex,
    DefinedMemoryIndex, DefinedTableIndex, ElementItems, ElementKind, EntityIndex, FuncIndex,
    GlobalIndex, MemoryIndex, Module, TableIndex, TagIndex, TypeIndex,
};

fn options(images: bool) -> WriteOptions {
    let mut options = WriteOptions::new();
    options.images = images;
    // Small pages make small files, which are faster to test with.
    options.page_size = Some(4096);
    options
}

/// Alignment, no overlap, and everything within the file.
fn check_sections(artifact: &Artifact<'_>) -> Result<(), TestCaseError> {
    let mut end = 64;
    for section in artifact.sections() {
        prop_assert!(section.offset >= end, "{section:?} overlaps");
        prop_assert!(section.len > 0);
        end = section.offset + section.len;
        if matches!(section.name, ".text" | ".wasm.images") {
            prop_assert_eq!(section.offset % u64::from(artifact.page_size()), 0);
        }
    }
    prop_assert!(end <= artifact.bytes().len() as u64);
    prop_assert_eq!(artifact.text_file_offset() % u64::from(artifact.page_size()), 0);
    Ok(())
}

/// The artifact's declarations are the module's, but for bodies and places of data.
fn check_declarations(input: &Input, artifact: &Artifact<'_>) -> Result<(), TestCaseError> {
    let found = artifact.declarations().unwrap();
    let mut expected = input.module.clone();
    expected.bodies.clear();
    for (expected, found) in expected.data.iter_mut().zip(&found.data) {
        let bytes = &artifact.bytes()[found.range.clone()];
        prop_assert_eq!(&input.wasm[expected.range.clone()], bytes);
        expected.range = found.range.clone();
    }
    prop_assert_eq!(found, expected);
    prop_assert_eq!(artifact.compiled_module().unwrap(), input.compiled.clone());
    Ok(())
}

fn check_lookups(input: &Input, artifact: &Artifact<'_>) -> Result<(), TestCaseError> {
    let (module, compiled): (&Module, &CompiledModule) = (&input.module, &input.compiled);
    for (position, export) in module.exports.iter().enumerate() {
        prop_assert_eq!(artifact.export_position(&export.name), Some(position as u32));
        prop_assert_eq!(artifact.export(&export.name).unwrap().index, export.index);
    }
    prop_assert!(artifact.export("no such export").is_none());
    for offset in 0..compiled.text.len() as u32 + 1 {
        let within = |code: &wasm_types::CompiledFunction| {
            (code.offset..code.offset + code.len).contains(&offset)
        };
        let expected = compiled.functions.iter().position(within);
        let found = artifact.function_at(offset).map(DefinedFuncIndex::index);
        prop_assert_eq!(found, expected);
    }
    for (slot, func) in module.escaping_functions.iter().enumerate() {
        prop_assert_eq!(artifact.funcref_slot(*func), Ok(Some(slot as u32)));
        prop_assert_eq!(artifact.escaping_function(slot as u32), Some(*func));
    }
    for (index, ty) in (0..module.types.len() as u32).map(TypeIndex::new).zip(&module.types) {
        prop_assert_eq!(artifact.type_name(index), module.names.type_name(index));
        let CompositeType::Struct(ty) = &ty.composite else { continue };
        for field in 0..ty.fields.len() as u32 + 1 {
            prop_assert_eq!(artifact.field_name(index, field), module.names.field(index, field));
        }
    }
    prop_assert_eq!(artifact.field_name(TypeIndex::new(0), u32::MAX), None);
    for table in (0..module.tables.len() as u32 + 1).map(TableIndex::new) {
        let name = artifact.entity_name(EntityIndex::Table(table));
        prop_assert_eq!(name, module.names.table(table));
    }
    for memory in (0..module.memories.len() as u32 + 1).map(MemoryIndex::new) {
        let name = artifact.entity_name(EntityIndex::Memory(memory));
        prop_assert_eq!(name, module.names.memory(memory));
    }
    for global in (0..module.globals.len() as u32 + 1).map(GlobalIndex::new) {
        let name = artifact.entity_name(EntityIndex::Global(global));
        prop_assert_eq!(name, module.names.global(global));
    }
    for tag in (0..module.tags.len() as u32 + 1).map(TagIndex::new) {
        let name = artifact.entity_name(EntityIndex::Tag(tag));
        prop_assert_eq!(name, module.names.tag(tag));
    }
    for func in (0..module.functions.len() as u32).map(FuncIndex::new) {
        prop_assert_eq!(artifact.entity_name(EntityIndex::Func(func)), artifact.name(func));
        prop_assert_eq!(artifact.name(func), module.names.function(func));
        prop_assert_eq!(artifact.funcref_slot(func), Ok(module.funcref_slot(func)));
        let slot = compiled.frame_slots.iter().find(|slot| slot.func == func);
        prop_assert_eq!(artifact.frame_slot(func), slot.map(|slot| slot.below_frame_pointer));
        prop_assert_eq!(
            artifact.is_hooked_function(func),
            compiled.hooked_functions.contains(&func)
        );
    }
    for offset in 0..compiled.fuel.last().map_or(0, |entry| entry.offset) + 2 {
        let entry = compiled.fuel.iter().find(|entry| entry.offset == offset);
        prop_assert_eq!(artifact.fuel_ahead(offset), Ok(entry.map_or(0, |entry| entry.ahead)));
    }
    for offset in 0..compiled.stack_maps.last().map_or(0, |entry| entry.offset) + 2 {
        let entry = compiled.stack_maps.iter().find(|entry| entry.offset == offset);
        let expected = entry.map_or(&[][..], |entry| &entry.below_frame_pointer);
        let found: Vec<u32> = artifact.references_in_frame(offset).unwrap().collect();
        prop_assert_eq!(found, expected);
    }
    prop_assert_eq!(artifact.has_inlined_functions(), !compiled.inlined_ranges.is_empty());
    for offset in 0..compiled.inlined_ranges.last().map_or(0, |range| range.offset) + 2 {
        let range = compiled.inlined_ranges.iter().rfind(|range| range.offset <= offset);
        let mut expected = Vec::new();
        let mut next = range.and_then(|range| range.function);
        while let Some(number) = next {
            let inlined = compiled.inlined_functions[number as usize];
            expected.push(inlined);
            next = inlined.caller;
        }
        let found: Vec<_> = artifact.inlined_at(offset).collect();
        prop_assert_eq!(found, expected);
    }
    prop_assert_eq!(artifact.has_stack_maps(), !compiled.stack_maps.is_empty());
    for offset in 0..compiled.catch_sites.last().map_or(0, |site| site.return_offset) + 2 {
        let site = compiled.catch_sites.iter().find(|site| site.return_offset == offset);
        let found = artifact.catch_site(offset).unwrap();
        prop_assert_eq!(
            found.map(|site| site.handlers().collect::<Vec<_>>()),
            site.map(|site| site.handlers.clone())
        );
    }
    let counts = compiled.tunables.gathers_profile;
    let map = artifact.counters().unwrap();
    prop_assert_eq!(artifact.counter_words().unwrap(), map.as_ref().map(|map| map.words()));
    prop_assert_eq!(map.is_some(), counts);
    let layout = wasm_types::abi::ContextLayout::new(module).of_code(&compiled.tunables);
    prop_assert_eq!(artifact.context_layout().unwrap(), layout);
    check_frames(input, artifact)
}

/// At each operator there are the operands that were written, and elsewhere nothing is.
fn check_frames(input: &Input, artifact: &Artifact<'_>) -> Result<(), TestCaseError> {
    let compiled = &input.compiled;
    let bytecode = compiled.tunables.guest_debug.then_some(&*input.wasm);
    prop_assert_eq!(artifact.bytecode().unwrap(), bytecode);
    let mut last = None;
    for (number, expected) in (0..).zip(&compiled.frames) {
        let frame = artifact.frame(DefinedFuncIndex::new(number)).unwrap().unwrap();
        prop_assert_eq!(artifact.frame_locals(frame).unwrap(), expected.locals.clone());
        for point in &expected.points {
            let mut operands = Vec::new();
            let mut top = point.top as usize;
            while top != 0 {
                operands.insert(0, expected.operands[top - 1].kind);
                top = expected.operands[top - 1].below as usize;
            }
            prop_assert_eq!(artifact.frame_operands(frame, point.pc).unwrap(), Some(operands));
            let from = last.map_or(0, |last| last + 1);
            prop_assert_eq!(artifact.point_from(from).unwrap(), Some(point.pc));
            last = Some(point.pc);
        }
        prop_assert_eq!(artifact.frame_operands(frame, u32::MAX).unwrap(), None);
    }
    prop_assert_eq!(artifact.point_from(last.map_or(0, |last| last + 1)).unwrap(), None);
    Ok(())
}

/// What active segments leave behind: tables of optional functions, memories, and whether all of
/// them fitted. Expressions that are no plain functions become `u32::MAX`.
#[derive(Debug, PartialEq)]
struct State {
    tables: Vec<Vec<Option<u32>>>,
    memories: Vec<Vec<u8>>,
    complete: bool,
}

impl State {
    fn new(module: &Module) -> Self {
        // What a table starts with does not matter here, as long as it is not null.
        let init = |table: usize| {
            let defined = table.checked_sub(module.num_imported_tables as usize);
            match defined.and_then(|defined| module.table_inits[defined].as_ref()) {
                Some(init) if !matches!(init.ops(), [ConstOp::RefNull(_)]) => Some(u32::MAX),
                _ => None,
            }
        };
        let tables = module.tables.iter().enumerate();
        Self {
            tables: tables.map(|(i, ty)| vec![init(i); ty.minimum as usize]).collect(),
            memories: module
                .memories
                .iter()
                .map(|ty| vec![0; (ty.minimum << ty.page_size_log2) as usize])
                .collect(),
            complete: true,
        }
    }

    /// A constant, or for the test's purposes 3.
    fn address(offset: &ConstExpr) -> usize {
        offset.as_address().map_or(3, |address| address as usize)
    }

    fn item(expr: &ConstExpr) -> Option<u32> {
        match expr.ops() {
            [ConstOp::RefFunc(func)] => Some(func.as_u32()),
            [ConstOp::RefNull(_)] => None,
            _ => Some(u32::MAX),
        }
    }

    fn write<T: Clone>(to: &mut [T], start: usize, items: &[T], complete: &mut bool) {
        match to.get_mut(start..start.saturating_add(items.len())) {
            _ if !*complete => {}
            Some(to) => to.clone_from_slice(items),
            None => *complete = false,
        }
    }

    /// As the specification says.
    fn of_module(module: &Module, wasm: &[u8]) -> Self {
        let mut state = Self::new(module);
        for segment in &module.elements {
            let ElementKind::Active { table, offset } = &segment.kind else { continue };
            let items: Vec<_> = match &segment.items {
                ElementItems::Functions(items) => items.iter().map(|i| Some(i.as_u32())).collect(),
                ElementItems::Expressions(items) => items.iter().map(Self::item).collect(),
            };
            let table = &mut state.tables[table.index()];
            Self::write(table, Self::address(offset), &items, &mut state.complete);
        }
        for segment in &module.data {
            let DataKind::Active { memory, offset } = &segment.kind else { continue };
            let memory = &mut state.memories[memory.index()];
            let bytes = &wasm[segment.range.clone()];
            Self::write(memory, Self::address(offset), bytes, &mut state.complete);
        }
        state
    }

    /// As one instantiates an artifact.
    fn of_artifact(module: &Module, artifact: &Artifact<'_>) -> Self {
        let mut state = Self::new(module);
        let counts = artifact.counts();
        for defined in 0..counts.tables - counts.imported_tables {
            if let Some(image) = artifact.table_image(DefinedTableIndex::new(defined)).unwrap() {
                let table = TableIndex::new(counts.imported_tables + defined);
                let table = &mut state.tables[table.index()];
                assert!(image.end() <= table.len() as u64);
                for (index, item) in table.iter_mut().enumerate() {
                    *item = image.func(index as u64).unwrap().map(FuncIndex::as_u32);
                }
            }
        }
        for defined in 0..counts.memories - counts.imported_memories {
            if let Some(image) = artifact.memory_image(DefinedMemoryIndex::new(defined)).unwrap() {
                let memory = MemoryIndex::new(counts.imported_memories + defined);
                let start = image.memory_offset as usize;
                let memory = &mut state.memories[memory.index()];
                memory[start..start + image.bytes.len()].copy_from_slice(image.bytes);
            }
        }
        for segment in artifact.elements() {
            let segment = segment.unwrap();
            let ElementRefKind::Active { table, offset } = segment.kind else { continue };
            if segment.in_image {
                continue;
            }
            let items: Vec<_> = match segment.items {
                ItemsRef::Functions(items) => items.iter().map(|i| i.map(|i| i.as_u32())).collect(),
                ItemsRef::Expressions(items) => items
                    .iter()
                    .map(|item| Self::item(&item.unwrap().to_const_expr().unwrap()))
                    .collect(),
            };
            let start = Self::address(&offset.to_const_expr().unwrap());
            Self::write(&mut state.tables[table.index()], start, &items, &mut state.complete);
        }
        for segment in artifact.data_segments() {
            let segment = segment.unwrap();
            let DataRefKind::Active { memory, offset } = segment.kind else { continue };
            if segment.in_image {
                continue;
            }
            let start = Self::address(&offset.to_const_expr().unwrap());
            let memory = &mut state.memories[memory.index()];
            Self::write(memory, start, segment.bytes, &mut state.complete);
        }
        state
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read(input in input(), images: bool) {
        let Input { module, wasm, compiled } = &input;
        let bytes = write(module, wasm, compiled, &options(images)).unwrap();
        prop_assert_eq!(&bytes, &write(module, wasm, compiled, &options(images)).unwrap());
        let artifact = Artifact::parse(&bytes).unwrap();
        check_sections(&artifact)?;
        check_declarations(&input, &artifact)?;
        check_lookups(&input, &artifact)?;
        prop_assert_eq!(State::of_artifact(module, &artifact), State::of_module(module, wasm));
        prop_assert!(!inspect(&artifact).to_string().is_empty());
    }

    #[test]
    fn parts_can_be_left_out(input in input()) {
        let mut options = options(true);
        options.symbols = false;
        options.names = false;
        options.address_map = false;
        options.producer = Some("somebody".into());
        let mut input = input;
        let bytes = write(&input.module, &input.wasm, &input.compiled, &options).unwrap();
        let artifact = Artifact::parse(&bytes).unwrap();
        prop_assert_eq!(artifact.producer(), "somebody");
        prop_assert!(artifact.sections().all(|section| section.name != ".symtab"));
        input.module.names = Default::default();
        input.compiled.address_map.clear();
        check_declarations(&input, &artifact)?;
    }

    #[test]
    fn debugging_information_is_kept_if_it_is_wanted(
        input in input(),
        wanted: bool,
        parts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let Input { mut module, wasm, compiled } = input;
        let debug = &mut module.debug_sections;
        debug.code_start = 77;
        for (parts, name) in parts.chunks_exact(2).zip(wasm_types::DebugSections::NAMES) {
            let place = |part: usize| parts[part].index(wasm.len() + 1);
            let place = place(0).min(place(1))..place(0).max(place(1));
            debug.sections.push((name.into(), place));
        }
        let mut options = options(true);
        options.debug_sections = wanted;
        let bytes = write(&module, &wasm, &compiled, &options).unwrap();
        let artifact = Artifact::parse(&bytes).unwrap();
        let has_some = !module.debug_sections.is_empty();
        prop_assert_eq!(artifact.lacks_debug_sections(), has_some && !wanted);
        let start = artifact.code_section_start();
        prop_assert_eq!(start, (has_some && wanted).then_some(77));
        for name in wasm_types::DebugSections::NAMES.into_iter().chain(["", "other"]) {
            let mut all = module.debug_sections.sections.iter();
            let place = all.find(|(known, _)| known == name).map(|(_, place)| place.clone());
            let contents = place.filter(|_| wanted).map(|place| &wasm[place]);
            // A section without contents need not be there.
            let found = artifact.debug_section(name);
            prop_assert_eq!(found.unwrap_or_default(), contents.unwrap_or_default(), "{}", name);
        }
    }
}

/// An empty data segment has no place among the artifact's bytes; its declaration is read all the
/// same.
#[test]
fn empty_data_segments_have_declarations() {
    let mut module = Module::default();
    module.data.push(wasm_types::DataSegment { kind: DataKind::Passive, range: 3..3 });
    let compiled =
        CompiledModule { target: support::TARGETS[0].into(), ..CompiledModule::default() };
    let bytes = write(&module, &[0; 8], &compiled, &WriteOptions::new()).unwrap();
    let found = Artifact::parse(&bytes).unwrap().declarations().unwrap();
    assert_eq!(found.data.len(), 1);
    assert!(found.data[0].range.is_empty());
}
