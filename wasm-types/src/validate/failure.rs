//! Why a section could not be read.

use super::convert::UnknownType;

/// Why a section could not be read.
#[derive(Debug)]
pub(super) enum Failure {
    /// What wasmparser says.
    Parser(wasmparser::Error),
    /// Something that is valid, but that a [`Module`] has no words for.
    Unknown { what: &'static str, offset: u64 },
    /// The names of the imports have more bytes than these together.
    LongNames { most: usize, offset: u64 },
}

impl From<wasmparser::Error> for Failure {
    fn from(error: wasmparser::Error) -> Self {
        Self::Parser(error)
    }
}

/// What the reader of a section returns.
pub(super) type Read = Result<(), SectionFailure>;

/// As [`Failure`], where the place of something unknown is that of the section.
#[derive(Debug)]
pub(super) enum SectionFailure {
    Parser(wasmparser::Error),
    Unknown(UnknownType),
}

impl From<wasmparser::Error> for SectionFailure {
    fn from(error: wasmparser::Error) -> Self {
        Self::Parser(error)
    }
}

impl From<UnknownType> for SectionFailure {
    fn from(unknown: UnknownType) -> Self {
        Self::Unknown(unknown)
    }
}

impl SectionFailure {
    /// With the offset of the section.
    pub(super) fn at(self, offset: u64) -> Failure {
        match self {
            Self::Parser(error) => Failure::Parser(error),
            Self::Unknown(unknown) => Failure::Unknown { what: unknown.what(), offset },
        }
    }
}
