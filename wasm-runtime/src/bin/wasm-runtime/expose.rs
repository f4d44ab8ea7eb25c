//! `wasm-runtime expose`: exports everything that holds state, for other runtimes.

use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::rewrite::{ExposeOptions, expose};
use wasm_runtime::{Escaped, Result};

use crate::exit;
use crate::input;
use crate::output;
use crate::source::Source;
use crate::target::Target;

const LONG: &str = "\
Export every global, table and memory of a module.

Many runtimes give their hosts access only to what a module exports; this way they can access
everything. The module does the same as before, and keeps its exports. The new names are printed: a
prefix, the kind, and the item's name or index.

This runtime does not need this: `Instance::globals` and similar functions also see what is not
exported.";

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

    /// The new module; FILE with the extension `.exposed.wasm` if not given. With `-` it goes to
    /// standard output, and the new names to standard error.
    #[arg(short, long, value_name = "OUT")]
    output: Option<Target>,

    /// The prefix of the new names.
    #[arg(long, value_name = "PREFIX", default_value = "__")]
    prefix: String,

    /// Exports only these. Can be given several times.
    #[arg(long, value_name = "KIND", value_enum)]
    only: Vec<Kind>,

    /// Leaves out mutable globals, for engines that can't export them.
    #[arg(long)]
    immutable_globals_only: bool,

    /// Leaves out what the module already exports.
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
        let selected = |kind| self.only.is_empty() || self.only.contains(&kind);
        let options = ExposeOptions {
            globals: selected(Kind::Globals),
            tables: selected(Kind::Tables),
            memories: selected(Kind::Memories),
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
            if output.is_stdout() { exit::message(line) } else { output::line(line)? }
        }
        for skipped in &exposed.skipped {
            exit::message(format_args!("note: {skipped} is not exported, since it is mutable"));
        }
        for section in &exposed.dropped_sections {
            exit::message(format_args!(
                "note: the custom section `{}` would no longer be correct, and is left out",
                Escaped::new(section)
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
