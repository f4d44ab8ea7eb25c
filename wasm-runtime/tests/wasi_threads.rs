//! Guests that start threads (`wasi-threads`), by the command line and by the interface.

mod command_line;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use command_line::Workspace;
use wasm_runtime::wasi::threads::{self, WasiThreadsCtx};
use wasm_runtime::wasi::{self, I32Exit, MemoryOutputPipe, SharedWasiCtx, WasiCtx};
use wasm_runtime::{Config, Engine, Error, Linker, Module, Result, Store, Trap};

/// Four threads that count together; with an argument a thread traps (`t`) or ends the program.
const PROGRAM: &[u8] = include_bytes!("../../tests/programs/threads/threads.wasm");

/// Threads by the C library: mutexes, condition variables, thread-local data, joins.
const IN_C: &[u8] = include_bytes!("../../tests/programs/threads/pthreads.wasm");

#[test]
fn a_program_starts_threads_and_waits_for_them() {
    let workspace = Workspace::new().with("threads.wasm", PROGRAM);
    workspace.run(&["run", "-S", "threads", "threads.wasm"]).exits_with(0).says("40000 100000\n");
    workspace.run(&["compile", "--interruptible", "threads.wasm"]).exits_with(0);
    workspace.run(&["run", "-Sthreads", "threads.cwasm"]).exits_with(0).says("40000 100000\n");
}

#[test]
fn a_program_in_c_has_threads_of_its_library() {
    let workspace = Workspace::new().with("pthreads.wasm", IN_C);
    // That the numbers are right shows that nothing was lost or done twice.
    let says = "sum 8002000, taken 4000\nmade once: 1, dropped at the ends: 10\n\
                this thread's own: 100 and 0\ntimed out: yes\n";
    for _ in 0..5 {
        workspace.run(&["run", "-S", "threads", "pthreads.wasm"]).exits_with(0).says(says);
    }
    // One thread ends the program while another one waits for a condition.
    workspace.run(&["run", "-S", "threads", "pthreads.wasm", "end"]).exits_with(9).says("");
}

#[test]
fn the_end_of_one_thread_is_the_end_of_all() {
    let workspace = Workspace::new().with("threads.wasm", PROGRAM);
    // The first thread and another one run in circles.
    workspace.run(&["run", "-S", "threads", "threads.wasm", "exit"]).exits_with(7).says("");
    workspace
        .run(&["run", "-S", "threads", "threads.wasm", "trap"])
        .exits_with(134)
        .complains("wasm backtrace")
        .complains("unreachable");
}

#[test]
fn what_threads_need_is_said() {
    let workspace = Workspace::new()
        .with("threads.wasm", PROGRAM)
        .with("none.wat", r#"(module (func (export "_start")))"#);
    workspace.run(&["run", "threads.wasm"]).exits_with(1).complains("-S threads");
    workspace
        .run(&["run", "-S", "threads", "none.wat"])
        .exits_with(1)
        .complains("wasi_thread_start");
    workspace.run(&["run", "-S", "sockets", "none.wat"]).exits_with(1).complains("`sockets`");
    workspace
        .run(&["run", "-S", "threads", "--preload", "a=none.wat", "threads.wasm"])
        .exits_with(1)
        .complains("--preload");
    workspace.run(&["compile", "threads.wasm"]).exits_with(0);
    workspace
        .run(&["run", "-S", "threads", "threads.cwasm"])
        .exits_with(1)
        .complains("--interruptible");
}

#[derive(Clone)]
struct Host {
    wasi: SharedWasiCtx,
    threads: Option<Arc<WasiThreadsCtx<Host>>>,
    started: Arc<AtomicU32>,
}

/// A guest whose `start` and whose threads do what the texts say.
struct Guest {
    store: Store<Host>,
    threads: Arc<WasiThreadsCtx<Host>>,
    stdout: MemoryOutputPipe,
}

impl Guest {
    fn new(start: &str, thread: &str) -> Result<Self> {
        Self::with(start, thread, |threads| threads)
    }

    fn with(
        start: &str,
        thread: &str,
        set: impl FnOnce(WasiThreadsCtx<Host>) -> WasiThreadsCtx<Host>,
    ) -> Result<Self> {
        let text = format!(
            r#"(module
                (import "env" "memory" (memory 1 4 shared))
                (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
                (import "wasi_snapshot_preview1" "fd_write"
                    (func $write (param i32 i32 i32 i32) (result i32)))
                (import "wasi_snapshot_preview1" "poll_oneoff"
                    (func $poll (param i32 i32 i32 i32) (result i32)))
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (import "host" "fail" (func $fail))
                (import "host" "panic" (func $panic))
                (export "memory" (memory 0))
                (data (i32.const 64) "said\n\00\00\00\40\00\00\00\05\00\00\00")
                ;; A subscription to the monotonic clock, for an hour.
                (data (i32.const 144) "\01")
                (data (i32.const 152) "\00\a0\b8\30\46\03\00\00")
                (func $say
                    (drop (call $write (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 80))))
                (func $sleep
                    (drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 80))))
                (func $wait (param $address i32)
                    (loop $again
                        (drop (memory.atomic.wait32 (local.get $address) (i32.const 0) (i64.const -1)))
                        (br_if $again (i32.eqz (i32.atomic.load (local.get $address))))))
                (func $signal (param $address i32)
                    (i32.atomic.store (local.get $address) (i32.const 1))
                    (drop (memory.atomic.notify (local.get $address) (i32.const -1))))
                (func (export "start") (result i32) {start})
                (func (export "wasi_thread_start") (param $id i32) (param $argument i32) {thread}))"#
        );
        let mut config = Config::new();
        config.interruption(true).shared_memory(true);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, text)?;
        let stdout = MemoryOutputPipe::new(4096);
        let wasi = SharedWasiCtx::new(WasiCtx::builder().stdout(stdout.clone()).build());
        let host = Host { wasi, threads: None, started: Arc::default() };
        let mut store = Store::new(&engine, host);
        let mut linker = Linker::new(&engine);
        wasi::add_to_linker_shared(&mut linker, |host: &mut Host| &host.wasi)?;
        linker.func_wrap("host", "fail", || -> Result<()> { Err(Error::msg("the host fails")) })?;
        linker.func_wrap("host", "panic", || -> () { panic!("the host panics") })?;
        threads::add_to_linker(&mut linker, &store, &module, |host: &mut Host| {
            host.threads.as_ref().expect("set below")
        })?;
        let threads = Arc::new(set(WasiThreadsCtx::new(module, Arc::new(linker))?));
        store.data_mut().threads = Some(Arc::clone(&threads));
        Ok(Self { store, threads, stdout })
    }

    fn run(&mut self) -> Result<i32> {
        let threads = Arc::clone(&self.threads);
        self.threads.run(&mut self.store, |store| {
            let instance = threads.instance_pre().instantiate(&mut *store)?;
            instance.get_typed_func::<(), i32>(&mut *store, "start")?.call(store, ())
        })
    }
}

const FOREVER: &str = "(loop $l (br $l))";

#[test]
fn threads_share_memory_and_context() {
    // The memory stays from one run to the next, so each begins by clearing what it waits for.
    let start = "(i64.atomic.store (i32.const 512) (i64.const 0))
        (drop (call $spawn (i32.const 512))) (call $wait (i32.const 512)) (call $say)
        (i32.atomic.load (i32.const 516))";
    let thread = "(call $say) (i32.atomic.store (i32.const 516) (local.get $argument))
        (call $signal (local.get $argument))";
    let mut guest = Guest::new(start, thread).unwrap();
    for round in 1..=3 {
        assert_eq!(guest.run().unwrap(), 512);
        assert_eq!(guest.stdout.contents(), b"said\n".repeat(2 * round));
        assert_eq!(guest.threads.running(), 0);
    }
}

#[test]
fn the_first_end_is_the_one_that_counts() {
    let spawn = "(drop (call $spawn (i32.const 0)))";
    let ended = |thread: &str| {
        let mut guest = Guest::new(&format!("{spawn} {FOREVER} (unreachable)"), thread).unwrap();
        let error = guest.run().unwrap_err();
        assert_eq!(guest.threads.running(), 0);
        error
    };
    assert_eq!(ended("(unreachable)").downcast::<Trap>().unwrap(), Trap::UnreachableCodeReached);
    assert!(format!("{:?}", ended("(call $fail)")).contains("the host fails"));
    assert!(format!("{:?}", ended("(call $panic)")).contains("the host panics"));
    assert_eq!(ended("(call $exit (i32.const 5))").downcast::<I32Exit>().unwrap().0, 5);
}

#[test]
fn whatever_a_thread_does_it_ends_with_the_first() {
    for thread in [FOREVER, "(call $sleep)", "(call $wait (i32.const 512))", "(nop)"] {
        let mut guest = Guest::new(
            "(drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 0))) (i32.const 3)",
            thread,
        )
        .unwrap();
        for _ in 0..20 {
            assert_eq!(guest.run().unwrap(), 3, "{thread}");
            assert_eq!(guest.threads.running(), 0);
        }
    }
}

#[test]
fn a_thread_that_waits_keeps_nobody_from_the_context() {
    // One sleeps for an hour, while the other says something.
    let start = "(drop (call $spawn (i32.const 1))) (drop (call $spawn (i32.const 0)))
        (call $wait (i32.const 512)) (i32.const 0)";
    let thread = "(if (local.get $argument) (then (call $sleep))
        (else (call $say) (call $signal (i32.const 512))))";
    let mut guest = Guest::new(start, thread).unwrap();
    guest.run().unwrap();
    assert_eq!(guest.stdout.contents(), b"said\n");
}

#[test]
fn there_are_as_many_threads_as_allowed() {
    let start = "(drop (call $spawn (i32.const 0))) (call $spawn (i32.const 0))";
    let mut guest = Guest::with(start, "(call $sleep)", |threads| threads.max_threads(2)).unwrap();
    // The negative of EAGAIN.
    assert_eq!(guest.run().unwrap(), -6);
    let mut guest = Guest::with(start, "(call $sleep)", |threads| threads.max_threads(3)).unwrap();
    assert!(guest.run().unwrap() > 0);
}

#[test]
fn stores_of_threads_are_prepared() {
    let start = "(drop (call $spawn (i32.const 0))) (call $wait (i32.const 512)) (i32.const 0)";
    let thread = "(call $signal (i32.const 512))";
    let prepare = |store: &mut Store<Host>| {
        store.data().started.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    let mut guest = Guest::with(start, thread, |threads| threads.prepare(prepare)).unwrap();
    guest.run().unwrap();
    assert_eq!(guest.store.data().started.load(Ordering::Relaxed), 1);
    let fail = |_: &mut Store<Host>| Err(Error::msg("not today"));
    let mut guest = Guest::with(start, thread, |threads| threads.prepare(fail)).unwrap();
    assert!(format!("{:?}", guest.run().unwrap_err()).contains("not today"));
}

#[test]
fn what_ended_the_threads_ends_no_later_call() {
    // The first thread returns while another traps, in any order.
    let mut guest =
        Guest::new("(drop (call $spawn (i32.const 0))) (i32.const 0)", "(unreachable)").unwrap();
    for _ in 0..100 {
        match guest.run() {
            Ok(value) => assert_eq!(value, 0),
            Err(error) => {
                assert_eq!(error.downcast::<Trap>().unwrap(), Trap::UnreachableCodeReached);
            }
        }
        let threads = Arc::clone(&guest.threads);
        let instance = threads.instance_pre().instantiate(&mut guest.store).unwrap();
        let write = instance.get_func(&mut guest.store, "wasi_thread_start").unwrap();
        let error = write
            .typed::<(i32, i32), ()>(&guest.store)
            .unwrap()
            .call(&mut guest.store, (0, 0))
            .unwrap_err();
        assert_eq!(error.downcast::<Trap>().unwrap(), Trap::UnreachableCodeReached);
    }
}

#[test]
fn threads_are_of_a_guest_that_runs() {
    let guest = Guest::new("(i32.const 0)", "(nop)").unwrap();
    let threads = Arc::clone(&guest.threads);
    let host = guest.store.data().clone();
    // A thread is started only by a guest that runs.
    let error = threads.spawn(host.clone(), 0).unwrap_err();
    assert!(error.to_string().contains("does not run"), "{error}");
    let mut guest = guest;
    guest.run().unwrap();
    assert!(threads.spawn(host, 0).is_err());
    // Not twice at once.
    let mut guest = Guest::new("(call $sleep) (i32.const 0)", "(nop)").unwrap();
    let (threads, host) = (Arc::clone(&guest.threads), guest.store.data().clone());
    let handle = guest.store.interrupt_handle().unwrap();
    let runner = std::thread::spawn(move || guest.run());
    while threads.running() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut other = Store::new(threads.instance_pre().module().engine(), host);
    let error = threads.run(&mut other, |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("runs already"), "{error}");
    handle.interrupt();
    assert!(runner.join().unwrap().is_err());
}

#[test]
fn nothing_of_a_guest_is_left_when_it_has_run() {
    // Each thread has a clone of the host's data, which goes before `run` returns; and what has
    // ended the first thread ends none of the store's later calls.
    let start =
        "(drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 1))) (i32.const 7)";
    for thread in ["", "(unreachable)", "(if (local.get $argument) (then (unreachable)))"] {
        let mut guest = Guest::new(start, thread).unwrap();
        let mut ended = 0;
        for _ in 0..300 {
            ended += u32::from(guest.run().is_err());
            assert_eq!(Arc::strong_count(&guest.store.data().started), 1);
            assert_eq!(guest.threads.running(), 0);
            let instance = guest.threads.instance_pre().instantiate(&mut guest.store).unwrap();
            let start = instance.get_func(&mut guest.store, "start").unwrap();
            // There can be no threads now.
            start.call(&mut guest.store, &[], &mut [wasm_runtime::Val::I32(0)]).unwrap();
        }
        assert!(!thread.is_empty() || ended == 0);
    }
}

#[test]
fn of_two_runs_at_once_one_is_refused() {
    let guest = Guest::new("(i32.const 7)", "").unwrap();
    let threads = &guest.threads;
    let begun = std::sync::Barrier::new(8);
    let running = AtomicU32::new(0);
    let refused = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (begun, running, refused) = (&begun, &running, &refused);
            let host = guest.store.data().clone();
            let mut store = Store::new(guest.store.engine(), host);
            scope.spawn(move || {
                for _ in 0..200 {
                    begun.wait();
                    let run = threads.run(&mut store, |_| {
                        assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        assert_eq!(running.fetch_sub(1, Ordering::SeqCst), 1);
                        Ok(())
                    });
                    if let Err(error) = run {
                        assert!(error.to_string().contains("runs already"), "{error:?}");
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert!(refused.into_inner() < 8 * 200);
}

#[test]
fn a_linker_gets_all_or_nothing() {
    let guest = Guest::new("(i32.const 7)", "").unwrap();
    let engine = guest.store.engine();
    let names = |linker: &Linker<Host>, store: &mut Store<Host>| {
        linker
            .iter(&mut *store)
            .map(|(module, name, _)| format!("{module}.{name}"))
            .collect::<Vec<_>>()
    };
    let own = r#"(module (import "env" "memory" (memory 1)) (func (export "wasi_thread_start") (param i32 i32)))"#;
    let own = Module::new(engine, own).unwrap();
    let mut store = Store::new(engine, guest.store.data().clone());
    let mut linker = Linker::new(engine);
    threads::add_to_linker(&mut linker, &store, &own, |_: &mut Host| unreachable!()).unwrap_err();
    assert!(names(&linker, &mut store).is_empty());
    // The last function of preview 1 and of snapshot 0 is there already.
    for module in ["wasi_snapshot_preview1", "wasi_unstable"] {
        linker = Linker::new(engine);
        linker.func_wrap(module, "sock_shutdown", || ()).unwrap();
        wasi::add_to_linker_shared(&mut linker, |host: &mut Host| &host.wasi).unwrap_err();
        assert_eq!(names(&linker, &mut store), [format!("{module}.sock_shutdown")]);
    }
}
