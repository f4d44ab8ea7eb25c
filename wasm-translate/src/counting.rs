//! Which counter each place of a function has, if the code gathers a profile.

use wasm_types::profile::{CounterMap, PointKind};
use wasm_types::{DefinedFuncIndex, ParsedModule};

use crate::error::{Error, ErrorKind};

/// The counters of a module.
#[derive(Debug)]
pub(crate) struct Counters {
    map: CounterMap,
    /// The first word of each function, and of what follows the last one.
    starts: Vec<u32>,
}

impl Counters {
    pub(crate) fn new(parsed: &ParsedModule, wasm: &[u8]) -> Self {
        let map = parsed.counters(wasm);
        Self { starts: map.starts(), map }
    }

    /// Fails if there are more than code can refer to.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.starts.last().is_none_or(|words| *words <= i32::MAX as u32 / 8) {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::Limit,
                "the module is too large to gather a profile: its counters would take more than \
                 2 GiB",
            )),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        self.map.encode()
    }

    /// The counters of a function.
    pub(crate) fn of(&self, parsed: &ParsedModule, func: DefinedFuncIndex) -> FunctionCounters {
        let body = parsed.module().bodies[func.index()].range.start as u64;
        let (entry, points) = (self.starts[func.index()], &self.map.functions[func.index()]);
        let points = CounterMap::points(entry, points)
            .map(|(point, word)| (body + u64::from(point.offset), point.kind, word));
        FunctionCounters { entry, points: points.collect() }
    }
}

/// The counters of a function.
#[derive(Debug)]
pub(crate) struct FunctionCounters {
    /// The first of the two words about its entry.
    pub(crate) entry: u32,
    /// For each point where it is in the binary, what is counted, and its first word.
    points: Vec<(u64, PointKind, u32)>,
}

impl FunctionCounters {
    /// The counter at an operator.
    pub(crate) fn at(&self, offset: u64) -> Option<(PointKind, u32)> {
        let place = self.points.binary_search_by_key(&offset, |(offset, ..)| *offset).ok()?;
        let (_, kind, word) = self.points[place];
        Some((kind, word))
    }
}
