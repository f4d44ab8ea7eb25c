//! The settings of a cache.

mod file;
mod location;

use std::path::{Path, PathBuf};

use crate::error::Error;

/// The default limit for the bytes of all entries.
const DEFAULT_TOTAL_SIZE: u64 = 512 << 20;

/// The default limit for the number of entries.
const DEFAULT_COUNT: u64 = 16384;

/// The settings of a [`Cache`](crate::Cache).
///
/// ```
/// use wasm_cache::CacheConfig;
///
/// let mut config = CacheConfig::new();
/// config.with_directory("/var/cache/my-program").with_files_total_size_soft_limit(64 << 20);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheConfig {
    directory: Option<PathBuf>,
    total_size: u64,
    count: u64,
}

impl CacheConfig {
    /// The default settings: `$XDG_CACHE_HOME/wasm-runtime` or `~/.cache/wasm-runtime`, at most
    /// 512 MiB in at most 16384 entries.
    pub fn new() -> Self {
        Self { directory: None, total_size: DEFAULT_TOTAL_SIZE, count: DEFAULT_COUNT }
    }

    /// The settings in a file. Without a path, those in `$XDG_CONFIG_HOME/wasm-runtime/cache.toml`
    /// or `~/.config/wasm-runtime/cache.toml`, or the default ones if that file does not exist.
    ///
    /// The file has a table `cache` in TOML's simplest form, a line for each setting. Settings that
    /// it does not contain are as in [`CacheConfig::new`].
    ///
    /// ```toml
    /// [cache]
    /// directory = "/var/cache/my-program"     # an absolute path
    /// files-total-size-soft-limit = "256Mi"   # bytes: a number, or with K, M, G, Ki, Mi, Gi
    /// file-count-soft-limit = 4096
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a line is not well-formed: the error has the line's number.
    pub fn from_file(path: Option<&Path>) -> Result<Self, Error> {
        file::read(path)
    }

    /// Where the settings of this user are: the file that [`from_file`](Self::from_file) reads
    /// without a path. It need not exist. `None` if the environment does not say.
    pub fn user_file() -> Option<PathBuf> {
        location::config_file()
    }

    /// Sets the directory. If it does not exist, it is made when the cache is opened. It should be
    /// an absolute path, and belong to this cache alone.
    ///
    /// Default: `$XDG_CACHE_HOME/wasm-runtime` or `~/.cache/wasm-runtime`.
    pub fn with_directory(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets how many bytes all entries may have together. The process that adds an entry keeps the
    /// limit. So several processes that add entries at the same time may exceed it for a moment.
    ///
    /// Default: 512 MiB.
    pub fn with_files_total_size_soft_limit(&mut self, bytes: u64) -> &mut Self {
        self.total_size = bytes;
        self
    }

    /// Sets how many entries there may be. The limit is kept in the same way as that of their size.
    ///
    /// Default: 16384.
    pub fn with_file_count_soft_limit(&mut self, count: u64) -> &mut Self {
        self.count = count;
        self
    }

    /// The directory, if one was set.
    pub fn directory(&self) -> Option<&PathBuf> {
        self.directory.as_ref()
    }

    /// How many bytes all entries may have together.
    pub fn files_total_size_soft_limit(&self) -> u64 {
        self.total_size
    }

    /// How many entries there may be.
    pub fn file_count_soft_limit(&self) -> u64 {
        self.count
    }

    /// The directory that a cache with these settings uses: the one that was set, or this user's.
    /// It need not exist.
    ///
    /// # Errors
    ///
    /// If none was set, and the environment does not say where this user's is.
    pub fn resolved_directory(&self) -> Result<PathBuf, Error> {
        match &self.directory {
            Some(directory) => Ok(directory.clone()),
            None => location::cache_directory().ok_or_else(Error::no_directory),
        }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self::new()
    }
}
