//! The facade without a compiler. `cargo xtask aot-test` runs these tests in such a build. With the
//! feature `jit` there is nothing to test here.

#![cfg(not(feature = "jit"))]

use wasm_runtime::{Engine, Module};

#[test]
fn wasm_bytes_are_refused_with_the_feature_that_is_missing() {
    let engine = Engine::default();
    let error = Module::new(&engine, b"\0asm\x01\0\0\0").unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains("not configured with a compiler"), "{message}");
    assert!(message.contains("`jit`"), "{message}");
}

#[test]
fn other_bytes_are_distinguished() {
    let engine = Engine::default();
    for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01"] {
        assert!(Module::new(&engine, bytes).is_err());
        // SAFETY: none of these is an artifact, so none of it is executed.
        assert!(unsafe { Module::deserialize(&engine, bytes) }.is_err());
    }
}
