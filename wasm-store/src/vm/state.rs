//! The state of instances: taking it, putting it back, and giving it to other instances. Also the
//! sizes that code takes for granted, which may no longer hold after a state was put back.

pub(in crate::vm) mod fork;
pub(in crate::vm) mod sizes;
pub(in crate::vm) mod snapshot;

pub(crate) use fork::Plan;
pub(crate) use snapshot::{Source, VmOutside, VmState};
