//! Invariants of the vocabulary: trap codes, results, layouts.

use proptest::collection::vec;
use proptest::prelude::*;
use wasm_types::abi::{
    Builtin, ContextLayout, POINTER_SIZE, REGISTER_RESULTS, ResultLocation, register_results,
};
use wasm_types::*;

#[test]
fn trap_codes_go_there_and_back() {
    for code in 0..=u8::MAX {
        match TrapCode::from_u8(code) {
            Some(trap) => {
                assert_eq!(trap as u8, code);
                assert!(TrapCode::ALL.contains(&trap));
                assert_eq!(trap.to_string(), trap.message());
            }
            None => assert!(TrapCode::ALL.iter().all(|trap| *trap as u8 != code)),
        }
    }
    assert_eq!(TrapCode::from_u8(0), None, "zero stays free");
    assert!(TrapCode::ALL.is_sorted());
}

#[test]
fn builtins_stand_in_the_order_of_their_array() {
    for (place, builtin) in Builtin::ALL.iter().enumerate() {
        assert_eq!(builtin.offset(), place as u32 * POINTER_SIZE);
        assert!(builtin.name().starts_with("wasm_builtin_"));
    }
}

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

/// A module with so many of everything: imported and defined.
fn module(counts: &[(u32, u32)], types: u32, escaping: u32) -> Module {
    let memory = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: 16,
    };
    let table = TableType {
        element: RefType::FUNCREF,
        minimum: 0,
        maximum: None,
        table64: false,
        shared: false,
    };
    let global = GlobalType { content: ValType::I32, mutable: false };
    let [functions, tables, memories, globals] = counts else { panic!("four index spaces") };
    let all = |(imported, defined): &(u32, u32)| (imported + defined) as usize;
    Module {
        types: vec![SubType::func(FuncType::new([], [])); types as usize],
        functions: vec![TypeIndex::new(0); all(functions)],
        num_imported_functions: functions.0,
        tables: vec![table; all(tables)],
        num_imported_tables: tables.0,
        memories: vec![memory; all(memories)],
        num_imported_memories: memories.0,
        globals: vec![global; all(globals)],
        num_imported_globals: globals.0,
        escaping_functions: (0..escaping).map(FuncIndex::new).collect(),
        ..Module::default()
    }
}

/// Every record of a context, as (start, size, alignment), the head included.
fn records(module: &Module) -> Vec<(u32, u32, u32)> {
    use wasm_types::abi::{context, func_ref, import, memory, memory_import, table, table_import};
    let layout = ContextLayout::new(module);
    let mut records = vec![(0, context::SIZE, 16)];
    let mut place = |start: Result<u32, u32>, defined: (u32, u32), imported: (u32, u32)| {
        records.push(match start {
            Ok(start) => (start, defined.0, defined.1),
            Err(start) => (start, imported.0, imported.1),
        });
    };
    for index in 0..module.tables.len() as u32 {
        let start = layout.table(TableIndex::new(index));
        assert_eq!(start.is_err(), index < module.num_imported_tables);
        place(start, (table::SIZE, 8), (table_import::SIZE, 8));
    }
    for index in 0..module.memories.len() as u32 {
        let start = layout.memory(MemoryIndex::new(index));
        assert_eq!(start.is_err(), index < module.num_imported_memories);
        place(start, (memory::SIZE, 16), (memory_import::SIZE, 8));
    }
    for index in 0..module.globals.len() as u32 {
        let start = layout.global(GlobalIndex::new(index));
        assert_eq!(start.is_err(), index < module.num_imported_globals);
        place(start, (16, 16), (POINTER_SIZE, POINTER_SIZE));
    }
    for index in 0..module.num_imported_functions {
        place(Ok(layout.imported_function(FuncIndex::new(index))), (import::SIZE, 8), (0, 0));
    }
    for index in 0..module.types.len() as u32 {
        place(Ok(layout.type_id(TypeIndex::new(index))), (4, 4), (0, 0));
    }
    for slot in 0..module.escaping_functions.len() as u32 {
        place(Ok(layout.func_ref(slot)), (func_ref::SIZE, 8), (0, 0));
    }
    records
}

proptest! {
    #[test]
    fn nothing_of_a_context_overlaps(
        counts in vec((0..9_u32, 0..9_u32), 4),
        types in 0..9_u32,
        escaping in 0..9_u32,
    ) {
        let module = module(&counts, types, escaping);
        let layout = ContextLayout::new(&module);
        let mut records = records(&module);
        records.sort_unstable();
        for record in records.windows(2) {
            prop_assert!(record[0].0 + record[0].1 <= record[1].0, "{:?}", record);
        }
        for (start, _, align) in &records {
            prop_assert_eq!(start % align, 0);
        }
        let (last, size, _) = records[records.len() - 1];
        prop_assert!(last + size <= layout.size());
        prop_assert_eq!(layout.size() % 16, 0);
        let parts = layout.parts();
        prop_assert!(parts.windows(2).all(|parts| parts[0].2 == parts[1].1));
        prop_assert_eq!((parts[0].1, parts[parts.len() - 1].2), (0, layout.size()));
    }

    #[test]
    fn results_have_places_of_their_own(results in vec(val_type(), 0..40)) {
        let places = register_results(&results);
        prop_assert_eq!(places.len(), results.len());
        let in_registers = |float: bool| {
            let of_class = results.iter().zip(&places).filter(|(ty, _)| {
                **ty != ValType::V128 && ty.is_float_or_vector() == float
            });
            let all = of_class.clone().count() as u32;
            let registers = of_class.filter(|(_, p)| **p == ResultLocation::Register).count() as u32;
            (registers, all)
        };
        let (integers, all) = in_registers(false);
        prop_assert_eq!(integers, all.min(REGISTER_RESULTS.0));
        let (floats, all) = in_registers(true);
        prop_assert_eq!(floats, all.min(REGISTER_RESULTS.1));
        // The buffer is filled in order, without holes.
        let buffer = places.iter().filter_map(|place| match place {
            ResultLocation::Buffer(offset) => Some(*offset),
            ResultLocation::Register => None,
        });
        prop_assert!(buffer.enumerate().all(|(place, offset)| offset == place as u32 * 16));
    }

    /// Where a result goes depends only on those before it.
    #[test]
    fn more_results_leave_earlier_ones_alone(results in vec(val_type(), 1..40)) {
        let all = register_results(&results);
        let fewer = register_results(&results[..results.len() - 1]);
        prop_assert_eq!(&all[..fewer.len()], fewer);
    }
}

/// The limits of validation: a million types, functions and globals, imported or defined, a
/// hundred memories, a hundred thousand tables.
#[test]
fn the_largest_valid_module_has_a_layout() {
    const MILLION: u32 = 1_000_000;
    let imported = [(MILLION, 0), (100_000, 0), (100, 0), (MILLION, 0)];
    assert!(ContextLayout::new(&module(&imported, MILLION, MILLION)).size() < 1 << 31);
    let defined = [(0, MILLION), (0, 100_000), (0, 100), (0, MILLION)];
    assert!(ContextLayout::new(&module(&defined, MILLION, MILLION)).size() < 1 << 31);
}
