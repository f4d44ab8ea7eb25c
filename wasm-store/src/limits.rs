//! Limits on what the code of a store may use.

use crate::error::{Error, Result};

/// How many instances a store may have if its limiter does not say.
pub const DEFAULT_INSTANCE_LIMIT: usize = 10_000;
/// How many tables a store may have if its limiter does not say.
pub const DEFAULT_TABLE_LIMIT: usize = 10_000;
/// How many memories a store may have if its limiter does not say.
pub const DEFAULT_MEMORY_LIMIT: usize = 10_000;

/// Decides how much the code of a store may use: see [`Store::limiter`](crate::Store::limiter).
pub trait ResourceLimiter: Send {
    /// Asked when a memory is made or grows, with sizes in bytes. A size that does not fit in a
    /// `usize` is given as the largest one.
    ///
    /// `false` makes the growth fail as Wasm expects it: `memory.grow` gives -1, instantiation is an
    /// error.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// Told when a memory could not grow although [`ResourceLimiter::memory_growing`] allowed it, or
    /// because it is at its maximum.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// Asked when a table is made or grows, with sizes in elements.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool>;

    /// Told when a table could not grow.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// How many instances the store may have. Asked once, when the limiter is set.
    fn instances(&self) -> usize {
        DEFAULT_INSTANCE_LIMIT
    }

    /// How many tables the store may have. Asked once, when the limiter is set.
    fn tables(&self) -> usize {
        DEFAULT_TABLE_LIMIT
    }

    /// How many memories the store may have. Asked once, when the limiter is set.
    fn memories(&self) -> usize {
        DEFAULT_MEMORY_LIMIT
    }
}

/// A [`ResourceLimiter`] with fixed limits.
///
/// ```
/// use wasm_store::{Engine, Memory, MemoryType, Store, StoreLimits, StoreLimitsBuilder};
///
/// # fn main() -> wasm_store::Result<()> {
/// let limits = StoreLimitsBuilder::new().memory_size(1 << 20).build();
/// let mut store = Store::new(&Engine::default(), limits);
/// store.limiter(|limits| limits);
/// let memory = Memory::new(&mut store, MemoryType::new(1, None))?;
/// memory.grow(&mut store, 15)?;
/// assert!(memory.grow(&mut store, 1).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StoreLimits {
    memory_size: Option<usize>,
    table_elements: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            memory_size: None,
            table_elements: None,
            instances: DEFAULT_INSTANCE_LIMIT,
            tables: DEFAULT_TABLE_LIMIT,
            memories: DEFAULT_MEMORY_LIMIT,
            trap_on_grow_failure: false,
        }
    }
}

impl StoreLimits {
    fn failed(&self, what: &str, error: Error) -> Result<()> {
        if self.trap_on_grow_failure {
            Err(error.context(format!("forcing a {what} growth failure to be a trap")))
        } else {
            Ok(())
        }
    }

    fn allow(&self, desired: usize, limit: Option<usize>, maximum: Option<usize>) -> bool {
        limit.is_none_or(|limit| desired <= limit) && maximum.is_none_or(|max| desired <= max)
    }
}

impl ResourceLimiter for StoreLimits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let allowed = self.allow(desired, self.memory_size, maximum);
        if !allowed && self.trap_on_grow_failure {
            crate::bail!("forcing trap when growing memory to {desired} bytes");
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed("memory", error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let allowed = self.allow(desired, self.table_elements, maximum);
        if !allowed && self.trap_on_grow_failure {
            crate::bail!("forcing trap when growing table to {desired} elements");
        }
        Ok(allowed)
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed("table", error)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

/// Builds [`StoreLimits`].
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// A builder with default limits: counts of instances, tables and memories, and no more.
    pub fn new() -> Self {
        Self::default()
    }

    /// How large each memory may be, in bytes.
    pub fn memory_size(mut self, limit: usize) -> Self {
        self.0.memory_size = Some(limit);
        self
    }

    /// How large each table may be, in elements.
    pub fn table_elements(mut self, limit: usize) -> Self {
        self.0.table_elements = Some(limit);
        self
    }

    /// How many instances the store may have.
    pub fn instances(mut self, limit: usize) -> Self {
        self.0.instances = limit;
        self
    }

    /// How many tables the store may have.
    pub fn tables(mut self, tables: usize) -> Self {
        self.0.tables = tables;
        self
    }

    /// How many memories the store may have.
    pub fn memories(mut self, memories: usize) -> Self {
        self.0.memories = memories;
        self
    }

    /// Whether a growth that fails ends the computation, where Wasm would see -1.
    pub fn trap_on_grow_failure(mut self, trap: bool) -> Self {
        self.0.trap_on_grow_failure = trap;
        self
    }

    /// The limits.
    pub fn build(self) -> StoreLimits {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_the_limit_and_the_maximum_count() {
        let mut limits = StoreLimitsBuilder::new().memory_size(100).build();
        assert!(limits.memory_growing(0, 100, None).unwrap());
        assert!(!limits.memory_growing(0, 101, None).unwrap());
        assert!(!limits.memory_growing(0, 90, Some(80)).unwrap());
        assert!(limits.memory_grow_failed(Error::msg("no room")).is_ok());
        assert_eq!(limits.instances(), DEFAULT_INSTANCE_LIMIT);
    }

    #[test]
    fn failures_become_errors_when_asked_for() {
        let mut limits =
            StoreLimitsBuilder::new().table_elements(1).trap_on_grow_failure(true).build();
        assert!(limits.table_growing(0, 1, None).unwrap());
        assert!(limits.table_growing(1, 2, None).is_err());
        assert!(limits.table_grow_failed(Error::msg("no room")).is_err());
    }
}
