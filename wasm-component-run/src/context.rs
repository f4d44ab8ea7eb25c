//! What values are lowered and lifted with: the memory of a guest, canonical options, types, and
//! the resources of the store.

mod flat;
mod lift;
mod lower;
mod options;

pub use flat::{Destination, FlatReader, FlatSlots, Source};
pub use lift::LiftContext;
pub use lower::LowerContext;
pub(crate) use options::Flags;
pub use options::Options;
