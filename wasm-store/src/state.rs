//! The state of instances, kept and put back: snapshots, forks, transactions.

mod snapshot;
mod transaction;

pub use snapshot::{ForkPre, HostState, Outside, Snapshot, SnapshotBuilder};
pub use transaction::Transaction;
