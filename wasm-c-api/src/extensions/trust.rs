//! Artifacts that are trusted by a key.

#![allow(unsafe_code)]

use wasm_runtime::sign::PublicKey;
use wasm_runtime::{Module, Result};

use crate::border::{self, Out};
use crate::config::CConfig;
use crate::engine::CEngine;
use crate::error::{Failure, failure};
use crate::module::{CModule, not_compiled};

/// Adds a key to what the engines of a configuration trust.
fn trust(config: &mut CConfig, pem: &str) -> Result<()> {
    let key = PublicKey::from_pem(pem)?;
    let policy = config.config.trust_policy().cloned().unwrap_or_default();
    // SAFETY: the header says that the caller answers for what the holder of the key signs.
    unsafe { config.config.trust(policy.key(key)) };
    Ok(())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasm_runtime_config_trust_key(
    config: &mut CConfig,
    pem: *const u8,
    len: usize,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let pem = unsafe { border::text(pem, len) };
    failure(pem.and_then(|pem| trust(config, pem)), |()| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasm_runtime_module_deserialize_trusted(
    engine: &CEngine,
    bytes: *const u8,
    len: usize,
    out: Out<'_, Box<CModule>>,
) -> Failure {
    // SAFETY: the header asks for so many bytes.
    let bytes = unsafe { border::slice(bytes, len) };
    let module = match not_compiled(bytes) {
        Some(error) => Err(error),
        None => Module::deserialize_verified(&engine.engine, bytes),
    };
    failure(module, |module| {
        out.write(module.into());
    })
}
