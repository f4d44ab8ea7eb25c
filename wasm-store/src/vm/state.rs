//! The state of instances: taken, put back, and given to others; and the sizes that code takes for granted,
//! which may not hold after it.

pub(in crate::vm) mod fork;
pub(in crate::vm) mod sizes;
pub(in crate::vm) mod snapshot;

pub(crate) use fork::Plan;
pub(crate) use snapshot::{Source, VmOutside, VmState};
