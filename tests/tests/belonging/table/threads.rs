//! Guests with threads.

use std::sync::Arc;

use wasm_runtime::wasi::threads::{self, WasiThreadsCtx};
use wasm_runtime::{Engine, Linker, Module, Result, Store};

use super::Row;
use crate::tries::Expect::Error;
use crate::world::Data;

/// A guest that can have threads, and that imports a memory if that is given.
fn guest(engine: &Engine, memory: &str) -> Result<Module> {
    let start = r#"(func (export "wasi_thread_start") (param i32 i32))"#;
    Module::new(engine, format!("(module {memory} {start})"))
}

/// Without a memory, nothing else that the function does can fail. With one, the refusal must come
/// first: the engines of the sides make no shared memories, which is another error.
const MEMORIES: [&str; 2] = ["", r#"(import "env" "memory" (memory 1 2 shared))"#];

fn add(linker: &mut Linker<Data>, store: &Store<Data>, module: &Module) -> Result<()> {
    threads::add_to_linker(linker, store, module, |_| unreachable!("nothing runs"))
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "WasiThreadsCtx::new",
        tries: |t| {
            t.engine(Error, |o, k| {
                WasiThreadsCtx::new(guest(&k.engine, "")?, Arc::new(o.kept.linker.clone()))
            });
            t.engine(Error, |o, k| {
                WasiThreadsCtx::new(guest(&o.kept.engine, "")?, Arc::new(k.linker.clone()))
            });
        },
    },
    Row {
        // The one of `threads`: those of the versions of WASI take only a linker.
        name: "add_to_linker",
        tries: |t| {
            for memory in MEMORIES {
                t.engine(Error, |o, k| {
                    add(&mut o.kept.linker, &o.store, &guest(&k.engine, memory)?)
                });
                t.engine(Error, |o, k| {
                    add(&mut k.linker, &o.store, &guest(&o.kept.engine, memory)?)
                });
                t.engine(Error, |o, k| add(&mut k.linker, &o.store, &guest(&k.engine, memory)?));
                t.store(Error, |o, store| {
                    add(&mut o.kept.linker, store, &guest(&o.kept.engine, memory)?)
                });
            }
        },
    },
];
