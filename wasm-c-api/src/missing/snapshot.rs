//! What the feature `snapshot` has.

#![allow(unsafe_code)]

super::missing! {
    "this library was built without the feature `snapshot`, which has it";
    errors {
        wasm_runtime_snapshot_fork
        wasm_runtime_snapshot_new
        wasm_runtime_snapshot_restore
    }
    aborts {
        wasm_runtime_snapshot_count
    }
    refuses {}
    deletes {
        wasm_runtime_snapshot_delete
    }
    elsewhere {}
}
