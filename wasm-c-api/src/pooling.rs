//! `wasmtime/config.h`: pools, from which everything that stores need is taken.

#![allow(unsafe_code)]

use wasm_runtime::{InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::config::CConfig;

/// `wasmtime_pooling_allocation_config_t`.
#[derive(Default)]
pub(crate) struct Pooling(PoolingAllocationConfig);

#[unsafe(no_mangle)]
extern "C" fn wasmtime_pooling_allocation_config_new() -> Box<Pooling> {
    Box::default()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_pooling_allocation_config_delete(pooling: Option<Box<Pooling>>) {
    drop(pooling);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_pooling_allocation_strategy_set(config: &mut CConfig, pooling: &Pooling) {
    config.config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling.0.clone()));
}

macro_rules! setters {
    ($($function:ident($ty:ty) $setter:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $function(pooling: &mut Pooling, value: $ty) {
            pooling.0.$setter(value);
        }
    )*};
}

// Those that only steer Wasmtime's machinery have no effect, as their counterparts of Rust.
setters! {
    wasmtime_pooling_allocation_config_max_unused_warm_slots_set(u32) max_unused_warm_slots;
    wasmtime_pooling_allocation_config_decommit_batch_size_set(usize) decommit_batch_size;
    wasmtime_pooling_allocation_config_async_stack_keep_resident_set(usize)
        async_stack_keep_resident;
    wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(usize)
        linear_memory_keep_resident;
    wasmtime_pooling_allocation_config_table_keep_resident_set(usize) table_keep_resident;
    wasmtime_pooling_allocation_config_total_component_instances_set(u32)
        total_component_instances;
    wasmtime_pooling_allocation_config_max_component_instance_size_set(usize)
        max_component_instance_size;
    wasmtime_pooling_allocation_config_max_core_instances_per_component_set(u32)
        max_core_instances_per_component;
    wasmtime_pooling_allocation_config_max_memories_per_component_set(u32)
        max_memories_per_component;
    wasmtime_pooling_allocation_config_max_tables_per_component_set(u32) max_tables_per_component;
    wasmtime_pooling_allocation_config_total_memories_set(u32) total_memories;
    wasmtime_pooling_allocation_config_total_tables_set(u32) total_tables;
    wasmtime_pooling_allocation_config_total_stacks_set(u32) total_stacks;
    wasmtime_pooling_allocation_config_total_core_instances_set(u32) total_core_instances;
    wasmtime_pooling_allocation_config_max_core_instance_size_set(usize) max_core_instance_size;
    wasmtime_pooling_allocation_config_max_tables_per_module_set(u32) max_tables_per_module;
    wasmtime_pooling_allocation_config_table_elements_set(usize) table_elements;
    wasmtime_pooling_allocation_config_max_memories_per_module_set(u32) max_memories_per_module;
    wasmtime_pooling_allocation_config_max_memory_size_set(usize) max_memory_size;
    wasmtime_pooling_allocation_config_total_gc_heaps_set(u32) total_gc_heaps;
}
