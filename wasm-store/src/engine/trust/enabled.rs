//! The setting for a trust policy, and loading what it accepts.

use std::fs::File;
use std::sync::Arc;

use wasm_artifact::sign::TrustPolicy;
use wasm_loader::Loaded;
#[cfg(feature = "component")]
use wasm_loader::LoadedComponent;

use crate::engine::{Config, Engine, compat};
use crate::error::Result;

impl Config {
    /// Sets which artifacts are trusted. Those that the policy accepts can be loaded by the safe
    /// functions [`Module::deserialize_verified`](crate::Module::deserialize_verified),
    /// [`Module::deserialize_file_verified`](crate::Module::deserialize_file_verified) and
    /// [`Module::from_file`](crate::Module::from_file). The default is none. The last call counts.
    ///
    /// Cost: whatever is loaded under the policy is read and hashed as a whole, where it would
    /// otherwise be mapped.
    ///
    /// The module [`sign`](crate::sign) says what trust covers and what it does not.
    ///
    /// # Safety
    ///
    /// With this call somebody is trusted: what the policy accepts is machine code, which is run as
    /// it is. The caller answers for it that the holders of the keys sign only what a correct
    /// compiler of this project has made, and that artifacts named by their hash were made by one.
    ///
    /// ```
    /// use wasm_store::sign::{PublicKey, SigningKey, TrustPolicy};
    /// use wasm_store::{Config, Engine, Module};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// # let pem = SigningKey::from_seed(&[1; 32]).public_key().to_pem();
    /// // As `wasm-runtime keygen`, or `openssl pkey -pubout`, writes it.
    /// let key = PublicKey::from_pem(&pem)?;
    /// let mut config = Config::new();
    /// // SAFETY: the key is ours, and signs what our build has compiled.
    /// unsafe { config.trust(TrustPolicy::new().key(key)) };
    /// let engine = Engine::new(&config)?;
    /// assert!(Module::from_file(&engine, "nobody-has-signed-this.cwasm").is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[allow(unsafe_code, reason = "the caller answers for machine code that others have made")]
    pub unsafe fn trust(&mut self, policy: TrustPolicy) -> &mut Self {
        self.trust = Trust { policy: Some(Arc::new(policy)) };
        self
    }

    /// The trust policy, if one was set.
    pub fn trust_policy(&self) -> Option<&TrustPolicy> {
        self.trust.policy.as_deref()
    }
}

/// The trust policy of an engine.
#[derive(Clone, Default, Debug)]
pub(crate) struct Trust {
    policy: Option<Arc<TrustPolicy>>,
}

impl Trust {
    /// Loads the artifact in a file.
    pub(crate) fn load(&self, engine: &Engine, file: File) -> Result<Arc<Loaded>> {
        let loaded = Loaded::verified_from_fd(file.into(), self.policy()?);
        Ok(compat::add_engine_mismatches(engine, loaded)?)
    }

    /// Loads the artifact that the bytes are.
    pub(crate) fn load_bytes(&self, engine: &Engine, bytes: &[u8]) -> Result<Arc<Loaded>> {
        let loaded = Loaded::verified_from_bytes(bytes, self.policy()?);
        Ok(compat::add_engine_mismatches(engine, loaded)?)
    }

    /// Loads the artifact of a component in a file.
    #[cfg(feature = "component")]
    pub(crate) fn load_component(
        &self,
        engine: &Engine,
        file: File,
    ) -> Result<Arc<LoadedComponent>> {
        let loaded = LoadedComponent::verified_from_fd(file.into(), self.policy()?);
        Ok(compat::add_engine_mismatches(engine, loaded)?)
    }

    /// Loads the artifact of a component that the bytes are.
    #[cfg(feature = "component")]
    pub(crate) fn load_component_bytes(
        &self,
        engine: &Engine,
        bytes: &[u8],
    ) -> Result<Arc<LoadedComponent>> {
        let loaded = LoadedComponent::verified_from_bytes(bytes, self.policy()?);
        Ok(compat::add_engine_mismatches(engine, loaded)?)
    }

    fn policy(&self) -> Result<&TrustPolicy> {
        self.policy.as_deref().ok_or_else(|| {
            crate::format_err!(
                "this is compiled code, which nobody can check, so that somebody must be trusted, and \
                 this engine has no policy: set one with `Config::trust`, or answer for the code by \
                 loading it with the unsafe function `Module::deserialize_file` or \
                 `Module::from_trusted_file`"
            )
        })
    }
}
