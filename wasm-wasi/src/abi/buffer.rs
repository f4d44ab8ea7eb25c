//! Buffers in a guest's memory.

/// Where a buffer lies in a guest's memory (`iovec`, `ciovec`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Its address.
    pub address: u32,
    /// Its length in bytes.
    pub length: u32,
}
