//! Where the code of an instance stops: the memory that it looks at before each operator.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use wasm_artifact::{Artifact, StopRange};
use wasm_types::abi::stops;

use crate::Error;
use crate::vm::room_for;

const WORD: usize = size_of::<u64>();
const _: () = assert!(stops::RETURNS == 0 && stops::FLAGS as usize == WORD);

/// Where an instance's code stops: see [`wasm_types::abi::stops`].
#[derive(Debug)]
pub(in crate::vm) struct InstanceStops {
    range: StopRange,
    /// `None` for code that can't be debugged. Its code holds the address, and writes the first
    /// word.
    words: Option<Box<[AtomicU64]>>,
}

impl InstanceStops {
    /// Those of a module's code, which stops nowhere yet.
    pub(in crate::vm) fn new(artifact: &Artifact<'_>) -> Result<Self, Error> {
        const WHAT: &str = "an instance that can be debugged";
        let Some(range) = artifact.stops()? else {
            return Ok(Self { range: StopRange { start: 0, len: 0 }, words: None });
        };
        let count = 1 + (range.len as usize).div_ceil(WORD);
        let mut words = room_for::with_room(count, WHAT)?;
        words.resize_with(count, AtomicU64::default);
        Ok(Self { range, words: Some(words.into()) })
    }

    /// What the context has.
    pub(in crate::vm) fn address(&self) -> Option<*const u8> {
        self.words.as_ref().map(|words| words.as_ptr().cast())
    }

    /// How often calls have returned to the code.
    pub(super) fn returns(&self) -> u64 {
        self.words.as_ref().map_or(0, |words| words[0].load(Ordering::Relaxed))
    }

    pub(super) fn forget_returns(&self) {
        if let Some(words) = &self.words {
            words[0].store(0, Ordering::Relaxed);
        }
    }

    fn flags(&self) -> &[AtomicU8] {
        let Some(words) = &self.words else { return &[] };
        let words = &words[1..];
        // SAFETY: the bytes of the words, of which no word is used as a whole.
        unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
    }

    /// Sets whether the code stops at an operator.
    pub(super) fn set(&self, pc: u32, stops: bool) {
        let place = pc.checked_sub(self.range.start);
        if let Some(flag) = place.and_then(|place| self.flags().get(place as usize)) {
            flag.store(u8::from(stops), Ordering::Relaxed);
        }
    }

    /// Sets whether the code stops at all operators.
    pub(super) fn set_all(&self, stops: bool) {
        for flag in self.flags() {
            flag.store(u8::from(stops), Ordering::Relaxed);
        }
    }
}
