//! Files for reports. They are opened before the program runs, so that nothing is collected in vain.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use wasm_runtime::Result;
use wasm_runtime::error::Context;

/// A file that a report will be written to.
pub(super) struct ReportFile {
    path: PathBuf,
    file: File,
}

impl ReportFile {
    /// Opens the file, or creates it. An earlier report stays in it until there is a new one.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("can't write `{}`", path.display()))?;
        Ok(Self { path, file })
    }

    /// Writes the report.
    pub(super) fn write<R>(
        &self,
        contents: impl FnOnce(&mut BufWriter<&File>) -> Result<R>,
    ) -> Result<R> {
        let about = || format!("can't write {self}");
        // Pipes and devices have no length.
        if self.file.metadata().with_context(about)?.is_file() {
            self.file.set_len(0).with_context(about)?;
        }
        let mut out = BufWriter::new(&self.file);
        let result = contents(&mut out).with_context(about)?;
        out.flush().with_context(about)?;
        Ok(result)
    }
}

impl fmt::Display for ReportFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path.display())
    }
}
