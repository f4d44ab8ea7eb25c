//! What the feature `async` has of components.

#![allow(unsafe_code)]

super::missing! {
    "this library was built without the feature `async`, which has it";
    errors {
        wasmtime_component_linker_add_wasip2_async
        wasmtime_component_linker_instance_add_func_async
    }
    aborts {
        wasmtime_component_func_call_async
        wasmtime_component_linker_instantiate_async
    }
    refuses {}
    deletes {}
    elsewhere {}
}
