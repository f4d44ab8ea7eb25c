//! What a profile says about the module that is compiled.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wasm_types::profile::{CodeHash, FunctionProfile, ModuleProfile, Profile};
use wasm_types::{DefinedFuncIndex, ParsedModule};

use crate::flow::Flow;

/// The functions that together have this part of all that was counted are the hot ones: all but one
/// of so many.
const HOT: u128 = 100;

/// A call is rare if functions are entered so many times as often as it is made.
const RARE: u128 = 100_000;

/// What a profile says about a module.
#[derive(Debug)]
pub(crate) struct Profiled<'a> {
    parsed: &'a ParsedModule,
    module: &'a ModuleProfile,
    /// How often the places of each function ran.
    flows: Vec<Option<Flow>>,
    /// How often functions were entered.
    entries: u128,
    /// What stands for the profile in the artifact.
    pub(crate) identity: CodeHash,
}

impl<'a> Profiled<'a> {
    /// `None` if the profile is not of this module.
    pub(crate) fn find(
        profile: Option<&'a Profile>,
        parsed: &'a ParsedModule,
        wasm: &'a [u8],
    ) -> Option<Self> {
        let profile = profile.filter(|profile| !profile.modules.is_empty())?;
        let module = profile.modules.get(&parsed.code_hash(wasm))?;
        let flow = |(number, body): (u32, &wasm_types::FunctionBody)| {
            let func = DefinedFuncIndex::new(number);
            let counted = module.functions.get(&func)?;
            Some(Flow::of(&parsed.body(wasm, func), body.range.start as u64, counted))
        };
        let flows = (0..).zip(&parsed.module().bodies).map(flow).collect();
        let entries = module.functions.values().map(|counted| u128::from(counted.entries)).sum();
        Some(Self { parsed, module, flows, entries, identity: profile.identity() })
    }

    /// How often the places of a function ran; `None` if it did not.
    pub(crate) fn flow(&self, func: DefinedFuncIndex) -> Option<&Flow> {
        self.flows.get(func.index())?.as_ref()
    }

    /// How often a call in a function is made each time that this is entered. Calls that are rare
    /// among all count as not made.
    pub(crate) fn times(&self, func: DefinedFuncIndex, offset: u64) -> f32 {
        let Some(flow) = self.flow(func) else { return 0.0 };
        let count = flow.call(offset).map_or(0, |call| call.count);
        if u128::from(count) * RARE < self.entries {
            return 0.0;
        }
        count as f32 / flow.entries().max(1) as f32
    }

    /// The order of the functions' code: first those that run most, then others that ran, then the
    /// rest. The first two are in the order in which they were first entered, the rest in that of
    /// their indices.
    pub(crate) fn order(&self) -> Vec<usize> {
        let count = self.parsed.module().bodies.len();
        let known = || self.module.functions.iter().filter(|(func, _)| func.index() < count);
        let mut works: Vec<(u128, usize)> =
            known().map(|(func, counted)| (work(counted), func.index())).collect();
        works.sort_by_key(|(work, func)| (Reverse(*work), *func));
        let all: u128 = works.iter().map(|(work, _)| work).sum();
        let mut ranks: BTreeMap<usize, Rank> = BTreeMap::new();
        let mut before = 0;
        for (work, func) in works {
            let is_hot = before * HOT < all * (HOT - 1);
            ranks.insert(func, if is_hot { Rank::Hot } else { Rank::Ran });
            before += work;
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|func| {
            let rank = ranks.get(func).copied().unwrap_or(Rank::Rest);
            let first = self.module.functions.get(&DefinedFuncIndex::new(*func as u32));
            // What has no number was entered by nothing that was counted.
            let first = first.map_or(0, |counted| counted.order.wrapping_sub(1));
            (rank, first, *func)
        });
        order
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Hot,
    Ran,
    Rest,
}

/// How much a function does, about.
fn work(counted: &FunctionProfile) -> u128 {
    let points = counted.points.values().map(|point| {
        let targets = point.targets.iter().map(|(_, count)| u128::from(*count));
        u128::from(point.count) + targets.sum::<u128>()
    });
    u128::from(counted.entries) + points.sum::<u128>()
}
