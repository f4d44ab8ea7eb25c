//! What is in progress in a store and may not come to its end: it fails, or the future in which it
//! is done is dropped before it is ready. Then it is given up.

use std::ops::Range;

#[cfg(feature = "async")]
use wasm_store::StoreContextMut;

use crate::state::ComponentState;
#[cfg(feature = "async")]
use crate::state::state;

/// Something in progress, by what is left of it if it is given up.
#[derive(Clone, Debug)]
pub(crate) struct Unfinished {
    /// How many calls that resources may be lent to there were before: what was lent to later ones
    /// is given back.
    pub(crate) calls: usize,
    /// The root instance whose code runs. It is in whatever state, and is not entered any more.
    pub(crate) root: Option<usize>,
    /// The tables of handles of an instance that was to be made: they are forgotten.
    pub(crate) tables: Range<usize>,
}

impl Unfinished {
    /// Gives it up.
    #[cold]
    pub(crate) fn give_up(self, state: &mut ComponentState) {
        state.resources.unwind_calls(self.calls);
        if let Some(root) = self.root {
            state.poison(root);
        }
        state.resources.clear(self.tables);
    }
}

/// A store while a future does something in it. Whoever drops the future drops this.
#[cfg(feature = "async")]
pub(crate) struct Waiting<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    unfinished: Option<Unfinished>,
}

#[cfg(feature = "async")]
impl<'a, T: 'static> Waiting<'a, T> {
    pub(crate) fn new(store: StoreContextMut<'a, T>, unfinished: Unfinished) -> Self {
        Self { store, unfinished: Some(unfinished) }
    }

    /// The future was waited for: what became of it is for whoever did.
    pub(crate) fn end(mut self) {
        self.unfinished = None;
    }
}

#[cfg(feature = "async")]
impl<T: 'static> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        if let Some(unfinished) = self.unfinished.take() {
            unfinished.give_up(state(&mut self.store));
        }
    }
}
