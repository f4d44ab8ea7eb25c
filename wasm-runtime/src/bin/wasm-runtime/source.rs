//! Where a module or artifact comes from.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use wasm_runtime::error::Context as _;
use wasm_runtime::{Result, bail};

/// Whether standard input was opened.
static STDIN_OPENED: AtomicBool = AtomicBool::new(false);

/// Where a module or artifact comes from: a file, or with `-` standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source(PathBuf);

impl Source {
    /// The file; `None` for standard input.
    pub(crate) fn path(&self) -> Option<&Path> {
        (self.0.as_os_str() != "-").then_some(&*self.0)
    }

    /// The name where a program or a report must have one: the last part of the path.
    pub(crate) fn name(&self) -> String {
        match self.path() {
            Some(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into(),
            None => "stdin".to_owned(),
        }
    }

    /// The name at the beginning of a line.
    pub(crate) fn plain(&self) -> String {
        self.path().map_or("standard input".to_owned(), |path| path.display().to_string())
    }

    /// Reads everything.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.0.read_to_end(&mut bytes).with_context(|| self.unreadable())?;
        Ok(bytes)
    }

    /// Opens it. Also returns whether it is an ordinary file, which can be mapped, and opened
    /// again.
    pub(crate) fn open(&self) -> Result<(Box<dyn Read>, bool)> {
        let Some(path) = self.path() else {
            if STDIN_OPENED.swap(true, Ordering::Relaxed) {
                bail!("standard input can be read only once: give `-` only once");
            }
            return Ok((Box::new(io::stdin().lock()), false));
        };
        let file = File::open(path).with_context(|| self.unreadable())?;
        let is_file = file.metadata().with_context(|| self.unreadable())?.is_file();
        Ok((Box::new(file), is_file))
    }

    /// What to say if it can't be read.
    pub(crate) fn unreadable(&self) -> String {
        format!("can't read {self}")
    }
}

impl From<OsString> for Source {
    fn from(name: OsString) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "`{}`", path.display()),
            None => f.write_str("standard input"),
        }
    }
}
