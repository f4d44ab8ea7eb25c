//! What a context has for WASI 0.2 alone, and how it is set.

use super::cli::Stdio;
use super::sockets::Permitted;
use crate::{RandomSource, SystemRandom, WasiCtxBuilder};
use std::sync::Arc;

/// What a context has for WASI 0.2 beside what it shares with preview 1.
pub(crate) struct State {
    pub(crate) initial_cwd: Option<String>,
    pub(crate) insecure_random: Box<dyn RandomSource>,
    pub(crate) insecure_seed: Option<u128>,
    pub(crate) max_random_size: u64,
    pub(crate) network: Permitted,
    pub(crate) stdio: Stdio,
    /// Counts the resources that hold descriptors of the host.
    held: Arc<()>,
    /// Counts the threads that look up names.
    lookups: Arc<()>,
}

/// How many names a guest can look up at a time.
const LOOKUPS: usize = 16;

impl Default for State {
    fn default() -> Self {
        Self {
            initial_cwd: None,
            insecure_random: Box::new(SystemRandom),
            insecure_seed: None,
            max_random_size: 64 << 20,
            network: Permitted::default(),
            stdio: Stdio::default(),
            held: Arc::default(),
            lookups: Arc::default(),
        }
    }
}

/// Kept by each resource that holds a descriptor of the host, so that these are counted.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "its clones are counted")] Arc<()>);

impl State {
    /// One more resource with a descriptor of the host; none if there are as many as there may be.
    pub(crate) fn hold(&self, limit: usize) -> Option<Held> {
        (Arc::strong_count(&self.held) <= limit).then(|| Held(Arc::clone(&self.held)))
    }

    /// One more lookup of a name; none if there are as many as there may be.
    pub(crate) fn hold_lookup(&self) -> Option<Held> {
        (Arc::strong_count(&self.lookups) <= LOOKUPS).then(|| Held(Arc::clone(&self.lookups)))
    }
}

/// For WASI 0.2.
impl WasiCtxBuilder {
    /// Sets the working directory that a guest sees; none by default.
    pub fn initial_cwd(&mut self, path: impl AsRef<str>) -> &mut Self {
        self.p2.initial_cwd = Some(path.as_ref().to_owned());
        self
    }

    /// Sets the source of random bytes that need not be secret. By default it is the system's
    /// generator.
    pub fn insecure_random(&mut self, random: impl RandomSource + 'static) -> &mut Self {
        self.p2.insecure_random = Box::new(random);
        self
    }

    /// Sets the seed that a guest gets for its hash tables. By default it comes from
    /// [`insecure_random`](WasiCtxBuilder::insecure_random).
    pub fn insecure_random_seed(&mut self, seed: u128) -> &mut Self {
        self.p2.insecure_seed = Some(seed);
        self
    }

    /// Sets how many random bytes a guest gets at once: 64 mebibytes by default. A call for more
    /// fails, and ends the guest.
    pub fn max_random_size(&mut self, bytes: u64) -> &mut Self {
        self.p2.max_random_size = bytes;
        self
    }
}
