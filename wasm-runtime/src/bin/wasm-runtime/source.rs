//! Where a module or artifact comes from.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use wasm_runtime::Result;
use wasm_runtime::error::Context as _;

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
        let read = match self.path() {
            Some(path) => fs::read(path),
            None => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
        };
        read.with_context(|| format!("can't read {self}"))
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
