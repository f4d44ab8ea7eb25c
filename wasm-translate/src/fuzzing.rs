//! Checks of arbitrary bytes, for fuzzers (feature `fuzzing`): the fuzz target is a call of one of
//! these.

use wasm_types::{Module, OptLevel, Tunables, WasmFeatures};

use crate::compile::compile_module;
use crate::error::ErrorKind;
use crate::settings::Settings;

/// Targets and settings, chosen by a byte.
fn settings(choice: u8) -> Settings {
    let target = match choice & 3 {
        0 => "x86_64-unknown-linux-gnu",
        1 => "aarch64-unknown-linux-gnu",
        2 => "riscv64gc-unknown-linux-gnu",
        _ => "s390x-unknown-linux-gnu",
    };
    let mut settings = Settings::for_target(target).expect("these targets are known");
    if choice & 3 == 2 {
        for flag in ["has_v", "has_zvl128b"] {
            settings.flag(flag, "true").expect("riscv64 has this setting");
        }
    }
    let mut tunables = Tunables::default();
    if choice & 4 != 0 {
        tunables.opt_level = OptLevel::None;
    }
    if choice & 8 != 0 {
        tunables.memory_reservation = 0;
        tunables.memory_guard_size = 0;
    }
    tunables.spectre_mitigation = choice & 16 == 0;
    tunables.nan_canonicalization = choice & 32 != 0;
    tunables.relaxed_simd_deterministic = choice & 64 != 0;
    settings.tunables(tunables).threads(1).verifier(true).inlining(choice & 128 != 0);
    settings
}

/// Compiles arbitrary bytes as a module; the first byte chooses target and settings.
///
/// # Panics
///
/// If a valid module is refused other than for a limit, or if the CLIF made of it is not valid.
pub fn translate(data: &[u8]) {
    let Some((choice, wasm)) = data.split_first() else { return };
    let Ok(parsed) = Module::parse_with_bodies(wasm, WasmFeatures::default()) else { return };
    let valid = parsed.validate_bodies(wasm).is_ok();
    match compile_module(&parsed, wasm, &settings(*choice)) {
        Ok(compiled) => {
            assert!(valid, "code was made of a module that is not valid");
            assert_eq!(compiled.functions.len(), parsed.module().bodies.len());
            for extension in &compiled.extensions {
                let allowed = compiled.isa_flags.iter().any(|flag| flag.name == *extension);
                assert!(allowed, "the code uses `{extension}`, which was not allowed");
            }
        }
        Err(error) => match error.kind() {
            ErrorKind::Invalid => assert!(!valid, "a valid module was refused: {error}"),
            ErrorKind::Limit => {}
            _ => panic!("a module was refused: {error}"),
        },
    }
}
