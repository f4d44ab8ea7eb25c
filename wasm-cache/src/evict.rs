//! Keeping the limits: which entries are removed, and when the directory is read.
//!
//! The whole directory has to be read for this. So it is done when entries are added, and not each
//! time: in between, a cache counts what it adds itself. If the directory was read and a limit is
//! exceeded, more room is made than is needed at once.

use std::time::{Duration, Instant};

use crate::config::CacheConfig;
use crate::entry::Entry;

/// How many entries are added before the directory is read again: other processes add entries, too.
const ADDED: u32 = 16;

/// For how long the last reading of the directory is relied on.
const SEEN: Duration = Duration::from_secs(60);

/// What is known of the total size of the entries.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    bytes: u64,
    count: u64,
    added: u32,
    at: Instant,
}

impl Budget {
    /// Counts an entry that was added. Returns whether the directory must be read.
    pub(crate) fn add(&mut self, bytes: u64, config: &CacheConfig) -> bool {
        let Some(seen) = &mut self.seen else { return true };
        seen.bytes = seen.bytes.saturating_add(bytes);
        seen.count += 1;
        seen.added += 1;
        seen.bytes > config.files_total_size_soft_limit()
            || seen.count > config.file_count_soft_limit()
            || seen.added >= ADDED
            || seen.at.elapsed() > SEEN
    }

    /// Records what reading the directory has shown.
    pub(crate) fn saw(&mut self, entries: &[Entry]) {
        self.seen = Some(Seen {
            bytes: total(entries),
            count: entries.len() as u64,
            added: 0,
            at: Instant::now(),
        });
    }

    /// Forgets what it knows.
    pub(crate) fn forget(&mut self) {
        self.seen = None;
    }
}

/// How many of the entries stay. They must be in the order of their last use. If all fit, all stay.
/// Otherwise as many stay as leave an eighth of the limits free, but at least one.
pub(crate) fn staying(entries: &[Entry], config: &CacheConfig) -> usize {
    let bytes = config.files_total_size_soft_limit();
    let count = config.file_count_soft_limit();
    if total(entries) <= bytes && entries.len() as u64 <= count {
        return entries.len();
    }
    let (bytes, count) = (bytes - bytes / 8, count - count / 8);
    let mut sum: u64 = 0;
    let fits = |entry: &&Entry| {
        sum = sum.saturating_add(entry.bytes);
        sum <= bytes
    };
    let fitting = entries.iter().take_while(fits).count();
    // The newest entry is the one that room is made for. The code that adds it checks that it fits.
    fitting.min(usize::try_from(count).unwrap_or(usize::MAX)).max(1)
}

/// How many bytes the entries have together.
pub(crate) fn total(entries: &[Entry]) -> u64 {
    entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.bytes))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::key::KeyBuilder;

    fn entries(sizes: &[u64]) -> Vec<Entry> {
        let time = SystemTime::UNIX_EPOCH;
        let entry = |(place, bytes): (usize, &u64)| Entry {
            key: KeyBuilder::new().number("place", place as u64).finish(),
            bytes: *bytes,
            created: time,
            used: time,
        };
        sizes.iter().enumerate().map(entry).collect()
    }

    fn config(bytes: u64, count: u64) -> CacheConfig {
        let mut config = CacheConfig::new();
        config.with_files_total_size_soft_limit(bytes).with_file_count_soft_limit(count);
        config
    }

    #[test]
    fn what_fits_stays() {
        assert_eq!(staying(&entries(&[30, 30, 40]), &config(100, 3)), 3);
        assert_eq!(staying(&[], &config(0, 0)), 0);
    }

    #[test]
    fn the_oldest_go_and_leave_some_room() {
        assert_eq!(staying(&entries(&[30, 30, 41]), &config(100, 10)), 2);
        // At most 88 of 100 bytes may stay.
        assert_eq!(staying(&entries(&[50, 38, 1, 20]), &config(100, 10)), 2);
        assert_eq!(staying(&entries(&[1; 17]), &config(100, 16)), 14);
        assert_eq!(staying(&entries(&[1; 3]), &config(100, 2)), 2);
    }

    #[test]
    fn the_newest_stays() {
        assert_eq!(staying(&entries(&[95, 10]), &config(100, 10)), 1);
        assert_eq!(staying(&entries(&[5, 5]), &config(100, 0)), 1);
    }

    #[test]
    fn the_directory_is_looked_at_now_and_then() {
        let config = config(100, 1000);
        let mut budget = Budget::default();
        assert!(budget.add(1, &config), "nothing is known at first");
        budget.saw(&entries(&[50]));
        assert!(!budget.add(50, &config));
        assert!(budget.add(1, &config), "the limit is exceeded");
        budget.saw(&entries(&[50]));
        let looks = (0..ADDED).filter(|_| budget.add(0, &config)).count();
        assert_eq!(looks, 1, "others may have added something");
        budget.saw(&[]);
        budget.forget();
        assert!(budget.add(1, &config));
    }
}
