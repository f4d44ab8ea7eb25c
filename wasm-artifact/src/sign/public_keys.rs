//! The public keys that a policy trusts: with feature `sign` any number of them, else none.

#[cfg(feature = "sign")]
mod enabled;
#[cfg(feature = "sign")]
pub(super) use enabled::PublicKeys;

#[cfg(not(feature = "sign"))]
mod disabled;
#[cfg(not(feature = "sign"))]
pub(super) use disabled::PublicKeys;
