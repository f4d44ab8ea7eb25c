//! Going back to earlier states.

use wasm_runtime::{
    Caller, Config, Engine, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module,
    Mutability, Outside, Ref, Result, Snapshot, Store, Trap, Val, ValType,
};

use crate::support::{Guest, check_pristine, disturb};

#[test]
fn restoring_brings_everything_back() {
    let mut guest = Guest::new();
    check_pristine(&mut guest);
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    assert_eq!(snapshot.memory_size(), 2 << 16);
    for _ in 0..3 {
        check_pristine(&mut guest);
        disturb(&mut guest);
        snapshot.restore(&mut guest.store).unwrap();
    }
    check_pristine(&mut guest);
}

#[test]
fn snapshots_are_gone_back_to_in_any_order() {
    let mut guest = Guest::new();
    let pristine = Snapshot::of_store(&mut guest.store).unwrap();
    disturb(&mut guest);
    let disturbed = Snapshot::of_store(&mut guest.store).unwrap();
    // So many pages that the next snapshot copies the whole memory.
    guest.call("grow", &[200]).unwrap();
    guest.call("fill", &[0, 1, 200 << 16]).unwrap();
    let full = Snapshot::of_store(&mut guest.store).unwrap();
    guest.call("store", &[5, 200]).unwrap();
    let one_more = Snapshot::of_store(&mut guest.store).unwrap();
    let check = |guest: &mut Guest, number: usize| match number {
        0 => check_pristine(guest),
        1 => {
            assert_eq!(guest.call("load", &[0]).unwrap(), 99);
            assert_eq!(guest.call("load", &[5]).unwrap(), 0);
            assert_eq!(guest.call("load", &[65_532]).unwrap(), i32::from(b'l'));
            assert_eq!(guest.call("load", &[4 << 16]).unwrap(), 0xaa);
            assert_eq!(guest.call("load_b", &[65_535]).unwrap(), 5);
            assert!(guest.call("load", &[5 << 16]).is_err());
            assert_eq!(guest.call("call_t", &[0]).unwrap(), 2);
            assert_eq!(guest.call("call_t", &[5]).unwrap(), 2);
            assert!(guest.call("init_a", &[0]).is_err(), "the segment is dropped");
            assert_eq!(guest.call("hidden", &[]).unwrap(), -1);
        }
        number => {
            assert_eq!(guest.call("load", &[4]).unwrap(), 1);
            assert_eq!(guest.call("load", &[5]).unwrap(), if number == 2 { 1 } else { 200 });
            assert_eq!(guest.call("load", &[(200 << 16) - 1]).unwrap(), 1);
            assert_eq!(guest.call("load", &[200 << 16]).unwrap(), 0);
            assert_eq!(guest.memory("a").size(&guest.store), 205);
        }
    };
    let all = [pristine, disturbed, full, one_more];
    for number in [3, 2, 3, 0, 3, 1, 2, 1, 0, 1, 3, 0, 2, 0] {
        all[number].restore(&mut guest.store).unwrap();
        check(&mut guest, number);
        let mut fork = Guest::fork(&all[number]);
        if number > 0 {
            // The state has a reference to a value of the host.
            assert!(fork.is_err());
            let instance = guest.instance;
            let table = instance.get_table(&mut guest.store, "x").unwrap();
            table.set(&mut guest.store, 0, Ref::Extern(None)).unwrap();
            fork = Guest::fork(&Snapshot::take(&mut guest.store, &[instance]).unwrap());
        }
        check(&mut fork.unwrap(), number);
    }
}

#[test]
fn many_pages_and_then_few() {
    let mut guest = Guest::new();
    guest.call("grow", &[98]).unwrap();
    guest.call("fill", &[0, 7, 50 << 16]).unwrap();
    let snapshot = Snapshot::of_store(&mut guest.store).unwrap();
    // Pages that differ from the first copy, and keep differing.
    guest.call("fill", &[1 << 16, 8, 1 << 16]).unwrap();
    let later = Snapshot::of_store(&mut guest.store).unwrap();
    let mut before = guest.memory("a").data(&guest.store).to_vec();
    guest.call("fill", &[0, 9, 100 << 16]).unwrap();
    // More and more of the pages that were written have their old contents again, until they are
    // given back to the system.
    for round in 0..6 {
        later.restore(&mut guest.store).unwrap();
        assert!(guest.memory("a").data(&guest.store) == before, "round {round}");
        if round % 2 == 1 {
            // Taking a snapshot gives them back too.
            guest.call("store", &[77, 77]).unwrap();
            let other = Snapshot::of_store(&mut guest.store).unwrap();
            guest.call("store", &[77, 78]).unwrap();
            assert_eq!(Guest::fork(&other).unwrap().call("load", &[77]).unwrap(), 77);
            assert_eq!(guest.call("load", &[77]).unwrap(), 78);
            other.restore(&mut guest.store).unwrap();
            assert_eq!(guest.call("load", &[77]).unwrap(), 77);
        }
        guest.call("store", &[round * 70_000, 1]).unwrap();
        guest.call("store", &[(99 << 16) + round, 1]).unwrap();
    }
    snapshot.restore(&mut guest.store).unwrap();
    before[1 << 16..2 << 16].fill(7);
    assert!(guest.memory("a").data(&guest.store) == before);
}

/// A memory that nobody has written to yet shows the contents that its module declares. A snapshot
/// of the memory need not include the instance of that module.
#[test]
fn initial_contents_of_an_included_memory_are_part_of_it() {
    let owner = r#"(module (memory (export "memory") 3)
        (data (i32.const 8) "first") (data (i32.const 70000) "second"))"#;
    let user = r#"(module (import "owner" "memory" (memory 1))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"#;
    for reservation in [None, Some(0)] {
        let mut config = Config::new();
        reservation.map(|bytes| config.memory_reservation(bytes).memory_guard_size(64 << 10));
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        let owner = Instance::new(&mut store, &Module::new(&engine, owner).unwrap(), &[]).unwrap();
        let mut linker = Linker::new(&engine);
        linker.instance(&mut store, "owner", owner).unwrap();
        let user = linker.instantiate(&mut store, &Module::new(&engine, user).unwrap()).unwrap();
        let snapshot = Snapshot::builder()
            .instances(&[user])
            .outside(Outside::Include)
            .take(&mut store)
            .unwrap();
        let check = |store: &mut Store<()>, user: Instance| {
            let load = user.get_typed_func::<i32, i32>(&mut *store, "load").unwrap();
            for (at, byte) in [(8, b'f'), (70000, b's'), (70001, b'e'), (4096, 0)] {
                assert_eq!(load.call(&mut *store, at).unwrap(), i32::from(byte), "at {at}");
            }
        };
        check(&mut store, user);
        let write = user.get_typed_func::<(i32, i32), ()>(&mut store, "store").unwrap();
        for at in [8, 4096, 70001] {
            write.call(&mut store, (at, 1)).unwrap();
        }
        snapshot.restore(&mut store).unwrap();
        check(&mut store, user);
        let mut other = Store::new(&engine, ());
        let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
        check(&mut other, fork);
    }
}

#[test]
fn items_of_the_host_are_part_of_the_store() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let ty = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut store, ty, Val::I32(3)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define(&store, "h", "m", memory).unwrap().define(&store, "h", "g", global).unwrap();
    let module = Module::new(
        &engine,
        r#"(module (import "h" "m" (memory 1)) (import "h" "g" (global $g (mut i32)))
            (func (export "run") (result i32)
                (i32.store8 (i32.const 9) (i32.const 1))
                (drop (memory.grow (i32.const 1)))
                (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))"#,
    )
    .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    let error = Snapshot::take(&mut store, &[instance]).unwrap_err().to_string();
    assert!(error.contains("`h::m`"), "{error}");
    memory.write(&mut store, 70, b"kept").unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    for _ in 0..2 {
        assert_eq!(run.call(&mut store, ()).unwrap(), 4);
        assert_eq!((memory.data(&store)[9], memory.size(&store)), (1, 2));
        snapshot.restore(&mut store).unwrap();
        assert_eq!((memory.data(&store)[9], memory.size(&store)), (0, 1));
        assert_eq!(&memory.data(&store)[70..74], b"kept");
    }
    let mut other = Store::new(&engine, ());
    let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
    let forked = fork.get_typed_func::<(), i32>(&mut other, "run").unwrap();
    assert_eq!(forked.call(&mut other, ()).unwrap(), 4);
    assert_eq!(forked.call(&mut other, ()).unwrap(), 5);
    assert_eq!(run.call(&mut store, ()).unwrap(), 4);
}

#[test]
fn running_code_has_no_snapshot() {
    let engine = Engine::default();
    let mut linker = Linker::<Option<Snapshot>>::new(&engine);
    linker
        .func_wrap("", "f", |mut caller: Caller<'_, Option<Snapshot>>| -> Result<()> {
            let error = Snapshot::of_store(&mut caller).unwrap_err().to_string();
            assert!(error.contains("running"), "{error}");
            let snapshot = caller.data().clone().unwrap();
            let error = snapshot.restore(&mut caller).unwrap_err().to_string();
            assert!(error.contains("running"), "{error}");
            wasm_runtime::bail!("enough")
        })
        .unwrap();
    let wat = r#"(module (import "" "f" (func $f)) (memory 1) (func (export "run") (call $f))
        (func (export "trap") unreachable))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    *store.data_mut() = Some(snapshot.clone());
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    assert!(format!("{:#}", run.call(&mut store, ()).unwrap_err()).contains("enough"));
    let trap = instance.get_typed_func::<(), ()>(&mut store, "trap").unwrap();
    assert!(trap.call(&mut store, ()).unwrap_err().is::<Trap>());
    // However the calls have ended, no code of the store is running.
    snapshot.restore(&mut store).unwrap();
    Snapshot::of_store(&mut store).unwrap();
    let mut other = Store::new(&engine, ());
    let error = snapshot.restore(&mut other).unwrap_err().to_string();
    assert!(error.contains("another store") && error.contains("Snapshot::fork"), "{error}");
}

#[test]
fn references_that_have_no_counterpart_stay_in_their_store() {
    let mut guest = Guest::new();
    let func = Func::wrap(&mut guest.store, || 77);
    let table = guest.instance.get_table(&mut guest.store, "t").unwrap();
    table.set(&mut guest.store, 2, func.into()).unwrap();
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    table.set(&mut guest.store, 2, Ref::Func(None)).unwrap();
    snapshot.restore(&mut guest.store).unwrap();
    assert_eq!(guest.call("call_t", &[2]).unwrap(), 77);
    let error = snapshot.fork_pre(&Linker::<()>::new(snapshot.engine())).unwrap_err().to_string();
    assert!(error.contains("element 2 of table 0 of instance 0"), "{error}");
}

#[test]
fn memories_that_move() {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(0);
    let engine = Engine::new(&config).unwrap();
    let wat = r#"(module (memory (export "m") 1) (memory (export "w") i64 2)
        (data (i32.const 4095) "cd"))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let m = instance.get_memory(&mut store, "m").unwrap();
    let w = instance.get_memory(&mut store, "w").unwrap();
    let first = Snapshot::of_store(&mut store).unwrap();
    m.grow(&mut store, 3).unwrap();
    w.grow(&mut store, 1).unwrap();
    m.data_mut(&mut store).fill(8);
    w.write(&mut store, 3 << 16 >> 1, b"wide").unwrap();
    let second = Snapshot::of_store(&mut store).unwrap();
    for _ in 0..2 {
        first.restore(&mut store).unwrap();
        assert_eq!((m.data_size(&store), w.data_size(&store)), (1 << 16, 2 << 16));
        assert_eq!(&m.data(&store)[4094..4098], b"\0cd\0");
        m.grow(&mut store, 1).unwrap();
        assert!(m.data(&store)[1 << 16..].iter().all(|byte| *byte == 0));
        second.restore(&mut store).unwrap();
        assert!(m.data(&store).len() == 4 << 16 && m.data(&store).iter().all(|byte| *byte == 8));
        assert_eq!(&w.data(&store)[3 << 15..][..5], b"wide\0");
    }
    let mut other = Store::new(&engine, ());
    let fork = second.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
    let m = fork.get_memory(&mut other, "m").unwrap();
    m.grow(&mut other, 70).unwrap();
    assert_eq!((m.data(&other)[(4 << 16) - 1], m.data(&other)[4 << 16]), (8, 0));
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_of_forks_and_snapshots() {
    let count = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let of_snapshots = maps.lines().filter(|line| line.contains("wasm-snapshot")).count();
        let files = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        (
            of_snapshots,
            files.filter(|path| path.to_string_lossy().contains("wasm-snapshot")).count(),
        )
    };
    // In a process of its own, since other tests have snapshots too.
    if std::env::var_os("COUNT_SNAPSHOTS").is_none() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "snapshots::nothing_is_left_of_forks_and_snapshots"]);
        assert!(command.env("COUNT_SNAPSHOTS", "1").status().unwrap().success());
        return;
    }
    let mut guest = Guest::new();
    for _ in 0..200 {
        guest.call("store", &[3, 3]).unwrap();
        let snapshot = Snapshot::of_store(&mut guest.store).unwrap();
        for _ in 0..3 {
            let mut fork = Guest::fork(&snapshot).unwrap();
            fork.call("store", &[3, 4]).unwrap();
            Snapshot::of_store(&mut fork.store).unwrap();
        }
        guest.call("fill", &[0, 9, 2 << 16]).unwrap();
        snapshot.restore(&mut guest.store).unwrap();
    }
    // The memory itself shows the last copy: it is one file, mapped for writing and for reading.
    let (maps, files) = count();
    assert!(maps <= 4 && files <= 2, "{maps} mappings, {files} files");
    drop(guest);
    assert_eq!(count(), (0, 0));
}
