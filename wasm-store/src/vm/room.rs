//! How much memory the code of a store may still request: one count for all kinds together.

use crate::Error;

/// How much more a store may hold for its code: memories, tables, the heap and host values
/// together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    limit: usize,
    /// How many bytes are in use.
    used: usize,
}

/// What room is requested for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    Memory,
    Table,
    HostValue,
    Heap,
}

impl Room {
    /// Room without a limit, for which nothing needs to be counted.
    pub(crate) const UNLIMITED: Self = Self { limit: usize::MAX, used: 0 };

    /// The room that is left below a limit.
    pub(super) fn new(limit: usize, used: usize) -> Self {
        Self { limit, used }
    }

    /// Checks that there is room for this many more bytes.
    pub(crate) fn check(&self, more: usize, wanted: Wanted) -> Result<(), Error> {
        let Self { limit, used } = *self;
        if more <= limit.saturating_sub(used) {
            return Ok(());
        }
        let what = match wanted {
            Wanted::Memory => "memory",
            Wanted::Table => "table",
            Wanted::HostValue => "value of the host's",
            Wanted::Heap => "garbage-collected heap",
        };
        Err(Error::msg(format!(
            "{more} more bytes are wanted for a {what}, but the memories, tables, heap and host values of \
             the store take {used}, and the limit for all together, `total_memory_size`, is {limit}"
        )))
    }

    /// Counts this many bytes as used.
    ///
    /// # Errors
    ///
    /// If there is no room for them.
    pub(crate) fn take(&mut self, more: usize, wanted: Wanted) -> Result<(), Error> {
        self.check(more, wanted)?;
        self.used = self.used.saturating_add(more);
        Ok(())
    }
}
