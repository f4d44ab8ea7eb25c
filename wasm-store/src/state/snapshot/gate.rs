//! Where snapshots belong, and what may be used with them.

use super::Snapshot;
use crate::engine::Engine;
use crate::gate::{Belongs, Gate, Home};
use crate::store::StoreId;

impl Belongs for Snapshot {
    #[inline]
    fn home(&self) -> Home<'_> {
        Home::Engine(self.engine())
    }

    fn what(&self) -> String {
        "the snapshot".to_string()
    }
}

/// A snapshot belongs to the store that it was taken in: instances that are used with it are of
/// that store.
impl Gate for Snapshot {
    const NAME: &'static str = "snapshot";

    fn engine_inside(&self) -> &Engine {
        self.engine()
    }

    fn store_inside(&self) -> Option<StoreId> {
        Some(self.store_id())
    }
}
