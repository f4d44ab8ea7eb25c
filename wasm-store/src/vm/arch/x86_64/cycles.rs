//! The processor's time stamp counter.

#![allow(unsafe_code)]

/// How many cycles the time stamp counter has counted: at a constant rate on the processors of today, whatever
/// their speed at the moment.
#[inline]
pub(crate) fn time_stamp() -> u64 {
    // SAFETY: the instruction is there on all processors of the architecture, and systems let programs use it.
    unsafe { std::arch::x86_64::_rdtsc() }
}
