//! Which tools get the names of the program's functions.

use clap::{Args, ValueEnum};
use wasm_runtime::{Config, ProfilingStrategy, Result, bail};

/// The option of commands that run code.
#[derive(Args)]
pub(crate) struct Profile {
    /// Provides a tool with the names of the program's functions. Can be given twice.
    #[arg(long = "profile-names", value_name = "FOR")]
    names: Vec<Tool>,
}

/// The tools that can get names, and how they get them.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tool {
    /// `perf report`: writes `/tmp/perf-PID.map`. Artifacts made by `compile` do not need it.
    PerfMap,
    /// `perf inject --jit`, after `perf record -k mono`: writes `jit-PID.dump` to the directory in
    /// the variable JITDUMPDIR, or else to the current one. Includes code, and offsets in the
    /// module.
    Jitdump,
    /// GDB or LLDB, if the program runs in it.
    Gdb,
}

impl Profile {
    /// Changes the settings for the given tools.
    pub(crate) fn apply(&self, config: &mut Config) -> Result<()> {
        let selected = |tool| self.names.contains(&tool);
        config.debug_info(selected(Tool::Gdb));
        config.profiler(match (selected(Tool::PerfMap), selected(Tool::Jitdump)) {
            (false, false) => ProfilingStrategy::None,
            (true, false) => ProfilingStrategy::PerfMap,
            (false, true) => ProfilingStrategy::JitDump,
            (true, true) => bail!(
                "--profile-names: both perf-map and jitdump were given, and perf reads one of them"
            ),
        });
        Ok(())
    }
}
