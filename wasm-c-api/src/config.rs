//! `wasmtime/config.h`: the settings of an engine. Those for pools are in `pooling.rs`.
//!
//! A setter has no way to fail. What can't be set is remembered, and the engine is not made.

#![allow(unsafe_code)]

#[cfg(feature = "jit")]
mod cache;
#[cfg(not(feature = "observe"))]
mod no_profiling;
#[cfg(feature = "observe")]
mod profiling;

use std::ffi::{c_char, c_void};

use wasm_runtime::{Config, Engine, Error, OptLevel, Result, WasmFeatures, format_err};

use crate::border::{self, Finalizer, Foreign};
use crate::error::{Failure, failure};

/// `wasm_config_t`.
#[derive(Default)]
pub(crate) struct CConfig {
    pub(crate) config: Config,
    /// The first setting that can't be.
    wrong: Option<Error>,
}

impl CConfig {
    /// An engine with these settings.
    pub(crate) fn engine(self) -> Result<Engine> {
        match self.wrong {
            Some(error) => Err(error),
            None => Engine::new(&self.config),
        }
    }

    /// Remembers that something can't be set.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.wrong.get_or_insert(error);
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_config_new() -> Box<CConfig> {
    Box::default()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_config_delete(config: Option<Box<CConfig>>) {
    drop(config);
}

/// Setters that are those of [`Config`].
macro_rules! setters {
    ($($function:ident($ty:ty) $setter:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $function(config: &mut CConfig, value: $ty) {
            config.config.$setter(value);
        }
    )*};
}

setters! {
    wasmtime_config_epoch_interruption_set(bool) epoch_interruption;
    wasmtime_config_max_wasm_stack_set(usize) max_wasm_stack;
    wasmtime_config_wasm_threads_set(bool) wasm_threads;
    wasmtime_config_shared_memory_set(bool) shared_memory;
    wasmtime_config_wasm_tail_call_set(bool) wasm_tail_call;
    wasmtime_config_wasm_reference_types_set(bool) wasm_reference_types;
    wasmtime_config_wasm_function_references_set(bool) wasm_function_references;
    wasmtime_config_wasm_gc_set(bool) wasm_gc;
    wasmtime_config_wasm_simd_set(bool) wasm_simd;
    wasmtime_config_wasm_relaxed_simd_set(bool) wasm_relaxed_simd;
    wasmtime_config_wasm_relaxed_simd_deterministic_set(bool) relaxed_simd_deterministic;
    wasmtime_config_wasm_bulk_memory_set(bool) wasm_bulk_memory;
    wasmtime_config_wasm_multi_value_set(bool) wasm_multi_value;
    wasmtime_config_wasm_multi_memory_set(bool) wasm_multi_memory;
    wasmtime_config_wasm_memory64_set(bool) wasm_memory64;
    wasmtime_config_wasm_wide_arithmetic_set(bool) wasm_wide_arithmetic;
    wasmtime_config_wasm_branch_hinting_set(bool) wasm_branch_hinting;
    wasmtime_config_wasm_exceptions_set(bool) wasm_exceptions;
    wasmtime_config_wasm_custom_page_sizes_set(bool) wasm_custom_page_sizes;
    wasmtime_config_wasm_stack_switching_set(bool) wasm_stack_switching;
    wasmtime_config_wasm_component_model_set(bool) wasm_component_model;
    wasmtime_config_wasm_component_model_map_set(bool) wasm_component_model_map;
    wasmtime_config_parallel_compilation_set(bool) parallel_compilation;
    wasmtime_config_cranelift_debug_verifier_set(bool) cranelift_debug_verifier;
    wasmtime_config_cranelift_nan_canonicalization_set(bool) cranelift_nan_canonicalization;
    wasmtime_config_memory_reservation_set(u64) memory_reservation;
    wasmtime_config_memory_guard_size_set(u64) memory_guard_size;
    wasmtime_config_memory_reservation_for_growth_set(u64) memory_reservation_for_growth;
}

#[cfg(feature = "async")]
setters! { wasmtime_config_async_stack_size_set(usize) async_stack_size; }

/// Code that counts fuel can also go on where it is used up, as all such code of Wasmtime's: the
/// header has no setting for that, and `wasmtime_context_fuel_async_yield_interval` needs it.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_consume_fuel_set(config: &mut CConfig, enable: bool) {
    config.config.consume_fuel(enable);
    #[cfg(feature = "async")]
    config.config.fuel_async_yield(enable);
}

/// Setters of what is always so here, whatever they say: they steer Wasmtime's machinery.
macro_rules! without_effect {
    ($($function:ident($ty:ty) $why:literal;)*) => {$(
        #[doc = $why]
        #[unsafe(no_mangle)]
        extern "C" fn $function(_config: &mut CConfig, _value: $ty) {}
    )*};
}

without_effect! {
    wasmtime_config_memory_may_move_set(bool) "Memories move if they have no reservation.";
    wasmtime_config_native_unwind_info_set(bool) "Frames are walked by their frame pointers.";
    wasmtime_config_memory_init_cow_set(bool) "Initial contents are always mapped if they can be.";
    wasmtime_config_macos_use_mach_ports_set(bool) "Linux has none.";
    wasmtime_config_cranelift_regalloc_algorithm_set(u8) "The optimisation level decides.";
    wasmtime_config_concurrency_support_set(bool) "It costs nothing where it is not used.";
}

#[cfg(not(feature = "async"))]
without_effect! { wasmtime_config_async_stack_size_set(usize) "No call waits."; }

/// Setters of what can only be off.
macro_rules! only_off {
    ($($function:ident $what:literal;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $function(config: &mut CConfig, enable: bool) {
            if enable {
                config.refuse(format_err!(concat!(
                    stringify!($function), ": this runtime does not have ", $what
                )));
            }
        }
    )*};
}

only_off! {
    wasmtime_config_wasm_component_model_async_set "the asynchronous parts of the component model";
    wasmtime_config_wasm_component_model_more_async_builtins_set
        "the asynchronous parts of the component model";
    wasmtime_config_wasm_component_model_async_stackful_set
        "the asynchronous parts of the component model";
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_signals_based_traps_set(config: &mut CConfig, enable: bool) {
    if !enable {
        config.refuse(format_err!(
            "wasmtime_config_signals_based_traps_set: traps of this runtime are signals, which \
             can't be switched off"
        ));
    }
}

/// Without the collector there are none of the proposals that need it.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_gc_support_set(config: &mut CConfig, enable: bool) {
    if !enable {
        config.config.wasm_features(WasmFeatures::GC, false);
    }
}

/// `wasmtime_memory_creator_t` and `wasmtime_stack_creator_t`: what allocates for the runtime,
/// which are laid out alike.
#[repr(C)]
struct Creator {
    env: *mut c_void,
    _allocate: *const c_void,
    finalizer: Finalizer,
}

/// Refuses an allocator of the embedder, and frees its data.
fn refuse_creator(config: &mut CConfig, creator: &Creator, what: &str) {
    drop(Foreign::new(creator.env, creator.finalizer));
    config.refuse(format_err!("this runtime does not let the host allocate {what} yet"));
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_host_memory_creator_set(config: &mut CConfig, creator: &Creator) {
    refuse_creator(config, creator, "memories");
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_host_stack_creator_set(config: &mut CConfig, creator: &Creator) {
    refuse_creator(config, creator, "stacks");
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_strategy_set(config: &mut CConfig, strategy: u8) {
    if strategy > 1 {
        config.refuse(format_err!(
            "wasmtime_config_strategy_set: strategy {strategy} is neither automatic (0) nor \
             Cranelift (1), which is the compiler of this runtime"
        ));
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_config_cranelift_opt_level_set(config: &mut CConfig, level: u8) {
    let level = match level {
        0 => OptLevel::None,
        1 => OptLevel::Speed,
        2 => OptLevel::SpeedAndSize,
        other => {
            return config.refuse(format_err!(
                "wasmtime_config_cranelift_opt_level_set: there is no level {other}"
            ));
        }
    };
    config.config.cranelift_opt_level(level);
}

/// Sets the target. Others than those of an architecture that there is code for are refused at
/// once.
fn set_target(config: &mut CConfig, target: &str) -> Result<()> {
    let architecture = target.split('-').next().unwrap_or_default();
    let known = ["x86_64", "aarch64", "riscv64", "s390x"];
    wasm_runtime::ensure!(
        known.iter().any(|known| architecture.starts_with(known)),
        "`{target}` is no target that there is code for, which begin with one of {known:?}"
    );
    config.config.target(target).map(|_| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_config_target_set(
    config: &mut CConfig,
    target: *const c_char,
) -> Failure {
    // SAFETY: the header asks for a string that ends with a zero.
    let target = unsafe { border::string(target) };
    failure(target.and_then(|target| set_target(config, target)), |()| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_config_cranelift_flag_enable(
    config: &mut CConfig,
    flag: *const c_char,
) {
    // SAFETY: the header asks for a string that ends with a zero.
    match unsafe { border::string(flag) } {
        // SAFETY: the header says that the caller answers for what flags change.
        Ok(flag) => unsafe {
            config.config.cranelift_flag_enable(flag);
        },
        Err(error) => config.refuse(error),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_config_cranelift_flag_set(
    config: &mut CConfig,
    key: *const c_char,
    value: *const c_char,
) {
    // SAFETY: the header asks for strings that end with a zero.
    match unsafe { (border::string(key), border::string(value)) } {
        // SAFETY: the header says that the caller answers for what flags change.
        (Ok(key), Ok(value)) => unsafe {
            config.config.cranelift_flag_set(key, value);
        },
        (Err(error), _) | (_, Err(error)) => config.refuse(error),
    }
}
