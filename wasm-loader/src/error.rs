//! Why an artifact could not be loaded: all reasons at once.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why an artifact could not be loaded.
///
/// If this machine or this program cannot run the artifact, the error lists every mismatch, each
/// with the artifact's value, the host's value and the way out.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    path: Option<PathBuf>,
}

#[derive(Debug)]
enum Kind {
    Io(&'static str, io::Error),
    Artifact(wasm_artifact::Error),
    Mismatches(Vec<Mismatch>),
}

/// Something that an artifact wants and the host does not have.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Mismatch {
    /// What it is about, such as "instruction set extension avx2".
    pub what: Cow<'static, str>,
    /// What the artifact has or wants.
    pub artifact: String,
    /// What the host has.
    pub host: String,
    /// What can be done about it.
    pub remedy: Cow<'static, str>,
}

impl Error {
    /// Everything that the artifact wants and the host does not have; empty if that was not the
    /// reason.
    pub fn mismatches(&self) -> &[Mismatch] {
        match &self.kind {
            Kind::Mismatches(mismatches) => mismatches,
            _ => &[],
        }
    }

    /// The operating system's error, if that was the reason.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.kind {
            Kind::Io(_, error) => Some(error),
            _ => None,
        }
    }

    /// What is wrong with the bytes, if that was the reason.
    pub fn artifact_error(&self) -> Option<&wasm_artifact::Error> {
        match &self.kind {
            Kind::Artifact(error) => Some(error),
            _ => None,
        }
    }

    /// The file, if it was one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(crate) fn io(action: &'static str, error: impl Into<io::Error>) -> Self {
        Self { kind: Kind::Io(action, error.into()), path: None }
    }

    pub(crate) fn from_mismatches(mismatches: Vec<Mismatch>) -> Self {
        Self { kind: Kind::Mismatches(mismatches), path: None }
    }

    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self { path: Some(path.into()), ..self }
    }
}

impl From<wasm_artifact::Error> for Error {
    fn from(error: wasm_artifact::Error) -> Self {
        Self { kind: Kind::Artifact(error), path: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match &self.kind {
            Kind::Io(action, error) => write!(f, "cannot {action}: {error}"),
            Kind::Artifact(error) => write!(f, "{error}"),
            Kind::Mismatches(mismatches) => {
                f.write_str("the artifact was not compiled for this host:")?;
                for mismatch in mismatches {
                    write!(f, "\n  - {mismatch}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { what, artifact, host, remedy } = self;
        write!(f, "{what}: the artifact has {artifact}, this host {host}; {remedy}")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(_, error) => Some(error),
            Kind::Artifact(error) => Some(error),
            Kind::Mismatches(_) => None,
        }
    }
}
