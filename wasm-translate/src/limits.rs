//! What the limits of a compilation leave of a function: counted while it is read.

use std::time::Instant;

use cranelift_codegen::ir::Function;
use wasm_types::{CompileLimit, CompileLimits};

use crate::effort;
use crate::error::Error;

/// The clock is read each time that this many operators were read.
const OPERATORS_A_LOOK: u64 = 1 << 14;

/// The values of the code that is made are counted each time that this many operators were read.
const OPERATORS_A_COUNT: u64 = 1 << 6;

/// The number of values that each operator may make by itself. More than that are counted as locals
/// that are passed along with blocks.
const VALUES_AN_OPERATOR: u64 = 4;

/// The number of locals that may be passed along, for each block that is allowed: in the loops of
/// interpreters each block has dozens.
const VALUES_A_BLOCK: u64 = 4;

/// How many steps are one unit of [`CompileLimits::effort`].
const STEPS_OF_EFFORT: u64 = 1_000_000;

/// What a function may still have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limits: CompileLimits,
    deadline: Option<Instant>,
    /// How many operators were read.
    read: u64,
    /// How many are left, and as what else counts as operators.
    operators: u64,
    blocks: u64,
}

impl Budget {
    /// For one function of a compilation that has to be over at the deadline.
    pub(crate) fn new(limits: CompileLimits, deadline: Option<Instant>) -> Self {
        let left = |limit: Option<u32>| limit.map_or(u64::MAX, u64::from);
        Self {
            limits,
            deadline,
            read: 0,
            operators: left(limits.operators),
            blocks: left(limits.blocks),
        }
    }

    /// An operator was read; `values` is how many values there are in the code that was made up to
    /// now.
    #[inline]
    pub(crate) fn operator(&mut self, values: impl FnOnce() -> usize) -> Result<(), Error> {
        self.operators(1)?;
        self.read += 1;
        if self.read.is_multiple_of(OPERATORS_A_COUNT) {
            self.values(values() as u64)?;
            if self.read.is_multiple_of(OPERATORS_A_LOOK) {
                self.look_at_clock(Instant::now())?;
            }
        }
        Ok(())
    }

    /// Fails if locals go with blocks so often that it makes too many values.
    fn values(&self, values: u64) -> Result<(), Error> {
        let Some(most) = self.limits.blocks else { return Ok(()) };
        match values.saturating_sub(self.read * VALUES_AN_OPERATOR)
            > u64::from(most) * VALUES_A_BLOCK
        {
            true => Err(Error::beyond(
                CompileLimit::Blocks,
                format_args!(
                    "the function has more than {VALUES_A_BLOCK} times {most} values that go with its blocks"
                ),
            )),
            false => Ok(()),
        }
    }

    /// Counts operators that were read, or something that counts as that many.
    #[inline]
    pub(crate) fn operators(&mut self, count: usize) -> Result<(), Error> {
        match self.operators.checked_sub(count as u64) {
            Some(left) => self.operators = left,
            None => return Err(self.too_large(CompileLimit::Operators, "operators")),
        }
        Ok(())
    }

    /// Counts blocks or branches to them, and the values that each takes along.
    #[inline]
    pub(crate) fn blocks(&mut self, count: usize, values: usize) -> Result<(), Error> {
        let all = (count as u64).saturating_mul(1 + values as u64);
        match self.blocks.checked_sub(all) {
            Some(left) => self.blocks = left,
            None => return Err(self.too_large(CompileLimit::Blocks, "blocks and branches")),
        }
        Ok(())
    }

    /// The function has so many locals, parameters included.
    pub(crate) fn locals(&self, count: u32) -> Result<(), Error> {
        match self.limits.locals {
            Some(most) if count > most => Err(Error::beyond(
                CompileLimit::Locals,
                format_args!("the function has {count} locals, more than {most}"),
            )),
            _ => Ok(()),
        }
    }

    /// Something has a type with so many parameters and results.
    #[inline]
    pub(crate) fn signature(&self, params: usize, results: usize) -> Result<(), Error> {
        let Some(most) = self.limits.parameters else { return Ok(()) };
        for (count, what) in [(params, "parameters"), (results, "results")] {
            if count > most as usize {
                return Err(Error::beyond(
                    CompileLimit::Parameters,
                    format_args!("a function or block has {count} {what}, more than {most}"),
                ));
            }
        }
        Ok(())
    }

    /// Fails if the register allocator would take too long with a function.
    pub(crate) fn effort(&self, func: &Function) -> Result<(), Error> {
        let Some(limit) = self.limits.effort else { return Ok(()) };
        let most = u64::from(limit) * STEPS_OF_EFFORT;
        if effort::most_steps(func) <= most || effort::most_steps_left(func) <= most {
            return Ok(());
        }
        match effort::steps(func) {
            steps if steps > most => Err(Error::beyond(
                CompileLimit::Effort,
                format_args!(
                    "so many values are alive at once in the function that the effort of giving them \
                     registers is {}, more than {limit}",
                    steps.div_ceil(STEPS_OF_EFFORT)
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Fails if the deadline has passed.
    pub(crate) fn look_at_clock(&self, now: Instant) -> Result<(), Error> {
        match (self.deadline, self.limits.time) {
            (Some(deadline), Some(time)) if now >= deadline => Err(Error::beyond(
                CompileLimit::Time,
                format_args!("compiling the module took longer than {time:?}, up to this function"),
            )),
            _ => Ok(()),
        }
    }

    #[cold]
    fn too_large(&self, limit: CompileLimit, what: &str) -> Error {
        let most = match limit {
            CompileLimit::Operators => self.limits.operators,
            _ => self.limits.blocks,
        };
        let most = most.unwrap_or(u32::MAX);
        Error::beyond(limit, format_args!("the function has more than {most} {what}"))
    }
}

impl Default for Budget {
    /// Without limits.
    fn default() -> Self {
        Self::new(CompileLimits::unlimited(), None)
    }
}
