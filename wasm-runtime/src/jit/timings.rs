//! How long the stages of a compilation took, from the binary to the artifact.

use std::fmt;
use std::time::Duration;

use wasm_translate::Timings;

/// How long the stages of a compilation took: see
/// [`CraneliftCompiler::compile_timed`](crate::CraneliftCompiler::compile_timed).
///
/// The times for functions are added up over all threads. With several threads, the sum of the
/// stages can be larger than [`total`](Self::total).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CompileTimings {
    /// Reading and validating everything but the bodies of functions.
    pub declarations: Duration,
    /// The bodies, from Wasm to linked machine code.
    pub functions: Timings,
    /// Writing the artifact.
    pub writing: Duration,
    /// The elapsed time from the binary to the artifact.
    pub total: Duration,
}

impl CompileTimings {
    /// The stages in order, with their names.
    pub fn stages(&self) -> [(&'static str, Duration); 7] {
        let Timings { analysis, translation, optimization, codegen, linking, .. } = self.functions;
        [
            ("declarations", self.declarations),
            ("analysis", analysis),
            ("translation", translation),
            ("optimization", optimization),
            ("code generation", codegen),
            ("linking", linking),
            ("writing", self.writing),
        ]
    }
}

/// Displays as a table. Each stage has a line with milliseconds and its share of all stages, and
/// the total is below.
impl fmt::Display for CompileTimings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages = self.stages();
        let all: Duration = stages.iter().map(|(_, time)| *time).sum();
        for (name, time) in stages {
            let share = 100.0 * time.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE);
            writeln!(f, "{name:<16}{:>12.3} ms {share:>5.1} %", time.as_secs_f64() * 1e3)?;
        }
        write!(f, "{:<16}{:>12.3} ms", "total", self.total.as_secs_f64() * 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_shares_of_their_sum() {
        let timings = CompileTimings {
            declarations: Duration::from_micros(250),
            writing: Duration::from_micros(750),
            total: Duration::from_millis(2),
            ..CompileTimings::default()
        };
        let text = timings.to_string();
        let line = |name: &str| {
            let line =
                text.lines().find(|line| line.starts_with(name)).expect("a line of this name");
            line[name.len()..].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(line("declarations"), ["0.250", "ms", "25.0", "%"]);
        assert_eq!(line("linking"), ["0.000", "ms", "0.0", "%"]);
        assert_eq!(line("total"), ["2.000", "ms"]);
        assert_eq!(text.lines().count(), timings.stages().len() + 1);
    }
}
