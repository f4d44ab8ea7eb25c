//! What destroys resources.

use wasm_store::NumericFunc;

/// What runs when a resource is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destructor {
    pub(crate) func: NumericFunc,
    /// The root instance whose code it is, unless it is the host's.
    pub(crate) root: Option<usize>,
}
