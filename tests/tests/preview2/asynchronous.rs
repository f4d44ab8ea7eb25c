//! Programs in asynchronous stores: they do what they do in others, and while they wait, the thread
//! runs others.

use std::future::poll_fn;
use std::io::Write;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use wasm_runtime::component::Linker;
use wasm_runtime::wasi::p2::{self, bindings::Command};
use wasm_runtime::wasi::{
    DirPerms, FilePerms, MemoryInputPipe, MemoryOutputPipe, WasiCtx, WasiCtxBuilder,
};
use wasm_runtime::{Result, Store, Trap};

use crate::host::{End, State, component, end, engine, run_with};

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Runs two futures on one thread until both are ready.
async fn both<A, B>(
    a: impl Future<Output = A> + Send,
    b: impl Future<Output = B> + Send,
) -> (A, B) {
    fn go<O>(future: Pin<&mut impl Future<Output = O>>, to: &mut Option<O>, cx: &mut Context<'_>) {
        if to.is_none()
            && let Poll::Ready(output) = future.poll(cx)
        {
            *to = Some(output);
        }
    }
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        go(a.as_mut(), &mut first, cx);
        go(b.as_mut(), &mut second, cx);
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

async fn start(store: &mut Store<State>, name: &str) -> Result<std::result::Result<(), ()>> {
    let mut linker = Linker::new(engine());
    p2::add_to_linker_async(&mut linker)?;
    let command = Command::instantiate_async(&mut *store, &component(name), &linker).await?;
    command.wasi_cli_run().call_run(store).await
}

/// Runs a program with what the builder has, but for the standard output.
async fn run_async(name: &str, builder: &mut WasiCtxBuilder) -> (End, String) {
    let stdout = MemoryOutputPipe::new(1 << 20);
    builder.stdout(stdout.clone());
    let mut store = Store::new(engine(), State::new(builder));
    let end = end(start(&mut store, name).await);
    (end, String::from_utf8(stdout.contents()).unwrap())
}

#[test]
fn programs_do_what_they_do_without_executor() {
    for arguments in [
        &["hello"][..],
        &["world", "ü", ""],
        &["exit", "0"],
        &["exit", "7"],
        &["fail"],
        &["panic"],
        &["clocks"],
        &["files"],
        &["write", "f", "text"],
        &["try", "../secret"],
        &["cat"],
        &["lookup", "localhost"],
        &["connect", "127.0.0.1:1"],
    ] {
        let builder = |directory: &std::path::Path| {
            let mut builder = WasiCtx::builder();
            builder.arg("program").args(arguments).stdin(MemoryInputPipe::new("input"));
            builder.preopened_dir_with(directory, ".", DirPerms::all(), FilePerms::all()).unwrap();
            builder
        };
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let expected = run_with("preview2", &mut builder(one.path()));
        let got = block_on(run_async("preview2", &mut builder(other.path())));
        assert_eq!(got, expected, "{arguments:?}");
    }
}

/// The one waits for the other, on the same thread.
#[test]
fn a_server_and_a_client_share_a_thread() {
    let stdout = MemoryOutputPipe::new(1 << 20);
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "listen", "127.0.0.1:0"]).inherit_network().stdout(stdout.clone());
    let mut server = Store::new(engine(), State::new(&mut builder));
    let server = start(&mut server, "preview2");
    let client = async {
        // The server says its port when it listens.
        let port = poll_fn(|cx| {
            let said = String::from_utf8(stdout.contents()).unwrap();
            match said.strip_suffix('\n') {
                Some(port) => Poll::Ready(port.to_owned()),
                None => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        })
        .await;
        let mut builder = WasiCtx::builder();
        builder.args(&["program", "connect", &format!("127.0.0.1:{port}")]).inherit_network();
        run_async("preview2", &mut builder).await
    };
    let (server, client) = block_on(both(server, client));
    assert_eq!(server.unwrap(), Ok(()));
    assert_eq!(client, (End::Returned(Ok(())), "ping from 127.0.0.1\n".to_owned()));
}

/// The input comes only after the thread was given back.
#[test]
fn a_reader_waits_for_who_runs_on_its_thread() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "cat"]);
    builder.stdin(std::fs::File::from(std::os::fd::OwnedFd::from(reader)));
    let mut polls = 0;
    let write = poll_fn(move |cx| {
        polls += 1;
        if polls == 3 {
            writer.write_all(b"late").unwrap();
            // With that the input has an end.
            drop(std::mem::replace(&mut writer, std::io::pipe().unwrap().1));
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    let ((end, output), ()) = block_on(both(run_async("preview2", &mut builder), write));
    assert_eq!((end, output.as_str()), (End::Returned(Ok(())), "late"));
}

#[test]
fn sleepers_sleep_at_the_same_time_and_are_ended() {
    let (mut one, mut two) = (WasiCtx::builder(), WasiCtx::builder());
    one.args(&["program", "sleep", "30"]);
    two.args(&["program", "sleep", "30"]);
    let (one, two) =
        block_on(both(run_async("preview2", &mut one), run_async("preview2", &mut two)));
    assert_eq!((one.0, two.0), (End::Returned(Ok(())), End::Returned(Ok(()))));

    let mut store =
        Store::new(engine(), State::new(WasiCtx::builder().args(&["program", "sleep", "1000000"])));
    store.set_timeout(Duration::from_millis(100)).unwrap();
    let error = block_on(start(&mut store, "preview2")).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{error:?}");

    // One that is given up leaves its store to others.
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "sleep", "1000000"]);
    let mut store = Store::new(engine(), State::new(&mut builder));
    {
        let mut sleeper = pin!(start(&mut store, "preview2"));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(sleeper.as_mut().poll(&mut cx).is_pending());
    }
    *store.data_mut() = State::new(WasiCtx::builder().args(&["program", "hello"]));
    assert_eq!(block_on(start(&mut store, "preview2")).unwrap(), Ok(()));
}
