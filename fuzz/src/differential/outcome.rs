//! The outcome of a run, in terms that both sides have.

use super::plan::Plan;
use super::value::Value;

/// Everything that can be observed of a run.
#[derive(PartialEq, Debug)]
pub(super) struct Outcome {
    pub(super) instantiated: Result<(), Stop>,
    pub(super) calls: Vec<(String, Result<Vec<Value>, Stop>)>,
    /// The arguments that host functions were called with.
    pub(super) host_calls: Vec<Vec<Value>>,
    pub(super) globals: Vec<(String, Value)>,
    pub(super) memories: Vec<(String, Memory)>,
    pub(super) tables: Vec<(String, Vec<Value>)>,
    /// Where each call ended that trapped; empty if a side does not report it.
    pub(super) places: Vec<TrapFrames>,
}

/// The functions on the stack of a trap, the innermost first: index, offset in the module, and
/// offset in the function.
pub(super) type TrapFrames = Vec<(u32, Option<usize>, Option<usize>)>;

impl Outcome {
    /// A run that did not complete its instantiation.
    pub(super) fn not_instantiated(stop: Stop, host_calls: Vec<Vec<Value>>) -> Self {
        Self {
            instantiated: Err(stop),
            calls: Vec::new(),
            host_calls,
            globals: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Whether a resource ran out that the specification does not limit.
    pub(super) fn gave_up(&self) -> bool {
        self.instantiated == Err(Stop::Exhausted)
            || self.calls.iter().any(|(_, result)| *result == Err(Stop::Exhausted))
    }
}

/// Takes out the places of traps, so that the rest can be compared with a side that does not report
/// them.
pub(super) fn take_places(outcomes: &mut [Outcome]) -> Vec<TrapFrames> {
    outcomes.iter_mut().flat_map(|outcome| std::mem::take(&mut outcome.places)).collect()
}

/// Whether the next function is called in the same instance. This is not the case if all fuel may
/// be used up, which ends with `unreachable`.
pub(super) fn goes_on_after(result: &Result<Vec<Value>, Stop>) -> bool {
    !matches!(result, Err(Stop::Unreachable | Stop::Exhausted))
}

/// Runs instances one after the other. Each calls the exported functions from the given one on, as
/// far as it gets. This ends when all are called or nothing more can be.
pub(super) fn until_all_are_called(
    plan: &Plan,
    run_instance: impl Fn(usize) -> Outcome,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut called = 0;
    loop {
        let outcome = run_instance(called);
        called += outcome.calls.len();
        let goes_on = outcome.instantiated.is_ok() && !outcome.gave_up();
        outcomes.push(outcome);
        if !goes_on || called >= plan.functions().count() {
            return outcomes;
        }
    }
}

/// Why a run ended early.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Stop {
    Unreachable,
    MemoryOutOfBounds,
    TableOutOfBounds,
    IndirectCallToNull,
    BadSignature,
    DivisionByZero,
    IntegerOverflow,
    BadConversion,
    NullReference,
    CastFailure,
    ArrayOutOfBounds,
    /// An exception that nothing catches.
    Thrown,
    /// An argument or a result can't be made.
    NoValue,
    /// The stack or another resource is exhausted.
    Exhausted,
}

/// A memory. Of its bytes, only those around the first difference are shown.
#[derive(PartialEq)]
pub(super) struct Memory(pub(super) Vec<u8>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let written = self.0.iter().enumerate().filter(|(_, byte)| **byte != 0);
        write!(
            f,
            "{} bytes, of which not zero {:x?}",
            self.0.len(),
            written.take(200).collect::<Vec<_>>()
        )
    }
}
