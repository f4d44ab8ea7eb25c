//! Files that commands write, in whose place `-` means standard output.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use wasm_runtime::error::Context;
use wasm_runtime::{Result, bail};

use crate::output;
use crate::source::Source;

/// Where a command writes its result: a file, or with `-` standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target(PathBuf);

impl Target {
    /// The file that was named. Otherwise its name is derived from the source's.
    pub(crate) fn of(
        named: Option<Target>,
        source: &Source,
        of_source: impl FnOnce(&Path) -> PathBuf,
    ) -> Result<Self> {
        match (named, source.path()) {
            (Some(target), _) => Ok(target),
            (None, Some(path)) => Ok(Self(of_source(path))),
            (None, None) => bail!(
                "standard input has no name that the output could be named after: \
                 --output names it, and `--output -` is standard output"
            ),
        }
    }

    pub(crate) fn is_stdout(&self) -> bool {
        self.0.as_os_str() == "-"
    }

    /// The file's path; `None` for standard output.
    pub(crate) fn path(&self) -> Option<&Path> {
        (!self.is_stdout()).then_some(&*self.0)
    }

    /// Refuses a target that can't be written to, before there is something to write.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(path) = self.path() else {
            if io::stdout().is_terminal() {
                bail!(
                    "what is written is not text, and does not go to a terminal: send it to a file or \
                     a pipe"
                );
            }
            return Ok(());
        };
        if path.is_dir() {
            bail!("can't write {self}: it is a directory");
        }
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            bail!("can't write {self}: there is no directory `{}`", directory.display());
        }
        Ok(())
    }

    /// Writes something that is not text.
    pub(crate) fn write(&self, contents: &[u8]) -> Result<()> {
        self.check()?;
        match self.path() {
            Some(path) => fs::write(path, contents).with_context(|| format!("can't write {self}")),
            None => output::bytes(contents),
        }
    }
}

impl From<OsString> for Target {
    fn from(name: OsString) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "`{}`", path.display()),
            None => f.write_str("standard output"),
        }
    }
}
