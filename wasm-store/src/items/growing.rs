//! Making memories, tables and instances, and growing them, if the limiter may wait.

#![allow(unsafe_code)]

use wasm_types::{MemoryIndex, TableIndex};

use super::{Memory, Module, Ref, Table};
use crate::error::Result;
use crate::store::{AsContextMut, StoreInner};
use crate::types::{MemoryType, TableType};
use crate::vm::Growing;

fn clamp(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn new_memory(ty: &wasm_types::MemoryType) -> Growing {
    let bytes = |pages: u64| clamp(ty.bytes_of(pages).unwrap_or(u64::MAX));
    let (desired, maximum) = (bytes(ty.minimum), ty.maximum.map(bytes));
    Growing { is_table: false, current: 0, desired, maximum }
}

fn new_table(ty: &wasm_types::TableType) -> Growing {
    let (desired, maximum) = (clamp(ty.minimum), ty.maximum.map(clamp));
    Growing { is_table: true, current: 0, desired, maximum }
}

/// Asks a limiter that may wait about the memories and tables of an instance, in the order in which
/// they are made.
pub(super) async fn ask_about<T: Send + 'static>(
    store: &mut StoreInner<T>,
    module: &Module,
) -> Result<()> {
    let counts = module.artifact().counts();
    let mut growing = Vec::new();
    for number in counts.imported_memories..counts.memories {
        growing.push(new_memory(&module.artifact().memory(MemoryIndex::new(number))?));
    }
    for number in counts.imported_tables..counts.tables {
        growing.push(new_table(&module.artifact().table(TableIndex::new(number))?));
    }
    store.ask_limiter(&growing).await;
    Ok(())
}

impl Memory {
    /// As [`Memory::new`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`Memory::new`].
    pub async fn new_async(
        mut store: impl AsContextMut<Data: Send>,
        ty: MemoryType,
    ) -> Result<Memory> {
        let mut store = store.as_context_mut();
        store.0.ask_limiter(&[new_memory(&ty.canonical())]).await;
        let made = Memory::new(&mut store, ty);
        store.0.forget_answers();
        made
    }

    /// As [`Memory::grow`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`Memory::grow`].
    ///
    /// # Panics
    ///
    /// If the memory is of another store.
    pub async fn grow_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        delta: u64,
    ) -> Result<u64> {
        let mut store = store.as_context_mut();
        if delta > 0 {
            let growing = self.growing(store.0, delta);
            store.0.ask_limiter(&[growing]).await;
        }
        let grown = self.grow(&mut store, delta);
        store.0.forget_answers();
        grown
    }
}

impl Table {
    /// As [`Table::new`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`Table::new`].
    pub async fn new_async(
        mut store: impl AsContextMut<Data: Send>,
        ty: TableType,
        init: Ref,
    ) -> Result<Table> {
        let mut store = store.as_context_mut();
        store.0.ask_limiter(&[new_table(&ty.canonical())]).await;
        let made = Table::new(&mut store, ty, init);
        store.0.forget_answers();
        made
    }

    /// As [`Table::grow`], and waits for the limiter, if it is one of
    /// [`Store::limiter_async`](crate::Store::limiter_async).
    ///
    /// # Errors
    ///
    /// As for [`Table::grow`].
    ///
    /// # Panics
    ///
    /// If the table is of another store.
    pub async fn grow_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        delta: u64,
        init: Ref,
    ) -> Result<u64> {
        let mut store = store.as_context_mut();
        if delta > 0 {
            let growing = self.growing(store.0, delta);
            store.0.ask_limiter(&[growing]).await;
        }
        let grown = self.grow(&mut store, delta, init);
        store.0.forget_answers();
        grown
    }
}
