//! Whether backtraces have places in the source.

use super::Config;
use crate::engine::Engine;

/// The environment variable that is looked at, which is Wasmtime's.
const VARIABLE: &str = "WASMTIME_BACKTRACE_DETAILS";

/// Whether backtraces have places in the source: see [`Config::wasm_backtrace_details`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WasmBacktraceDetails {
    /// They have.
    Enable,
    /// They have not.
    Disable,
    /// They have if the environment variable `WASMTIME_BACKTRACE_DETAILS` is 1.
    Environment,
}

impl WasmBacktraceDetails {
    /// Whether modules are to keep their debugging information. Programs that can't read it keep
    /// nothing.
    fn keeps_debug_sections(self) -> bool {
        cfg!(feature = "backtrace-details")
            && match self {
                Self::Enable => true,
                Self::Disable => false,
                Self::Environment => std::env::var_os(VARIABLE).is_some_and(|value| value == "1"),
            }
    }
}

impl Config {
    /// Whether modules keep their debugging information (DWARF), so that backtraces have places in
    /// the source: [`FrameInfo::symbols`](crate::FrameInfo::symbols).
    ///
    /// Default: [`WasmBacktraceDetails::Environment`]. The variable is looked at by this call, and
    /// by [`Config::new`].
    ///
    /// Cost: an artifact is larger by what the module has of it. It is not read before a backtrace
    /// is shown that goes through the module, or asked for its symbols; the code is the same. An
    /// artifact has it or not, as it was compiled, whatever the engine says that loads it.
    ///
    /// This needs the feature `backtrace-details`, without which nothing of it is kept or read.
    pub fn wasm_backtrace_details(&mut self, details: WasmBacktraceDetails) -> &mut Self {
        self.backtrace_details = details;
        self.settle_debug_sections()
    }

    /// Says what artifacts have of debugging information, after a setting has changed.
    pub(in crate::engine) fn settle_debug_sections(&mut self) -> &mut Self {
        self.request.debug_sections =
            self.backtrace_details.keeps_debug_sections() || self.profiling.wants_debug_sections();
        self.request.native_variables = self.profiling.wants_debug_sections();
        self
    }
}

impl Engine {
    /// Whether the environment may say that there are places in the source.
    #[cfg(feature = "backtrace-details")]
    pub(crate) fn looks_at_environment(&self) -> bool {
        self.config().backtrace_details == WasmBacktraceDetails::Environment
    }
}
