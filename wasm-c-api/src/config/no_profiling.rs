//! As `profiling.rs`, in a library without the feature `observe`: all of it can only be off.

#![allow(unsafe_code)]

use wasm_runtime::format_err;

use super::CConfig;

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_debug_info_set(config: &mut CConfig, enable: bool) {
    refuse(config, "wasmtime_config_debug_info_set", enable);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_profiler_set(config: &mut CConfig, strategy: u8) {
    refuse(config, "wasmtime_config_profiler_set", strategy != 0);
}

fn refuse(config: &mut CConfig, function: &str, enable: bool) {
    if enable {
        config.refuse(format_err!(
            "{function}: this library was built without the feature `observe`, which has it"
        ));
    }
}
