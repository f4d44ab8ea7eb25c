//! No cache.

use std::marker::PhantomData;
use std::sync::Arc;

use wasm_artifact::Artifact;
use wasm_loader::Loaded;

use crate::engine::Engine;

/// The placeholder for a configuration's cache.
#[derive(Clone, Default, Debug)]
pub(crate) struct CacheSetting(());

/// The placeholder for a module's entry in the cache.
pub(crate) struct CacheEntry<'engine>(PhantomData<&'engine Engine>);

impl<'engine> CacheEntry<'engine> {
    pub(crate) fn of(_engine: &'engine Engine, _bytes: &[u8]) -> Self {
        Self(PhantomData)
    }

    pub(crate) fn load(&self) -> Option<Arc<Loaded>> {
        None
    }

    #[cfg(feature = "component")]
    pub(crate) fn of_component(_engine: &'engine Engine, _bytes: &[u8]) -> Self {
        Self(PhantomData)
    }

    #[cfg(feature = "component")]
    pub(crate) fn load_component(&self) -> Option<Arc<wasm_loader::LoadedComponent>> {
        None
    }

    /// # Safety
    ///
    /// Nothing is required of the caller.
    #[allow(unsafe_code, reason = "the function is the one of a real cache")]
    pub(crate) unsafe fn keep(self, _artifact: Vec<u8>) {}
}

/// The bytes of a module's artifact, without anything that only a cache needs.
pub(crate) fn serialized(_engine: &Engine, artifact: &Artifact<'_>) -> Vec<u8> {
    artifact.bytes().to_vec()
}
