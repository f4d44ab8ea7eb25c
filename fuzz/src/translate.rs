//! Translation: every valid module compiles, for any target and with any settings, to the same code
//! each time. An invalid module gives an error.

use arbitrary::{Result, Unstructured};
use wasm_translate::{ClifStage, ErrorKind, Settings, clif, compile_module};
use wasm_types::{CompiledModule, DefinedFuncIndex, Module, OptLevel, Tunables, WasmFeatures};

use crate::generate;

/// Compiles the bytes as they are, or a module that is made from them and perhaps damaged.
///
/// # Panics
///
/// If something is wrong.
pub fn check(data: &[u8]) {
    if data.starts_with(b"\0asm") {
        return binary(data);
    }
    let _ = generated(data);
}

/// Compiles with the settings that most modules are compiled with.
fn binary(wasm: &[u8]) {
    let Ok(parsed) = Module::parse_with_bodies(wasm, WasmFeatures::SUPPORTED) else { return };
    let mut settings = Settings::for_target("x86_64-unknown-linux-gnu")
        .expect("the code generator has this target");
    settings.verifier(true).threads(1);
    match (compile_module(&parsed, wasm, &settings), parsed.validate_bodies(wasm)) {
        (Ok(compiled), Ok(())) => check_compiled(&compiled, parsed.module()),
        // What is too large is refused, whether valid or not.
        (Err(error), _) if error.kind() == ErrorKind::Limit => {}
        (Err(error), Err(invalid)) => {
            assert_eq!(error.function(), invalid.function(), "{error}\n{invalid}");
        }
        (Ok(_), Err(invalid)) => panic!("compiled an invalid module: {invalid}"),
        (Err(error), Ok(())) => panic!("a valid module can be compiled: {error}"),
    }
}

fn generated(data: &[u8]) -> Result<()> {
    let (mut how, mut what) = generate::split(data);
    let u = &mut how;
    let mut settings = settings(u)?;
    let damaged = u.ratio(1, 4)?;
    let mut wasm = generate::supported(&mut what)?;
    if damaged {
        generate::damage(&mut wasm, 8, u)?;
    }
    let parsed = match Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED) {
        Ok(parsed) => parsed,
        Err(_) if damaged => return Ok(()),
        Err(error) => panic!("generated modules are valid: {error}"),
    };
    let valid = parsed.validate_bodies(&wasm);
    settings.threads(1);
    match (compile_module(&parsed, &wasm, &settings), valid) {
        (Ok(compiled), Ok(())) => {
            check_compiled(&compiled, parsed.module());
            settings.threads(2);
            let again = compile_module(&parsed, &wasm, &settings).expect("it compiled before");
            assert!(compiled == again, "the number of threads makes a difference");
            if let Some(last) = parsed.module().num_defined_functions().checked_sub(1) {
                let stage = if u.arbitrary()? { ClifStage::Raw } else { ClifStage::Optimized };
                clif(&parsed, &wasm, DefinedFuncIndex::new(last), &settings, stage)
                    .unwrap_or_else(|error| panic!("CLIF of a valid function: {error}"));
            }
        }
        // On RISC-V, vectors require an extension, and can't be results of functions even with it.
        (Err(error), _)
            if error.kind() == ErrorKind::Unsupported
                && settings.target().architecture.to_string() == "riscv64gc" => {}
        (Err(error), Err(invalid)) => {
            assert_eq!(error.function(), invalid.function(), "{error}\n{invalid}");
        }
        (Ok(_), Err(invalid)) => panic!("compiled an invalid module: {invalid}"),
        (Err(error), Ok(())) => panic!("a valid module can be compiled: {error} ({settings:?})"),
    }
    Ok(())
}

fn settings(u: &mut Unstructured<'_>) -> Result<Settings> {
    const TARGETS: &[&str] = &[
        "x86_64-unknown-linux-gnu",
        "x86_64-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
        "riscv64gc-unknown-linux-gnu",
        "s390x-unknown-linux-gnu",
        "x86_64-pc-windows-msvc",
        "aarch64-apple-darwin",
    ];
    let target = u.choose(TARGETS)?;
    let mut settings = Settings::for_target(target).expect("the code generator has these targets");
    if target.starts_with("riscv64") && u.arbitrary()? {
        settings.flag("has_v", "true").expect("the code generator has this setting");
    }
    let mut tunables = Tunables::new();
    tunables.opt_level = *u.choose(&[OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize])?;
    tunables.memory_reservation = *u.choose(&[0, 1 << 20, 4 << 30, 8 << 30])?;
    tunables.memory_guard_size = *u.choose(&[0, 64 << 10, 32 << 20, 2 << 30])?;
    tunables.spectre_mitigation = u.arbitrary()?;
    tunables.relaxed_simd_deterministic = u.arbitrary()?;
    tunables.nan_canonicalization = u.arbitrary()?;
    settings.tunables(tunables).verifier(true);
    Ok(settings)
}

fn check_compiled(compiled: &CompiledModule, module: &Module) {
    assert_eq!(compiled.functions.len() as u32, module.num_defined_functions());
    let len = compiled.text.len() as u32;
    let mut ranges: Vec<_> =
        compiled.functions.iter().map(|func| (func.offset, func.offset + func.len)).collect();
    let functions = ranges.iter().map(|(_, end)| *end).max().unwrap_or(0);
    assert!(
        compiled.items.iter().all(|item| item.offset >= functions),
        "items are behind functions"
    );
    ranges.extend(compiled.items.iter().map(|item| (item.offset, item.offset + item.len)));
    ranges.sort_unstable();
    assert!(ranges.iter().all(|(start, end)| start <= end && *end <= len), "functions are in text");
    assert!(ranges.windows(2).all(|w| w[0].1 <= w[1].0), "functions and items do not overlap");
    assert!(compiled.traps.is_sorted_by(|a, b| a.offset < b.offset), "traps are sorted");
    assert!(compiled.traps.iter().all(|trap| trap.offset < len), "traps are in text");
    assert!(compiled.address_map.is_sorted_by(|a, b| a.offset < b.offset), "the map is sorted");
    assert!(compiled.address_map.iter().all(|entry| entry.offset <= len), "the map is of the text");
    assert!(compiled.frame_slots.is_sorted_by(|a, b| a.func < b.func), "frame slots are sorted");
    assert!(compiled.frame_slots.iter().all(|slot| module.defined_func(slot.func).is_some()));
}
