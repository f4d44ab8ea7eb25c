//! `wasmtime/config.h`: the cache of compiled modules.

#![allow(unsafe_code)]

use std::ffi::c_char;
use std::path::Path;

use wasm_runtime::Cache;

use super::CConfig;
use crate::border;
use crate::error::{Failure, failure};

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_config_cache_config_load(
    config: &mut CConfig,
    path: *const c_char,
) -> Failure {
    let path = if path.is_null() {
        Ok(None)
    } else {
        // SAFETY: the header asks for a string that ends with a zero, or null.
        unsafe { border::string(path) }.map(|path| Some(Path::new(path)))
    };
    let cache = path.and_then(|path| Ok(Cache::from_file(path)?));
    failure(cache, |cache| {
        config.config.cache(Some(cache));
    })
}
