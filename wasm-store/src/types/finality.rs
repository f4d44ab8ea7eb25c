//! Whether a type may have subtypes.

use crate::engine::Engine;
use crate::error::Result;
use crate::gate::{Belongs, Gate};

/// Whether a type may have subtypes (Wasm 3.0, section 2.3.11).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Finality {
    /// No other type may name it as its supertype.
    Final,
    /// Other types may name it as their supertype.
    NonFinal,
}

impl Finality {
    /// Whether no other type may name it as its supertype.
    pub fn is_final(&self) -> bool {
        *self == Self::Final
    }

    /// Whether other types may name it as their supertype.
    pub fn is_non_final(&self) -> bool {
        *self == Self::NonFinal
    }

    pub(super) fn of(is_final: bool) -> Self {
        if is_final { Self::Final } else { Self::NonFinal }
    }
}

/// Checks that a type may have a subtype: that it is of the engine, which else is a panic, that it
/// is open, and that what the subtype is made of matches.
pub(super) fn check_supertype(
    engine: &Engine,
    supertype: &(impl Belongs + std::fmt::Display),
    finality: Finality,
    matches: impl FnOnce() -> bool,
    found: &dyn std::fmt::Display,
) -> Result<()> {
    engine.demand(supertype);
    crate::ensure!(
        finality.is_non_final(),
        "the type `{supertype}` is final: make it with `Finality::NonFinal` for it to have subtypes"
    );
    crate::ensure!(matches(), "a subtype of `{supertype}` must match it, but `{found}` does not");
    Ok(())
}
