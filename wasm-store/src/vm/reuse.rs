//! What dropped stores leave for the next: instances, and reservations of memories.

mod contents;
pub(in crate::vm) mod instances;
pub(in crate::vm) mod memories;
mod reset;

pub(crate) use instances::ReuseLimits;
