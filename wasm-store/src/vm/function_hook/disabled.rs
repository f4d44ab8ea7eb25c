//! There are no function hooks: code that was compiled for them runs as any other.

use super::super::context::VMContext;
use super::super::unwind::Unwind;
use super::super::value::ValRaw;
use crate::vm::context::VMStoreContext;

/// The function that is notified: none.
pub(crate) type Notify = ();

pub(in crate::vm) extern "C" fn function_entered(_: *mut VMContext, _: u32, _: *const ValRaw) {}

pub(in crate::vm) extern "C" fn function_left(_: *mut VMContext, _: u32, _: *const ValRaw) {}

pub(in crate::vm) fn left_by_exception(_: *mut VMStoreContext, _: usize) -> Result<(), Unwind> {
    Ok(())
}
