//! What the process ends with.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use wasm_runtime::{Error, Escaped, Result, Trap};

/// What a trap ends the process with: what a shell says of a program that called `abort`.
const TRAPPED: u8 = 128 + 6;

/// The exit code of a command; says what went wrong on standard error.
pub(crate) fn code(result: Result<ExitCode>) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    if broken_pipe(&error) {
        // Whoever read our output has seen enough.
        return ExitCode::SUCCESS;
    }
    tell(format_args!("error: {error:?}"));
    if error.is::<Trap>() { ExitCode::from(TRAPPED) } else { ExitCode::FAILURE }
}

/// Ends the process for a command line that is wrong.
pub(crate) fn usage(message: &str) -> ! {
    tell(format_args!("error: {message}\n\nFor more information, try '--help'."));
    std::process::exit(2)
}

/// Writes a line to standard error, if that can be written to: what the command does, and its exit code, do not
/// depend on whether somebody reads its notes. What would steer a terminal is escaped.
pub(crate) fn tell(line: fmt::Arguments<'_>) {
    // Also what others say of a module can have its names in it.
    let _ = writeln!(io::stderr(), "{}", Escaped::lines(&line.to_string()));
}

fn broken_pipe(error: &Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
