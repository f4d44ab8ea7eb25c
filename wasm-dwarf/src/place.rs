//! A place in the source.

/// A place in the source.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub struct Place {
    /// The function, as its compiler calls it: the name may be mangled.
    pub name: Option<String>,
    /// The file, with its directory.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}
