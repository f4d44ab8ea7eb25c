//! What determines the code besides the module and the request: this compiler, and the machine.

use std::env;
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use wasm_translate::Settings;
use wasm_translate::cranelift_codegen;

/// The identity of the compiler, either for the machine that it runs on, or for any target that a
/// request names. `None` if it can't be determined.
pub(super) fn of(for_host: bool) -> Option<String> {
    // The request itself is not part of the identity.
    let machine = if for_host { host()? } else { "any" };
    Some(format!(
        "wasm-runtime {}\ncranelift {}\nprogram {}\nmachine {machine}",
        env!("CARGO_PKG_VERSION"),
        cranelift_codegen::VERSION,
        program()?,
    ))
}

/// This machine, with each extension of its instruction set that the code generator knows. It does
/// not change, and detecting it takes longer than loading a module.
fn host() -> Option<&'static str> {
    static HOST: OnceLock<Option<String>> = OnceLock::new();
    let look = || {
        let isa = Settings::host().ok()?.isa().ok()?;
        let flags = isa.isa_flags();
        let flags = flags.iter().map(|flag| format!(" {}={}", flag.name, flag.value_string()));
        Some(format!("{}{}", isa.triple(), flags.collect::<String>()))
    };
    HOST.get_or_init(look).as_deref()
}

/// The program that contains the compiler: its file, with size and time of modification. Version
/// numbers are not enough: between releases two states of the code have the same version, and
/// dependencies may be patched.
fn program() -> Option<&'static str> {
    static PROGRAM: OnceLock<Option<String>> = OnceLock::new();
    let look = || {
        let path = env::current_exe().ok()?;
        let metadata = path.metadata().ok()?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let name = path.as_os_str().as_encoded_bytes().escape_ascii();
        Some(format!("{name} {} {}", metadata.len(), modified.as_nanos()))
    };
    PROGRAM.get_or_init(look).as_deref()
}
