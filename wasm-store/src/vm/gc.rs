//! The garbage-collected heap of a store: objects that Wasm and the host refer to, and nothing
//! owns.
//!
//! A reference is a 32-bit offset into a reservation of 4 GiB: [`NULL`] is null, an odd number is
//! an unboxed integer, everything else an object. What compiled code knows of all that is said in
//! [`wasm_types::abi::heap`]. Objects are made in a small nursery. A minor
//! collection moves those that are still referred to from there to the old space, a major one
//! moves all that live to the other half of the reservation. So every reference changes when its
//! object moves, and whoever keeps one has to be found: see [`Roots`].
//!
//! | module | holds |
//! |---|---|
//! | `object` | headers and references |
//! | `layout` | where the references within an object are |
//! | `types` | the types of objects, by their numbers |
//! | `numbers` | the numbers of the types that the engine knows |
//! | `access` | what objects hold |
//! | `host_objects` | objects as the host makes, reads and writes them |
//! | `space` | the reservation and what of it is in use |
//! | `heap` | making objects, writing references into them, when to collect |
//! | `collect` | minor and major collections |
//! | `tracer` | following references, moving objects |
//! | `host_values` | the values of the host that objects stand for |
//! | `verify` | the check of all references after a collection |
//! | `handles` | the references that the host keeps |
//! | `groups` | the objects that snapshots keep |
//! | `image` | what objects hold, apart from the heap, for snapshots |
//! | `failed_cast` | what a cast that has failed was of and to, for messages |
//! | `summary` | what the heap holds, for people |
//! | `store` | the heap of a store, and where else in the store references are |
//! | `builtins` | what compiled code calls to make and change objects |

mod access;
mod builtins;
mod collect;
mod failed_cast;
mod groups;
mod handles;
mod heap;
mod host_objects;
mod host_values;
mod image;
mod layout;
mod making;
mod numbers;
mod object;
mod space;
mod store;
mod summary;
mod tracer;
mod types;
mod verify;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

#[cfg(feature = "async")]
pub(super) use builtins::Failure;
pub(super) use builtins::{
    array_copy, array_fill, array_init_data, array_init_elem, function_number, is_subtype, run,
};
pub(crate) use failed_cast::FailedCast;
pub(crate) use groups::Group;
pub(crate) use handles::Root;
pub(crate) use heap::NoRoom;
pub(crate) use host_values::HostValue;
pub(crate) use image::{Capture, Image, Placed, place_of};
#[cfg(feature = "async")]
pub(super) use making::{NewObject, new};
#[cfg(not(feature = "async"))]
pub(super) use making::{array_new_data, array_new_elem, new_object};
pub(crate) use object::{NULL, type_of_header};
pub(super) use store::Gc;
pub(crate) use store::host_value_bytes;
pub(crate) use summary::OfType;
pub(super) use tracer::Tracer;
pub(crate) use types::ObjectType;
pub(super) use types::exception_layout;

use crate::Error;

/// Whether the program has what modules with objects, exceptions or continuations need. What only
/// these lead to asks first, so that it is left out where they are.
pub(crate) const HAS_OBJECTS: bool = cfg!(feature = "gc");

/// The error for what is not there.
pub(super) fn objects_left_out() -> Error {
    Error::msg("the program was built without the feature `gc` of wasm-store")
}
