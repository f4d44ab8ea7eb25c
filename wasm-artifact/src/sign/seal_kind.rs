//! The kinds of seals.

/// What kind of seal it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum SealKind {
    /// A signature, made by `sign`.
    Signature,
    /// An authentication code: see [`authenticate`](super::authenticate).
    Mac,
}
