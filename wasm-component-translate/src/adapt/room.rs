//! How much code all adapters of a component may have together.
//!
//! Each two instances with a function between them have adapters of their own, and a component of
//! some kilobytes can make thousands of instances and have types that take kilobytes to copy.

use crate::error::{Error, ErrorKind};

/// The most code that all adapters of a component have, in bytes. Beyond it they are out of any
/// proportion to what components have to say to each other.
const MOST: usize = 8 << 20;

/// How much more code the adapters of a component may have.
#[derive(Debug)]
pub(crate) struct CodeRoom {
    left: usize,
}

impl Default for CodeRoom {
    fn default() -> Self {
        Self { left: MOST }
    }
}

impl CodeRoom {
    /// Takes room for a function of that many bytes.
    ///
    /// # Errors
    ///
    /// If there is not as much.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Error> {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => {
                return Err(Error::new(
                    ErrorKind::Limit,
                    format!(
                        "the component is too large: the functions between its components take \
                         more than {MOST} bytes of code; make fewer instances, or give the \
                         functions smaller types"
                    ),
                ));
            }
        }
        Ok(())
    }
}
