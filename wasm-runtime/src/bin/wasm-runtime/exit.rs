//! Exit codes, and messages on standard error.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use wasm_runtime::{Error, Escaped, Result, Trap};

/// The exit code after a trap. It is what shells report for a program that called `abort`.
const TRAPPED: u8 = 128 + 6;

/// The exit code of a command. An error is reported on standard error.
pub(crate) fn code(result: Result<ExitCode>) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    if broken_pipe(&error) {
        // The reader of our output has closed it, because it has seen enough.
        return ExitCode::SUCCESS;
    }
    message(format_args!("error: {error:?}"));
    if error.is::<Trap>() { ExitCode::from(TRAPPED) } else { ExitCode::FAILURE }
}

/// Ends the process because the command line is wrong.
pub(crate) fn usage(problem: &str) -> ! {
    message(format_args!("error: {problem}\n\nFor more information, try '--help'."));
    std::process::exit(2)
}

/// Writes a line to standard error, if that can be written to. What the command does, and its exit
/// code, do not depend on this. Characters that would control a terminal are escaped.
pub(crate) fn message(line: fmt::Arguments<'_>) {
    // Messages of other parts can contain names from a module, too.
    let _ = writeln!(io::stderr(), "{}", Escaped::lines(&line.to_string()));
}

fn broken_pipe(error: &Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
