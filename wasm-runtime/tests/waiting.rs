//! Programs that wait are ended when their time is over, whatever they wait for.

#![cfg(all(feature = "jit", feature = "wat", feature = "wasi"))]

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use wasm_runtime::wasi::{DirPerms, FilePerms, WasiCtx, WasiCtxBuilder, p1};
use wasm_runtime::{
    Awaited, Caller, Config, Engine, Interest, Linker, Module, Result, Store, Trap, UpdateDeadline,
    Woken,
};

/// A program with an export for each operation that can wait. Descriptor 3 is a socket or a
/// directory.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_accept"
        (func $accept (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sock_recv"
        (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    ;; Most of it is never touched, but by what fills it.
    (memory (export "memory") 2 32768)
    ;; A buffer of 64 KiB at 64 KiB.
    (data (i32.const 0) "\00\00\01\00\00\00\01\00")
    ;; A subscription to the monotonic clock at 200, and one to descriptor 0 at 248.
    (data (i32.const 216) "\01")
    (data (i32.const 256) "\01")
    (data (i32.const 300) "fifo")
    (func $sleep (export "sleep") (param $nanoseconds i64) (result i32)
        (i64.store (i32.const 224) (local.get $nanoseconds))
        (call $poll (i32.const 200) (i32.const 400) (i32.const 1) (i32.const 8)))
    (func (export "forever") (param i64) (result i32) (call $sleep (i64.const -1)))
    (func (export "poll") (param i64) (result i32)
        (i64.store (i32.const 224) (i64.const -1))
        (call $poll (i32.const 200) (i32.const 400) (i32.const 2) (i32.const 8)))
    (func (export "read") (param i64) (result i32)
        (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (func (export "read_terminal") (param i64) (result i32)
        (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (func (export "write_terminal") (param i64) (result i32)
        (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))
        (unreachable))
    (func (export "write") (param i64) (result i32)
        (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))
        (unreachable))
    (func (export "accept") (param i64) (result i32)
        (call $accept (i32.const 3) (i32.const 0) (i32.const 8)))
    (func (export "receive") (param i64) (result i32)
        ;; What has come before the end is not lost, so the call itself succeeds.
        (loop
            (drop (call $recv (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 8)
                (i32.const 12)))
            (br 0))
        (unreachable))
    (func (export "send") (param i64) (result i32)
        (loop (drop (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))
        (unreachable))
    (func (export "yield") (param i64) (result i32) (loop (drop (call $yield)) (br 0)) (unreachable))
    ;; Two gibibytes are more than is made in the time that there is.
    (func (export "random") (param i64) (result i32)
        (drop (memory.grow (i32.const 32766)))
        (loop (drop (call $random (i32.const 0) (i32.const 0x7fff0000))) (br 0))
        (unreachable))
    (func (export "fifo") (param i64) (result i32)
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 300) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))
        (call $read (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 8))))"#;

/// Keeps the other ends open of what a program waits for.
#[derive(Default)]
struct Ends(Vec<Box<dyn std::any::Any>>);

fn file(fd: impl Into<OwnedFd>) -> std::fs::File {
    fd.into().into()
}

/// A terminal, and its other end.
fn terminal() -> (std::fs::File, std::fs::File) {
    use std::os::fd::FromRawFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    // SAFETY: the descriptor is new, and nobody else has it. The name is written to a buffer, whose
    // length is passed.
    unsafe {
        let other = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
        assert!(other >= 0 && libc::grantpt(other) == 0 && libc::unlockpt(other) == 0);
        let mut name = [0; 64];
        assert_eq!(libc::ptsname_r(other, name.as_mut_ptr(), name.len()), 0);
        let name = std::ffi::CStr::from_ptr(name.as_ptr()).to_str().unwrap();
        let mut options = std::fs::File::options();
        options.read(true).write(true).custom_flags(libc::O_NOCTTY);
        let terminal = options.open(name).unwrap();
        (terminal, OwnedFd::from_raw_fd(other).into())
    }
}

/// Another process may have taken the input of a terminal after a wait for it has ended.
#[test]
fn nothing_waits_for_what_others_took_from_a_terminal() {
    use wasm_runtime::wasi::StdinStream as _;
    let (mut terminal, mut other) = terminal();
    let (done, ended) = mpsc::channel();
    let read = move || {
        let mut bytes = [0; 16];
        let mut read = || terminal.try_read(&mut [std::io::IoSliceMut::new(&mut bytes)]);
        let nothing = read().unwrap_err();
        other.write_all(b"word\nrest").unwrap();
        let count = read().unwrap();
        let more = read().unwrap_err();
        done.send((nothing.kind(), bytes[..count].to_vec(), more.kind())).unwrap();
    };
    std::thread::spawn(read);
    let (nothing, word, more) = ended.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(nothing, std::io::ErrorKind::WouldBlock);
    assert_eq!(word, b"word\n");
    assert_eq!(more, std::io::ErrorKind::WouldBlock);
}

/// A context in which nothing ever arrives and nothing can be written.
fn silent(case: &str, ends: &mut Ends) -> WasiCtxBuilder {
    let mut builder = WasiCtx::builder();
    let (reader, unused) = std::io::pipe().unwrap();
    builder.stdin(file(reader));
    let (unread, writer) = std::io::pipe().unwrap();
    builder.stdout(file(writer));
    ends.0.push(Box::new((unused, unread)));
    match case {
        "read_terminal" | "write_terminal" => {
            let (terminal, other) = terminal();
            builder.stdin(terminal.try_clone().unwrap()).stdout(terminal);
            ends.0.push(Box::new(other));
        }
        "accept" => {
            let dir = tempfile::tempdir().unwrap();
            let listener = UnixListener::bind(dir.path().join("socket")).unwrap();
            builder.preopened_socket(listener).unwrap();
            ends.0.push(Box::new(dir));
        }
        "receive" | "send" => {
            let (socket, mut other) = UnixStream::pair().unwrap();
            // Part of what the program waits for is there.
            other.write_all(b"x").unwrap();
            builder.preopened_socket(socket).unwrap();
            ends.0.push(Box::new(other));
        }
        "fifo" => {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("fifo");
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            builder.preopened_dir_with(dir.path(), "/", DirPerms::all(), FilePerms::all()).unwrap();
            ends.0.push(Box::new(dir));
        }
        _ => {}
    }
    builder
}

const CASES: [&str; 12] = [
    "forever",
    "poll",
    "read",
    "read_terminal",
    "write",
    "write_terminal",
    "accept",
    "receive",
    "send",
    "yield",
    "random",
    "fifo",
];

/// Runs a case in a store whose calls `end` brings to an end.
fn ended(case: &str, config: &mut Config, end: impl FnOnce(&Engine, &mut Store<WasiCtx>)) {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
    let mut ends = Ends::default();
    let mut store = Store::new(&engine, silent(case, &mut ends).build());
    end(&engine, &mut store);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let function = instance.get_typed_func::<i64, i32>(&mut store, case).unwrap();
    let error = function.call(&mut store, 0).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{case}: {error:?}");
}

#[test]
fn timeouts_end_them() {
    for case in CASES {
        ended(case, Config::new().interruption(true), |_, store| {
            store.set_timeout(Duration::from_millis(30)).unwrap();
        });
    }
}

#[test]
fn other_threads_end_them() {
    for case in CASES {
        ended(case, Config::new().interruption(true), |_, store| {
            let handle = store.interrupt_handle().unwrap();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                handle.interrupt();
            });
        });
    }
}

#[test]
fn deadlines_end_them() {
    for case in CASES {
        ended(case, Config::new().epoch_interruption(true), |engine, store| {
            store.set_epoch_deadline(2);
            let engine = engine.clone();
            std::thread::spawn(move || {
                for _ in 0..2 {
                    std::thread::sleep(Duration::from_millis(10));
                    engine.increment_epoch();
                }
            });
        });
    }
}

/// An interruption that was requested before a wait begins ends the wait as well.
#[test]
fn what_came_before_is_not_lost() {
    for case in CASES {
        ended(case, Config::new().interruption(true), |_, store| {
            store.interrupt_handle().unwrap().interrupt();
        });
    }
}

/// If a callback grants more time, the program continues to wait, for as long as it requested at
/// the start.
#[test]
fn callbacks_can_let_them_wait_on() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut store = Store::new(&engine, WasiCtx::builder().stdin(file(reader)).build());
    let callbacks = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&callbacks);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(UpdateDeadline::Continue(1))
    });
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let sleep = instance.get_typed_func::<i64, i32>(&mut store, "sleep").unwrap();
    let read = instance.get_typed_func::<i64, i32>(&mut store, "read").unwrap();
    let (over, is_over) = mpsc::channel::<()>();
    let ticker = std::thread::spawn(move || {
        let mut ticks = 0;
        while is_over.recv_timeout(Duration::from_millis(2)) == Err(mpsc::RecvTimeoutError::Timeout)
        {
            engine.increment_epoch();
            ticks += 1;
            if ticks == 30 {
                writer.write_all(b"input").unwrap();
            }
        }
    });
    let start = Instant::now();
    assert_eq!(sleep.call(&mut store, 30_000_000).unwrap(), 0);
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert!(callbacks.load(Ordering::Relaxed) > 0);
    assert_eq!(read.call(&mut store, 0).unwrap(), 0);
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    assert_eq!(memory.data(&store)[8..12], [5, 0, 0, 0]);
    drop(over);
    ticker.join().unwrap();
}

/// A callback may make other calls into the program before the call that waits goes on. That call
/// goes on where it was.
#[test]
fn callbacks_can_call_what_waits_as_well() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
    let mut store = Store::new(&engine, WasiCtx::builder().build());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let sleep = instance.get_typed_func::<i64, i32>(&mut store, "sleep").unwrap();
    let callbacks = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&callbacks);
    store.epoch_deadline_callback(move |mut store| {
        // This call begins and ends here. No callback is called during it.
        store.set_epoch_deadline(u64::MAX / 2);
        assert_eq!(sleep.call(&mut store, 1).unwrap(), 0);
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(UpdateDeadline::Continue(1))
    });
    store.set_epoch_deadline(1);
    let (over, is_over) = mpsc::channel::<()>();
    let ticker = std::thread::spawn(move || {
        // If the wait began anew each time, it would last as long as this loop.
        (0..2000).any(|_| {
            let is_over = is_over.recv_timeout(Duration::from_millis(4));
            engine.increment_epoch();
            is_over != Err(mpsc::RecvTimeoutError::Timeout)
        })
    });
    let start = Instant::now();
    assert_eq!(sleep.call(&mut store, 100_000_000).unwrap(), 0);
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(callbacks.load(Ordering::Relaxed) > 2);
    drop(over);
    assert!(ticker.join().unwrap(), "it waited until nothing ended it any more");
}

/// Deadlines may come as fast as possible: here each is reached at once. Each repeated call still
/// makes progress.
#[test]
fn calls_finish_though_deadlines_never_stop() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let module = Module::new(&engine, ALWAYS_LATE).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for number in 0..300 {
        std::fs::write(dir.path().join(format!("a file of some length: {number:03}")), "").unwrap();
    }
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"input").unwrap();
    let mut builder = WasiCtx::builder();
    builder.stdin(file(reader)).secure_random(|piece: &mut [u8]| piece.fill(7));
    builder.preopened_dir_with(dir.path(), "/", DirPerms::all(), FilePerms::all()).unwrap();
    let mut store = Store::new(&engine, builder.build());
    let callbacks = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&callbacks);
    store.epoch_deadline_callback(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(UpdateDeadline::Continue(0))
    });
    store.set_epoch_deadline(0);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    for (name, bytes) in [("sleep", 1), ("poll", 1), ("read", 5), ("random", 0)] {
        callbacks.store(0, Ordering::Relaxed);
        let call = instance.get_typed_func::<(), i32>(&mut store, name).unwrap();
        assert_eq!(call.call(&mut store, ()).unwrap(), 0, "{name}");
        assert!(callbacks.load(Ordering::Relaxed) > 1, "{name}");
        assert_eq!(memory.data(&store)[8..12], u32::to_le_bytes(bytes), "{name}");
        memory.data_mut(&mut store)[8..12].fill(0);
    }
    let random = &memory.data(&store)[1 << 16..];
    assert!(random[..5 << 20].iter().all(|byte| *byte == 7));
    assert!(random[5 << 20..].iter().all(|byte| *byte == 0));
    memory.data_mut(&mut store)[1 << 16..].fill(0);
    let list = instance.get_typed_func::<(), i32>(&mut store, "list").unwrap();
    assert_eq!(list.call(&mut store, ()).unwrap(), 0);
    let data = memory.data(&store);
    let length = u32::from_le_bytes(data[8..12].try_into().unwrap()) as usize;
    let listed = String::from_utf8_lossy(&data[1 << 16..][..length]).into_owned();
    for number in 0..300 {
        let name = format!("a file of some length: {number:03}");
        assert_eq!(listed.matches(&name).count(), 1, "{name}");
    }
}

/// An export for each system call. The buffers start at 64 KiB.
const ALWAYS_LATE: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir"
        (func $list (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory (export "memory") 100)
    (data (i32.const 0) "\00\00\01\00\00\00\01\00")
    ;; A subscription to the monotonic clock at 200, for a millisecond, and one to descriptor 0
    ;; at 248.
    (data (i32.const 216) "\01")
    (data (i32.const 224) "\40\42\0f")
    (data (i32.const 256) "\01")
    (func $nothing)
    (func (export "sleep") (result i32) (call $nothing)
        (call $poll (i32.const 200) (i32.const 400) (i32.const 1) (i32.const 8)))
    (func (export "poll") (result i32) (call $nothing)
        (call $poll (i32.const 248) (i32.const 400) (i32.const 1) (i32.const 8)))
    (func (export "read") (result i32) (call $nothing)
        (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (func (export "random") (result i32) (call $nothing)
        (call $random (i32.const 0x10000) (i32.const 0x500000)))
    (func (export "list") (result i32) (call $nothing)
        (call $list (i32.const 3) (i32.const 0x10000) (i32.const 0x100000) (i64.const 0)
            (i32.const 8))))"#;

/// The program ends with the error of the callback.
#[test]
fn callbacks_can_fail() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
    let mut store = Store::new(&engine, WasiCtx::builder().build());
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|_| Err(wasm_runtime::Error::msg("enough")));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let forever = instance.get_typed_func::<i64, i32>(&mut store, "forever").unwrap();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        engine.increment_epoch();
    });
    let error = forever.call(&mut store, 0).unwrap_err();
    assert!(format!("{error:?}").contains("enough"), "{error:?}");
    thread.join().unwrap();
}

/// A host function of an embedder waits in the same way.
#[test]
fn host_functions_can_wait() {
    let engine = Engine::new(Config::new().interruption(true)).unwrap();
    let mut linker = Linker::<std::fs::File>::new(&engine);
    linker
        .func_wrap("", "wait", |mut caller: Caller<'_, std::fs::File>, time: i64| -> Result<i32> {
            let waiter = caller.waiter();
            assert!(waiter.can_be_interrupted());
            let timeout = u64::try_from(time).ok().map(Duration::from_millis);
            let mut awaited =
                [Awaited::new(std::os::fd::AsFd::as_fd(caller.data()), Interest::Read)];
            let woken = waiter.wait(&mut awaited, timeout)?;
            let found = awaited[0].ready;
            Ok(match woken {
                Woken::TimedOut => 0,
                Woken::Ready => 1 + i32::from(found),
                _ => {
                    caller.check_interruption()?;
                    3
                }
            })
        })
        .unwrap();
    let module = r#"(module (import "" "wait" (func $wait (param i64) (result i32)))
        (func (export "wait") (param i64) (result i32) (call $wait (local.get 0))))"#;
    let module = Module::new(&engine, module).unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut store = Store::new(&engine, file(reader));
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let wait = instance.get_typed_func::<i64, i32>(&mut store, "wait").unwrap();
    assert_eq!(wait.call(&mut store, 0).unwrap(), 0);
    assert_eq!(wait.call(&mut store, 5).unwrap(), 0);
    writer.write_all(b"x").unwrap();
    assert_eq!(wait.call(&mut store, -1).unwrap(), 2);
    store.data_mut().read_exact(&mut [0]).unwrap();
    let handle = store.interrupt_handle().unwrap();
    for _ in 0..3 {
        let handle = handle.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            handle.interrupt();
        });
        let error = wait.call(&mut store, -1).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
        thread.join().unwrap();
        // An interruption that was handled does not end the next call.
        assert_eq!(wait.call(&mut store, 1).unwrap(), 0);
    }
    // A waiter outlives its store, and can still wait.
    let waiter = store.waiter();
    drop(store);
    handle.interrupt();
    assert_eq!(waiter.wait(&mut [], Some(Duration::ZERO)).unwrap(), Woken::TimedOut);
}
