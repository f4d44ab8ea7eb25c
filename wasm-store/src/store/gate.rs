//! What may enter a store, and where stores themselves belong.

use super::{StoreId, StoreOpaque};
use crate::engine::Engine;
use crate::gate::{Belongs, Gate, Home};

impl Gate for StoreOpaque {
    const NAME: &'static str = "store";

    #[inline]
    fn engine_inside(&self) -> &Engine {
        self.engine()
    }

    #[inline]
    fn store_inside(&self) -> Option<StoreId> {
        Some(self.id())
    }
}

impl Belongs for StoreOpaque {
    fn home(&self) -> Home<'_> {
        Home::Engine(self.engine())
    }

    fn what(&self) -> String {
        "the store".to_string()
    }
}

impl Belongs for StoreId {
    fn home(&self) -> Home<'_> {
        Home::Store(*self)
    }

    fn what(&self) -> String {
        "it".to_string()
    }
}
