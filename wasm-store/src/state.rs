//! The state of instances: taken, restored, given to other stores. Snapshots, forks, transactions.

mod snapshot;
mod transaction;

pub use snapshot::{ForkPre, HostState, Outside, Snapshot, SnapshotBuilder};
pub use transaction::Transaction;
