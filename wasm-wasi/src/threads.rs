//! `wasi-threads`: a guest starts threads of the host, each with an instance of the same module in
//! a store of its own, over the same shared memory. The proposal was withdrawn, and is what
//! compilers with POSIX threads for `wasm32-wasi` emit all the same.
//!
//! A guest with threads imports its memory, which is shared, and `wasi.thread-spawn`, and exports
//! `wasi_thread_start`. [`add_to_linker`] defines what it imports, [`WasiThreadsCtx`] holds its
//! threads, and [`WasiThreadsCtx::run`] runs it:
//!
//! ```no_run
//! use std::sync::Arc;
//! use wasm_store::{Config, Engine, Linker, Module, Store};
//! use wasm_wasi::threads::{self, WasiThreadsCtx};
//! use wasm_wasi::{SharedWasiCtx, WasiCtx, p1};
//!
//! #[derive(Clone)]
//! struct Host {
//!     wasi: SharedWasiCtx,
//!     threads: Option<Arc<WasiThreadsCtx<Host>>>,
//! }
//!
//! # fn main() -> wasm_store::Result<()> {
//! let mut config = Config::new();
//! // With interruption, the end of one thread can end the others.
//! config.interruption(true).shared_memory(true);
//! let engine = Engine::new(&config)?;
//! let module = Module::from_file(&engine, "threads.wasm")?;
//! let wasi = SharedWasiCtx::new(WasiCtx::builder().inherit_stdio().build());
//! let mut store = Store::new(&engine, Host { wasi, threads: None });
//!
//! let mut linker = Linker::new(&engine);
//! p1::add_to_linker_shared(&mut linker, |host: &mut Host| &host.wasi)?;
//! threads::add_to_linker(&mut linker, &store, &module, |host: &mut Host| {
//!     host.threads.as_ref().expect("it is set before the guest runs")
//! })?;
//! let threads = Arc::new(WasiThreadsCtx::new(module.clone(), Arc::new(linker))?);
//! store.data_mut().threads = Some(threads.clone());
//!
//! threads.run(&mut store, |store| {
//!     let instance = threads.instance_pre().instantiate(&mut *store)?;
//!     instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(store, ())
//! })?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it ends
//!
//! All threads of a guest end together, as those of a process do: when what [`run`] was given
//! returns, when a thread traps, fails, panics or calls `proc_exit`. What came first is what
//! [`run`] returns, with the backtrace of the thread that it happened in. `run` returns once no
//! thread runs any more, so nothing of the guest outlives it.
//!
//! Other threads are ended by interruption ([`Config::interruption`]). In an engine without it,
//! `run` waits until they end by themselves, which may be never.
//!
//! [`run`]: WasiThreadsCtx::run
//! [`Config::interruption`]: wasm_store::Config::interruption

mod group;
mod link;
mod spawn;

pub use link::add_to_linker;
pub use spawn::WasiThreadsCtx;
