//! How much memory the code of a store may still have: one count for all that it can ask for.

use crate::Error;

/// How much larger what a store holds for its code may become: memories, tables and host values together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    limit: usize,
    /// What is taken.
    used: usize,
}

/// What room is wanted for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    Memory,
    Table,
    HostValue,
}

impl Room {
    /// Room without a limit: nothing needs to be counted for it.
    pub(super) const UNLIMITED: Self = Self { limit: usize::MAX, used: 0 };

    /// What is left of a limit.
    pub(super) fn new(limit: usize, used: usize) -> Self {
        Self { limit, used }
    }

    /// Whether there is room for so many bytes more.
    pub(crate) fn check(&self, more: usize, wanted: Wanted) -> Result<(), Error> {
        let Self { limit, used } = *self;
        if more <= limit.saturating_sub(used) {
            return Ok(());
        }
        let what = match wanted {
            Wanted::Memory => "memory",
            Wanted::Table => "table",
            Wanted::HostValue => "value of the host's",
        };
        Err(Error::msg(format!(
            "{more} more bytes are wanted for a {what}, but the memories, tables and host values of the \
             store take {used}, and the limit for all together, `total_memory_size`, is {limit}"
        )))
    }

    /// Counts so many bytes as taken.
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
