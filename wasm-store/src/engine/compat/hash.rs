//! A hash of everything that must be the same in two engines so that artifacts of one load in the
//! other.

use std::env::consts;
use std::hash::{Hash, Hasher};

use wasm_artifact::FORMAT_VERSION;
use wasm_loader::{host_extensions, host_page_size};
use wasm_types::abi::ABI_VERSION;

use crate::engine::CompileRequest;
use crate::engine::Engine;

impl Engine {
    /// A value to hash that identifies compatible engines. If it is the same for two engines,
    /// artifacts that one makes ([`Engine::precompile_module`]) load in the other. It serves as a
    /// key, or a part of one, where artifacts are stored: it saves an attempt to load that would
    /// fail. Loading an artifact makes all of these comparisons by itself.
    ///
    /// It consists of the versions of the artifact format and of the run-time ABI, and of all
    /// settings that affect the code. If no target was set
    /// ([`Config::target`](crate::Config::target)), this machine with the extensions of its
    /// instruction set is part of it. It depends neither on the compiler nor on whether there is
    /// one. If hashes are stored, the [`Hasher`] must give the same values in each process.
    ///
    /// ```
    /// use std::hash::{DefaultHasher, Hash, Hasher};
    /// use wasm_store::{Config, Engine};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let key = |engine: &Engine| {
    ///     let mut hasher = DefaultHasher::new();
    ///     engine.precompile_compatibility_hash().hash(&mut hasher);
    ///     hasher.finish()
    /// };
    /// let engine = Engine::default();
    /// assert_eq!(key(&engine), key(&Engine::default()));
    /// assert_ne!(key(&engine), key(&Engine::new(Config::new().consume_fuel(true))?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn precompile_compatibility_hash(&self) -> impl Hash + '_ {
        Compatibility(self)
    }
}

struct Compatibility<'engine>(&'engine Engine);

impl Hash for Compatibility<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Taken apart field by field, so that a field cannot be added to a request and be forgotten
        // here.
        let CompileRequest {
            tunables,
            features,
            target,
            flags,
            target_features,
            function_hooks,
            // The tunables identify these costs, where they matter.
            operator_cost: _,
            profile,
            // How a module is compiled does not affect the code.
            parallel: _,
            threads: _,
            limits: _,
            verify_ir: _,
            inlining,
            address_map,
            debug_sections,
            version,
            native_variables,
        } = &self.0.config().request;
        (FORMAT_VERSION, ABI_VERSION).hash(state);
        (tunables, features.bits(), flags, target_features).hash(state);
        (function_hooks, inlining, address_map, debug_sections, native_variables).hash(state);
        profile.as_ref().map(|profile| profile.identity()).hash(state);
        (target, version).hash(state);
        if target.is_none() {
            (consts::ARCH, consts::OS, host_page_size()).hash(state);
            host_extensions().for_each(|extension| extension.hash(state));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use super::*;
    use crate::engine::Config;

    fn hash(change: impl FnOnce(&mut Config)) -> u64 {
        let mut config = Config::new();
        change(&mut config);
        let engine = Engine::new(&config).expect("settings that fit together");
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn what_decides_about_the_code_is_another_hash() {
        let hashes = [
            hash(|_| {}),
            hash(|config| _ = config.consume_fuel(true)),
            hash(|config| _ = config.interruption(true)),
            hash(|config| _ = config.memory_reservation(0)),
            hash(|config| config.request.target = Some("x86_64-unknown-linux-gnu".into())),
            hash(|config| config.request.flags.push(("a".into(), "b".into()))),
            hash(|config| config.request.target_features.push(("avx2".into(), false))),
            hash(|config| config.request.function_hooks.push("main".into())),
            hash(|config| _ = config.gather_profile(true)),
            hash(|config| _ = config.profile(Default::default())),
            hash(|config| config.request.address_map ^= true),
            hash(|config| config.request.debug_sections ^= true),
            hash(|config| config.request.native_variables ^= true),
            hash(|config| config.request.version = Some("of ours".into())),
            hash(|config| _ = config.compiler_inlining(crate::Inlining::No)),
        ];
        for (place, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..place].contains(hash), "{place}");
        }
    }

    #[test]
    fn how_it_is_compiled_is_not_part_of_it() {
        let plain = hash(|_| {});
        assert_eq!(plain, hash(|config| config.request.threads = Some(7)));
        assert_eq!(plain, hash(|config| config.request.verify_ir ^= true));
        // Settings of the run-time do not change it either.
        assert_eq!(plain, hash(|config| _ = config.max_wasm_stack(2 << 20)));
    }
}
