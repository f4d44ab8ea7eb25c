//! `wasmtime/config.h`: what profilers and debuggers know of the code.

#![allow(unsafe_code)]

use wasm_runtime::{ProfilingStrategy, format_err};

use super::CConfig;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_debug_info_set(config: &mut CConfig, enable: bool) {
    config.config.debug_info(enable);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_profiler_set(config: &mut CConfig, strategy: u8) {
    let strategy = match strategy {
        0 => ProfilingStrategy::None,
        1 => ProfilingStrategy::JitDump,
        3 => ProfilingStrategy::PerfMap,
        other => {
            return config.refuse(format_err!(
                "wasmtime_config_profiler_set: strategy {other} is none of those that this \
                 runtime has: none (0), jitdump (1), perfmap (3)"
            ));
        }
    };
    config.config.profiler(strategy);
}
