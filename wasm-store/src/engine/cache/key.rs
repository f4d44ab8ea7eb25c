//! The key of a compiled module: everything that decides what the compiler makes.

use wasm_cache::{CacheKey, KeyBuilder};

use crate::engine::CompileRequest;

/// The key of what the compiler with this identity makes of the bytes.
pub(super) fn of(compiler: &str, request: &CompileRequest, bytes: &[u8]) -> CacheKey {
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
        // The artifact is the same whatever the number of threads.
        parallel: _,
        threads: _,
        // Limits are not in the artifact either. What is in the cache was compiled within some
        // limits, and loading it does not cost what limits are there to save.
        limits: _,
        // Whoever wants the code generator to check itself does not want that check to be skipped.
        verify_ir,
        inlining,
        address_map,
        debug_sections,
        version,
        native_variables,
    } = request;
    let mut key = KeyBuilder::new();
    key.text("compiler", compiler)
        // All fields, with their names: the `Debug` implementation is derived.
        .text("tunables", &format!("{tunables:?}"))
        .number("features", features.bits())
        .optional_text("target", target.as_deref())
        .number("flags", flags.len() as u64);
    for (name, value) in flags {
        key.text("flag", name).text("value", value);
    }
    key.number("target_features", target_features.len() as u64);
    for (name, allow) in target_features {
        key.text("feature", name).flag("allow", *allow);
    }
    key.number("function_hooks", function_hooks.len() as u64);
    for pattern in function_hooks {
        key.text("pattern", pattern);
    }
    if let Some(profile) = profile {
        key.bytes("profile", &profile.identity().0);
    }
    key.text("inlining", &format!("{inlining:?}"));
    key.flag("verify_ir", *verify_ir)
        .flag("address_map", *address_map)
        .flag("debug_sections", *debug_sections)
        .optional_text("version", version.as_deref())
        .flag("native_variables", *native_variables)
        .bytes("module", bytes);
    key.finish()
}

#[cfg(test)]
mod tests {
    use wasm_types::{CompileLimits, OptLevel, WasmFeatures};

    use wasm_types::profile::{CodeHash, Profile};

    use super::*;
    use crate::engine::Inlining;

    fn profile() -> Profile {
        let mut profile = Profile::new();
        profile.modules.entry(CodeHash::default()).or_default();
        profile
    }

    #[test]
    fn whatever_decides_about_the_code_is_another_key() {
        type Change = fn(&mut CompileRequest);
        let changes: &[Change] = &[
            |_| {},
            |request| request.tunables.opt_level = OptLevel::None,
            |request| request.tunables.memory_reservation = 0,
            |request| request.tunables.memory_guard_size = 0,
            |request| request.tunables.memory_reservation_for_growth = 0,
            |request| request.tunables.stack_guard_size *= 2,
            |request| request.tunables.spectre_mitigation ^= true,
            |request| request.tunables.relaxed_simd_deterministic ^= true,
            |request| request.tunables.nan_canonicalization ^= true,
            |request| request.tunables.internals = wasm_types::Internals::Sealed,
            |request| request.tunables.interruption ^= true,
            |request| request.tunables.interruption_callbacks ^= true,
            |request| request.tunables.fuel_costs = Some(1),
            |request| request.tunables.fuel_yields ^= true,
            |request| request.tunables.fuel_costs = Some(2),
            |request| request.features.toggle(WasmFeatures::SIMD),
            |request| request.target = Some(String::new()),
            |request| request.target = Some("x86_64-unknown-linux-gnu".into()),
            |request| request.flags = vec![("a".into(), "b".into())],
            |request| request.flags = vec![("a".into(), "b".into()), ("c".into(), "d".into())],
            |request| request.flags = vec![("c".into(), "d".into()), ("a".into(), "b".into())],
            |request| request.flags = vec![("ab".into(), String::new())],
            |request| request.target_features = vec![("a".into(), true)],
            |request| request.target_features = vec![("a".into(), false)],
            |request| request.function_hooks = vec!["a".into()],
            |request| request.function_hooks = vec!["a".into(), "b".into()],
            |request| request.function_hooks = vec!["ab".into()],
            |request| request.tunables.gathers_profile ^= true,
            |request| request.tunables.guest_debug ^= true,
            |request| request.profile = Some(Default::default()),
            |request| request.profile = Some(profile().into()),
            |request| request.verify_ir ^= true,
            |request| request.inlining = Inlining::No,
            |request| request.inlining = Inlining::InterModuleAndIntraGc,
            |request| request.address_map ^= true,
            |request| request.debug_sections ^= true,
            |request| request.version = Some(String::new()),
            |request| request.version = Some("1".into()),
            |request| request.native_variables ^= true,
        ];
        let mut keys = vec![of("other", &CompileRequest::new(), b"wasm")];
        keys.push(of("", &CompileRequest::new(), b"wasm"));
        keys.push(of("compiler", &CompileRequest::new(), b"wasn"));
        for change in changes {
            let mut request = CompileRequest::new();
            change(&mut request);
            let key = of("compiler", &request, b"wasm");
            assert_eq!(key, of("compiler", &request, b"wasm"));
            assert!(!keys.contains(&key), "{request:?}");
            keys.push(key);
        }
    }

    #[test]
    fn threads_and_limits_decide_nothing() {
        let mut request = CompileRequest::new();
        let key = of("compiler", &request, b"wasm");
        request.parallel = false;
        request.threads = Some(7);
        request.limits = CompileLimits::unlimited();
        assert_eq!(of("compiler", &request, b"wasm"), key);
    }
}
