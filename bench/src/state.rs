//! The state of instances: going back to a snapshot, forking one, and starting from one that was
//! written out as a module. Wasmtime has no snapshots, and does what its users do instead.

use std::time::Instant;

use wasm_runtime::rewrite::{PreinitializeOptions, preinitialize};
use wasm_runtime::{Engine, Instance, Linker, Module, Snapshot, Store};

use crate::alternate::alternate;
use crate::load::Files;
use crate::ours::runtime as ours;
use crate::report::Row;
use crate::theirs::runtime as theirs;

/// A memory of `pages` pages of 64 KiB, all of which `init` writes. `touch` writes to as many of
/// the system's pages as its argument says.
fn guest(pages: u32) -> Vec<u8> {
    let text = format!(
        r#"(module
    (memory (export "memory") {pages})
    (global $ready (mut i32) (i32.const 0))
    (func (export "init") (local i32)
      (global.set $ready (i32.const 1))
      (loop $again
        (i32.store (local.get 0) (i32.add (local.get 0) (i32.const 1)))
        (br_if $again (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 4)))
          (i32.const {size})))))
    (func (export "touch") (param i32) (result i32) (local i32)
      (loop $again
        (i32.store (i32.mul (local.get 1) (i32.const 40960)) (i32.const 7))
        (br_if $again (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
      (global.get $ready)))"#,
        size = u64::from(pages) << 16
    );
    wat::parse_str(&text).expect("the text is right")
}

/// The average time of one run, in seconds.
fn each(count: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..count).for_each(|_| run());
    start.elapsed().as_secs_f64() / f64::from(count)
}

/// An instance of a guest whose `init` was called, and a snapshot of it.
fn initialized(wasm: &[u8]) -> (Store<()>, Instance, Snapshot) {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).expect("it is valid");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("it imports nothing");
    let init = instance.get_typed_func::<(), ()>(&mut store, "init").expect("it is exported");
    init.call(&mut store, ()).expect("it returns");
    let snapshot = Snapshot::take(&mut store, &[instance]).expect("there is room");
    (store, instance, snapshot)
}

/// Restoring after ten pages were written.
fn restored(name: &str, rounds: usize, pages: u32) -> Row {
    let wasm = guest(pages);
    let (mut store, instance, snapshot) = initialized(&wasm);
    let touch = instance.get_typed_func::<i32, i32>(&mut store, "touch").expect("it is exported");
    let pool = theirs::Runtime::pooling();
    let (_, module) = pool.compile(&wasm);
    let restore = || {
        let mut time = 0.0;
        for _ in 0..100 {
            assert_eq!(touch.call(&mut store, 10).expect("it returns"), 1);
            let start = Instant::now();
            snapshot.restore(&mut store).expect("nothing runs");
            time += start.elapsed().as_secs_f64();
        }
        time / 100.0
    };
    alternate(name, rounds, restore, || pool.touched(&module, 10, 100))
}

pub(crate) fn run(rounds: usize) -> Vec<Row> {
    let mut rows = vec![
        restored(
            "2 MiB restored after 10 pages were written; there, a fresh instance from the pool",
            rounds,
            32,
        ),
        restored("64 MiB restored after 10 pages were written; there, the same", rounds, 1024),
    ];
    let wasm = guest(1024);
    let (_store, instance, snapshot) = initialized(&wasm);
    let engine = snapshot.engine().clone();
    let state = snapshot.state(instance).expect("it can be expressed");
    let written = preinitialize(&wasm, &state, &PreinitializeOptions::default());
    let written = written.expect("it can be written").wasm;
    let linker = Linker::new(&engine);
    let pre = snapshot.fork_pre(&linker).expect("it imports nothing");
    let theirs_plain = theirs::Runtime::new(true);
    let (_, plain_module) = theirs_plain.compile(&wasm);
    rows.push(alternate(
        "forked, with 64 MiB; there, an instance whose `init` is called",
        rounds.min(9),
        || {
            each(100, || {
                let mut store = Store::new(&engine, ());
                pre.fork(&mut store).expect("there is room");
            })
        },
        || theirs_plain.initialized(&plain_module),
    ));
    let (a, b) = (ours::Runtime::new(true), theirs::Runtime::new(true));
    let files = Files::new("state", &a.artifact(&written), &b.artifact(&written));
    rows.push(alternate(
        "booted from what the snapshot was written out as: artifact loaded, instance made, 10 pages written",
        rounds,
        || a.boot(&files.ours),
        || b.boot(&files.theirs),
    ));
    rows
}
