//! What adapters import, apart from what the rest of the crate calls it: those are numbers here.

/// A core item that is imported, by its number among those of whoever asks for the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Item(pub(crate) u32);
