//! The argument `--dir HOST[::GUEST[::ro]]`.

use wasm_runtime::Result;
use wasm_runtime::error::Context;
use wasm_runtime::wasi::{DirPerms, FilePerms, WasiCtxBuilder};

/// A directory for the program, as the argument describes it.
#[derive(PartialEq, Eq, Debug)]
struct Directory<'a> {
    /// The path on this machine.
    host: &'a str,
    /// The name for the program.
    guest: &'a str,
    read_only: bool,
}

/// Opens the directory for the program.
pub(crate) fn open(builder: &mut WasiCtxBuilder, argument: &str) -> Result<()> {
    let Directory { host, guest, read_only } = parse(argument);
    let (directory, file) = match read_only {
        true => (DirPerms::READ, FilePerms::READ),
        false => (DirPerms::all(), FilePerms::all()),
    };
    builder
        .preopened_dir(host, guest, directory, file)
        .with_context(|| format!("--dir {argument}: can't open `{host}`"))?;
    Ok(())
}

/// The parts of an argument. The program's name for a writable directory can be left out.
fn parse(argument: &str) -> Directory<'_> {
    let (host, guest) = argument.split_once("::").unwrap_or((argument, argument));
    match guest.rsplit_once("::") {
        Some((guest, "ro")) => Directory { host, guest, read_only: true },
        _ => Directory { host, guest, read_only: false },
    }
}

#[cfg(test)]
mod tests {
    use super::{Directory, parse};

    #[test]
    fn guest_and_permission_can_be_left_out() {
        let writable = |host, guest| Directory { host, guest, read_only: false };
        assert_eq!(parse("data::/data"), writable("data", "/data"));
        assert_eq!(parse("data"), writable("data", "data"));
        assert_eq!(parse("a:b::c::d"), writable("a:b", "c::d"));
        // A program's directory may have this name.
        assert_eq!(parse("data::ro"), writable("data", "ro"));
        let read_only = Directory { host: "data", guest: "/data", read_only: true };
        assert_eq!(parse("data::/data::ro"), read_only);
    }
}
