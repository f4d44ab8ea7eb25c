//! Running a component of `preview2`, in a store without executor.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use wasm_runtime::component::{Component, Linker};
use wasm_runtime::wasi::p2::{self, bindings::sync::Command};
use wasm_runtime::wasi::{
    DirPerms, FilePerms, I32Exit, MemoryOutputPipe, ResourceTable, WasiCtx, WasiCtxBuilder,
    WasiCtxView, WasiView,
};
use wasm_runtime::{Config, Engine, Error, Result, Store};

/// The data of a store.
pub(crate) struct State {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(builder: &mut WasiCtxBuilder) -> Self {
        Self { ctx: builder.build(), table: ResourceTable::new() }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

/// How a program has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// Its function `run` has returned this.
    Returned(std::result::Result<(), ()>),
    Exited(i32),
    Trapped,
}

/// The engine of all tests: its code can be interrupted.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new().interruption(true)).unwrap())
}

/// A component, compiled once.
pub(crate) fn component(name: &str) -> Component {
    static ALL: OnceLock<Mutex<HashMap<String, Component>>> = OnceLock::new();
    let all = ALL.get_or_init(Mutex::default);
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("preview2");
        let bytes = std::fs::read(folder.join(format!("{name}.wasm"))).unwrap();
        Component::new(engine(), bytes).unwrap()
    };
    all.entry(name.to_owned()).or_insert_with(compile).clone()
}

/// Runs `preview2` with these arguments, and nothing else. Returns what it has printed.
pub(crate) fn run(arguments: &[&str]) -> (End, String) {
    let mut builder = WasiCtx::builder();
    builder.arg("program").args(arguments);
    run_with("preview2", &mut builder)
}

/// Runs `preview2` in a directory.
pub(crate) fn run_in(
    path: &Path,
    directory: DirPerms,
    file: FilePerms,
    arguments: &[&str],
) -> (End, String) {
    let mut builder = WasiCtx::builder();
    builder.arg("program").args(arguments);
    builder.preopened_dir_with(path, ".", directory, file).unwrap();
    run_with("preview2", &mut builder)
}

/// Runs a component with what the builder has, but for the standard output.
pub(crate) fn run_with(name: &str, builder: &mut WasiCtxBuilder) -> (End, String) {
    let stdout = MemoryOutputPipe::new(1 << 20);
    builder.stdout(stdout.clone());
    let mut store = Store::new(engine(), State::new(builder));
    let end = end(start(&mut store, &component(name)));
    (end, String::from_utf8(stdout.contents()).unwrap())
}

/// Instantiates a component and runs it.
pub(crate) fn start(
    store: &mut Store<State>,
    component: &Component,
) -> Result<std::result::Result<(), ()>> {
    let mut linker = Linker::new(engine());
    p2::add_to_linker_sync(&mut linker)?;
    let command = Command::instantiate(&mut *store, component, &linker)?;
    command.wasi_cli_run().call_run(store)
}

pub(crate) fn end(result: Result<std::result::Result<(), ()>, Error>) -> End {
    match result {
        Ok(result) => End::Returned(result),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => End::Exited(exit.0),
            None if error.is::<wasm_runtime::Trap>() => End::Trapped,
            None => panic!("{error:?}"),
        },
    }
}
