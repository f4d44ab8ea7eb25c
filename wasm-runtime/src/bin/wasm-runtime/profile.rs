//! `wasm-runtime profile`: profiles that `run --profile-out` gathered.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use wasm_runtime::Result;
use wasm_runtime::error::Context;
use wasm_runtime::profile::{FunctionProfile, ModuleProfile, PointKind, Profile};

use crate::output;

const LONG: &str = "\
Show profiles of programs, or add them up.

A profile says how often the code of a module ran: `wasm-runtime run --profile-out FILE` gathers
one, and `wasm-runtime compile --profile-use FILE` makes an artifact with it that is faster at what
the program did. What the program does is the same with any profile. A profile names its modules by
a hash of their code, so that it is used for no others.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime run --profile-out one.profile program.wasm one
  wasm-runtime run --profile-out two.profile program.wasm two
  wasm-runtime profile merge -o program.profile one.profile two.profile
  wasm-runtime profile show program.profile
  wasm-runtime compile --profile-use program.profile program.wasm";

/// Show profiles of programs, or add them up.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct ProfileCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Add profiles up: of several runs of a program, or of several programs.
    Merge {
        /// The file that the sum is written to. It may be one of those that are added.
        #[arg(short, long, value_name = "OUT")]
        output: PathBuf,

        /// The profiles.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show what is in a profile: the functions that were entered most often first.
    Show {
        /// Shows each counter, too.
        #[arg(long)]
        counters: bool,

        /// The profile.
        file: PathBuf,
    },
}

impl ProfileCommand {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        match self.action {
            Action::Merge { output, files } => {
                let profile = read_all(&files)?;
                let about = || format!("can't write `{}`", output.display());
                fs::write(&output, profile.encode()).with_context(about)?;
            }
            Action::Show { counters, file } => output::text(&report(&read(&file)?, counters))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The sum of the profiles in some files.
pub(crate) fn read_all(files: &[PathBuf]) -> Result<Profile> {
    let mut sum = Profile::new();
    for file in files {
        sum.merge(&read(file)?);
    }
    Ok(sum)
}

fn read(file: &Path) -> Result<Profile> {
    let about = || format!("can't read the profile `{}`", file.display());
    let bytes = fs::read(file).with_context(about)?;
    Profile::decode(&bytes).with_context(about)
}

fn report(profile: &Profile, counters: bool) -> String {
    let mut out = format!("profile {}\n", profile.identity());
    for (code, module) in &profile.modules {
        let _ = writeln!(out, "\nmodule with code {code}");
        write_module(&mut out, module, counters);
    }
    out
}

fn write_module(out: &mut String, module: &ModuleProfile, counters: bool) {
    let mut functions: Vec<_> = module.functions.iter().collect();
    functions.sort_by_key(|(func, function)| (std::cmp::Reverse(function.entries), **func));
    let _ = writeln!(out, "{:>20} {:>10} {:>10}  function", "entries", "first", "counters");
    for (func, function) in functions {
        let (entries, order) = (function.entries, function.order);
        let points = function.points.len();
        let _ = writeln!(out, "{entries:>20} {order:>10} {points:>10}  defined function {func}");
        if counters {
            write_counters(out, function);
        }
    }
}

fn write_counters(out: &mut String, function: &FunctionProfile) {
    for (offset, point) in &function.points {
        let what = match point.kind {
            PointKind::Indirect => "calls of others",
            PointKind::Loop => "rounds of the loop",
            PointKind::Taken => "times that the condition held",
            PointKind::NotTaken => "times that it did not branch",
            PointKind::Joined => "times reached",
        };
        let _ = writeln!(out, "{:>20}   at {offset:#x}: {what}", point.count);
        for (func, count) in &point.targets {
            let _ = writeln!(out, "{count:>20}   at {offset:#x}: calls of function {func}");
        }
    }
}
