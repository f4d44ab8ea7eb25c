//! The option `--coredump`: the state of a program that has trapped, in a file.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use wasm_runtime::wasi::I32Exit;
use wasm_runtime::{Config, Error, Store, WasmCoreDump};

use super::Host;
use crate::exit::message;

/// The option of commands that run code.
#[derive(Args)]
pub(crate) struct CoreDump {
    /// Writes the state of the program to this file if it traps: a core dump of WebAssembly, which
    /// tools for such dumps read.
    #[arg(long, value_name = "FILE")]
    coredump: Option<PathBuf>,
}

impl CoreDump {
    /// Changes the engine's settings as needed.
    pub(super) fn apply(&self, config: &mut Config) {
        config.coredump_on_trap(self.coredump.is_some());
    }

    /// Writes the dump that an error carries, if the program has not ended by itself.
    pub(super) fn write(&self, store: &mut Store<Host>, error: &Error, name: &str) {
        let dump = error.downcast_ref::<WasmCoreDump>().filter(|_| !error.is::<I32Exit>());
        let (Some(path), Some(dump)) = (&self.coredump, dump) else { return };
        match fs::write(path, dump.serialize(store, name)) {
            Ok(()) => message(format_args!("note: a core dump is in `{}`", path.display())),
            Err(error) => {
                message(format_args!("error: can't write `{}`: {error}", path.display()));
            }
        }
    }
}
