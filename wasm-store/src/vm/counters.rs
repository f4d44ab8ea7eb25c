//! What code counts that gathers a profile: an array of words for each instance.
//!
//! The words are no part of an instance's state. They stay when it goes back to an earlier state or
//! is used again by another store, and a fork has words of its own. What all instances have counted
//! is the sum over all arrays that there ever were, so that nothing has to be done when a store is
//! dropped, and the host can read while the code runs. An array that no instance has any more is
//! the next one's, which goes on counting in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_artifact::Artifact;
use wasm_types::FuncIndex;
use wasm_types::profile::{CounterMap, ModuleProfile};

use super::room_for;
use crate::Error;

/// The words of an instance. Its code writes them, one at a time.
pub(super) type Words = Arc<Vec<AtomicU64>>;

/// The counters of a module.
#[derive(Debug)]
pub(crate) struct ModuleCounters {
    /// How many words an instance has.
    words: usize,
    /// The words of all instances that there are or were.
    all: Mutex<Vec<Words>>,
}

impl ModuleCounters {
    /// The counters of a module; `None` if its code does not count.
    pub(super) fn of(artifact: &Artifact<'_>) -> Result<Option<Self>, wasm_artifact::Error> {
        let words = artifact.counter_words()?;
        Ok(words.map(|words| Self { words: words as usize, all: Mutex::default() }))
    }

    /// Words for an instance.
    pub(super) fn take(&self) -> Result<Words, Error> {
        const WHAT: &str = "the counters of an instance";
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody can get at words that only the list has but by this function.
        if let Some(unused) = all.iter().find(|words| Arc::strong_count(words) == 1) {
            return Ok(Arc::clone(unused));
        }
        let mut words = room_for::with_room(self.words, WHAT)?;
        words.resize_with(self.words, AtomicU64::default);
        let words = Arc::new(words);
        room_for::push(&mut all, Arc::clone(&words), WHAT)?;
        Ok(words)
    }

    /// What all instances have counted up to now. `function` finds the function whose code begins
    /// at an address.
    pub(crate) fn read(
        &self,
        map: &CounterMap,
        function: impl Fn(u64) -> Option<FuncIndex>,
    ) -> ModuleProfile {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut profile = ModuleProfile::default();
        for words in all.iter() {
            // Words that are not there count nothing: the map is of an artifact that contradicts
            // itself.
            let word =
                |word: u32| words.get(word as usize).map_or(0, |word| word.load(Ordering::Relaxed));
            profile.merge(&map.read(word, &function));
        }
        profile
    }
}
