//! What is done for faster code beyond Cranelift's own optimiser, each with a switch of its own:
//! see the setters of [`Settings`](crate::Settings).

/// Which optimizations are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Optimizations {
    pub(crate) reorder: bool,
    pub(crate) idioms: bool,
    pub(crate) inlining: bool,
    pub(crate) small_bulk: bool,
    pub(crate) direct_bulk: bool,
    pub(crate) immutable_tables: bool,
    pub(crate) save_when_full: bool,
    pub(crate) cold_traps: bool,
    pub(crate) wide_indices: bool,
    pub(crate) loop_globals: bool,
}

impl Default for Optimizations {
    fn default() -> Self {
        Self {
            reorder: true,
            idioms: true,
            inlining: false,
            small_bulk: true,
            direct_bulk: true,
            immutable_tables: true,
            save_when_full: true,
            cold_traps: true,
            wide_indices: true,
            loop_globals: true,
        }
    }
}
