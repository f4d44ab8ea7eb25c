//! The settings for profilers and debuggers, and what happens when a module is loaded.

use std::sync::Arc;

use wasm_loader::{Loaded, profile};

use crate::engine::{Config, Engine};
use crate::error::{Context, Result};

/// Which file gives a profiler the names of functions: see [`Config::profiler`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub enum ProfilingStrategy {
    /// None.
    #[default]
    None,
    /// `/tmp/perf-PID.map`, which `perf report` reads.
    PerfMap,
    /// `jit-PID.dump`, which `perf inject --jit` reads. It is in the directory that the environment
    /// variable `JITDUMPDIR` names, or else in the current one.
    JitDump,
}

impl Config {
    /// Which file gives a profiler the names of the functions of modules. The default is none.
    ///
    /// Cost: a write for each module, and none for its code.
    ///
    /// The file is written when a module is compiled or loaded, and the module fails to load if the
    /// file can't be written. On systems other than Linux it always fails. `perf` needs no such
    /// file for modules that are loaded with
    /// [`Module::deserialize_file`](crate::Module::deserialize_file): it reads the names from the
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

    /// Whether the debuggers GDB and LLDB know the functions of modules by their names, in
    /// breakpoints, backtraces and disassembly. The default is no.
    ///
    /// With the feature `debug-info`, modules that are compiled keep their debugging information
    /// (DWARF), and debuggers know lines and variables of the source as well: breakpoints can be
    /// set on them, the program goes on line by line, and parameters, variables and what is in them
    /// are shown with their types.
    ///
    /// * A variable that is a pointer to data has the address in the process that it leads to, and
    ///   can be followed as ever: `print *list`. Pointers in structures and arrays are offsets into
    ///   the module's memory, and shown as numbers. `wasm_memory` is what they count from:
    ///   `print *(struct node *)(wasm_memory + list->next)`. Pointers to functions are shown as the
    ///   numbers that they are in the module.
    /// * What the compiler of the source has optimised away stays so, and so does what it has in
    ///   places that machine code does not keep: nothing is shown in their place.
    /// * Variables are there to be read. Those in memory can be set, too.
    ///
    /// Cost: a copy of the names for each module, and its lines and types. In modules with
    /// debugging information, functions write the locals that variables are found by to their
    /// frames, and no function is put in place of a call; all other code is the same. It is as
    /// optimised as without: for code that follows the source line by line, and has no value a few
    /// instructions early or late, choose [`OptLevel::None`](crate::OptLevel) as well.
    ///
    /// They are notified when a module is compiled or loaded, and forget it with the module. They
    /// find nothing in a program that was stripped of its symbols. On systems other than Linux,
    /// compiling and loading fail.
    pub fn debug_info(&mut self, enable: bool) -> &mut Self {
        self.profiling.debugger = enable;
        self.settle_debug_sections()
    }
}

impl Engine {
    /// What [`Config::debug_info`] was set to.
    pub fn get_debug_info(&self) -> bool {
        self.config().profiling.debugger
    }
}

/// The settings of an engine.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Profiling {
    strategy: ProfilingStrategy,
    debugger: bool,
}

impl Profiling {
    /// Whether the debugging information of modules is of use.
    pub(in crate::engine) fn wants_debug_sections(self) -> bool {
        self.debugger && cfg!(feature = "debug-info")
    }

    /// Announces a module that was loaded.
    pub(crate) fn announce(self, loaded: &Arc<Loaded>) -> Result<Registration> {
        match self.strategy {
            ProfilingStrategy::None => Ok(()),
            ProfilingStrategy::PerfMap => profile::perf_map(loaded),
            ProfilingStrategy::JitDump => profile::jitdump(loaded),
        }
        .context("failed to announce the module to a profiler (`Config::profiler`)")?;
        let debugger = if self.debugger {
            let registration = profile::gdb(loaded);
            Some(registration.context("failed to announce the module to debuggers")?)
        } else {
            None
        };
        Ok(Registration { _debugger: debugger })
    }
}

/// Kept for as long as a module lives.
pub(crate) struct Registration {
    _debugger: Option<profile::GdbRegistration>,
}
