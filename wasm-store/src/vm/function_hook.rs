//! The builtins by which functions that were compiled to tell say that they are entered and left: they do
//! so with the feature `function-hook`, and without it nothing at all.

#[cfg(feature = "function-hook")]
#[path = "function_hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "function-hook"))]
#[path = "function_hook/disabled.rs"]
mod imp;

pub(crate) use imp::Tell;
#[cfg(feature = "function-hook")]
pub(crate) use imp::{FunctionMoment, stack_in_use};
pub(super) use imp::{function_entered, function_left};
