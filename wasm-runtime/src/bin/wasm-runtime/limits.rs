//! The option `--compile-limit`: how large functions may be, and how long compiling may take.

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::{CompileLimit, CompileLimits, Result};
use wasm_translate::Error as TranslateError;

use crate::units;

/// The option of commands that compile.
#[derive(Args, Clone)]
pub(crate) struct Limits {
    /// Refuses to compile anything beyond these limits: `operators`, `blocks`, `locals` and
    /// `parameters` of a function, the `effort` of register allocation, and the `time` for the
    /// module, for example `operators=100000,time=5s`. `NAME=none` or `none` lifts limits. Limits
    /// that are not given are far beyond what programs need.
    #[arg(
        long = "compile-limit",
        value_name = "NAME=VALUE,...",
        value_delimiter = ',',
        value_parser = parse
    )]
    changes: Vec<Change>,
}

/// What one part of the option changes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    /// No limits at all.
    None,
    Size(CompileLimit, Option<u32>),
    Time(Option<std::time::Duration>),
}

impl Limits {
    /// The limits. If one is given several times, the last counts.
    pub(crate) fn limits(&self) -> CompileLimits {
        self.changes.iter().fold(CompileLimits::new(), |limits, change| match *change {
            Change::None => CompileLimits::unlimited(),
            Change::Time(time) => limits.time(time),
            Change::Size(CompileLimit::Operators, most) => limits.operators(most),
            Change::Size(CompileLimit::Blocks, most) => limits.blocks(most),
            Change::Size(CompileLimit::Locals, most) => limits.locals(most),
            Change::Size(CompileLimit::Effort, most) => limits.effort(most),
            Change::Size(_, most) => limits.parameters(most),
        })
    }

    /// Adds how to raise a limit to an error, if the limit has stopped the compilation.
    pub(crate) fn explain<R>(&self, result: Result<R>) -> Result<R> {
        let error = result.as_ref().err().and_then(|error| error.downcast_ref::<TranslateError>());
        match error.and_then(TranslateError::limit) {
            Some(limit) => result.with_context(|| {
                format!(
                    "the module is beyond a limit of compilation: `--compile-limit {limit}=VALUE` raises it, \
                     `--compile-limit {limit}=none` lifts it"
                )
            }),
            None => result,
        }
    }
}

/// `NAME=VALUE`, `NAME=none` or `none`.
fn parse(text: &str) -> Result<Change, String> {
    if text == "none" {
        return Ok(Change::None);
    }
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` is not `NAME=VALUE` or `none`"))?;
    let limit = CompileLimit::ALL.iter().find(|limit| limit.name() == name);
    let limit = *limit.ok_or_else(|| {
        let names: Vec<&str> = CompileLimit::ALL.iter().map(|limit| limit.name()).collect();
        format!("there is no limit `{name}`; the limits are {}", names.join(", "))
    })?;
    match (limit, value) {
        (CompileLimit::Time, "none") => Ok(Change::Time(None)),
        (CompileLimit::Time, time) => Ok(Change::Time(Some(units::parse_duration(time)?))),
        (_, "none") => Ok(Change::Size(limit, None)),
        (_, number) => match number.parse() {
            Ok(number) => Ok(Change::Size(limit, Some(number))),
            Err(_) => Err(format!("`{number}` is neither a number up to {} nor `none`", u32::MAX)),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(parts: &[&str]) -> CompileLimits {
        let changes = parts.iter().map(|part| parse(part).unwrap()).collect();
        Limits { changes }.limits()
    }

    #[test]
    fn later_ones_win() {
        assert_eq!(limits(&[]), CompileLimits::new());
        assert_eq!(limits(&["none"]), CompileLimits::unlimited());
        assert_eq!(limits(&["blocks=3", "none", "locals=5"]), CompileLimits::unlimited().locals(5));
        let all = ["operators=1", "blocks=2", "locals=3", "parameters=4", "effort=5", "time=500ms"];
        let expected = CompileLimits::new().operators(1).blocks(2).locals(3).parameters(4);
        assert_eq!(limits(&all), expected.effort(5).time(Duration::from_millis(500)));
        assert_eq!(limits(&["time=none", "blocks=none"]).time, None);
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for bad in ["", "blocks", "blocks=", "blocks=-1", "blocks=5000000000", "time=", "x=1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
