//! The arguments of an instantiation of a core module.

use crate::core_def::Arg;
use crate::error::Error;
use crate::format::ArgRecord;
use crate::read::plan::Plan;

/// What a core instance gets for its module's imports.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    plan: Plan<'a>,
    records: &'a [ArgRecord],
}

impl<'a> Args<'a> {
    pub(super) fn new(plan: Plan<'a>, records: &'a [ArgRecord]) -> Self {
        Self { plan, records }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.records.is_empty()
    }

    /// All of them, in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Result<Arg<'a>, Error>> + 'a {
        self.records.iter().map(move |record| self.decode(record))
    }

    fn decode(self, record: &'a ArgRecord) -> Result<Arg<'a>, Error> {
        let strings = self.plan.strings();
        Ok(Arg {
            module: record.module.of(strings)?,
            name: record.name.of(strings)?,
            def: self.plan.decode_core_def(&record.def)?,
        })
    }
}
