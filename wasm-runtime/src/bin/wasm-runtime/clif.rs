//! `wasm-runtime clif`: shows what the compiler makes of functions.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::{CraneliftCompiler, Escaped, Result, bail};
use wasm_translate::ClifStage;
use wasm_types::{DefinedFuncIndex, EntityIndex, FuncIndex, Module};

use crate::input;
use crate::settings::Settings;

const LONG: &str = "\
Show Cranelift's intermediate form (CLIF) of a module's functions.

Without --raw it is what machine code is made of, after all optimisations; with --raw it is what the
operators of the function were translated to, before any. With --assembly it is the machine code.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime clif math.wat                    all functions
  wasm-runtime clif program.wasm --function main
  wasm-runtime clif program.wasm --function 17 --raw
  wasm-runtime clif program.wasm --function 17 --assembly
  wasm-runtime clif program.wasm --function main --target aarch64-unknown-linux-gnu";

/// Show Cranelift's intermediate form of a module's functions.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Clif {
    /// The module, in the binary or the text format.
    file: PathBuf,

    /// The function: its index, its name in the name section, or a name it is exported under.
    #[arg(short, long, value_name = "NAME|INDEX")]
    function: Option<String>,

    /// Shows it before any optimisation.
    #[arg(long)]
    raw: bool,

    /// Shows the machine code, as the code generator writes its instructions.
    #[arg(long, conflicts_with = "raw")]
    assembly: bool,

    #[command(flatten)]
    settings: Settings,
}

impl Clif {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let wasm = input::open_wasm(&self.file)?;
        let request = self.settings.request();
        let settings = CraneliftCompiler::new().settings(&request)?;
        let parsed = Module::parse_with_bodies(&wasm, request.features)
            .with_context(|| format!("`{}`", self.file.display()))?;
        let module = parsed.module();
        let functions = match &self.function {
            Some(function) => vec![find(module, function)?],
            None => (0..module.num_defined_functions()).map(DefinedFuncIndex::new).collect(),
        };
        let stage = if self.raw { ClifStage::Raw } else { ClifStage::Optimized };
        let mut out = std::io::stdout().lock();
        for func in functions {
            let index = module.func_index(func);
            let name = Escaped::new(module.names.function(index).unwrap_or("no name"));
            let ty = module.type_of_func(index);
            let text = match self.assembly {
                true => wasm_translate::assembly(&parsed, &wasm, func, &settings)?,
                false => wasm_translate::clif(&parsed, &wasm, func, &settings, stage)?,
            };
            writeln!(out, "; function {index} ({name}): {ty}\n{text}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The function that is meant.
fn find(module: &Module, function: &str) -> Result<DefinedFuncIndex> {
    let exported = || {
        module.exports.iter().find_map(|export| match export.index {
            EntityIndex::Func(func) if export.name == function => Some(func),
            _ => None,
        })
    };
    let named = || {
        let (func, _) = module.names.functions.iter().find(|(_, name)| name == function)?;
        Some(*func)
    };
    let index = match function.parse() {
        Ok(index) => Some(FuncIndex::new(index)).filter(|i| i.index() < module.functions.len()),
        Err(_) => exported().or_else(named),
    };
    let Some(index) = index else {
        let names: Vec<&str> = module.names.functions.iter().map(|(_, n)| n.as_str()).collect();
        bail!(
            "there is no function `{}` among the {} functions{}",
            Escaped::new(function),
            module.functions.len(),
            similar(&names, function)
        );
    };
    match module.defined_func(index) {
        Some(defined) => Ok(defined),
        None => bail!("function {index} is imported: there is no code for it in this module"),
    }
}

/// Names that contain what was asked for, for those who remember only a part.
fn similar(names: &[&str], wanted: &str) -> String {
    let similar: Vec<&str> =
        names.iter().copied().filter(|name| name.contains(wanted)).take(5).collect();
    match similar.as_slice() {
        [] => String::new(),
        names => format!("; there is {}", Escaped::new(&names.join(", "))),
    }
}
