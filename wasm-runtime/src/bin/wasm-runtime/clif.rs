//! `wasm-runtime clif`: shows what the compiler makes of functions.

use std::borrow::Cow;
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::{CraneliftCompiler, Escaped, Result, bail};
use wasm_translate::ClifStage;
use wasm_types::{DefinedFuncIndex, EntityIndex, FuncIndex, Module, demangle};

use crate::settings::Settings;
use crate::source::Source;
use crate::{input, output};

const LONG: &str = "\
Show Cranelift's intermediate form (CLIF) of a module's functions.

By default it is the form after all optimisations, from which machine code is generated. With --raw
it is the form into which the function's operators were translated, before any optimisation. With
--assembly it is the machine code.";

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
    /// The module, in the binary or the text format; `-` for standard input.
    file: Source,

    /// The function: its index, its name (as in the name section or as in the source), or a name it
    /// is exported under. All functions with this name are shown.
    #[arg(short, long, value_name = "NAME|INDEX")]
    function: Option<String>,

    /// Shows the form before any optimisation.
    #[arg(long)]
    raw: bool,

    /// Shows the machine code, in the notation of the code generator.
    #[arg(long, conflicts_with = "raw")]
    assembly: bool,

    #[command(flatten)]
    settings: Settings,
}

impl Clif {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let wasm = input::open_wasm(&self.file)?;
        let request = self.settings.request()?;
        let settings = CraneliftCompiler::new().settings(&request)?;
        let parsed = Module::parse_with_bodies(&wasm, request.features)
            .with_context(|| self.file.to_string())?;
        let module = parsed.module();
        let functions = match &self.function {
            Some(function) => find(module, function)?,
            None => (0..module.num_defined_functions()).map(DefinedFuncIndex::new).collect(),
        };
        let stage = if self.raw { ClifStage::Raw } else { ClifStage::Optimized };
        for func in functions {
            let index = module.func_index(func);
            let name = module.names.function(index).map_or("no name".into(), demangle);
            let name = Escaped::new(&name);
            let ty = module.type_of_func(index);
            let text = match self.assembly {
                true => wasm_translate::assembly(&parsed, &wasm, func, &settings)?,
                false => wasm_translate::clif(&parsed, &wasm, func, &settings, stage)?,
            };
            output::line(format_args!("; function {index} ({name}): {ty}\n{text}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The functions that the option selects.
fn find(module: &Module, function: &str) -> Result<Vec<DefinedFuncIndex>> {
    let found = match function.parse() {
        Ok(index) if index < module.functions.len() as u32 => vec![FuncIndex::new(index)],
        Ok(_) => Vec::new(),
        Err(_) => named(module, function),
    };
    if found.is_empty() {
        let names = module.names.functions.iter().map(|(_, name)| demangle(name));
        bail!(
            "there is no function `{}` among the {} functions{}",
            Escaped::new(function),
            module.functions.len(),
            similar(names, function)
        );
    }
    let defined: Vec<_> = found.iter().filter_map(|index| module.defined_func(*index)).collect();
    if defined.is_empty() {
        bail!("function {} is imported: there is no code for it in this module", found[0]);
    }
    Ok(defined)
}

/// The function that is exported under a name. If there is none, the functions that have this name.
fn named(module: &Module, name: &str) -> Vec<FuncIndex> {
    let exported = module.exports.iter().find_map(|export| match export.index {
        EntityIndex::Func(func) if export.name == name => Some(func),
        _ => None,
    });
    if let Some(func) = exported {
        return vec![func];
    }
    let names = module.names.functions.iter();
    names.filter(|(_, n)| n == name || demangle(n) == name).map(|(func, _)| *func).collect()
}

/// Names that contain the given one, for those who remember only a part.
fn similar<'m>(names: impl Iterator<Item = Cow<'m, str>>, part: &str) -> String {
    let similar: Vec<_> = names.filter(|name| name.contains(part)).take(5).collect();
    match similar.as_slice() {
        [] => String::new(),
        names => format!("; there is {}", Escaped::new(&names.join(", "))),
    }
}
