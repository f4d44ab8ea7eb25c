//! Artifacts of components, which `wasm-store` does not load yet: until then each is refused.

#![allow(unsafe_code, reason = "has the signatures of what will take its place")]

use std::path::Path;

use wasm_store::{Engine, Module, Result, bail};

/// The core modules of a component, and its plan.
pub(crate) struct Bundle {
    plan: Vec<u8>,
    modules: Vec<Module>,
}

impl Bundle {
    fn refuse() -> Result<Self> {
        bail!("components can't be loaded yet: `wasm-store` has nothing for their artifacts")
    }

    pub(crate) fn new(_: &Engine, _: &[u8]) -> Result<Self> {
        Self::refuse()
    }

    pub(crate) fn from_binary(_: &Engine, _: &[u8]) -> Result<Self> {
        Self::refuse()
    }

    pub(crate) fn from_file(_: &Engine, _: &Path) -> Result<Self> {
        Self::refuse()
    }

    /// # Safety
    ///
    /// Always safe.
    pub(crate) unsafe fn deserialize(_: &Engine, _: &[u8]) -> Result<Self> {
        Self::refuse()
    }

    /// # Safety
    ///
    /// Always safe.
    pub(crate) unsafe fn deserialize_file(_: &Engine, _: &Path) -> Result<Self> {
        Self::refuse()
    }

    pub(crate) fn serialize(&self) -> Result<Vec<u8>> {
        Self::refuse().map(|bundle| bundle.plan)
    }

    pub(crate) fn plan(&self) -> &[u8] {
        &self.plan
    }

    pub(crate) fn module(&self, index: usize) -> Option<&Module> {
        self.modules.get(index)
    }
}
