//! Guests of WASI preview 1 that wait: they keep no thread, go on when what they wait for comes,
//! and end when they are interrupted or dropped.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use wasm_runtime::wasi::{MemoryOutputPipe, WasiCtx, WasiCtxBuilder, add_to_linker_async};
use wasm_runtime::{
    Config, Engine, Instance, Linker, Module, Result, Store, Trap, TypedFunc, UpdateDeadline,
};

use crate::support::{block_on, poll_once};

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
        (func $receive (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "sleep") (param $nanoseconds i64) (result i32)
        ;; one subscription: the monotonic clock, relative
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 256))
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (local.get $nanoseconds))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
        (i32.load (i32.const 128)))
    (func (export "echo") (result i32)
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 64))
        (if (result i32) (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4))
            (then (i32.const -1))
            (else
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load (i32.const 4)))))
    (func (export "serve") (result i32)
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 64))
        (if (call $accept (i32.const 3) (i32.const 0) (i32.const 8))
            (then (return (i32.const -1))))
        (drop (call $receive (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 0)
            (i32.const 12) (i32.const 16)))
        (i32.store (i32.const 4) (i32.load (i32.const 12)))
        (drop (call $write (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 20)))
        (i32.load (i32.const 12)))
    (func (export "receive_all") (param $length i32) (result i32)
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (local.get $length))
        (if (call $accept (i32.const 3) (i32.const 0) (i32.const 8))
            (then (return (i32.const -1))))
        (drop (call $receive (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 2)
            (i32.const 12) (i32.const 16)))
        (i32.load (i32.const 12))))
"#;

fn guest(engine: &Engine, wasi: &mut WasiCtxBuilder) -> Result<(Store<WasiCtx>, Instance)> {
    let mut linker = Linker::new(engine);
    add_to_linker_async(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    let mut store = Store::new(engine, wasi.build());
    if engine.is_interruptible() {
        store.set_epoch_deadline(1_000_000);
    }
    let instance = block_on(linker.instantiate_async(&mut store, &module(engine)?))?;
    Ok((store, instance))
}

fn module(engine: &Engine) -> Result<Module> {
    Module::new(engine, PROGRAM)
}

/// Whether an engine's code can be interrupted.
trait Interruptible {
    fn is_interruptible(&self) -> bool;
}

impl Interruptible for Engine {
    fn is_interruptible(&self) -> bool {
        Store::new(self, ()).interrupt_handle().is_ok()
    }
}

fn sleep(store: &mut Store<WasiCtx>, instance: Instance) -> Result<TypedFunc<i64, i32>> {
    instance.get_typed_func(store, "sleep")
}

/// Polls two futures on one thread until both are ready.
fn both<A: Future, B: Future>(first: A, second: B) -> (A::Output, B::Output) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    block_on(std::future::poll_fn(|context: &mut Context<'_>| {
        if one.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            one = Some(output);
        }
        if other.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            other = Some(output);
        }
        match (one.take(), other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (a, b) => {
                (one, other) = (a, b);
                Poll::Pending
            }
        }
    }))
}

#[test]
fn guests_sleep_on_one_thread() -> Result<()> {
    let engine = Engine::default();
    let (mut first, one) = guest(&engine, &mut WasiCtxBuilder::new())?;
    let (mut second, other) = guest(&engine, &mut WasiCtxBuilder::new())?;
    let (long, short) = (sleep(&mut first, one)?, sleep(&mut second, other)?);
    // The second is over while the first sleeps: they do not keep the thread from each other.
    let mut long = pin!(long.call_async(&mut first, i64::MAX));
    assert!(poll_once(long.as_mut()).is_pending());
    assert_eq!(block_on(short.call_async(&mut second, 2_000_000))?, 1);
    assert!(poll_once(long.as_mut()).is_pending());
    Ok(())
}

#[test]
fn a_guest_reads_what_another_writes() -> Result<()> {
    let engine = Engine::default();
    let (reader, writer) = std::io::pipe()?;
    let output = MemoryOutputPipe::new(1024);
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdin(File::from(OwnedFd::from(reader))).stdout(output.clone());
    let (mut store, instance) = guest(&engine, &mut wasi)?;
    let echo = instance.get_typed_func::<(), i32>(&mut store, "echo")?;
    {
        let mut call = pin!(echo.call_async(&mut store, ()));
        assert!(poll_once(call.as_mut()).is_pending());
        (&writer).write_all(b"hello")?;
        assert_eq!(block_on(call)?, 5);
    }
    assert_eq!(output.contents(), b"hello");
    // A call that is dropped has read nothing, and leaves nothing behind.
    let descriptors = || std::fs::read_dir("/proc/self/fd").map(Iterator::count);
    let before = descriptors()?;
    for _ in 0..500 {
        let mut call = pin!(echo.call_async(&mut store, ()));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert!(descriptors()? < before + 250, "descriptors of waits are left");
    drop(writer);
    assert_eq!(block_on(echo.call_async(&mut store, ()))?, 0);
    Ok(())
}

#[test]
fn a_guest_accepts_and_receives() -> Result<()> {
    let engine = Engine::default();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (mut store, instance) = guest(&engine, WasiCtxBuilder::new().preopened_socket(listener)?)?;
    let serve = instance.get_typed_func::<(), i32>(&mut store, "serve")?;
    let mut call = pin!(serve.call_async(&mut store, ()));
    assert!(poll_once(call.as_mut()).is_pending());
    let client = std::thread::spawn(move || {
        let mut connection = TcpStream::connect(address)?;
        std::thread::sleep(Duration::from_millis(5));
        connection.write_all(b"request")?;
        let mut answer = [0; 7];
        connection.read_exact(&mut answer).map(|()| answer)
    });
    assert_eq!(block_on(call)?, 7);
    assert_eq!(&client.join().expect("no panic")?, b"request");
    Ok(())
}

/// What has come of a message is kept while the guest waits for the rest.
#[test]
fn a_guest_receives_all_that_it_wants() -> Result<()> {
    let engine = Engine::default();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (mut store, instance) = guest(&engine, WasiCtxBuilder::new().preopened_socket(listener)?)?;
    let receive = instance.get_typed_func::<i32, i32>(&mut store, "receive_all")?;
    let client = std::thread::spawn(move || -> std::io::Result<()> {
        let mut connection = TcpStream::connect(address)?;
        for part in ["on", "ce", " and again"] {
            std::thread::sleep(Duration::from_millis(5));
            connection.write_all(part.as_bytes())?;
        }
        Ok(())
    });
    assert_eq!(block_on(receive.call_async(&mut store, 10))?, 10);
    client.join().expect("no panic")?;
    let memory = instance.get_memory(&mut store, "memory").expect("an export");
    assert_eq!(&memory.data(&store)[1024..1034], b"once and a");
    Ok(())
}

#[test]
fn whatever_interrupts_ends_a_wait() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let ends = |store: &mut Store<WasiCtx>, sleep: &TypedFunc<i64, i32>| -> Result<()> {
        let error = block_on(sleep.call_async(&mut *store, i64::MAX)).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{error:?}");
        store.set_timeout(None)?;
        store.set_epoch_deadline(1_000_000);
        assert_eq!(block_on(sleep.call_async(store, 1))?, 1);
        Ok(())
    };
    let (mut store, instance) = guest(&engine, &mut WasiCtxBuilder::new())?;
    let sleep = sleep(&mut store, instance)?;
    store.set_timeout(Duration::from_millis(5))?;
    ends(&mut store, &sleep)?;
    let handle = store.interrupt_handle()?;
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        handle.interrupt();
    });
    ends(&mut store, &sleep)?;
    thread.join().expect("no panic");
    store.set_epoch_deadline(1);
    let ticking = engine.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        ticking.increment_epoch();
    });
    ends(&mut store, &sleep)?;
    thread.join().expect("no panic");
    Ok(())
}

/// A callback for deadlines lets the guest sleep on, and gives way itself.
#[test]
fn a_wait_goes_on_after_a_deadline() -> Result<()> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let (mut store, instance) = guest(&engine, &mut WasiCtxBuilder::new())?;
    let sleep = sleep(&mut store, instance)?;
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&asked);
    store.epoch_deadline_callback(move |_| {
        let ready = Box::pin(crate::support::After(2));
        Ok(match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2 {
            0 => UpdateDeadline::Yield(1),
            _ => UpdateDeadline::YieldCustom(1, ready),
        })
    });
    store.set_epoch_deadline(1);
    let ticking = engine.clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let time = Duration::from_millis(1);
        while stopped.recv_timeout(time) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            ticking.increment_epoch();
        }
    });
    while asked.load(std::sync::atomic::Ordering::Relaxed) < 4 {
        assert_eq!(block_on(sleep.call_async(&mut store, 5_000_000))?, 1);
    }
    drop(stop);
    thread.join().expect("no panic");
    Ok(())
}

#[test]
fn two_guests_pass_a_message_on() -> Result<()> {
    let engine = Engine::default();
    let (first, second) = (std::io::pipe()?, std::io::pipe()?);
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdin(File::from(OwnedFd::from(first.0)));
    wasi.stdout(File::from(OwnedFd::from(second.1)));
    let (mut one, instance) = guest(&engine, &mut wasi)?;
    let from = instance.get_typed_func::<(), i32>(&mut one, "echo")?;
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdin(File::from(OwnedFd::from(second.0)));
    let (mut other, instance) = guest(&engine, &mut wasi)?;
    let to = instance.get_typed_func::<(), i32>(&mut other, "echo")?;
    let mut writer = first.1;
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        writer.write_all(b"abc")
    });
    let (sent, received) = both(from.call_async(&mut one, ()), to.call_async(&mut other, ()));
    assert_eq!((sent?, received?), (3, 3));
    thread.join().expect("no panic")?;
    Ok(())
}

/// Under an executor with threads of its own: any of them polls.
#[test]
fn guests_of_tokio_sleep_and_read() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let engine = Engine::default();
    let mut tasks = Vec::new();
    for number in 0..50 {
        let (reader, mut writer) = std::io::pipe()?;
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdin(File::from(OwnedFd::from(reader)));
        let (mut store, instance) = guest(&engine, &mut wasi)?;
        let sleep = sleep(&mut store, instance)?;
        let echo = instance.get_typed_func::<(), i32>(&mut store, "echo")?;
        tasks.push(runtime.spawn(async move {
            assert_eq!(sleep.call_async(&mut store, 1_000_000 + number).await?, 1);
            echo.call_async(&mut store, ()).await
        }));
        runtime.spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(3));
            writer.write_all(b"12")
        });
    }
    for task in tasks {
        assert_eq!(runtime.block_on(task).expect("no panic")?, 2);
    }
    Ok(())
}
