//! The builtins by which compiled code notifies function hooks that a function is entered or left.
//! Without the feature `function-hook` they do nothing.

#[cfg(feature = "function-hook")]
#[path = "function_hook/enabled.rs"]
mod imp;

#[cfg(not(feature = "function-hook"))]
#[path = "function_hook/disabled.rs"]
mod imp;

pub(crate) use imp::Notify;
#[cfg(feature = "function-hook")]
pub(crate) use imp::{FunctionMoment, NotifyFns, stack_in_use};
pub(super) use imp::{function_entered, function_left, left_by_exception};
