//! No cache.

use std::marker::PhantomData;
use std::sync::Arc;

use wasm_artifact::Artifact;
use wasm_loader::Loaded;

use crate::engine::Engine;

/// Where a configuration would have its cache.
#[derive(Clone, Default, Debug)]
pub(crate) struct CacheSetting(());

/// Where a module would be in the cache.
pub(crate) struct CachePlace<'engine>(PhantomData<&'engine Engine>);

impl<'engine> CachePlace<'engine> {
    pub(crate) fn of(_engine: &'engine Engine, _bytes: &[u8]) -> Self {
        Self(PhantomData)
    }

    pub(crate) fn load(&self) -> Option<Arc<Loaded>> {
        None
    }

    /// # Safety
    ///
    /// None is asked for.
    #[allow(unsafe_code, reason = "the function is the one of a real cache")]
    pub(crate) unsafe fn keep(self, _artifact: Vec<u8>) {}
}

/// The bytes of a module's artifact as others may have them.
pub(crate) fn serialized(_engine: &Engine, artifact: &Artifact<'_>) -> Vec<u8> {
    artifact.bytes().to_vec()
}
