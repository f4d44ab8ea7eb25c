//! A requirement of an artifact that the host or the engine does not meet.

use std::borrow::Cow;
use std::fmt;

/// Who does not meet a requirement of an artifact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Party {
    /// The machine, its operating system, or this version of the program.
    Host,
    /// The engine, with its settings.
    Engine,
}

/// A requirement of an artifact that the host or the engine does not meet.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Mismatch {
    /// Who does not meet it.
    pub party: Party,
    /// What it is about, such as "instruction set extension avx2".
    pub what: Cow<'static, str>,
    /// What the artifact has or requires.
    pub artifact: String,
    /// What the party has.
    pub host: String,
    /// What can be done about it.
    pub remedy: Cow<'static, str>,
}

impl Mismatch {
    /// A mismatch with the host.
    pub fn with_host(
        what: impl Into<Cow<'static, str>>,
        artifact: impl Into<String>,
        host: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (what, remedy) = (what.into(), remedy.into());
        let (artifact, host) = (artifact.into(), host.into());
        Self { party: Party::Host, what, artifact, host, remedy }
    }

    /// A mismatch with the engine.
    pub fn with_engine(
        what: impl Into<Cow<'static, str>>,
        artifact: impl Into<String>,
        engine: impl Into<String>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { party: Party::Engine, ..Self::with_host(what, artifact, engine, remedy) }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Party::Host => "this host",
            Party::Engine => "this engine",
        })
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { party, what, artifact, host, remedy } = self;
        write!(f, "{what}: the artifact has {artifact}, {party} has {host}; {remedy}")
    }
}
