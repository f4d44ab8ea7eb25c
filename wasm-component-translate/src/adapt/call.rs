//! A function to be fused: what an adapter is made of.

use wasm_component::StringEncoding;

use super::item::Item;
use super::shape::ShapeId;

/// One side of a call: its component instance, and its canonical options.
pub(crate) struct Side {
    /// The global that is the flags of the component instance.
    pub(crate) flags: Item,
    /// The option `memory`.
    pub(crate) memory: Option<Memory>,
    /// The option `realloc`.
    pub(crate) realloc: Option<Item>,
    /// The option `string-encoding`.
    pub(crate) encoding: StringEncoding,
    /// Whether the calls of the component instance have values of their own.
    pub(crate) contexts: bool,
}

/// A memory.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Where it is.
    pub(crate) item: Item,
    /// The size of its pages is 2 to the power of this.
    pub(crate) page_size_log2: u32,
}

/// A function of one component as another calls it.
pub(crate) struct Call {
    /// The component instance that calls, and the options with which it lowered the function.
    pub(crate) caller: Side,
    /// The component instance that is called, and the options with which it lifted the function.
    pub(crate) callee: Side,
    /// The core function that was lifted.
    pub(crate) function: Item,
    /// The option `post-return`.
    pub(crate) post_return: Option<Item>,
    /// The parameters as one record, with handles that go from the caller to the callee.
    pub(crate) params: ShapeId,
    /// The result, with handles that go from the callee to the caller.
    pub(crate) result: Option<ShapeId>,
    /// The functions that begin and end the scope of borrows, if there are any.
    pub(crate) scope: Option<(Item, Item)>,
    /// Whether the callee is in a call whenever the caller is: because one is in the other.
    pub(crate) recursive: bool,
    /// Whether there can be exceptions, which must not come out of a component.
    pub(crate) exceptions: bool,
}
