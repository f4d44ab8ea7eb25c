//! Artifacts to keep, and a directory to keep them in.

#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wasm_artifact::{WriteOptions, write};
use wasm_cache::{Cache, CacheConfig, CacheKey, KeyBuilder, Loaded};
use wasm_types::{
    CompiledFunction, CompiledModule, FuncType, Module, RecGroup, SubType, TypeIndex, ValType,
};

/// A directory with a cache in it, which is made when the cache is first opened.
pub(crate) struct CacheFolder {
    directory: TempDir,
}

impl CacheFolder {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// The directory above the cache.
    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.root().join("cache")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn config(&self) -> CacheConfig {
        let mut config = CacheConfig::new();
        config.with_directory(self.path());
        config
    }

    pub(crate) fn open(&self) -> Cache {
        Cache::new(self.config()).unwrap()
    }

    pub(crate) fn entry(&self, key: &CacheKey) -> PathBuf {
        self.file(&format!("{key}.cwasm"))
    }

    /// The names of all files with the given beginning.
    pub(crate) fn files(&self, start: &str) -> Vec<String> {
        let files = fs::read_dir(self.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(start)).collect()
    }
}

/// Keeping artifacts that do nothing.
pub(crate) trait Put {
    fn put(&self, key: &CacheKey, artifact: Vec<u8>) -> bool;
}

impl Put for Cache {
    fn put(&self, key: &CacheKey, artifact: Vec<u8>) -> bool {
        // SAFETY: nobody runs them.
        unsafe { self.insert(key, artifact) }
    }
}

pub(crate) fn key(number: u64) -> CacheKey {
    KeyBuilder::new().text("for", "tests").number("number", number).finish()
}

/// Code of the given length that is different for each number. It is not run.
pub(crate) fn code(number: u64, len: usize) -> Vec<u8> {
    let bytes = (0..).flat_map(|block: u64| (number << 32 | block).to_le_bytes());
    bytes.take(len).collect()
}

/// An artifact for this host with one function.
pub(crate) fn artifact_of(code: &[u8]) -> Vec<u8> {
    let module = Module {
        types: vec![SubType::func(FuncType::new([], [ValType::I32]))],
        rec_groups: vec![RecGroup { start: TypeIndex::new(0), len: 1 }],
        functions: vec![TypeIndex::new(0)],
        ..Module::default()
    };
    let compiled = CompiledModule {
        target: format!("{}-unknown-{}-gnu", std::env::consts::ARCH, std::env::consts::OS),
        text: code.to_vec(),
        functions: vec![CompiledFunction { offset: 0, len: code.len() as u32, frame_size: 0 }],
        ..CompiledModule::default()
    };
    write(&module, b"", &compiled, &WriteOptions::new()).unwrap()
}

/// The small artifact for the [`key`] of the same number.
pub(crate) fn artifact(number: u64) -> Vec<u8> {
    artifact_of(&code(number, 16))
}

/// Whether it is the [`artifact`] of the number.
pub(crate) fn is(loaded: &Loaded, number: u64) -> bool {
    loaded.artifact().text() == code(number, 16)
}
