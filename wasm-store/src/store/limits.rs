//! Limits on what the code of a store may use.

#[cfg(feature = "async")]
pub(super) mod waiting;

use std::fmt;

use crate::error::{Error, Result};

/// How many instances a store may have if its limiter does not decide.
pub const DEFAULT_INSTANCE_LIMIT: usize = 10_000;
/// How many tables a store may have if its limiter does not decide.
pub const DEFAULT_TABLE_LIMIT: usize = 10_000;
/// How many memories a store may have if its limiter does not decide.
pub const DEFAULT_MEMORY_LIMIT: usize = 10_000;

/// Decides how much the code of a store may use: see [`Store::limiter`](crate::Store::limiter).
pub trait ResourceLimiter: Send {
    /// Called when a memory or the store's garbage-collected heap is made or grows, with sizes in
    /// bytes. A size that does not fit in a
    /// `usize` is given as the largest one.
    ///
    /// `false` makes the growth fail as Wasm expects it: `memory.grow` returns -1, instantiation is
    /// an error. For the heap, what nothing refers to any more is collected; if there still is no
    /// room, making an object is an error ([`GcHeapOutOfMemory`](crate::GcHeapOutOfMemory)).
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

    /// Called when a memory could not grow although [`ResourceLimiter::memory_growing`] allowed it,
    /// or because it is at its maximum.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// Called when a table is made or grows, with sizes in elements.
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

    /// Called when a table could not grow.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// How many instances the store may have. Called once, when the limiter is set.
    fn instances(&self) -> usize {
        DEFAULT_INSTANCE_LIMIT
    }

    /// How many tables the store may have. Called once, when the limiter is set.
    fn tables(&self) -> usize {
        DEFAULT_TABLE_LIMIT
    }

    /// How many memories the store may have. Called once, when the limiter is set.
    fn memories(&self) -> usize {
        DEFAULT_MEMORY_LIMIT
    }

    /// How many bytes the memories and tables of the store and its garbage-collected heap may have
    /// together; `None` is no limit. Those of the host count too, and the values that
    /// [`ExternRef::new`](crate::ExternRef::new) gives to the store. An element of a table takes 8
    /// bytes. Called once, when the limiter is set.
    ///
    /// The store counts what there is at the moment, so that a growth that fails takes nothing. A
    /// growth beyond the limit is reported to [`ResourceLimiter::memory_grow_failed`] or
    /// [`ResourceLimiter::table_grow_failed`], and making something beyond it is an error. Going
    /// back to an earlier state ([`Snapshot::restore`](crate::Snapshot::restore),
    /// [`Transaction`](crate::Transaction)) is always possible, and may bring back more. Then
    /// nothing grows and nothing is made before there is room again. Wasmtime has no such limit.
    ///
    /// Other parts of an instance are not counted, since no code can make them larger: globals,
    /// records of imports and of functions that are referred to. They take at most some 80 bytes
    /// for each of these that the module has. [`ResourceLimiter::instances`] limits the number of
    /// instances.
    fn total_memory_size(&self) -> Option<usize> {
        None
    }

    /// Why the growth that was last requested was not allowed: which limit it is, how large it is,
    /// and what was requested. The text becomes part of errors. Wasmtime has no such method.
    fn refusal(&self) -> Option<String> {
        None
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
    total_memory_size: Option<usize>,
    table_elements: Option<usize>,
    instances: usize,
    tables: usize,
    memories: usize,
    trap_on_grow_failure: bool,
    refused: Option<Refused>,
}

/// A growth that was not allowed.
#[derive(Clone, Copy, Debug)]
struct Refused {
    unit: &'static str,
    wanted: usize,
    limit: usize,
    /// The name of the limit.
    name: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unit, wanted, limit, name } = self;
        write!(f, "{wanted} {unit} are wanted, {name} is {limit}")
    }
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            memory_size: None,
            total_memory_size: None,
            table_elements: None,
            instances: DEFAULT_INSTANCE_LIMIT,
            tables: DEFAULT_TABLE_LIMIT,
            memories: DEFAULT_MEMORY_LIMIT,
            trap_on_grow_failure: false,
            refused: None,
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

    /// Whether a growth is within both limits, each with its name.
    fn allow(
        &mut self,
        wanted: usize,
        unit: &'static str,
        limits: [(&'static str, Option<usize>); 2],
    ) -> Result<bool> {
        let within = |&(name, limit): &(&'static str, Option<usize>)| {
            let limit = limit.filter(|limit| wanted > *limit)?;
            Some(Refused { unit, wanted, limit, name })
        };
        self.refused = limits.iter().find_map(within);
        match &self.refused {
            Some(refused) if self.trap_on_grow_failure => {
                let what = if unit == BYTES { "memory" } else { "table" };
                crate::bail!("forcing trap when growing {what} to {wanted} {unit}: {refused}")
            }
            refused => Ok(refused.is_none()),
        }
    }
}

const BYTES: &str = "bytes";
const ELEMENTS: &str = "elements";

impl ResourceLimiter for StoreLimits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let own = ("the limit for each memory, `StoreLimits::memory_size`,", self.memory_size);
        self.allow(desired, BYTES, [own, ("the maximum of the memory's type", maximum)])
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
        let own = ("the limit for each table, `StoreLimits::table_elements`,", self.table_elements);
        self.allow(desired, ELEMENTS, [own, ("the maximum of the table's type", maximum)])
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

    fn total_memory_size(&self) -> Option<usize> {
        self.total_memory_size
    }

    fn refusal(&self) -> Option<String> {
        self.refused.map(|refused| refused.to_string())
    }
}

/// Builds [`StoreLimits`].
#[derive(Clone, Debug, Default)]
pub struct StoreLimitsBuilder(StoreLimits);

impl StoreLimitsBuilder {
    /// A builder with default limits: limits for the counts of instances, tables and memories, and
    /// no others.
    pub fn new() -> Self {
        Self::default()
    }

    /// How large each memory may be, in bytes.
    ///
    /// Default: as large as its type allows.
    pub fn memory_size(mut self, limit: usize) -> Self {
        self.0.memory_size = Some(limit);
        self
    }

    /// How large all memories and tables of the store may be together, in bytes: see
    /// [`ResourceLimiter::total_memory_size`].
    ///
    /// Default: no limit.
    pub fn total_memory_size(mut self, limit: usize) -> Self {
        self.0.total_memory_size = Some(limit);
        self
    }

    /// How large each table may be, in elements.
    ///
    /// Default: as large as its type allows.
    pub fn table_elements(mut self, limit: usize) -> Self {
        self.0.table_elements = Some(limit);
        self
    }

    /// How many instances the store may have.
    ///
    /// Default: 10,000.
    pub fn instances(mut self, limit: usize) -> Self {
        self.0.instances = limit;
        self
    }

    /// How many tables the store may have.
    ///
    /// Default: 10,000.
    pub fn tables(mut self, tables: usize) -> Self {
        self.0.tables = tables;
        self
    }

    /// How many memories the store may have.
    ///
    /// Default: 10,000.
    pub fn memories(mut self, memories: usize) -> Self {
        self.0.memories = memories;
        self
    }

    /// Whether a growth that fails ends the computation, instead of returning -1 to Wasm.
    ///
    /// Default: no.
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
        let why = limits.refusal().unwrap();
        assert_eq!(why, "90 bytes are wanted, the maximum of the memory's type is 80");
        assert!(limits.memory_grow_failed(Error::msg("no room")).is_ok());
        assert_eq!(limits.instances(), DEFAULT_INSTANCE_LIMIT);
    }

    #[test]
    fn failures_become_errors_when_requested() {
        let mut limits =
            StoreLimitsBuilder::new().table_elements(1).trap_on_grow_failure(true).build();
        assert!(limits.table_growing(0, 1, None).unwrap());
        let error = limits.table_growing(1, 2, None).unwrap_err().to_string();
        assert!(error.contains("`StoreLimits::table_elements`, is 1"), "{error}");
        assert!(limits.table_grow_failed(Error::msg("no room")).is_err());
    }
}
