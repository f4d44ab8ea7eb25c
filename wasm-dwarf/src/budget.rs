//! How much of hostile debugging information is looked at.

use gimli::{Error, Result};

/// What may still be looked at, in attributes, entries of lists and the like. Debugging information
/// that refers to the same bytes again and again could otherwise be the square of its size.
pub(crate) struct Budget(u64);

impl Budget {
    /// Several looks at each byte, which is more than what compilers write needs.
    pub(crate) fn of_bytes(len: u64) -> Self {
        Self(len.saturating_mul(8).saturating_add(1024))
    }

    /// Takes a part of it.
    ///
    /// # Errors
    ///
    /// If there is not as much left. Nothing is, then: what needs less would be tried again and
    /// again.
    pub(crate) fn take(&mut self, count: usize) -> Result<()> {
        match self.0.checked_sub(count as u64 + 1) {
            Some(left) => self.0 = left,
            None => {
                self.0 = 0;
                // One of the library's errors: whatever it is, what follows is left out.
                return Err(Error::OffsetOutOfBounds(0));
            }
        }
        Ok(())
    }
}
