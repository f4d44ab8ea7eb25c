//! `wasm-runtime expose`: exports everything that holds state, for other runtimes.

use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::rewrite::{ExposeOptions, expose};
use wasm_runtime::{Escaped, Result};

use crate::exit;
use crate::input::{self, Source};
use crate::output::{self, Target};

const LONG: &str = "\
Export every global, table and memory of a module.

Runtimes that show their hosts only what a module exports show all of it then. The module does what it did, and
keeps the exports that it has. The new names are printed: a prefix, the kind, and the item's name or index.

This runtime needs none of it: `Instance::globals` and the like see what is not exported.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime expose game.wasm                         writes game.exposed.wasm
  wasm-runtime expose game.wasm -o out.wasm --prefix debug_
  wasm-runtime expose game.wasm --only globals";

/// Export every global, table and memory of a module.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Expose {
    /// The module, in the binary or the text format; `-` for standard input.
    file: Source,

    /// The new module; FILE with the ending `.exposed.wasm` if not given. With `-` it goes to
    /// standard output, and the new names to standard error.
    #[arg(short, long, value_name = "OUT")]
    output: Option<Target>,

    /// The beginning of the new names.
    #[arg(long, value_name = "PREFIX", default_value = "__")]
    prefix: String,

    /// Exports only these; can be given several times.
    #[arg(long, value_name = "KIND", value_enum)]
    only: Vec<Kind>,

    /// Leaves mutable globals out, for engines that may not export them.
    #[arg(long)]
    immutable_globals_only: bool,

    /// Leaves out what the module exports already.
    #[arg(long)]
    once: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Globals,
    Tables,
    Memories,
}

impl Expose {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let output =
            Target::of(self.output, &self.file, |file| file.with_extension("exposed.wasm"))?;
        let wasm = input::open_wasm(&self.file)?;
        let wanted = |kind| self.only.is_empty() || self.only.contains(&kind);
        let options = ExposeOptions {
            globals: wanted(Kind::Globals),
            tables: wanted(Kind::Tables),
            memories: wanted(Kind::Memories),
            mutable_globals: !self.immutable_globals_only,
            again: !self.once,
            prefix: &self.prefix,
            ..ExposeOptions::default()
        };
        let exposed =
            expose(&wasm, &options).with_context(|| format!("can't expose {}", self.file))?;
        output.write(&exposed.wasm)?;
        for exported in &exposed.items {
            let name = Escaped::new(&exported.name);
            let line = format_args!("{name}: {}", exported.item);
            if output.is_stdout() { exit::tell(line) } else { output::line(line)? }
        }
        for skipped in &exposed.skipped {
            exit::tell(format_args!("note: {skipped} is not exported, as it is mutable"));
        }
        for section in &exposed.dropped_sections {
            exit::tell(format_args!(
                "note: the custom section `{}` would no longer be right, and is left out",
                Escaped::new(section)
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
