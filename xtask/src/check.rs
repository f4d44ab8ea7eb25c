//! A check: how it is described and how it is run.

use std::time::Instant;

use crate::shell::Shell;

/// A row of the table.
pub(crate) struct Check {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The reason for the check.
    pub(crate) why: &'static str,
    /// What it runs.
    pub(crate) work: Work,
}

/// What a check runs.
pub(crate) enum Work {
    /// Command lines, each of which must succeed. They can be pasted into a shell in the root of
    /// the repository.
    Commands(&'static [&'static str]),
    /// Something that can't be written as a command line.
    Function {
        /// What it does, for those who read the table.
        what: &'static str,
        /// The function. Its error says what is wrong and what to do about it.
        call: fn(&Shell) -> Result<(), String>,
    },
    /// Something that needs what is not installed everywhere. It is skipped where that is missing.
    Optional {
        /// What it does, for those who read the table.
        what: &'static str,
        /// The function, as above.
        call: fn(&Shell) -> Result<Outcome, String>,
    },
}

/// The outcome of a check that did not fail.
pub(crate) enum Outcome {
    Passed,
    /// It was not run here, with the reason and what to do so that it is run.
    Skipped(String),
}

impl Check {
    /// Prints the row.
    pub(crate) fn describe(&self) {
        println!("{}", self.name);
        println!("    why   {}", self.why);
        match &self.work {
            Work::Commands(lines) => lines.iter().for_each(|line| println!("    runs  {line}")),
            Work::Function { what, .. } => println!("    runs  {what}"),
            Work::Optional { what, .. } => {
                println!("    runs  {what}; skipped where that is missing")
            }
        }
    }

    /// Runs the check, and prints its name, its outcome and how long it took.
    pub(crate) fn run(&self, shell: &Shell) -> bool {
        let start = Instant::now();
        shell.begin(self.name);
        let result = match &self.work {
            Work::Commands(lines) => lines.iter().try_for_each(|line| shell.run(line)).map(passed),
            Work::Function { call, .. } => call(shell).map(passed),
            Work::Optional { call, .. } => call(shell),
        };
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(Outcome::Passed) => {
                println!("ok    {:<14} {seconds:7.1} s", self.name);
                shell.tidy(self.name);
            }
            Ok(Outcome::Skipped(ref why)) => {
                println!("skip  {:<14} {seconds:7.1} s  {why}", self.name);
            }
            Err(ref reason) => {
                shell.show_log();
                println!("FAIL  {:<14} {seconds:7.1} s  {reason}", self.name);
            }
        }
        result.is_ok()
    }
}

fn passed((): ()) -> Outcome {
    Outcome::Passed
}
