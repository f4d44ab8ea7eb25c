//! What the linker is told, so that runners and libraries for deployments are small.

use std::fs;

use crate::shell::Shell;

/// Whether a program has panics that unwind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwinding {
    /// It may have.
    Possible,
    /// Every panic ends it.
    Never,
}

/// Leaves the tables for unwinding out. Without panics that unwind the compiler makes none for its
/// own functions, but for those with code of the standard library in them it does. Whoever unwinds
/// all the same, such as an exception of C++, comes to an end there, as with the tables.
const NO_TABLES: &str = "SECTIONS {
  /DISCARD/ : { *(.eh_frame .eh_frame.* .gcc_except_table .gcc_except_table.*) }
} INSERT AFTER .text;
";

/// How many bytes a program may have more where relocations are not packed.
const UNPACKED: u64 = 32_000;

/// What the linker of a program is told.
pub(crate) struct Linking {
    /// Arguments of `rustc`.
    pub(crate) flags: String,
    /// How many bytes the program may have more than where all of it can be told.
    pub(crate) more: u64,
}

/// What the linker of a program is told on this machine.
///
/// Packed, relative relocations take a fourteenth of their room; the loaders of glibc know such
/// from 2.36 on. What needs the linker of Rust is asked for where that is the default: functions
/// with the same machine code become one.
pub(crate) fn linking(shell: &Shell, unwinding: Unwinding) -> Result<Linking, String> {
    let mut flags = Vec::new();
    let mut more = UNPACKED;
    let libc = shell.output("getconf GNU_LIBC_VERSION").unwrap_or_default();
    if has_packed_relocations(&libc) {
        flags.push("-C link-arg=-Wl,-z,pack-relative-relocs".to_owned());
        more = 0;
    }
    if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
        flags.push("-C link-arg=-Wl,--icf=all".to_owned());
        if unwinding == Unwinding::Never {
            let script = shell.target_dir().join("xtask/no_tables.ld");
            let about = |error| format!("{}: {error}", script.display());
            fs::create_dir_all(shell.target_dir().join("xtask")).map_err(about)?;
            fs::write(&script, NO_TABLES).map_err(about)?;
            flags.push("-C link-arg=-Wl,--no-eh-frame-hdr".to_owned());
            flags.push(format!("-C link-arg='-Wl,-T,{}'", script.display()));
        }
    }
    Ok(Linking { flags: flags.join(" "), more })
}

/// Whether a libc, as `getconf` names it, knows packed relocations.
fn has_packed_relocations(libc: &str) -> bool {
    let version = libc.trim().strip_prefix("glibc ");
    let (major, minor) = version.and_then(|version| version.split_once('.')).unwrap_or_default();
    match (major.parse::<u32>(), minor.parse::<u32>()) {
        (Ok(2), Ok(minor)) => minor >= 36,
        (Ok(major), Ok(_)) => major > 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_libraries_know_packed_relocations() {
        let known = ["glibc 2.36\n", "glibc 2.41", "glibc 3.0"];
        let unknown = ["glibc 2.35", "glibc 2", "musl 2.40", ""];
        assert!(known.into_iter().all(has_packed_relocations));
        assert!(!unknown.into_iter().any(has_packed_relocations));
    }
}
