//! The kinds of seals.

/// What kind of seal it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum SealKind {
    /// A signature: see [`sign()`](super::sign()).
    Signature,
    /// An authentication code: see [`authenticate`](super::authenticate).
    Mac,
}
