//! The modules for the checks, made by wasm-smith from a fuzzer's bytes.

use arbitrary::{Result, Unstructured};
use wasm_smith::{Config, Module};
use wasm_types::WasmFeatures;

/// Splits a fuzzer's bytes in two: one part decides how to check, the other which module to check
/// with. Otherwise wasm-smith would use up all bytes, and nothing would be left for the decisions.
pub fn split(data: &[u8]) -> (Unstructured<'_>, Unstructured<'_>) {
    let (how, what) = data.split_at(data.len() / 4);
    (Unstructured::new(how), Unstructured::new(what))
}

/// A valid module that uses only what this version translates.
pub fn supported(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut config = supported_config(u)?;
    config.exceptions_enabled = u.arbitrary()?;
    config.gc_enabled = u.arbitrary()?;
    Ok(Module::new(config, u)?.to_bytes())
}

/// A valid module that may also use proposals that this version does not translate.
pub fn any(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut config = supported_config(u)?;
    config.exceptions_enabled = u.arbitrary()?;
    config.gc_enabled = u.arbitrary()?;
    config.threads_enabled = u.arbitrary()?;
    config.generate_custom_sections = u.arbitrary()?;
    config.allow_invalid_funcs = u.arbitrary()?;
    Ok(Module::new(config, u)?.to_bytes())
}

/// A valid module that can be run. It ends after so many loop iterations and calls, needs little
/// memory, mostly exposes all its state, and computes the same everywhere. Its functions are mostly
/// short: much of a long one is not reached, or is only reached after most of the fuel is used.
pub fn runnable(u: &mut Unstructured<'_>, fuel: u32) -> Result<Vec<u8>> {
    let mut config = supported_config(u)?;
    config.min_funcs = u.int_in_range(1..=3)?;
    if u.ratio(15, 16)? {
        config.max_instructions = *u.choose(&[5, 10, 20, 40, 80])?;
    }
    config.max_imports = 6;
    // The compiler knows more about what is not exported.
    config.export_everything = u.ratio(2, 3)?;
    config.min_exports = 3;
    config.canonicalize_nans = true;
    config.relaxed_simd_enabled = false;
    // Neither Wasmi nor Wasmtime has them.
    config.compact_imports_enabled = false;
    config.gc_enabled = u.ratio(1, 3)?;
    config.exceptions_enabled = u.ratio(1, 3)?;
    if config.gc_enabled {
        config.max_types = 24;
    }
    config.disallow_traps = u.ratio(1, 3)?;
    config.memory_max_size_required = true;
    config.max_memory32_bytes = 4 << 16;
    config.max_memory64_bytes = 4 << 16;
    config.table_max_size_required = true;
    config.max_table_elements = 64;
    let mut module = Module::new(config, u)?;
    // Only functions of arbitrary bytes can't be made to end, and none of these were requested.
    module.ensure_termination(fuel).expect("generated functions can be made to end");
    Ok(module.to_bytes())
}

fn supported_config(u: &mut Unstructured<'_>) -> Result<Config> {
    let simd = u.arbitrary()?;
    Ok(Config {
        simd_enabled: simd,
        relaxed_simd_enabled: simd,
        memory64_enabled: u.arbitrary()?,
        tail_call_enabled: u.arbitrary()?,
        extended_const_enabled: u.arbitrary()?,
        max_memories: u.int_in_range(1..=3)?,
        max_tables: u.int_in_range(1..=4)?,
        max_funcs: 20,
        // Few declarations besides the functions, so that more of the input goes into their bodies.
        min_types: 3,
        max_types: 12,
        max_globals: 10,
        max_element_segments: 6,
        max_elements: 12,
        max_data_segments: 4,
        max_instructions: u.int_in_range(10..=400)?,
        acquire_release_atomics_enabled: false,
        bulk_memory_enabled: true,
        compact_imports_enabled: u.arbitrary()?,
        custom_descriptors_enabled: false,
        custom_page_sizes_enabled: u.arbitrary()?,
        exceptions_enabled: false,
        gc_enabled: false,
        multi_value_enabled: true,
        multibyte_array_access_enabled: false,
        reference_types_enabled: true,
        saturating_float_to_int_enabled: true,
        shared_everything_threads_enabled: false,
        sign_extension_ops_enabled: true,
        threads_enabled: false,
        wide_arithmetic_enabled: u.arbitrary()?,
        ..Config::default()
    })
}

/// A set of proposals: mostly those that are translated, sometimes any.
pub fn features(u: &mut Unstructured<'_>) -> Result<WasmFeatures> {
    if u.ratio(3, 4)? {
        return Ok(WasmFeatures::SUPPORTED);
    }
    Ok(WasmFeatures::from_bits_truncate(u.arbitrary()?))
}

/// Changes a few bytes, so that valid input becomes almost valid input.
pub fn damage(bytes: &mut [u8], from: usize, u: &mut Unstructured<'_>) -> Result<()> {
    if bytes.len() <= from {
        return Ok(());
    }
    for _ in 0..u.int_in_range(0..=8_u32)? {
        let place = u.int_in_range(from..=bytes.len() - 1)?;
        bytes[place] = match u.int_in_range(0..=3_u32)? {
            0 => u.arbitrary()?,
            1 => bytes[place] ^ (1 << u.int_in_range(0..=7_u32)?),
            2 => bytes[place].wrapping_add(1),
            _ => *u.choose(&[0, 1, 0x7f, 0x80, 0xff])?,
        };
    }
    Ok(())
}
