//! The table of the host: resources that the host holds, with what destroys them.

use std::sync::atomic::{AtomicU64, Ordering};

use wasm_store::{Result, bail};

use crate::handles::HandleTable;
use crate::resource::Destructor;

/// A handle of the host: its index, and the generation that tells it from all other handles, also
/// from those of other stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HostIndex(u64);

/// How many bits of a [`HostIndex`] are the generation. Indices have fewer than the rest.
const GENERATION_BITS: u32 = 36;
/// How many generations there are. The largest numbers of that many bits are none, so that the
/// largest words are no handles.
const GENERATIONS: u64 = (1 << GENERATION_BITS) - 16;
/// How many generations a table takes at a time.
const BLOCK: u64 = 256;

impl HostIndex {
    fn new(index: u32, generation: u64) -> Self {
        Self(u64::from(index) << GENERATION_BITS | generation)
    }

    /// The handle as a word, which is none of the sixteen largest.
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    /// The handle that a word is.
    pub(crate) fn of_word(word: u64) -> Self {
        Self(word)
    }

    fn index(self) -> u32 {
        (self.0 >> GENERATION_BITS) as u32
    }
}

#[derive(Default)]
pub(super) struct HostTable {
    pub(super) handles: HandleTable,
    /// By index, less one.
    described: Vec<Described>,
    generations: Generations,
}

#[derive(Clone, Copy)]
struct Described {
    handle: HostIndex,
    destructor: Option<Destructor>,
}

impl HostTable {
    /// Describes a handle that was just added.
    pub(super) fn describe(&mut self, index: u32, destructor: Option<Destructor>) -> HostIndex {
        let handle = HostIndex::new(index, self.generations.next());
        let place = index.saturating_sub(1) as usize;
        let described = Described { handle, destructor };
        // Indices are given out in order, so this adds one at most.
        while self.described.len() <= place {
            self.described.push(described);
        }
        if let Some(place) = self.described.get_mut(place) {
            *place = described;
        }
        handle
    }

    /// The index of a handle, if it is one of this store, and no other has its index by now.
    pub(super) fn check(&self, handle: HostIndex) -> Result<u32> {
        let index = handle.index();
        match self.described.get(index.saturating_sub(1) as usize) {
            Some(described) if described.handle == handle => Ok(index),
            _ => bail!("host-owned resource was already de-allocated, or is of another store"),
        }
    }

    /// What destroys the resource that had that index last.
    pub(super) fn destructor(&self, index: u32) -> Option<Destructor> {
        self.described.get(index.saturating_sub(1) as usize)?.destructor
    }
}

/// Generations of a table's own, taken from those of the process.
#[derive(Default)]
struct Generations {
    next: u64,
    end: u64,
}

impl Generations {
    fn next(&mut self) -> u64 {
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        if self.next == self.end {
            self.next = TAKEN.fetch_add(BLOCK, Ordering::Relaxed);
            self.end = self.next + BLOCK;
        }
        let generation = self.next;
        self.next += 1;
        generation % GENERATIONS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_told_apart() {
        let (mut one, mut other) = (HostTable::default(), HostTable::default());
        let mut all = Vec::new();
        for _ in 0..3 * BLOCK {
            // The one that had the index before is no longer there.
            for table in [&mut one, &mut other] {
                let handle = table.describe(1, None);
                assert!(!all.contains(&handle));
                assert_eq!(table.check(handle).ok(), Some(1));
                all.push(handle);
            }
        }
        let last = all.len() - 2;
        assert!(
            all.iter().take(last + 1).filter(|handle| one.check(**handle).is_ok()).eq([&all[last]])
        );
        assert!(other.check(all[last]).is_err());
    }

    #[test]
    fn words_are_handles() {
        let most = HostIndex::new((1 << 28) - 1, GENERATIONS - 1);
        assert!(most.word() < u64::MAX - 15);
        for handle in [most, HostIndex::new(1, 0), HostIndex::new(77, 12345)] {
            assert_eq!(HostIndex::of_word(handle.word()), handle);
        }
        assert_eq!(most.index(), (1 << 28) - 1);
    }
}
