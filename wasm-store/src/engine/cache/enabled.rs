//! Modules that were compiled before come from a cache, and others go there.

use std::sync::Arc;

use wasm_artifact::Artifact;
use wasm_artifact::sign::{Seal, SealKind, unseal};
use wasm_cache::{Cache, CacheKey};
use wasm_loader::Loaded;

use super::key;
use crate::engine::{Compiler, Config, Engine};

/// The cache of a configuration.
#[derive(Clone, Default, Debug)]
pub(crate) struct CacheSetting(Option<Cache>);

impl Config {
    /// The cache for compiled modules. [`Module::new`](crate::Module::new), `from_binary` and
    /// `from_file` take modules from it that were compiled before with the same settings, and put
    /// the others into it. Default: none. Needs the feature `cache`.
    ///
    /// Cost: a hash of the module for each that is compiled or found; what is found is read and
    /// authenticated.
    ///
    /// A cache never makes compiling fail: what it can't give is compiled, and what it can't keep
    /// is not kept. [`Cache::statistics`] and [`Cache::last_error`] report such failures. A module
    /// that the cache gives was found valid when it was compiled, and is not validated again.
    ///
    /// A compiler that has no identity ([`Compiler::identity`](crate::Compiler::identity)) is not
    /// used with the cache.
    pub fn cache(&mut self, cache: Option<Cache>) -> &mut Self {
        self.cache = CacheSetting(cache);
        self
    }
}

/// The entry of a module in the engine's cache, whether it exists yet or not.
pub(crate) struct CacheEntry<'engine>(Option<(&'engine Cache, CacheKey)>);

impl<'engine> CacheEntry<'engine> {
    /// The entry for what the engine's compiler would make of the bytes.
    pub(crate) fn of(engine: &'engine Engine, bytes: &[u8]) -> Self {
        // Compiling the bytes reports what is wrong with them.
        Self::with(engine, bytes, || engine.compiler_for(bytes).ok())
    }

    /// As [`of`](Self::of), for a component.
    #[cfg(feature = "component")]
    pub(crate) fn of_component(engine: &'engine Engine, bytes: &[u8]) -> Self {
        Self::with(engine, bytes, || engine.component_compiler_for(bytes).ok())
    }

    fn with(
        engine: &'engine Engine,
        bytes: &[u8],
        compiler: impl FnOnce() -> Option<&'engine Arc<dyn Compiler>>,
    ) -> Self {
        let entry = || {
            let cache = engine.config().cache.0.as_ref()?;
            let compiler = compiler()?;
            let request = &engine.config().request;
            let identity = compiler.identity(request)?;
            Some((cache, key::of(&identity, request, bytes)))
        };
        Self(entry())
    }

    /// Loads what the entry holds, if it exists.
    pub(crate) fn load(&self) -> Option<Arc<Loaded>> {
        let (cache, key) = self.0.as_ref()?;
        cache.load(key)
    }

    /// Loads the component that the entry holds, if it exists.
    #[cfg(feature = "component")]
    pub(crate) fn load_component(&self) -> Option<Arc<wasm_loader::LoadedComponent>> {
        let (cache, key) = self.0.as_ref()?;
        cache.load_component(key)
    }

    /// Fills the entry. If that does not work, the cache remembers why.
    ///
    /// # Safety
    ///
    /// The artifact is what the engine's compiler has made of the bytes.
    #[allow(unsafe_code, reason = "the compiler answers for machine code")]
    pub(crate) unsafe fn keep(self, artifact: Vec<u8>) {
        if let Some((cache, key)) = self.0 {
            // SAFETY: as the caller promises. The key is made of everything that the compiler's
            // output depends on, and of the compiler's identity.
            unsafe { cache.insert(&key, artifact) };
        }
    }
}

/// The bytes of a module's artifact as others may have them. The code that authenticates an entry
/// of the cache is left out, so that the bytes are the same whether the module was compiled just
/// now or before.
pub(crate) fn serialized(engine: &Engine, artifact: &Artifact<'_>) -> Vec<u8> {
    let mut bytes = artifact.bytes().to_vec();
    let is_entry = engine.config().cache.0.is_some()
        && matches!(Seal::of(&bytes), Ok(Some(Seal { kind: SealKind::Mac, .. })));
    if is_entry {
        unseal(&mut bytes).expect("what was loaded is an artifact");
    }
    bytes
}
