//! `wasm-runtime cache`: the modules that were compiled before, and whether `run` uses them.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use wasm_runtime::{Cache, CacheConfig, Escaped, Result};

use crate::output::line;
use crate::units::{ago, size};

const LONG: &str = "\
Look at the cache of compiled modules, or empty it.

`wasm-runtime run` keeps what it has compiled in the cache directory of its user, so that the next
run of the same module with the same settings does not compile it again. Only this user may write
there, and what is there is authenticated with a secret of this user before it is run. If there are
too many modules, the least recently used are removed. It is always safe to remove files from the
directory, or all of it.

The directory is $XDG_CACHE_HOME/wasm-runtime, or ~/.cache/wasm-runtime. The file
$XDG_CONFIG_HOME/wasm-runtime/cache.toml, or ~/.config/wasm-runtime/cache.toml, can name another
directory and set limits:

  [cache]
  directory = \"/var/cache/wasm\"
  files-total-size-soft-limit = \"256Mi\"
  file-count-soft-limit = 4096";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime cache list
  wasm-runtime cache clear
  du -sh \"$(wasm-runtime cache path)\"
  wasm-runtime run --no-cache program.wasm";

/// Look at the cache of compiled modules, or empty it.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct CacheCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the modules in the cache with their sizes, ages and names, the most recently used
    /// first. A name comes from the module's name section, if that has one. The last column is the
    /// name of the file.
    List,
    /// Remove all modules from the cache.
    Clear,
    /// Print the directory of the cache, even if it does not exist.
    Path,
}

impl CacheCommand {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let config = CacheConfig::from_file(None)?;
        match self.action {
            Action::List => list(config)?,
            Action::Clear => clear(config)?,
            Action::Path => line(format_args!("{}", config.resolved_directory()?.display()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(config: CacheConfig) -> Result<()> {
    let (most, most_bytes) = (config.file_count_soft_limit(), config.files_total_size_soft_limit());
    let cache = existing(config)?;
    let entries = cache.as_ref().map(Cache::entries).transpose()?.unwrap_or_default();
    for entry in &entries {
        let name = cache.as_ref().and_then(|cache| cache.module_name(entry));
        line(format_args!(
            "{:>10}  used {:<15}  made {:<15}  {:<24}  {}",
            size(entry.bytes),
            ago(entry.used),
            ago(entry.created),
            Escaped::new(name.as_deref().unwrap_or("(no name)")),
            entry.key
        ))?;
    }
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    let (count, bytes, most_bytes) = (entries.len(), size(bytes), size(most_bytes));
    line(format_args!("{count} modules with {bytes}; at most {most} with {most_bytes} are kept"))
}

fn clear(config: CacheConfig) -> Result<()> {
    let (entries, bytes) = match existing(config)? {
        Some(cache) => {
            let cleared = cache.clear()?;
            (cleared.entries, cleared.bytes)
        }
        None => (0, 0),
    };
    line(format_args!("{entries} modules with {} removed", size(bytes)))
}

/// The cache, if it exists. Looking at it does not create it.
fn existing(config: CacheConfig) -> Result<Option<Cache>> {
    let exists = config.resolved_directory()?.exists();
    Ok(exists.then(|| Cache::new(config)).transpose()?)
}

/// Whether modules that were compiled before are used.
#[derive(Args, Clone, Copy)]
pub(crate) struct Cached {
    /// Compiles the module even if it was compiled before, and does not keep the result.
    #[cfg(feature = "jit")]
    #[arg(long)]
    no_cache: bool,
}

#[cfg(feature = "jit")]
impl Cached {
    /// The cache to use. `None` if it is switched off or can't be used.
    pub(crate) fn open(self) -> Option<Cache> {
        if self.no_cache {
            return None;
        }
        match Cache::from_file(None) {
            Ok(cache) => {
                warn(cache.last_error().as_deref());
                Some(cache)
            }
            Err(error) => {
                warn(Some(&error));
                None
            }
        }
    }
}

/// Reports an error of the cache, if it matters. A user without a home directory or with a full
/// disk does not need to read each time that there is no cache.
#[cfg(feature = "jit")]
fn warn(error: Option<&wasm_runtime::CacheError>) {
    if let Some(error) = error.filter(|error| error.path().is_some() && error.io_error().is_none())
    {
        crate::exit::message(format_args!("warning: {error:#}"));
    }
}

/// Reports an error that happened while a cache was used.
#[cfg(feature = "jit")]
pub(crate) fn report(cache: Option<&Cache>) {
    if let Some(cache) = cache.filter(|cache| cache.statistics().rejected > 0) {
        warn(cache.last_error().as_deref());
    }
}
