//! Profiles: how often the code of modules ran, as a compiler uses it to make them faster.
//!
//! A profile names each module by a hash of its code, so that it is used for no other. It is a hint
//! and nothing else: whatever the counts are, code that was compiled with them does what it does
//! without.
//!
//! Code that gathers a profile has counters, at fewer places than it has blocks: the count of each
//! place follows from those ([`CounterMap`] says where they are). A profile has the counters as
//! they are, since those of several runs can be added.

mod counters;
mod file;
mod hash;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::index::{DefinedFuncIndex, FuncIndex};

pub use counters::{CounterMap, CounterPoint, TARGETS};
pub use file::{ProfileError, checksum};
pub use hash::CodeHash;

/// How often the code of some modules ran.
///
/// ```
/// use wasm_types::profile::{CodeHash, FunctionProfile, Profile};
/// use wasm_types::DefinedFuncIndex;
///
/// # fn main() -> Result<(), wasm_types::profile::ProfileError> {
/// let mut profile = Profile::new();
/// let module = profile.modules.entry(CodeHash([7; 16])).or_default();
/// let function = FunctionProfile { entries: 3, order: 1, ..FunctionProfile::default() };
/// module.functions.insert(DefinedFuncIndex::new(0), function);
/// let mut twice = Profile::decode(&profile.encode())?;
/// twice.merge(&profile);
/// assert_eq!(twice.modules[&CodeHash([7; 16])].functions[&DefinedFuncIndex::new(0)].entries, 6);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// The modules, by their code.
    pub modules: BTreeMap<CodeHash, ModuleProfile>,
}

/// How often the code of a module ran. Functions that were never entered may be left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModuleProfile {
    /// The functions that the module defines.
    pub functions: BTreeMap<DefinedFuncIndex, FunctionProfile>,
}

/// How often the code of a function ran.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FunctionProfile {
    /// How often it was entered.
    pub entries: u64,
    /// When it was entered first: functions with a smaller number were earlier. 0 if that is not
    /// known.
    pub order: u64,
    /// The counters in its body, by the offset of their operator from where the body starts in the
    /// binary: from the number of its locals' groups. Counters that are zero may be left out.
    pub points: BTreeMap<u32, PointProfile>,
}

/// What a counter has counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PointProfile {
    /// What is counted.
    pub kind: PointKind,
    /// How often it happened; at an indirect call, how often another function was called than
    /// those in `targets`.
    pub count: u64,
    /// The functions that an indirect call has called and how often, in the order of their indices.
    pub targets: Vec<(FuncIndex, u64)>,
}

/// What is counted at an operator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum PointKind {
    /// `loop`: how often its head was reached, from before it or from within.
    Loop = 0,
    /// A branch, or `if`: how often its condition held.
    Taken = 1,
    /// A branch: how often its condition did not hold.
    NotTaken = 2,
    /// The end of a construct, or a clause that catches exceptions: how often it was reached, in
    /// whatever way.
    Joined = 3,
    /// A call through a table or a reference.
    Indirect = 4,
}

impl PointKind {
    /// All of them, by their numbers.
    pub const ALL: [Self; 5] =
        [Self::Loop, Self::Taken, Self::NotTaken, Self::Joined, Self::Indirect];

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for PointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loop => "loop",
            Self::Taken => "taken",
            Self::NotTaken => "not taken",
            Self::Joined => "joined",
            Self::Indirect => "indirect call",
        })
    }
}

impl Profile {
    /// A profile of no module.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the counts of another profile. What is too large for a counter is the largest number
    /// instead. The functions' order is the earliest that either has.
    pub fn merge(&mut self, other: &Profile) {
        for (hash, module) in &other.modules {
            self.modules.entry(*hash).or_default().merge(module);
        }
    }
}

impl ModuleProfile {
    /// As [`Profile::merge`], for one module.
    pub fn merge(&mut self, other: &ModuleProfile) {
        for (func, theirs) in &other.functions {
            let ours = self.functions.entry(*func).or_default();
            ours.entries = ours.entries.saturating_add(theirs.entries);
            ours.order = match (ours.order, theirs.order) {
                (0, order) | (order, 0) => order,
                (ours, theirs) => ours.min(theirs),
            };
            for (offset, point) in &theirs.points {
                match ours.points.get_mut(offset) {
                    Some(ours) => ours.merge(point),
                    None => {
                        ours.points.insert(*offset, point.clone());
                    }
                }
            }
        }
    }
}

impl PointProfile {
    /// Adds calls of a function.
    pub fn add_target(&mut self, func: FuncIndex, count: u64) {
        match self.targets.binary_search_by_key(&func, |(func, _)| *func) {
            Ok(place) => {
                self.targets[place].1 = self.targets[place].1.saturating_add(count);
            }
            Err(place) => self.targets.insert(place, (func, count)),
        }
    }

    fn merge(&mut self, other: &PointProfile) {
        self.count = self.count.saturating_add(other.count);
        // Not one by one, which takes long if each is put before all that there are.
        let mut targets: BTreeMap<FuncIndex, u64> = BTreeMap::new();
        for (func, count) in self.targets.iter().chain(&other.targets) {
            let sum = targets.entry(*func).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.targets = targets.into_iter().collect();
    }
}
