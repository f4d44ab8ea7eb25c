//! Why a cache could not be opened, or could not keep something.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a cache could not be opened, or could not keep or return something.
///
/// Programs continue without the cache then: [`Cache::load`](crate::Cache::load) and
/// [`Cache::insert`](crate::Cache::insert) return no errors, but keep the last one for
/// [`Cache::last_error`](crate::Cache::last_error).
pub struct Error {
    kind: Kind,
}

enum Kind {
    /// The environment does not say where the cache should be.
    NoDirectory,
    /// Something went wrong in the file system.
    Io { action: &'static str, path: PathBuf, error: io::Error },
    /// Users other than this one may write to the directory.
    Refused { path: PathBuf, reasons: Vec<String> },
    /// Others knew the secret, or might have known it: it was replaced.
    ReplacedSecret { path: PathBuf, reasons: Vec<String> },
    /// The configuration file is not well-formed.
    Config { path: PathBuf, line: usize, reason: String },
    /// An entry that cannot be trusted, and was removed.
    Rejected { path: PathBuf, error: wasm_loader::Error },
    /// An artifact that cannot be loaded, for reasons other than the cache.
    Load { path: PathBuf, error: wasm_loader::Error },
    /// An artifact that cannot be kept.
    Unsuitable { reason: String },
}

impl Error {
    pub(crate) fn no_directory() -> Self {
        Self { kind: Kind::NoDirectory }
    }

    pub(crate) fn io(action: &'static str, path: &Path, error: impl Into<io::Error>) -> Self {
        Self { kind: Kind::Io { action, path: path.into(), error: error.into() } }
    }

    pub(crate) fn refused(path: &Path, reasons: Vec<String>) -> Self {
        Self { kind: Kind::Refused { path: path.into(), reasons } }
    }

    pub(crate) fn replaced_secret(path: &Path, reasons: Vec<String>) -> Self {
        Self { kind: Kind::ReplacedSecret { path: path.into(), reasons } }
    }

    pub(crate) fn config(path: &Path, line: usize, reason: impl Into<String>) -> Self {
        Self { kind: Kind::Config { path: path.into(), line, reason: reason.into() } }
    }

    pub(crate) fn rejected(path: PathBuf, error: wasm_loader::Error) -> Self {
        Self { kind: Kind::Rejected { path, error } }
    }

    pub(crate) fn load(path: PathBuf, error: wasm_loader::Error) -> Self {
        Self { kind: Kind::Load { path, error } }
    }

    pub(crate) fn unsuitable(reason: impl Into<String>) -> Self {
        Self { kind: Kind::Unsuitable { reason: reason.into() } }
    }

    /// Whether the cache's directory was refused because users other than this one may write to it.
    /// This is worth reporting: all other errors only mean that something is compiled again.
    pub fn is_refusal(&self) -> bool {
        matches!(self.kind, Kind::Refused { .. })
    }

    /// The operating system's error, if that was the reason.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.kind {
            Kind::Io { error, .. } => Some(error),
            Kind::Load { error, .. } => error.io_error(),
            _ => None,
        }
    }

    /// The file or directory that the error is about, if there is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Io { path, .. }
            | Kind::Refused { path, .. }
            | Kind::ReplacedSecret { path, .. }
            | Kind::Config { path, .. }
            | Kind::Rejected { path, .. }
            | Kind::Load { path, .. } => Some(path),
            Kind::NoDirectory | Kind::Unsuitable { .. } => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NoDirectory => f.write_str(
                "there is no place for the cache: neither XDG_CACHE_HOME nor HOME is set to an \
                 absolute path; set one of them, or name a directory (`CacheConfig::with_directory`)",
            ),
            Kind::Io { action, path, .. } => write!(f, "cannot {action} `{}`", path.display()),
            Kind::Refused { path, reasons } => {
                let path = path.display();
                write!(
                    f,
                    "the cache's directory `{path}` is refused, because others could put machine \
                     code there: {}. Make it yours alone (`chmod 700 {path}`), remove it, or name \
                     another one",
                    reasons.join("; ")
                )
            }
            Kind::ReplacedSecret { path, reasons } => write!(
                f,
                "the secret of the cache, `{}`, was replaced by a new one, so that everything is \
                 compiled again: {}",
                path.display(),
                reasons.join("; ")
            ),
            Kind::Config { path, line, reason } => {
                write!(f, "{}:{line}: {reason}", path.display())
            }
            Kind::Rejected { path, .. } => write!(
                f,
                "the cache's entry `{}` is not what this user's program put there, and was removed",
                path.display()
            ),
            Kind::Load { path, .. } => {
                write!(f, "cannot load the cache's entry `{}`", path.display())
            }
            Kind::Unsuitable { reason } => write!(f, "the cache cannot keep an artifact: {reason}"),
        }?;
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
            Kind::Io { error, .. } => Some(error),
            Kind::Rejected { error, .. } | Kind::Load { error, .. } => Some(error),
            _ => None,
        }
    }
}
