//! Files for reports. They are opened before the program runs, so that nothing is collected in
//! vain.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use wasm_runtime::Result;
use wasm_runtime::error::Context;

/// A file that a report will be written to.
pub(super) struct ReportFile {
    path: PathBuf,
    /// A named pipe is not open yet: that waits for its reader.
    file: Option<File>,
}

impl ReportFile {
    /// Opens the file, or creates it. An earlier report stays in it until there is a new one.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let is_pipe = fs::metadata(&path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        let file = if is_pipe { None } else { Some(open(&path)?) };
        Ok(Self { path, file })
    }

    /// Writes the report.
    pub(super) fn write<R>(
        &mut self,
        contents: impl FnOnce(&mut BufWriter<&File>) -> Result<R>,
    ) -> Result<R> {
        let file = match self.file.take() {
            Some(file) => file,
            None => open(&self.path)?,
        };
        let about = || unwritable(&self.path);
        // Pipes and devices have no length.
        if file.metadata().with_context(about)?.is_file() {
            file.set_len(0).with_context(about)?;
        }
        let mut out = BufWriter::new(&file);
        let result = contents(&mut out).with_context(about)?;
        out.flush().with_context(about)?;
        Ok(result)
    }
}

fn open(path: &Path) -> Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    file.with_context(|| unwritable(path))
}

/// What to say if it can't be written.
fn unwritable(path: &Path) -> String {
    format!("can't write `{}`", path.display())
}

impl fmt::Display for ReportFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.path.display())
    }
}
