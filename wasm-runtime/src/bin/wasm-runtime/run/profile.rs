//! Who is told the names of the program's functions.

use clap::{Args, ValueEnum};
use wasm_runtime::{Config, ProfilingStrategy, Result, bail};

/// The option of commands that run code.
#[derive(Args)]
pub(crate) struct Profile {
    /// Tells a tool the names of the program's functions; can be given twice.
    #[arg(long = "profile-names", value_name = "FOR")]
    names: Vec<Tool>,
}

/// What can be told names, and how.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tool {
    /// `perf report`: writes `/tmp/perf-PID.map`. Artifacts made by `compile` do without.
    PerfMap,
    /// `perf inject --jit`, after `perf record -k mono`: writes `jit-PID.dump`, in the directory that
    /// JITDUMPDIR names or else in the current one. Knows code too, and offsets in the module.
    Jitdump,
    /// GDB or LLDB, in which the program is run.
    Gdb,
}

impl Profile {
    /// Sets what was asked for.
    pub(crate) fn apply(&self, config: &mut Config) -> Result<()> {
        let wanted = |tool| self.names.contains(&tool);
        config.debug_info(wanted(Tool::Gdb));
        config.profiler(match (wanted(Tool::PerfMap), wanted(Tool::Jitdump)) {
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
