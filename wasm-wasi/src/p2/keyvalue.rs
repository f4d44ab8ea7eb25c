//! `wasi:keyvalue`: values by key, in memory. A draft (0.2.0-draft), in a linker only if it is put
//! there.
//!
//! There is one bucket, whose identifier is empty. It lasts as long as its [`WasiKeyValueCtx`], and
//! has at most as many bytes as the host permits.

pub(super) mod bucket;
mod host;

pub use bucket::Bucket;

use super::bindings::keyvalue::{atomics, batch, store};
use super::runtime::{HasData, Linker, ResourceTable, Result};
use std::collections::BTreeMap;

/// The values of a guest.
#[derive(Debug)]
pub struct WasiKeyValueCtx {
    values: BTreeMap<String, Vec<u8>>,
    /// How many bytes keys and values have.
    size: usize,
    max_size: usize,
}

/// Builds a [`WasiKeyValueCtx`].
#[derive(Clone, Debug)]
pub struct WasiKeyValueCtxBuilder {
    data: Vec<(String, String)>,
    max_size: usize,
}

/// What the functions work on: made of what a store's data has.
pub struct WasiKeyValue<'a> {
    ctx: &'a mut WasiKeyValueCtx,
    table: &'a mut ResourceTable,
}

/// There is no room for a value.
struct Full;

/// What an entry takes beside its bytes, about.
const ENTRY: usize = 64;

impl WasiKeyValueCtxBuilder {
    /// Without values.
    #[must_use]
    pub const fn new() -> Self {
        Self { data: Vec::new(), max_size: 16 << 20 }
    }

    /// Values that are there from the start.
    #[must_use]
    pub fn in_memory_data<K: Into<String>, V: Into<String>>(
        mut self,
        data: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.data.extend(data.into_iter().map(|(key, value)| (key.into(), value.into())));
        self
    }

    /// Sets how many bytes keys and values may have: 16 mebibytes by default. What is there from
    /// the start is there even if it is more.
    #[must_use]
    pub const fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }

    /// Builds the context.
    #[must_use]
    pub fn build(self) -> WasiKeyValueCtx {
        let mut ctx = WasiKeyValueCtx { values: BTreeMap::new(), size: 0, max_size: usize::MAX };
        for (key, value) in self.data {
            // Everything has room now.
            let _ = ctx.set(key, value.into_bytes());
        }
        ctx.max_size = self.max_size;
        ctx
    }
}

impl Default for WasiKeyValueCtxBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl WasiKeyValueCtx {
    /// The same as [`WasiKeyValueCtxBuilder::new`].
    #[must_use]
    pub const fn builder() -> WasiKeyValueCtxBuilder {
        WasiKeyValueCtxBuilder::new()
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> std::result::Result<(), Full> {
        let old = self.values.get(&key).map_or(0, |old| cost(&key, old));
        let size = (self.size - old).saturating_add(cost(&key, &value));
        if size > self.max_size {
            return Err(Full);
        }
        self.size = size;
        self.values.insert(key, value);
        Ok(())
    }

    fn delete(&mut self, key: &str) {
        if let Some(value) = self.values.remove(key) {
            self.size -= cost(key, &value);
        }
    }
}

const fn cost(key: &str, value: &[u8]) -> usize {
    key.len() + value.len() + ENTRY
}

impl<'a> WasiKeyValue<'a> {
    /// Takes the values and the guest's resources from here.
    pub const fn new(ctx: &'a mut WasiKeyValueCtx, table: &'a mut ResourceTable) -> Self {
        Self { ctx, table }
    }
}

struct HasKeyValue;

impl HasData for HasKeyValue {
    type Data<'a> = WasiKeyValue<'a>;
}

/// Defines `wasi:keyvalue` in a linker. The function finds the values in a store's data.
///
/// # Errors
///
/// If it is defined already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> WasiKeyValue<'_>,
) -> Result<()> {
    store::add_to_linker::<T, HasKeyValue>(linker, get)?;
    atomics::add_to_linker::<T, HasKeyValue>(linker, get)?;
    batch::add_to_linker::<T, HasKeyValue>(linker, get)
}
