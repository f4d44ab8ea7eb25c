//! Random sequences of calls, writes, growth, snapshots, restores, forks, transactions, drops, and
//! instances of modules made from snapshots. They are compared with a plain model of what each
//! instance holds.

#![allow(unsafe_code)]

use proptest::prelude::*;
use wasm_runtime::rewrite::{PreinitializeOptions, preinitialize};
use wasm_runtime::{
    Config, Engine, Error, Func, GlobalState, Instance, Linker, Module, Ref, RefState, Result,
    Snapshot, Store, Val,
};

/// The sizes of pages: in the last memory they are single bytes.
const PAGES: [usize; 3] = [1 << 16, 1 << 16, 1];
const MAX_PAGES: [u64; 3] = [4, 3, 20_000];
/// By how many pages the last memory grows.
const SMALL_GROWTH: [u32; 3] = [1, 100, 4097];
const SMALL_SIZE: usize = 70;
const MAX_ELEMENTS: u64 = 9;
const TEXT: &[u8] = b"initial";

const WAT: &str = r#"(module
    (type $number (func (result i32)))
    (memory $a (export "m0") 1 4) (memory $b (export "m1") 0 3)
    (memory $c (export "m2") 70 20000 (pagesize 1))
    (table $t (export "t0") 3 9 funcref) (table $u (export "t1") 2 9 funcref)
    (global $i (export "i") (mut i64) (i64.const 0))
    (global $f (export "f") (mut funcref) (ref.null func))
    (global $hidden (mut f32) (f32.const 1.5))
    (data (memory $a) (i32.const 4094) "initial")
    (data $passive "initial")
    (data (memory $c) (i32.const 63) "initial")
    (elem (table $t) (i32.const 1) func $f0 $f1)
    (elem $later func $f2 $f1)
    (func $f0 (type $number) (i32.const 0))
    (func $f1 (type $number) (i32.const 1))
    (func $f2 (type $number) (i32.const 2))
    (elem declare func $f0 $f1 $f2)
    (func $ref (export "ref") (param i32) (result funcref)
        (block $zero (block $one (block $two (br_table $zero $one $two (local.get 0)))
            (return (ref.func $f2))) (return (ref.func $f1))) (ref.func $f0))
    (func (export "fill0") (param i32 i32 i32)
        (memory.fill $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill1") (param i32 i32 i32)
        (memory.fill $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill2") (param i32 i32 i32)
        (memory.fill $c (local.get 0) (local.get 1) (local.get 2)))
    (func (export "grow2") (param i32) (result i32) (memory.grow $c (local.get 0)))
    (func (export "grow0") (param i32) (result i32) (memory.grow $a (local.get 0)))
    (func (export "grow1") (param i32) (result i32) (memory.grow $b (local.get 0)))
    (func (export "copy") (param i32 i32 i32)
        (memory.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32 i32 i32)
        (memory.init $a $passive (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop") (data.drop $passive))
    (func (export "elements") (param i32 i32 i32)
        (table.init $t $later (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop_elements") (elem.drop $later))
    (func (export "copy_elements") (param i32 i32 i32)
        (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "set0") (param i32 funcref) (table.set $t (local.get 0) (local.get 1)))
    (func (export "set1") (param i32 funcref) (table.set $u (local.get 0) (local.get 1)))
    (func (export "grow_t0") (param i32 funcref) (result i32)
        (table.grow $t (local.get 1) (local.get 0)))
    (func (export "grow_t1") (param i32 funcref) (result i32)
        (table.grow $u (local.get 1) (local.get 0))))"#;

/// What an instance holds.
#[derive(Clone, PartialEq, Debug)]
struct Model {
    memories: [Vec<u8>; 3],
    tables: [Vec<Option<u32>>; 2],
    number: i64,
    func: Option<u32>,
    dropped: bool,
    dropped_elements: bool,
}

impl Model {
    fn new() -> Self {
        let mut first = vec![0; PAGES[0]];
        first[4094..][..TEXT.len()].copy_from_slice(TEXT);
        let mut last = vec![0; SMALL_SIZE - TEXT.len()];
        last.extend_from_slice(TEXT);
        Self {
            memories: [first, Vec::new(), last],
            tables: [vec![None, Some(0), Some(1)], vec![None; 2]],
            number: 0,
            func: None,
            dropped: false,
            dropped_elements: false,
        }
    }
}

/// A change to a single instance.
#[derive(Clone, Debug)]
enum Change {
    Fill(usize, u32, u8, u32),
    Write(usize, u32, Vec<u8>),
    Grow(usize, u32),
    Copy(u32, u32, u32),
    Init(u32, u32, u32),
    Drop,
    Set(usize, u32, Option<u32>),
    GrowTable(usize, u32, Option<u32>),
    CopyElements(u32, u32, u32),
    Elements(u32, u32, u32),
    DropElements,
    Number(i64),
    Func(Option<u32>),
}

#[derive(Clone, Debug)]
enum Step {
    Change(usize, Change),
    Transaction(usize, Vec<Change>, bool),
    Take(usize),
    Restore(usize),
    Fork(usize),
    /// A module or an artifact that starts from a snapshot, and the changes made to an instance of
    /// it.
    Boot(usize, bool, Vec<Change>),
    DropGuest(usize),
    DropSnapshot(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let memory = || 0..3usize;
    let table = 0..2usize;
    // Often at the borders of pages, sometimes out of bounds.
    let address =
        || prop_oneof![0..300_000u32, 0..10_000u32, (0..70u32).prop_map(|page| page * 4096)];
    let len = || prop_oneof![0..20u32, 0..70_000u32];
    let element = || 0..10u32;
    let func = || proptest::option::of(0..3u32);
    prop_oneof![
        4 => (memory(), address(), any::<u8>(), len())
            .prop_map(|(m, at, value, len)| Change::Fill(m, at, value, len)),
        2 => (memory(), address(), proptest::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(m, at, bytes)| Change::Write(m, at, bytes)),
        2 => (memory(), 0..3u32).prop_map(|(m, pages)| Change::Grow(m, pages)),
        1 => (address(), address(), len()).prop_map(|(to, from, len)| Change::Copy(to, from, len)),
        1 => (address(), 0..9u32, 0..9u32).prop_map(|(to, from, len)| Change::Init(to, from, len)),
        1 => Just(Change::Drop),
        3 => (table.clone(), element(), func()).prop_map(|(t, at, f)| Change::Set(t, at, f)),
        1 => (table, 0..4u32, func()).prop_map(|(t, more, f)| Change::GrowTable(t, more, f)),
        1 => (element(), element(), 0..4u32).prop_map(|(a, b, c)| Change::CopyElements(a, b, c)),
        1 => (element(), 0..3u32, 0..3u32).prop_map(|(a, b, c)| Change::Elements(a, b, c)),
        1 => Just(Change::DropElements),
        1 => any::<i64>().prop_map(Change::Number),
        1 => func().prop_map(Change::Func),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0..100usize;
    prop_oneof![
        10 => (which(), change()).prop_map(|(guest, change)| Step::Change(guest, change)),
        2 => (which(), proptest::collection::vec(change(), 0..6), any::<bool>())
            .prop_map(|(guest, changes, good)| Step::Transaction(guest, changes, good)),
        3 => which().prop_map(Step::Take),
        4 => which().prop_map(Step::Restore),
        2 => which().prop_map(Step::Fork),
        1 => (which(), any::<bool>(), proptest::collection::vec(change(), 0..6))
            .prop_map(|(snapshot, artifact, changes)| Step::Boot(snapshot, artifact, changes)),
        1 => which().prop_map(Step::DropGuest),
        1 => which().prop_map(Step::DropSnapshot),
    ]
}

struct Guest {
    number: usize,
    store: Store<()>,
    instance: Instance,
    model: Model,
}

/// Changes an instance and its model in the same way, and compares the outcomes.
fn apply(store: &mut Store<()>, instance: Instance, model: &mut Model, change: &Change) {
    let call = |store: &mut Store<()>, name: &str, params: &[Val]| -> Option<i32> {
        let func = instance.get_func(&mut *store, name).unwrap();
        let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
        func.call(&mut *store, params, &mut results).ok()?;
        Some(results.first().map_or(0, Val::unwrap_i32))
    };
    let reference = |store: &mut Store<()>, func: Option<u32>| -> Option<Func> {
        let get = instance.get_typed_func::<i32, Option<Func>>(&mut *store, "ref").unwrap();
        func.and_then(|func| get.call(store, func as i32).unwrap())
    };
    let i = |number: u32| Val::I32(number as i32);
    let range = |start: u32, len: u32, size: usize| {
        let (start, len) = (start as usize, len as usize);
        (start + len <= size).then(|| start..start + len)
    };
    match *change {
        Change::Fill(memory, at, value, len) => {
            let done = call(store, &format!("fill{memory}"), &[i(at), i(value.into()), i(len)]);
            let range = range(at, len, model.memories[memory].len());
            assert_eq!(done.is_some(), range.is_some());
            if let Some(range) = range {
                model.memories[memory][range].fill(value);
            }
        }
        Change::Write(memory, at, ref bytes) => {
            let handle = instance.get_memory(&mut *store, &format!("m{memory}")).unwrap();
            let done = handle.write(&mut *store, at as usize, bytes);
            let range = range(at, bytes.len() as u32, model.memories[memory].len());
            assert_eq!(done.is_ok(), range.is_some());
            if let Some(range) = range {
                model.memories[memory][range].copy_from_slice(bytes);
            }
        }
        Change::Grow(memory, pages) => {
            let pages = if memory == 2 { SMALL_GROWTH[pages as usize] } else { pages };
            let old = model.memories[memory].len() / PAGES[memory];
            let fits = old as u64 + u64::from(pages) <= MAX_PAGES[memory];
            let done = call(store, &format!("grow{memory}"), &[i(pages)]);
            assert_eq!(done, Some(if fits { old as i32 } else { -1 }));
            if fits {
                model.memories[memory].resize((old + pages as usize) * PAGES[memory], 0);
            }
        }
        Change::Copy(to, from, len) => {
            let done = call(store, "copy", &[i(to), i(from), i(len)]);
            let to = range(to, len, model.memories[0].len());
            let from = range(from, len, model.memories[1].len());
            assert_eq!(done.is_some(), to.is_some() && from.is_some());
            if let (Some(to), Some(from)) = (to, from) {
                let bytes = model.memories[1][from].to_vec();
                model.memories[0][to].copy_from_slice(&bytes);
            }
        }
        Change::Init(to, from, len) => {
            let done = call(store, "init", &[i(to), i(from), i(len)]);
            let to = range(to, len, model.memories[0].len());
            let from = range(from, len, if model.dropped { 0 } else { TEXT.len() });
            assert_eq!(done.is_some(), to.is_some() && from.is_some());
            if let (Some(to), Some(from)) = (to, from) {
                model.memories[0][to].copy_from_slice(&TEXT[from]);
            }
        }
        Change::Drop => {
            call(store, "drop", &[]).unwrap();
            model.dropped = true;
        }
        Change::Set(table, at, func) => {
            let value = reference(store, func);
            let done = call(store, &format!("set{table}"), &[i(at), value.into()]);
            let slot = model.tables[table].get_mut(at as usize);
            assert_eq!(done.is_some(), slot.is_some());
            if let Some(slot) = slot {
                *slot = func;
            }
        }
        Change::GrowTable(table, more, func) => {
            let value = reference(store, func);
            let old = model.tables[table].len();
            let fits = old as u64 + u64::from(more) <= MAX_ELEMENTS;
            let done = call(store, &format!("grow_t{table}"), &[i(more), value.into()]);
            assert_eq!(done, Some(if fits { old as i32 } else { -1 }));
            if fits {
                model.tables[table].resize(old + more as usize, func);
            }
        }
        Change::CopyElements(to, from, len) => {
            let done = call(store, "copy_elements", &[i(to), i(from), i(len)]);
            let to = range(to, len, model.tables[1].len());
            let from = range(from, len, model.tables[0].len());
            assert_eq!(done.is_some(), to.is_some() && from.is_some());
            if let (Some(to), Some(from)) = (to, from) {
                let elements = model.tables[0][from].to_vec();
                model.tables[1][to].copy_from_slice(&elements);
            }
        }
        Change::Elements(to, from, len) => {
            let done = call(store, "elements", &[i(to), i(from), i(len)]);
            let to = range(to, len, model.tables[0].len());
            let from = range(from, len, if model.dropped_elements { 0 } else { 2 });
            assert_eq!(done.is_some(), to.is_some() && from.is_some());
            if let (Some(to), Some(from)) = (to, from) {
                model.tables[0][to].copy_from_slice(&[Some(2), Some(1)][from]);
            }
        }
        Change::DropElements => {
            call(store, "drop_elements", &[]).unwrap();
            model.dropped_elements = true;
        }
        Change::Number(number) => {
            let global = instance.get_global(&mut *store, "i").unwrap();
            global.set(store, Val::I64(number)).unwrap();
            model.number = number;
        }
        Change::Func(func) => {
            let value = reference(store, func);
            let global = instance.get_global(&mut *store, "f").unwrap();
            global.set(store, value.into()).unwrap();
            model.func = func;
        }
    }
}

/// Compares an instance with its model.
fn check(store: &mut Store<()>, instance: Instance, model: &Model) {
    check_contents(store, instance, model);
    let segments = instance.data_segments(&*store).unwrap();
    assert_eq!(
        segments.iter().map(|it| it.item.is_dropped).collect::<Vec<_>>(),
        [true, model.dropped, true]
    );
    let segments = instance.element_segments(&*store).unwrap();
    assert_eq!(
        segments.iter().map(|it| it.item.is_dropped).collect::<Vec<_>>(),
        [true, model.dropped_elements, true]
    );
}

/// Compares everything but the segments. A module that was made from a snapshot has others.
fn check_contents(store: &mut Store<()>, instance: Instance, model: &Model) {
    for (number, bytes) in model.memories.iter().enumerate() {
        let memory = instance.get_memory(&mut *store, &format!("m{number}")).unwrap();
        assert!(memory.data(&*store) == bytes, "memory {number}");
    }
    let name = |store: &mut Store<()>, func: Option<Func>| {
        func.map(|func| func.typed::<(), i32>(&*store).unwrap().call(store, ()).unwrap() as u32)
    };
    for (number, elements) in model.tables.iter().enumerate() {
        let table = instance.get_table(&mut *store, &format!("t{number}")).unwrap();
        assert_eq!(table.size(&*store), elements.len() as u64);
        for (place, element) in elements.iter().enumerate() {
            let Some(Ref::Func(func)) = table.get(&mut *store, place as u64) else { panic!() };
            assert_eq!(name(store, func), *element, "element {place} of table {number}");
        }
    }
    let number = instance.get_global(&mut *store, "i").unwrap();
    assert_eq!(number.get(&mut *store).i64(), Some(model.number));
    let func = instance.get_global(&mut *store, "f").unwrap();
    let func = func.get(&mut *store).unwrap_funcref().copied();
    assert_eq!(name(store, func), model.func);
}

/// Writes a snapshot out as a module, and compiles that to an artifact if `artifact` is set.
/// Returns an instance of it, in a store of a new engine.
fn boot(wasm: &[u8], snapshot: &Snapshot, artifact: bool) -> Result<(Store<()>, Instance)> {
    let state = snapshot.state(snapshot.instances().next().unwrap())?;
    let written = preinitialize(wasm, &state, &PreinitializeOptions::default())?.wasm;
    let engine = engine();
    let module = if artifact {
        let artifact = engine.precompile_module(&written)?;
        // SAFETY: the artifact has just been made.
        unsafe { Module::deserialize(&engine, artifact)? }
    } else {
        Module::new(&engine, &written)?
    };
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    Ok((store, instance))
}

/// Compares the plain data of a snapshot, which refers to things by indices, with a model.
fn check_plain(snapshot: &Snapshot, model: &Model) {
    let instance = snapshot.instances().next().unwrap();
    let state = snapshot.state(instance).unwrap();
    for ((memory, bytes), page) in state.memories.iter().zip(&model.memories).zip(PAGES) {
        let memory = memory.as_ref().unwrap();
        let mut found = vec![0; memory.pages as usize * page];
        for chunk in &memory.chunks {
            found[chunk.offset as usize..][..chunk.bytes.len()].copy_from_slice(&chunk.bytes);
        }
        assert!(found == *bytes);
    }
    let name = |reference: RefState| match reference {
        RefState::Null => None,
        RefState::Func(func) => Some(func.as_u32()),
        other => panic!("{other:?} is no function"),
    };
    for (table, elements) in state.tables.iter().zip(&model.tables) {
        let table = table.as_ref().unwrap();
        let mut found = vec![None; table.size as usize];
        for run in &table.runs {
            for (place, element) in run.elements.iter().enumerate() {
                found[run.offset as usize + place] = name(*element);
            }
        }
        assert_eq!(found, *elements);
    }
    let func =
        model.func.map_or(RefState::Null, |func| RefState::Func(wasm_types::FuncIndex::new(func)));
    let expected = [
        GlobalState::I64(model.number),
        GlobalState::Ref(func),
        GlobalState::F32(1.5f32.to_bits()),
    ];
    assert_eq!(state.globals, expected.map(Some));
    assert_eq!(state.dropped_data, [true, model.dropped, true]);
    assert_eq!(state.dropped_elements, [true, model.dropped_elements, true]);
}

fn run(engine: &Engine, module: &Module, wasm: &[u8], steps: &[Step]) -> Result<()> {
    let linker = Linker::<()>::new(engine);
    let mut made = 0;
    let mut new_guest = |store: Store<()>, instance, model| {
        made += 1;
        Guest { number: made, store, instance, model }
    };
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, module)?;
    let mut guests = vec![new_guest(store, instance, Model::new())];
    let mut snapshots: Vec<(Snapshot, Model, usize)> = Vec::new();
    for step in steps {
        match step {
            Step::Change(guest, change) => {
                let count = guests.len();
                let Guest { store, instance, model, .. } = &mut guests[guest % count];
                apply(store, *instance, model, change);
            }
            Step::Transaction(guest, changes, good) => {
                let count = guests.len();
                let Guest { store, instance, model, .. } = &mut guests[guest % count];
                let mut after = model.clone();
                let result = store.transaction(|store| {
                    changes.iter().for_each(|change| apply(store, *instance, &mut after, change));
                    if *good { Ok(()) } else { Err(Error::msg("not good")) }
                });
                assert_eq!(result.is_ok(), *good);
                if *good {
                    *model = after;
                }
                check(store, *instance, model);
            }
            Step::Take(guest) => {
                let count = guests.len();
                let Guest { number, store, instance, model } = &mut guests[guest % count];
                let snapshot = Snapshot::take(&mut *store, &[*instance])?;
                check(store, *instance, model);
                snapshots.push((snapshot, model.clone(), *number));
            }
            Step::Restore(snapshot) => {
                let Some(place) = snapshot.checked_rem(snapshots.len()) else { continue };
                let (snapshot, before, of) = &snapshots[place];
                match guests.iter_mut().find(|guest| guest.number == *of) {
                    Some(Guest { store, instance, model, .. }) => {
                        snapshot.restore(&mut *store)?;
                        model.clone_from(before);
                        check(store, *instance, model);
                    }
                    None => assert!(snapshot.restore(&mut guests[0].store).is_err()),
                }
            }
            Step::Fork(snapshot) => {
                let Some(place) = snapshot.checked_rem(snapshots.len()) else { continue };
                let (snapshot, model, _) = &snapshots[place];
                check_plain(snapshot, model);
                let mut store = Store::new(engine, ());
                let instance = snapshot.fork(&mut store, &linker)?[0];
                let mut guest = new_guest(store, instance, model.clone());
                check(&mut guest.store, guest.instance, &guest.model);
                guests.push(guest);
            }
            Step::Boot(snapshot, artifact, changes) => {
                let Some(place) = snapshot.checked_rem(snapshots.len()) else { continue };
                let (snapshot, model, _) = &snapshots[place];
                let (mut store, instance) = boot(wasm, snapshot, *artifact)?;
                let mut model = model.clone();
                check_contents(&mut store, instance, &model);
                changes.iter().for_each(|it| apply(&mut store, instance, &mut model, it));
                check_contents(&mut store, instance, &model);
            }
            Step::DropGuest(guest) => {
                if guests.len() > 1 {
                    guests.swap_remove(guest % guests.len());
                }
            }
            Step::DropSnapshot(snapshot) => {
                if let Some(place) = snapshot.checked_rem(snapshots.len()) {
                    snapshots.swap_remove(place);
                }
            }
        }
    }
    for Guest { store, instance, model, .. } in &mut guests {
        check(store, *instance, model);
    }
    Ok(())
}

fn engine() -> Engine {
    Engine::new(Config::new().wasm_custom_page_sizes(true)).unwrap()
}

#[test]
fn instances_are_what_their_models_are() {
    let engine = engine();
    let wasm = wat::parse_str(WAT).unwrap();
    let module = Module::new(&engine, &wasm).unwrap();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    proptest!(config, |(steps in proptest::collection::vec(step(), 1..60))| {
        run(&engine, &module, &wasm, &steps).unwrap();
    });
}
