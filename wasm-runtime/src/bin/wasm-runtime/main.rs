//! The program `wasm-runtime`: its command line.
//!
//! Each subcommand has a file of its own with its arguments and its work. This file has what they
//! share: the list of them, and the handling of their errors.

// Not forbidden as in the library: by running an artifact without `--trust`, users vouch for it,
// and one function in `input.rs` relies on that.
#![deny(unsafe_code)]
// These macros panic if nobody reads the output any more. `output` and `exit` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod address_space;
mod cache;
mod completion;
mod config;
mod exit;
mod groups;
mod input;
mod inspect;
mod os_text;
mod output;
mod patterns;
mod profile;
#[cfg(feature = "jit")]
mod progress;
mod proposals;
mod run;
mod source;
mod units;

#[cfg(feature = "jit")]
mod clif;
#[cfg(feature = "jit")]
mod compile;
#[cfg(feature = "disassemble")]
mod disassemble;
#[cfg(feature = "disassemble")]
mod explore;
#[cfg(feature = "rewrite")]
mod expose;
#[cfg(feature = "jit")]
mod flags;
#[cfg(feature = "sign")]
mod keygen;
#[cfg(feature = "jit")]
mod limits;
#[cfg(feature = "disassemble")]
mod objdump;
#[cfg(feature = "jit")]
mod settings;
#[cfg(feature = "sign")]
mod sign;
#[cfg(feature = "rewrite")]
mod snapshot;
#[cfg(any(feature = "jit", feature = "sign"))]
mod target;
#[cfg(feature = "sign")]
mod trust;
#[cfg(feature = "sign")]
mod verify;
#[cfg(feature = "wast")]
mod wast;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

const LONG_ABOUT: &str = "\
Run WebAssembly, compile it ahead of time, and look into it.

Files are recognized by their content, not by their names: WebAssembly binaries, its text format,
and artifacts, which are modules that `compile` has compiled already. `-` stands for standard input,
and after `-o` for standard output.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime run program.wasm one two         run a program with two arguments
  wasm-runtime program.wasm one two             the same
  wasm-runtime run --dir data::/data p.wasm     with the directory `data` as `/data`
  wasm-runtime run --invoke add math.wat 1 2    call a function that the module exports
  wasm-runtime compile p.wasm -o p.cwasm        compile ahead of time
  wasm-runtime run p.cwasm                      run what was compiled
  wasm-runtime inspect p.cwasm                  show what is in it

Exit codes:
  the program's own, if it ends by itself
  1    an error: the file can't be read, the module is not valid, an import is missing
  2    the command line is wrong
  134  the program trapped (128 + SIGABRT), or used up what --fuel or --timeout allow

`wasm-runtime help COMMAND` describes each command.";

/// Run WebAssembly, compile it ahead of time, and look into it.
#[derive(Parser)]
#[command(name = "wasm-runtime", version, long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
#[command(arg_required_else_help = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(Box<run::Run>),
    Cache(cache::CacheCommand),
    Config(config::ConfigCommand),
    Completion(completion::Completion),
    #[cfg(feature = "jit")]
    Settings(flags::SettingsCommand),
    #[cfg(feature = "jit")]
    Compile(compile::Compile),
    Inspect(inspect::Inspect),
    Profile(profile::ProfileCommand),
    #[cfg(feature = "sign")]
    Keygen(keygen::Keygen),
    #[cfg(feature = "sign")]
    Sign(sign::Sign),
    #[cfg(feature = "sign")]
    Verify(verify::Verify),
    #[cfg(feature = "jit")]
    Clif(clif::Clif),
    #[cfg(feature = "disassemble")]
    Explore(explore::Explore),
    #[cfg(feature = "disassemble")]
    Objdump(objdump::Objdump),
    #[cfg(feature = "rewrite")]
    Snapshot(snapshot::SnapshotCommand),
    #[cfg(feature = "rewrite")]
    Expose(expose::Expose),
    #[cfg(feature = "wast")]
    Wast(wast::Wast),
    /// `wasm-runtime FILE [ARGS]...`.
    #[command(external_subcommand)]
    Bare(Vec<OsString>),
}

/// The arguments of a program without a subcommand.
#[derive(Parser)]
#[command(name = "wasm-runtime")]
struct Bare {
    #[command(flatten)]
    run: run::Run,
}

fn main() -> ExitCode {
    let arguments = groups::expanded::<CommandLine>(std::env::args_os().collect());
    let result = match CommandLine::parse_from(arguments).command {
        Command::Run(command) => command.execute(),
        Command::Cache(command) => command.execute(),
        Command::Config(command) => command.execute(),
        Command::Completion(command) => command.execute(),
        #[cfg(feature = "jit")]
        Command::Settings(command) => command.execute(),
        #[cfg(feature = "jit")]
        Command::Compile(command) => command.execute(),
        Command::Inspect(command) => command.execute(),
        Command::Profile(command) => command.execute(),
        #[cfg(feature = "sign")]
        Command::Keygen(command) => command.execute(),
        #[cfg(feature = "sign")]
        Command::Sign(command) => command.execute(),
        #[cfg(feature = "sign")]
        Command::Verify(command) => command.execute(),
        #[cfg(feature = "jit")]
        Command::Clif(command) => command.execute(),
        #[cfg(feature = "disassemble")]
        Command::Explore(command) => command.execute(),
        #[cfg(feature = "disassemble")]
        Command::Objdump(command) => command.execute(),
        #[cfg(feature = "rewrite")]
        Command::Snapshot(command) => command.execute(),
        #[cfg(feature = "rewrite")]
        Command::Expose(command) => command.execute(),
        #[cfg(feature = "wast")]
        Command::Wast(command) => command.execute(),
        Command::Bare(arguments) => bare(arguments),
    };
    exit::code(result)
}

/// Runs a file that was named without a subcommand.
fn bare(arguments: Vec<OsString>) -> wasm_runtime::Result<ExitCode> {
    let name = arguments.first().cloned().unwrap_or_default();
    let looks_like_a_file = name == "-" || name.to_string_lossy().contains(['.', '/']);
    if !looks_like_a_file && !std::path::Path::new(&name).exists() {
        exit::usage(&format!(
            "`{}` is neither a command nor a file{}",
            name.display(),
            missing_command(name.to_str().unwrap_or_default())
        ));
    }
    let program = OsString::from("wasm-runtime");
    Bare::parse_from(std::iter::once(program).chain(arguments)).run.execute()
}

/// A hint for names of commands that this program was built without, and for those of Wasmtime's
/// that have another name here, or none.
fn missing_command(name: &str) -> String {
    let feature = match name {
        "compile" | "clif" | "settings" if cfg!(not(feature = "jit")) => "jit",
        "explore" | "objdump" if cfg!(not(feature = "disassemble")) => "disassemble",
        "snapshot" | "expose" if cfg!(not(feature = "rewrite")) => "rewrite",
        "keygen" | "sign" | "verify" if cfg!(not(feature = "sign")) => "sign",
        "wast" if cfg!(not(feature = "wast")) => "wast",
        "completions" => return ": the command is `completion`".to_owned(),
        "hot-blocks" => {
            return ": `run --profile=guest` says which functions take time, and `explore` shows \
                    their code"
                .to_owned();
        }
        "replay" => return ": nothing is recorded; `snapshot` saves a state".to_owned(),
        "serve" => return ": `wasi:http`, which that would serve, is not supported".to_owned(),
        "wizer" => return ": the command is `snapshot`".to_owned(),
        _ => return String::new(),
    };
    format!(": this program was built without the feature `{feature}`, which the command needs")
}
