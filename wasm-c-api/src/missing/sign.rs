//! What the feature `sign` has.

#![allow(unsafe_code)]

super::missing! {
    "this library was built without the feature `sign`, which has it";
    errors {
        wasm_runtime_config_trust_key
        wasm_runtime_module_deserialize_trusted
    }
    aborts {}
    refuses {}
    deletes {}
    elsewhere {}
}
