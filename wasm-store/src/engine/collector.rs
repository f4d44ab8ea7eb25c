//! How the garbage-collected heaps of an engine's stores are collected.

use crate::engine::Config;
use crate::vm::GcSettings;

/// How the garbage-collected heaps of an engine's stores are collected: see [`Config::collector`].
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Collector {
    /// The one that suits most programs: [`Collector::Copying`].
    #[default]
    Auto,
    /// Wasmtime's collector that counts references. No engine of this crate counts: what it would
    /// free, and cycles, too, [`Collector::Copying`] frees in its place.
    DeferredReferenceCounting,
    /// Never collects. A store's heap grows until it is full, or the store's limiter says no. For
    /// programs that end before that.
    Null,
    /// Moves what lives: objects are made in a small nursery, from where those that survive go to
    /// an old space.
    Copying,
}

impl Config {
    /// How the garbage-collected heaps of the engine's stores are collected.
    ///
    /// Default: [`Collector::Auto`]. Code does not depend on it.
    pub fn collector(&mut self, collector: Collector) -> &mut Self {
        self.collector = collector;
        self
    }

    /// Whether everything in the garbage-collected heap of a store is moved whenever something
    /// could be: whenever an object is made and, in builds with debug assertions, also at each call
    /// between host and Wasm. This is for tests of what holds references.
    ///
    /// Default: no. With it, making many objects takes very long.
    pub fn gc_zeal(&mut self, enable: bool) -> &mut Self {
        self.gc_zeal = enable;
        self
    }

    pub(super) fn gc_settings(&self) -> GcSettings {
        let collects = self.collector != Collector::Null;
        GcSettings { collects, zeal: self.gc_zeal, limit: self.gc_heap_limit() }
    }
}
