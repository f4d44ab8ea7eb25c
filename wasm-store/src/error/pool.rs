//! The error of a pool in which everything is in use.

use std::fmt;

/// Everything of one kind that an engine has reserved is in use
/// ([`PoolingAllocationConfig`](crate::PoolingAllocationConfig)). When stores were dropped, the
/// same call may succeed.
#[derive(Clone)]
pub struct PoolConcurrencyLimitError {
    limit: usize,
    kind: &'static str,
    setting: &'static str,
}

impl PoolConcurrencyLimitError {
    /// All that there are of a kind are in use: as many as a setting says.
    #[cold]
    pub(crate) fn new(limit: usize, kind: &'static str, setting: &'static str) -> Self {
        Self { limit, kind, setting }
    }
}

impl fmt::Debug for PoolConcurrencyLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PoolConcurrencyLimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, kind, setting } = self;
        write!(
            f,
            "maximum concurrent limit of {limit} for {kind} reached: drop stores, or raise \
             `PoolingAllocationConfig::{setting}`"
        )
    }
}

impl std::error::Error for PoolConcurrencyLimitError {}
