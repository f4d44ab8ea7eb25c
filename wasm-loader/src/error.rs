//! Why an artifact could not be loaded: all reasons at once.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::mismatch::{Mismatch, Party};
use crate::requirements::Requirements;

/// Why an artifact could not be loaded.
///
/// If this machine or this program cannot run the artifact, the error lists every mismatch, each
/// with the artifact's value, the host's value and the way out.
pub struct Error {
    kind: Kind,
    path: Option<PathBuf>,
}

enum Kind {
    Io(&'static str, io::Error),
    Artifact(wasm_artifact::Error),
    Mismatches(Vec<Mismatch>, Box<Requirements>),
    #[cfg(feature = "mac")]
    Untrusted(wasm_artifact::sign::VerifyError),
}

impl Error {
    /// Every requirement of the artifact that is not met; empty if that was not the reason.
    pub fn mismatches(&self) -> &[Mismatch] {
        match &self.kind {
            Kind::Mismatches(mismatches, _) => mismatches,
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

    /// Why the artifact is not trusted, if that was the reason.
    #[cfg(feature = "mac")]
    pub fn verify_error(&self) -> Option<&wasm_artifact::sign::VerifyError> {
        match &self.kind {
            Kind::Untrusted(error) => Some(error),
            _ => None,
        }
    }

    /// The file, if the artifact was in one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(crate) fn io(action: &'static str, error: impl Into<io::Error>) -> Self {
        Self { kind: Kind::Io(action, error.into()), path: None }
    }

    /// The refusal of an artifact with these requirements, for all of these reasons.
    pub fn refusal(mismatches: Vec<Mismatch>, requirements: Requirements) -> Self {
        Self { kind: Kind::Mismatches(mismatches, Box::new(requirements)), path: None }
    }

    /// What the artifact requires of an engine, if the error is a refusal.
    pub fn requirements(&self) -> Option<&Requirements> {
        match &self.kind {
            Kind::Mismatches(_, requirements) => Some(requirements),
            _ => None,
        }
    }

    /// Adds more reasons to a refusal; any other error stays as it is.
    #[must_use]
    pub fn and(mut self, more: impl IntoIterator<Item = Mismatch>) -> Self {
        if let Kind::Mismatches(mismatches, _) = &mut self.kind {
            mismatches.extend(more);
        }
        self
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

#[cfg(feature = "mac")]
impl From<wasm_artifact::sign::VerifyError> for Error {
    fn from(error: wasm_artifact::sign::VerifyError) -> Self {
        match error.artifact_error() {
            // What is not an artifact is reported in the same way, whether trust was required or
            // not.
            Some(error) => error.clone().into(),
            None => Self { kind: Kind::Untrusted(error), path: None },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match &self.kind {
            Kind::Io(action, _) => write!(f, "cannot {action}")?,
            Kind::Artifact(error) => write!(f, "{error}")?,
            #[cfg(feature = "mac")]
            Kind::Untrusted(_) => f.write_str("the artifact is not trusted")?,
            Kind::Mismatches(mismatches, _) => {
                let of = |party| mismatches.iter().any(|mismatch| mismatch.party == party);
                let parties = match (of(Party::Host), of(Party::Engine)) {
                    (true, true) => "host and this engine",
                    (false, true) => "engine",
                    _ => "host",
                };
                write!(f, "the artifact was not compiled for this {parties}:")?;
                for mismatch in mismatches {
                    write!(f, "\n  - {mismatch}")?;
                }
            }
        }
        wasm_types::report::causes(self, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(_, error) => Some(error),
            // The message already contains everything about the bytes.
            Kind::Artifact(_) | Kind::Mismatches(..) => None,
            #[cfg(feature = "mac")]
            Kind::Untrusted(error) => Some(error),
        }
    }
}
