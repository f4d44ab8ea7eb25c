//! The processor's time stamp counter.

#![allow(unsafe_code)]

/// The number of cycles that the time stamp counter has counted. On current processors its rate is
/// constant, whatever the processor's speed at the moment.
#[inline]
pub(crate) fn time_stamp() -> u64 {
    // SAFETY: all processors of the architecture have the instruction, and systems let programs use
    // it.
    unsafe { std::arch::x86_64::_rdtsc() }
}
