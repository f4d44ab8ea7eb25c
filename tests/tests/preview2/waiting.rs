//! Programs that wait are ended by what ends programs that compute.

use std::time::Duration;

use wasm_runtime::wasi::{VirtualClock, WasiCtx};
use wasm_runtime::{Store, Trap};

use crate::host::{End, State, component, engine, run_with, start};

fn interrupted(builder: &mut wasm_runtime::wasi::WasiCtxBuilder) {
    let mut store = Store::new(engine(), State::new(builder));
    store.set_timeout(Duration::from_millis(200)).unwrap();
    let error = start(&mut store, &component("preview2")).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{error:?}");
}

#[test]
fn a_sleeper_is_ended() {
    interrupted(WasiCtx::builder().args(&["program", "sleep", "1000000"]));
}

#[test]
fn a_reader_is_ended() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let reader = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
    interrupted(WasiCtx::builder().args(&["program", "cat"]).stdin(reader));
}

#[test]
fn a_listener_is_ended() {
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "listen", "127.0.0.1:0"]).inherit_network();
    interrupted(&mut builder);
}

#[test]
fn a_program_that_computes_is_ended() {
    interrupted(WasiCtx::builder().args(&["program", "spin"]));
}

/// A clock that is not tied to real time makes a sleep take none.
#[test]
fn a_sleep_by_another_clock() {
    let clock = VirtualClock::new(Duration::from_secs(2_000_000_000), Duration::from_micros(1));
    let mut builder = WasiCtx::builder();
    builder.args(&["program", "sleep", "1000000000"]);
    builder.wall_clock(clock.clone()).monotonic_clock(clock);
    assert_eq!(run_with("preview2", &mut builder).0, End::Returned(Ok(())));
}
