//! How often functions were called, and how long they took.

use std::io;
use std::vec::Vec;

use super::clock::Moment;
use super::functions::{FunctionId, FunctionNames};
use super::text::plain;

/// The sums over the calls of a function.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CallTotals {
    /// How often it was entered.
    pub calls: u64,
    /// Time from entry to exit. If a function calls itself, only the outermost call counts.
    pub total: Moment,
    /// As `total`, without the time in other functions that were observed: the function's own time.
    pub own: Moment,
}

/// Counts calls, and adds up the time they take.
///
/// The time that a store needs to report a call is included. So functions that are called often and
/// do little look slower than they are. Functions that are not reported count as part of their
/// callers.
///
/// ```
/// use wasm_hooks::observe::{CallCounts, FunctionNames, FunctionKey, Moment};
///
/// let mut names = FunctionNames::default();
/// let main = names.id(FunctionKey { module: 0, index: 0 }, || "main".into());
/// let work = names.id(FunctionKey { module: 0, index: 1 }, || "work".into());
/// let at = |nanoseconds| Moment { nanoseconds, cycles: 0 };
///
/// let mut counts = CallCounts::default();
/// counts.enter(main, at(100));
/// counts.enter(work, at(110));
/// counts.leave(at(150));
/// counts.leave(at(160));
/// assert_eq!(counts.totals(main).total.nanoseconds, 60);
/// assert_eq!(counts.totals(main).own.nanoseconds, 20);
/// assert_eq!(counts.totals(work).own.nanoseconds, 40);
/// ```
#[derive(Clone, Default, Debug)]
pub struct CallCounts {
    functions: Vec<Function>,
    stack: Vec<Frame>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Function {
    totals: CallTotals,
    /// How many of its calls are still active.
    active: u32,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    function: FunctionId,
    entered: Moment,
    /// The time in functions that it called.
    inner: Moment,
}

impl CallCounts {
    /// A function is entered.
    pub fn enter(&mut self, function: FunctionId, now: Moment) {
        if self.functions.len() <= function.index() {
            self.functions.resize(function.index() + 1, Function::default());
        }
        let counted = &mut self.functions[function.index()];
        counted.totals.calls += 1;
        counted.active += 1;
        self.stack.push(Frame { function, entered: now, inner: Moment::default() });
    }

    /// The innermost active function is left. Nothing happens if there is none.
    pub fn leave(&mut self, now: Moment) {
        let Some(frame) = self.stack.pop() else { return };
        let time = now - frame.entered;
        let counted = &mut self.functions[frame.function.index()];
        counted.totals.own += time - frame.inner;
        counted.active -= 1;
        if counted.active == 0 {
            counted.totals.total += time;
        }
        if let Some(caller) = self.stack.last_mut() {
            caller.inner += time;
        }
    }

    /// All active functions are left, the innermost first: for a report on a computation that will
    /// not continue.
    pub fn leave_all(&mut self, now: Moment) {
        while !self.stack.is_empty() {
            self.leave(now);
        }
    }

    /// The sums over a function's calls so far. Active calls have no time yet.
    pub fn totals(&self, function: FunctionId) -> CallTotals {
        self.functions.get(function.index()).map_or(CallTotals::default(), |known| known.totals)
    }

    /// Writes a table with a line for each function that was called: calls, own and total time in
    /// milliseconds, and cycles in millions, if the clock had any. The function with the most own
    /// time comes first. Control characters in names become spaces.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write_table(&self, names: &FunctionNames, mut out: impl io::Write) -> io::Result<()> {
        let functions = self.functions.iter().enumerate().take(names.len());
        let mut rows: Vec<(usize, CallTotals)> =
            functions.map(|(number, function)| (number, function.totals)).collect();
        rows.retain(|(_, totals)| totals.calls > 0);
        rows.sort_by_key(|(_, totals)| std::cmp::Reverse((totals.own.nanoseconds, totals.calls)));
        let all: u64 = rows.iter().map(|(_, totals)| totals.own.nanoseconds).sum();
        let cycles = rows.iter().any(|(_, totals)| totals.total.cycles > 0);
        write!(out, "{:>12} {:>12} {:>6} {:>12}", "calls", "self ms", "self %", "total ms")?;
        if cycles {
            write!(out, " {:>14} {:>14}", "self Mcycles", "total Mcycles")?;
        }
        writeln!(out, "  function")?;
        for (number, totals) in rows {
            let milliseconds = |time: Moment| time.nanoseconds as f64 / 1e6;
            let share = 100.0 * totals.own.nanoseconds as f64 / all.max(1) as f64;
            write!(
                out,
                "{:>12} {:>12.3} {:>6.1} {:>12.3}",
                totals.calls,
                milliseconds(totals.own),
                share,
                milliseconds(totals.total)
            )?;
            if cycles {
                let millions = |time: Moment| time.cycles as f64 / 1e6;
                write!(out, " {:>14.3} {:>14.3}", millions(totals.own), millions(totals.total))?;
            }
            writeln!(out, "  {}", plain(names.by_number(number)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::super::functions::FunctionKey;
    use super::*;

    fn names() -> (FunctionNames, FunctionId, FunctionId) {
        let mut names = FunctionNames::default();
        let main = names.id(FunctionKey { module: 1, index: 0 }, || "main".into());
        let work = names.id(FunctionKey { module: 1, index: 1 }, || "work".into());
        (names, main, work)
    }

    fn at(time: u64) -> Moment {
        Moment { nanoseconds: time * 1_000_000, cycles: time * 3_000_000 }
    }

    #[test]
    fn the_total_of_a_recursive_function_counts_once() {
        let (_, main, work) = names();
        let mut counts = CallCounts::default();
        counts.enter(main, at(0));
        counts.enter(work, at(1));
        counts.enter(work, at(2));
        counts.leave(at(4));
        counts.leave(at(8));
        counts.leave(at(9));
        let totals = counts.totals(work);
        assert_eq!((totals.calls, totals.total, totals.own), (2, at(7), at(7)));
        let totals = counts.totals(main);
        assert_eq!((totals.calls, totals.total, totals.own), (1, at(9), at(2)));
    }

    #[test]
    fn what_is_not_over_has_no_time() {
        let (_, main, work) = names();
        let mut counts = CallCounts::default();
        counts.leave(at(1));
        assert_eq!(counts.totals(work), CallTotals::default());
        counts.enter(main, at(2));
        assert_eq!(counts.totals(main).total, Moment::default());
        assert_eq!(counts.totals(main).calls, 1);
    }

    #[test]
    fn what_is_broken_off_counts_up_to_then() {
        let (_, main, work) = names();
        let mut counts = CallCounts::default();
        counts.enter(main, at(2));
        counts.enter(work, at(3));
        counts.leave_all(at(7));
        counts.leave_all(at(9));
        assert_eq!((counts.totals(main).total, counts.totals(main).own), (at(5), at(1)));
        assert_eq!(counts.totals(work).total, at(4));
    }

    #[test]
    fn a_clock_that_goes_backwards_is_no_panic() {
        let (_, main, _) = names();
        let mut counts = CallCounts::default();
        counts.enter(main, at(5));
        counts.leave(at(3));
        assert_eq!(counts.totals(main).total, Moment::default());
    }

    #[test]
    fn the_table_has_the_most_time_first() {
        let (names, main, work) = names();
        let mut counts = CallCounts::default();
        counts.enter(main, at(0));
        for start in [10, 20, 30] {
            counts.enter(work, at(start));
            counts.leave(at(start + 8));
        }
        counts.leave(at(40));
        let mut out = Vec::new();
        counts.write_table(&names, &mut out).unwrap();
        let expected =
            "       calls      self ms self %     total ms   self Mcycles  total Mcycles  function
           3       24.000   60.0       24.000         72.000         72.000  work
           1       16.000   40.0       40.000         48.000        120.000  main
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_table_without_cycles_has_no_column_for_them() {
        let mut names = FunctionNames::default();
        let main = names.id(FunctionKey { module: 1, index: 0 }, || "ma\rin".into());
        let mut counts = CallCounts::default();
        counts.enter(main, Moment::default());
        counts.leave(Moment { nanoseconds: 1_500_000, cycles: 0 });
        let mut out = Vec::new();
        counts.write_table(&names, &mut out).unwrap();
        let expected = "       calls      self ms self %     total ms  function
           1        1.500  100.0        1.500  ma\\rin
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
