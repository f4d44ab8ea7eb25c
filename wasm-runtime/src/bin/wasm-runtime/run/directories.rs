//! The argument `--dir HOST[::GUEST[::ro]]`.

use std::ffi::OsStr;
use std::path::Path;

use wasm_runtime::error::Context;
use wasm_runtime::wasi::{DirPerms, FilePerms, WasiCtxBuilder};
use wasm_runtime::{Result, bail};

use crate::os_text::split_once;

/// A directory for the program, as the argument describes it.
#[derive(PartialEq, Eq, Debug)]
struct Directory<'a> {
    /// The path on this machine.
    host: &'a Path,
    /// The name for the program.
    guest: &'a str,
    read_only: bool,
}

/// Opens the directory for the program.
pub(crate) fn open(builder: &mut WasiCtxBuilder, argument: &OsStr) -> Result<()> {
    let about = || format!("--dir {}", argument.display());
    let Directory { host, guest, read_only } = parse(argument).with_context(about)?;
    let (directory, file) = match read_only {
        true => (DirPerms::READ, FilePerms::READ),
        false => (DirPerms::all(), FilePerms::all()),
    };
    builder
        .preopened_dir_with(host, guest, directory, file)
        .with_context(|| format!("{}: can't open `{}`", about(), host.display()))?;
    Ok(())
}

/// The parts of an argument. The program's name for a writable directory can be left out.
fn parse(argument: &OsStr) -> Result<Directory<'_>> {
    let (host, guest) = split_once(argument, "::").unwrap_or((argument, argument));
    let Some(guest) = guest.to_str() else {
        bail!("the name for the program is not Unicode: write HOST::GUEST")
    };
    let (guest, read_only) = match guest.split_once("::") {
        None => (guest, false),
        Some((guest, "ro")) => (guest, true),
        // A directory that should be read-only must not become writable.
        Some((_, other)) => bail!("`{other}` after the second `::`, where only `ro` can be"),
    };
    Ok(Directory { host: Path::new(host), guest, read_only })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::Directory;

    fn parse(argument: &str) -> Directory<'_> {
        super::parse(OsStr::new(argument)).unwrap()
    }

    #[test]
    fn guest_and_permission_can_be_left_out() {
        let writable = |host, guest| Directory { host: Path::new(host), guest, read_only: false };
        assert_eq!(parse("data::/data"), writable("data", "/data"));
        assert_eq!(parse("data"), writable("data", "data"));
        assert_eq!(parse("a:b::c:d"), writable("a:b", "c:d"));
        // A program's directory may have this name.
        assert_eq!(parse("data::ro"), writable("data", "ro"));
        let read_only = Directory { host: Path::new("data"), guest: "/data", read_only: true };
        assert_eq!(parse("data::/data::ro"), read_only);
    }
    #[test]
    fn only_the_host_has_names_that_are_not_unicode() {
        let argument = OsStr::from_bytes(b"\xff::/data");
        let host = Path::new(OsStr::from_bytes(b"\xff"));
        let expected = Directory { host, guest: "/data", read_only: false };
        assert_eq!(super::parse(argument).unwrap(), expected);
        for no_name in [&b"\xff"[..], b"a::\xff", b"a::\xff::ro"] {
            let error = super::parse(OsStr::from_bytes(no_name)).unwrap_err();
            assert!(error.to_string().contains("HOST::GUEST"), "{error}");
        }
    }

    #[test]
    fn there_is_one_permission() {
        for wrong in ["data::/data::rw", "data::/data::RO", "data::/data::", "data::/data::ro::ro"]
        {
            let error = super::parse(OsStr::new(wrong)).unwrap_err();
            assert!(error.to_string().contains("only `ro`"), "{error}");
        }
    }
}
