//! The perf map: a text file with a line for each function, its address, size and name.
//!
//! The format is described in the Linux sources, in `tools/perf/Documentation/jit-interface.txt`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};

use super::functions::{functions, printable};
use crate::error::Error;
use crate::loaded::Loaded;

/// Held by the thread that writes to the file.
static WRITER: Mutex<()> = Mutex::new(());

/// Adds the functions to `/tmp/perf-PID.map`. By this file, `perf report` and other profilers know
/// the functions of a process that are in no file of their own.
///
/// What the file contains already stays, so that several modules, and other compilers in the
/// process, can use it. It is not removed when the program ends, since it is read after that. Call
/// this once for each loaded artifact.
///
/// # Errors
///
/// If the file can't be written, or the artifact is damaged.
pub fn perf_map(loaded: &Loaded) -> Result<(), Error> {
    let mut lines = String::new();
    for function in functions(loaded)? {
        let (address, size) = (function.address, function.code.len());
        // Writing to a string does not fail. `perf` undoes the mangling of names in files of
        // machine code, and not of those in this file.
        let name = printable(&wasm_types::demangle(&function.name));
        let _ = writeln!(lines, "{address:x} {size:x} {name}");
    }
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let path = PathBuf::from(format!("/tmp/perf-{}.map", std::process::id()));
    // Anybody can put something under this name: a link could lead to a file that must not change.
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let file = rustix::io::retry_on_intr(|| rustix::fs::open(&path, flags, mode));
    let file = file.map_err(|error| Error::io("open the perf map", error).in_file(&path))?;
    File::from(file)
        .write_all(lines.as_bytes())
        .map_err(|error| Error::io("write the perf map", error).in_file(&path))
}
