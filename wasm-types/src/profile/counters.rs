//! Where the counters of a module are, in the order of its functions and their operators.
//!
//! Each instance of code that gathers a profile has an array of words (64 bits). The first counts
//! the functions that were entered for the first time. Then come, for each function, how often it
//! was entered and when first, and a counter for each of its points. An indirect call has
//! [`TARGETS`] pairs of a code address and a count, and a count of all other calls.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::file::{Reader, put};
use super::{CodeHash, FunctionProfile, ModuleProfile, PointKind, PointProfile, ProfileError};
use crate::index::{DefinedFuncIndex, FuncIndex};

/// How many functions are counted by themselves at each indirect call. The last one gives way if
/// others are called more often.
pub const TARGETS: u32 = 3;

/// The words before those of the first function.
const HEAD: u32 = 1;

/// The words of a function before those of its points.
const ENTRY: u32 = 2;

/// A place in the body of a function with a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CounterPoint {
    /// The operator, from where the body starts in the binary.
    pub offset: u32,
    /// What is counted.
    pub kind: PointKind,
}

impl CounterPoint {
    /// How many words it takes.
    pub fn words(&self) -> u32 {
        if self.kind == PointKind::Indirect { TARGETS * 2 + 1 } else { 1 }
    }
}

/// Where the counters of a module are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CounterMap {
    /// What names the module.
    pub code: CodeHash,
    /// The points of each function that the module defines, in the order of their offsets.
    pub functions: Vec<Vec<CounterPoint>>,
}

impl CounterMap {
    /// The first word of each function, and of what follows the last one: how many words there are.
    pub fn starts(&self) -> Vec<u32> {
        let mut next = HEAD;
        let mut starts = Vec::with_capacity(self.functions.len() + 1);
        starts.push(next);
        for points in &self.functions {
            let words = points.iter().map(CounterPoint::words).fold(ENTRY, u32::saturating_add);
            next = next.saturating_add(words);
            starts.push(next);
        }
        starts
    }

    /// How many words there are.
    pub fn words(&self) -> u32 {
        self.starts().last().copied().unwrap_or(HEAD)
    }

    /// The points of a function with the first word of each.
    pub fn points(
        start: u32,
        points: &[CounterPoint],
    ) -> impl Iterator<Item = (CounterPoint, u32)> {
        let mut next = start + ENTRY;
        points.iter().map(move |point| {
            let word = next;
            next += point.words();
            (*point, word)
        })
    }

    /// The map as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::from(self.words().to_le_bytes());
        out.extend_from_slice(&self.code.0);
        put(&mut out, self.functions.len() as u64);
        for points in &self.functions {
            put(&mut out, points.len() as u64);
            let mut next = 0;
            for point in points {
                put(&mut out, u64::from(point.offset.saturating_sub(next)));
                next = point.offset.saturating_add(1);
                out.push(point.kind as u8);
            }
        }
        out
    }

    /// The map that bytes are of.
    ///
    /// # Errors
    ///
    /// If they are of none.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileError> {
        let mut reader = Reader::new(bytes);
        let words = u32::from_le_bytes(reader.array()?);
        let code = CodeHash(reader.array()?);
        let mut functions = Vec::new();
        for _ in 0..reader.number()? {
            let points = reader.indexed("the place of a counter", Reader::kind)?;
            let point = |(offset, kind)| CounterPoint { offset, kind };
            functions.push(points.into_iter().map(point).collect());
        }
        reader.at_end()?;
        let map = Self { code, functions };
        if map.words() != words {
            return Err(reader.other_words());
        }
        Ok(map)
    }

    /// How many words the map has that bytes are of, without reading all of it.
    pub fn words_of(bytes: &[u8]) -> Option<u32> {
        bytes.first_chunk().map(|words| u32::from_le_bytes(*words))
    }

    /// What the counters of an instance say: `word` reads one, and `function` finds the function of
    /// the module whose code begins at an address.
    pub fn read(
        &self,
        word: impl Fn(u32) -> u64,
        function: impl Fn(u64) -> Option<FuncIndex>,
    ) -> ModuleProfile {
        let mut profile = ModuleProfile::default();
        let starts = self.starts();
        for (number, (points, start)) in (0..).zip(self.functions.iter().zip(starts)) {
            let (entries, order) = (word(start), word(start + 1));
            let mut counted = BTreeMap::new();
            for (point, first) in Self::points(start, points) {
                if let Some(found) = read_point(point.kind, first, &word, &function) {
                    counted.insert(point.offset, found);
                }
            }
            if entries != 0 || !counted.is_empty() {
                let function = FunctionProfile { entries, order, points: counted };
                profile.functions.insert(DefinedFuncIndex::new(number), function);
            }
        }
        profile
    }
}

/// What a point has counted, if anything.
fn read_point(
    kind: PointKind,
    first: u32,
    word: &impl Fn(u32) -> u64,
    function: &impl Fn(u64) -> Option<FuncIndex>,
) -> Option<PointProfile> {
    let mut point = PointProfile { kind, count: 0, targets: Vec::new() };
    if kind != PointKind::Indirect {
        point.count = word(first);
        return (point.count != 0).then_some(point);
    }
    point.count = word(first + TARGETS * 2);
    for target in 0..TARGETS {
        let (code, count) = (word(first + target * 2), word(first + target * 2 + 1));
        match function(code) {
            _ if count == 0 => {}
            Some(func) => point.add_target(func, count),
            None => point.count = point.count.saturating_add(count),
        }
    }
    (point.count != 0 || !point.targets.is_empty()).then_some(point)
}
