//! What may enter a linker, and where linkers themselves belong.

use super::Linker;
use crate::engine::Engine;
use crate::gate::{Belongs, Gate, Home};
use crate::store::StoreId;

impl<T> Gate for Linker<T> {
    const NAME: &'static str = "linker";

    fn engine_inside(&self) -> &Engine {
        self.engine()
    }

    fn store_inside(&self) -> Option<StoreId> {
        None
    }
}

impl<T> Belongs for Linker<T> {
    fn home(&self) -> Home<'_> {
        Home::Engine(self.engine())
    }

    fn what(&self) -> String {
        "the linker".to_string()
    }
}
