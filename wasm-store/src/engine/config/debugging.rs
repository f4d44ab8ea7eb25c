//! The setting of code that the host can debug.

use wasm_types::Internals;

use crate::engine::{Config, Engine};

impl Config {
    /// Whether the host can debug Wasm: stop it, step through it, and see the frames of its
    /// functions with all locals and operands (feature `debug`, without which `true` is an error of
    /// [`Engine::new`]).
    ///
    /// Default: no.
    ///
    /// Modules are compiled for that: such code looks before each operator whether it is to stop,
    /// and writes all values to memory. So it is slower and larger, whether anybody debugs it or
    /// not. Nothing is inlined in it. It also takes into account that the host may write what
    /// modules do not export, as with [`Internals::Writable`], whatever [`Config::internals`] says.
    /// Artifacts hold the binary, and where values are. They run only in engines with this setting,
    /// which run no others.
    pub fn guest_debug(&mut self, enable: bool) -> &mut Self {
        self.request.tunables.guest_debug = enable;
        self
    }

    /// Sets what code that can be debugged needs.
    pub(in crate::engine) fn finish_debugging(&mut self) {
        if self.request.tunables.guest_debug {
            self.request.tunables.internals = Internals::Writable;
            self.request.address_map = true;
        }
    }
}

impl Engine {
    /// What [`Config::guest_debug`] was set to.
    pub fn get_guest_debug(&self) -> bool {
        self.config().request.tunables.guest_debug
    }
}
