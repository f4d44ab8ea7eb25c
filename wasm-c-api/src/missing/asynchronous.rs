//! What the feature `async` has.

#![allow(unsafe_code)]

super::missing! {
    "this library was built without the feature `async`, which has it";
    errors {
        wasmtime_context_epoch_deadline_async_yield_and_update
        wasmtime_context_fuel_async_yield_interval
        wasmtime_linker_define_async_func
    }
    aborts {
        wasmtime_call_future_poll
        wasmtime_func_call_async
        wasmtime_instance_pre_instantiate_async
        wasmtime_linker_instantiate_async
    }
    refuses {}
    deletes {
        wasmtime_call_future_delete
    }
    elsewhere {}
}
