//! The settings for profilers and debuggers, and what happens when a module is loaded.

use std::sync::Arc;

use wasm_loader::{Loaded, profile};

use crate::engine::Config;
use crate::error::{Context, Result};

/// Which file tells a profiler the names of functions: see [`Config::profiler`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub enum ProfilingStrategy {
    /// None.
    #[default]
    None,
    /// `/tmp/perf-PID.map`, which `perf report` reads.
    PerfMap,
    /// `jit-PID.dump`, which `perf inject --jit` reads, in the directory that the environment variable
    /// `JITDUMPDIR` names or else in the current one.
    JitDump,
}

impl Config {
    /// Which file tells a profiler the names of the functions of modules. The default is none.
    ///
    /// Cost: a write for each module, and none for its code.
    ///
    /// The file is written when a module is compiled or loaded, which fails if it can't be written. On
    /// systems other than Linux it always fails. `perf` needs no such file for modules that are loaded
    /// with [`Module::deserialize_file`](crate::Module::deserialize_file): it reads the names from the
    /// artifact.
    ///
    /// ```
    /// use wasm_store::{Config, Engine, ProfilingStrategy};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// // To be run under `perf record`.
    /// let engine = Engine::new(Config::new().profiler(ProfilingStrategy::PerfMap))?;
    /// # let _ = engine;
    /// # Ok(())
    /// # }
    /// ```
    pub fn profiler(&mut self, strategy: ProfilingStrategy) -> &mut Self {
        self.profiling.strategy = strategy;
        self
    }

    /// Whether debuggers know the functions of modules by their names: GDB and LLDB, in breakpoints,
    /// backtraces and disassembly. The default is no.
    ///
    /// Cost: a copy of the names for each module, and none for its code.
    ///
    /// They are told when a module is compiled or loaded, and forget it with the module. Only names are
    /// known to them, no places in the source. They find none of it in a program that was stripped of its
    /// symbols. On systems other than Linux, compiling and loading fail.
    pub fn debug_info(&mut self, enable: bool) -> &mut Self {
        self.profiling.debugger = enable;
        self
    }
}

/// What an engine is set to.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Profiling {
    strategy: ProfilingStrategy,
    debugger: bool,
}

impl Profiling {
    /// Tells of a module that was loaded.
    pub(crate) fn tell(self, loaded: &Arc<Loaded>) -> Result<Registration> {
        match self.strategy {
            ProfilingStrategy::None => Ok(()),
            ProfilingStrategy::PerfMap => profile::perf_map(loaded),
            ProfilingStrategy::JitDump => profile::jitdump(loaded),
        }
        .context("failed to tell a profiler of the module (`Config::profiler`)")?;
        let debugger = if self.debugger {
            let registration = profile::gdb(loaded);
            Some(registration.context("failed to tell debuggers of the module")?)
        } else {
            None
        };
        Ok(Registration { _debugger: debugger })
    }
}

/// What is kept for as long as a module lives.
pub(crate) struct Registration {
    _debugger: Option<profile::GdbRegistration>,
}
