//! What is in a cache: its entries, and the unfinished files between them.

use std::time::{Duration, SystemTime};

use crate::directory::{Directory, TEMPORARY};
use crate::error::Error;
use crate::key::CacheKey;

/// The end of the name of an entry's file.
const ENDING: &str = ".cwasm";

/// If nobody has written to an unfinished file for this long, the process that wrote it has ended.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A compiled module in a cache: see [`Cache::entries`](crate::Cache::entries).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The key by which it is found.
    pub key: CacheKey,
    /// The size of its file, in bytes.
    pub bytes: u64,
    /// When it was inserted.
    pub created: SystemTime,
    /// When it was last used, to about a minute.
    pub used: SystemTime,
}

/// The name of an entry's file.
pub(crate) fn name(key: &CacheKey) -> String {
    format!("{key}{ENDING}")
}

/// All entries, the most recently used first.
pub(crate) fn list(directory: &Directory) -> Result<Vec<Entry>, Error> {
    let names = directory.names()?;
    let mut entries: Vec<Entry> = names
        .iter()
        .filter_map(|name| {
            let key = CacheKey::from_hex(name.strip_suffix(ENDING)?)?;
            // Other processes may remove entries at any time.
            let status = directory.status(name).filter(|status| status.is_file())?;
            let (created, used) = (status.written(), status.used());
            Some(Entry { key, bytes: status.len(), created, used })
        })
        .collect();
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.used), entry.key));
    Ok(entries)
}

/// Removes abandoned unfinished files.
pub(crate) fn sweep(directory: &Directory) -> Result<(), Error> {
    let now = SystemTime::now();
    for name in directory.names()? {
        let Some(status) = name.starts_with(TEMPORARY).then(|| directory.status(&name)).flatten()
        else {
            continue;
        };
        // A time in the future comes from a clock that was wrong. Without this, such a file would
        // never count as old.
        let written = status.written();
        let age = now.duration_since(written).or_else(|_| written.duration_since(now));
        if age.is_ok_and(|age| age > ABANDONED) {
            directory.remove(&name)?;
        }
    }
    Ok(())
}
