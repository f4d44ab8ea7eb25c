//! What is in a cache: its entries, and the unfinished files between them.

use std::time::{Duration, SystemTime};

use crate::directory::{Directory, TEMPORARY};
use crate::error::Error;
use crate::key::CacheKey;

/// How the name of an entry ends.
const ENDING: &str = ".cwasm";

/// An unfinished file that nobody has written to for so long was left behind by a process that ended.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A compiled module in a cache: see [`Cache::entries`](crate::Cache::entries).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// What it is found by.
    pub key: CacheKey,
    /// The size of its file, in bytes.
    pub bytes: u64,
    /// When it was put in.
    pub created: SystemTime,
    /// When it was last used, to about a minute.
    pub used: SystemTime,
}

/// The name of an entry's file.
pub(crate) fn name(key: &CacheKey) -> String {
    format!("{key}{ENDING}")
}

/// All entries, the one that was used last first.
pub(crate) fn list(directory: &Directory) -> Result<Vec<Entry>, Error> {
    let names = directory.names()?;
    let mut entries: Vec<Entry> = names
        .iter()
        .filter_map(|name| {
            let key = CacheKey::from_hex(name.strip_suffix(ENDING)?)?;
            // Others may remove entries at any time.
            let status = directory.status(name).filter(|status| status.is_file())?;
            let (created, used) = (status.written(), status.used());
            Some(Entry { key, bytes: status.len(), created, used })
        })
        .collect();
    entries.sort_by_key(|entry| (std::cmp::Reverse(entry.used), entry.key));
    Ok(entries)
}

/// Removes unfinished files that nobody will finish.
pub(crate) fn sweep(directory: &Directory) -> Result<(), Error> {
    let now = SystemTime::now();
    for name in directory.names()? {
        let Some(status) = name.starts_with(TEMPORARY).then(|| directory.status(&name)).flatten()
        else {
            continue;
        };
        // A time in the future comes from a clock that was wrong, and would never grow old.
        let written = status.written();
        let age = now.duration_since(written).or_else(|_| written.duration_since(now));
        if age.is_ok_and(|age| age > ABANDONED) {
            directory.remove(&name)?;
        }
    }
    Ok(())
}
