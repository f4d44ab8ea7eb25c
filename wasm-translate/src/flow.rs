//! How often the places of a function ran, worked out from the counters of a profile.
//!
//! Counters may say anything: a profile is a file. So nothing here takes for granted that they fit
//! together, and what comes of them decides about speed alone.

use wasm_types::FuncIndex;
use wasm_types::profile::{FunctionProfile, PointKind};
use wasm_types::wasmparser::{FunctionBody, Operator};

/// A branch is unlikely to go one way if it goes the other way so many times as often, and that way
/// not once for each call of the function.
const UNLIKELY: u64 = 32;

/// A branch is unlikely to go one way, however often the function is called, if it goes the other
/// way so many times as often.
const MOST_UNLIKELY: u64 = 1024;

/// Of the calls through a table that are taken to lead to one function, one in so many may lead
/// elsewhere.
const ELSEWHERE: u64 = 12;

/// A loop is hot if of all places of its function none runs so many times as often.
const HOT: u64 = 32;

/// How often a branch went which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Branch {
    taken: u64,
    not_taken: u64,
}

/// How often a call was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    pub(crate) count: u64,
    /// The function that a call through a table or a reference mostly leads to.
    pub(crate) callee: Option<LikelyCallee>,
}

/// A function that most calls lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LikelyCallee {
    /// The function.
    pub func: FuncIndex,
    /// Whether hardly any call leads elsewhere.
    pub nearly_always: bool,
}

/// How often the places of a function ran, each by where its operator is in the binary.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flow {
    branches: Vec<(u64, Branch)>,
    calls: Vec<(u64, Call)>,
    loops: Vec<(u64, u64)>,
    entries: u64,
    /// How often the place ran that ran most.
    most: u64,
}

/// A construct around the current place.
struct Construct {
    is_loop: bool,
    /// How often branches went to its end, as far as that is known.
    to_end: u64,
    /// How often its `else` began, or would have.
    otherwise: Option<u64>,
}

impl Flow {
    /// What counters say about a body, which starts at an offset of the binary. What can't be read
    /// says nothing: it is refused when it is validated.
    pub(crate) fn of(body: &FunctionBody<'_>, start: u64, counted: &FunctionProfile) -> Self {
        let mut walk = Walk {
            counted,
            start,
            now: counted.entries,
            around: vec![Construct::block()],
            flow: Self { entries: counted.entries, most: counted.entries, ..Self::default() },
        };
        let Ok(mut operators) = body.get_operators_reader() else { return Self::default() };
        while !operators.eof() {
            let Ok((operator, offset)) = operators.read_with_offset() else {
                return Self::default();
            };
            if walk.step(&operator, offset).is_none() {
                return Self::default();
            }
        }
        walk.flow
    }

    /// How often the function was entered.
    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    /// Whether the condition of a branch is likely to hold, if the profile says so.
    pub(crate) fn is_likely(&self, offset: u64) -> Option<bool> {
        let Branch { taken, not_taken } = *find(&self.branches, offset)?;
        let times = |rare: u64, times: u64| rare.saturating_mul(times);
        let rare = |rare: u64, often: u64| {
            let is_rare = times(rare, UNLIKELY) <= often && times(rare, 2) <= self.entries;
            often > 0 && (is_rare || times(rare, MOST_UNLIKELY) <= often)
        };
        match (rare(not_taken, taken), rare(taken, not_taken)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// Whether a loop is where the function is for most of the time.
    pub(crate) fn is_hot_loop(&self, offset: u64) -> bool {
        find(&self.loops, offset).is_some_and(|rounds| rounds.saturating_mul(HOT) > self.most)
    }

    /// What is known of a branch.
    pub(crate) fn has_branch(&self, offset: u64) -> bool {
        find(&self.branches, offset).is_some_and(|branch| branch.taken > 0 || branch.not_taken > 0)
    }

    /// What is known of a call.
    pub(crate) fn call(&self, offset: u64) -> Option<Call> {
        find(&self.calls, offset).copied()
    }
}

fn find<T>(list: &[(u64, T)], offset: u64) -> Option<&T> {
    let place = list.binary_search_by_key(&offset, |(offset, _)| *offset).ok()?;
    Some(&list[place].1)
}

impl Construct {
    fn block() -> Self {
        Self { is_loop: false, to_end: 0, otherwise: None }
    }

    fn add(&mut self, count: u64) {
        self.to_end = self.to_end.saturating_add(count);
    }
}

struct Walk<'a> {
    counted: &'a FunctionProfile,
    start: u64,
    /// How often the current place was reached.
    now: u64,
    around: Vec<Construct>,
    flow: Flow,
}

impl Walk<'_> {
    /// What the counter at an operator says. One that is left out is zero.
    fn counter(&self, kind: PointKind, offset: u64) -> u64 {
        self.known_counter(kind, offset).unwrap_or(0)
    }

    fn known_counter(&self, kind: PointKind, offset: u64) -> Option<u64> {
        let offset = u32::try_from(offset.checked_sub(self.start)?).ok()?;
        let point = self.counted.points.get(&offset)?;
        (point.kind == kind).then_some(point.count)
    }

    fn target(&mut self, depth: u32) -> Option<&mut Construct> {
        let place = self.around.len().checked_sub(1)?.checked_sub(depth as usize)?;
        self.around.get_mut(place)
    }

    /// `None` if the operator can't stand here.
    fn step(&mut self, operator: &Operator<'_>, offset: u64) -> Option<()> {
        match operator {
            Operator::Block { .. } | Operator::TryTable { .. } | Operator::Try { .. } => {
                self.around.push(Construct::block());
            }
            Operator::Loop { .. } => {
                self.now = self.counter(PointKind::Loop, offset);
                self.flow.loops.push((offset, self.now));
                self.flow.most = self.flow.most.max(self.now);
                self.around.push(Construct { is_loop: true, ..Construct::block() });
            }
            Operator::If { .. } => {
                let taken = self.counter(PointKind::Taken, offset);
                let not_taken = self.branch(offset, taken, self.now.saturating_sub(taken));
                self.around.push(Construct { otherwise: Some(not_taken), ..Construct::block() });
                self.now = taken;
            }
            Operator::Else => {
                let now = self.now;
                let construct = self.around.last_mut()?;
                construct.add(now);
                self.now = construct.otherwise.take()?;
            }
            Operator::Catch { .. } | Operator::CatchAll => {
                let now = self.now;
                self.around.last_mut()?.add(now);
                self.now = self.counter(PointKind::Joined, offset);
            }
            Operator::End | Operator::Delegate { .. } => {
                let construct = self.around.pop()?;
                if !construct.is_loop {
                    let sum = self.now.saturating_add(construct.to_end);
                    let sum = sum.saturating_add(construct.otherwise.unwrap_or(0));
                    self.now = self.known_counter(PointKind::Joined, offset).unwrap_or(sum);
                }
            }
            Operator::Br { relative_depth } => {
                let now = std::mem::take(&mut self.now);
                self.target(*relative_depth)?.add(now);
            }
            Operator::BrIf { relative_depth } | Operator::BrOnNull { relative_depth } => {
                let (taken, not_taken) = match self.target(*relative_depth)?.is_loop {
                    true => {
                        let not_taken = self.counter(PointKind::NotTaken, offset);
                        (self.now.saturating_sub(not_taken), not_taken)
                    }
                    false => {
                        let taken = self.counter(PointKind::Taken, offset);
                        (taken, self.now.saturating_sub(taken))
                    }
                };
                self.now = self.branch(offset, taken, not_taken);
                self.target(*relative_depth)?.add(taken);
            }
            Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. } => {
                let not_taken = self.counter(PointKind::NotTaken, offset);
                let taken = self.now.saturating_sub(not_taken);
                self.now = self.branch(offset, taken, not_taken);
            }
            Operator::BrTable { .. }
            | Operator::Return
            | Operator::Unreachable
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. } => self.now = 0,
            Operator::Call { .. } => self.call(offset, None),
            Operator::CallIndirect { .. } | Operator::CallRef { .. } => {
                self.call(offset, self.likely_callee(offset));
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => {
                self.call(offset, None);
                self.now = 0;
            }
            _ => {}
        }
        Some(())
    }

    /// Notes a branch, and returns how often it was not taken.
    fn branch(&mut self, offset: u64, taken: u64, not_taken: u64) -> u64 {
        self.flow.branches.push((offset, Branch { taken, not_taken }));
        not_taken
    }

    fn call(&mut self, offset: u64, callee: Option<LikelyCallee>) {
        self.flow.calls.push((offset, Call { count: self.now, callee }));
    }

    /// The function that nearly all of the calls lead to. Where a part leads elsewhere, machines
    /// predict an indirect call as well as a comparison before it.
    fn likely_callee(&self, offset: u64) -> Option<LikelyCallee> {
        let offset = u32::try_from(offset.checked_sub(self.start)?).ok()?;
        let point = self.counted.points.get(&offset)?;
        let (func, most) = *point.targets.iter().max_by_key(|(_, count)| *count)?;
        let of_targets = point.targets.iter().map(|(_, count)| u128::from(*count));
        let all = of_targets.sum::<u128>() + u128::from(point.count);
        let most = u128::from(most);
        let nearly_always = (all - most) * u128::from(UNLIKELY) <= all;
        (most > 0 && (all - most) * u128::from(ELSEWHERE) <= all)
            .then_some(LikelyCallee { func, nearly_always })
    }
}

#[cfg(test)]
mod tests {
    use wasm_types::profile::PointProfile;
    use wasm_types::{DefinedFuncIndex, Module, WasmFeatures};

    use super::*;

    /// The flow of the only function of a module, with the counts of its counters in their order.
    fn flow(wat: &str, entries: u64, counts: &[u64]) -> Flow {
        let wasm = wat::parse_str(wat).unwrap();
        let parsed = Module::parse_with_bodies(&wasm, WasmFeatures::SUPPORTED).unwrap();
        let mut counted = FunctionProfile { entries, ..FunctionProfile::default() };
        let points = &parsed.counters(&wasm).functions[0];
        assert_eq!(points.len(), counts.len());
        for (point, count) in points.iter().zip(counts) {
            let point_profile =
                PointProfile { kind: point.kind, count: *count, targets: Vec::new() };
            counted.points.insert(point.offset, point_profile);
        }
        let func = DefinedFuncIndex::new(0);
        let start = parsed.module().bodies[0].range.start as u64;
        Flow::of(&parsed.body(&wasm, func), start, &counted)
    }

    fn branches(flow: &Flow) -> Vec<(u64, u64)> {
        flow.branches.iter().map(|(_, branch)| (branch.taken, branch.not_taken)).collect()
    }

    fn calls(flow: &Flow) -> Vec<u64> {
        flow.calls.iter().map(|(_, call)| call.count).collect()
    }

    const WAT: &str = "(module (func $f (param i32)
        (block $out
            (br_if $out (local.get 0))
            (call $f (i32.const 0))
            (if (local.get 0) (then (call $f (i32.const 1)) (br $out)) (else (call $f (i32.const 2))))
            (loop $next
                (call $f (i32.const 3))
                (br_if $next (local.get 0)))
            (call $f (i32.const 4)))
        (call $f (i32.const 5))))";

    #[test]
    fn the_count_of_each_place_follows() {
        // 100 calls: 30 leave at once, 20 of the rest take the first way of the `if`. The loop runs
        // 500 times, and is left each time that it is entered.
        let flow = flow(WAT, 100, &[30, 20, 500, 50]);
        assert_eq!(branches(&flow), [(30, 70), (20, 50), (450, 50)]);
        assert_eq!(calls(&flow), [70, 20, 50, 500, 50, 100]);
        assert_eq!(flow.most, 500);
    }

    #[test]
    fn counts_that_do_not_fit_together_are_no_panic() {
        for counts in [[u64::MAX; 4], [0; 4], [0, u64::MAX, 1, 7], [9, 0, 0, u64::MAX]] {
            for entries in [0, 1, u64::MAX] {
                let flow = flow(WAT, entries, &counts);
                for (offset, _) in &flow.branches {
                    let _ = (flow.is_likely(*offset), flow.has_branch(*offset));
                }
                assert_eq!(flow.calls.len(), 6);
            }
        }
    }

    #[test]
    fn a_way_is_unlikely_if_it_is_rare_among_rounds_and_among_calls() {
        let one = "(module (func (param i32) (loop (br_if 0 (local.get 0)))))";
        let likely = |entries, rounds, left| {
            let flow = flow(one, entries, &[rounds, left]);
            flow.is_likely(flow.branches[0].0)
        };
        // Left once for each call: what follows runs as often as the function.
        assert_eq!(likely(10, 1000, 10), None);
        assert_eq!(likely(10, 1000, 1), Some(true));
        assert_eq!(likely(1, 1_000_000, 1), Some(true));
        assert_eq!(likely(10, 10, 10), Some(false), "it never goes on");
        assert_eq!(likely(0, 0, 0), None);
    }
}
