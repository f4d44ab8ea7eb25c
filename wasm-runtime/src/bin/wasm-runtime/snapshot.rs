//! `wasm-runtime snapshot`: runs the initialisation of a module and keeps what has become of it.

use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::rewrite::{Imported, ModuleState, PreinitializeOptions, preinitialize};
use wasm_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use wasm_runtime::{
    Compiler as _, Config, Engine, Escaped, ExternType, Instance, Linker, Module, Mutability,
    Outside, Result, Snapshot, Store, bail,
};
use wasm_types::{GlobalState, MemoryState, Module as WasmModule, TableState};

use crate::exit;
use crate::input::{self, Source};
use crate::output::Target;
use crate::progress::Progress;
use crate::run::directories;
use crate::settings::Settings;

const LONG: &str = "\
Run the initialisation of a module, and write a module that starts where it ended.

The function given with --init is called, and what memories, tables and globals hold afterwards is what they hold
from the start in OUT. If OUT ends in `.wasm`, it is a portable module for any runtime; otherwise an artifact for
this machine (or --target), which is compiled and initialised.

A module that exports `_initialize` has it called first. Functions that it imports from WASI work with --wasi;
others may be imported but not called meanwhile. What the module keeps of the world outside, such as open files, is
not part of the state.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime snapshot interpreter.wasm --init load_library -o ready.wasm
  wasm-runtime snapshot interpreter.wasm --init load_library --wasi --dir lib::/lib -o ready.cwasm
  wasm-runtime snapshot plugin.wasm --init wizer.initialize --rename main=start -o plugin.init.wasm";

/// Run the initialisation of a module, and write a module that starts where it ended.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct SnapshotCommand {
    /// The module, in the binary or the text format; `-` for standard input.
    file: Source,

    /// The exported function to call, which takes and returns nothing. Not exported in OUT.
    #[arg(long, value_name = "NAME")]
    init: String,

    /// Where to write to; `.wasm` at its end makes it a module, anything else an artifact. With `-`
    /// a module goes to standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Target,

    /// Gives the module WASI while it is initialised.
    #[arg(long)]
    wasi: bool,

    /// A directory that the module may use meanwhile, and the name it has there; with `::ro` after
    /// that, only to read.
    #[arg(long = "dir", value_name = "HOST[::GUEST[::ro]]", requires = "wasi")]
    directories: Vec<String>,

    /// A variable of the environment meanwhile.
    #[arg(long = "env", value_name = "NAME=VALUE", requires = "wasi")]
    variables: Vec<String>,

    /// Keeps the function given with --init exported.
    #[arg(long)]
    keep_init: bool,

    /// Keeps `_initialize` exported, to be called again.
    #[arg(long)]
    keep_initialize: bool,

    /// Exports a function under another name, in place of what had that.
    #[arg(long = "rename", value_name = "OLD=NEW")]
    renames: Vec<String>,

    /// Makes imported memories, tables and globals that were changed definitions of OUT; they are errors
    /// otherwise.
    #[arg(long)]
    define_imports: bool,

    #[command(flatten)]
    settings: Settings,
}

/// What host functions find in the store.
struct Host {
    wasi: WasiCtx,
}

impl SnapshotCommand {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let options = self.options()?;
        let wasm = input::open_wasm(&self.file)?;
        let about = || format!("can't initialise {}", self.file);
        let state = self.state(&wasm).with_context(about)?;
        let made = preinitialize(&wasm, &state, &options).with_context(about)?;
        for section in &made.dropped_sections {
            exit::tell(format_args!(
                "note: the custom section `{}` would no longer be right, and is left out",
                Escaped::new(section)
            ));
        }
        let as_artifact = self
            .output
            .path()
            .is_some_and(|path| path.extension().is_none_or(|ending| ending != "wasm"));
        let bytes = if as_artifact { self.compile(&made.wasm)? } else { made.wasm };
        self.output.write(&bytes)?;
        Ok(ExitCode::SUCCESS)
    }

    fn options(&self) -> Result<PreinitializeOptions> {
        let mut options = PreinitializeOptions {
            keep_initialize: self.keep_initialize,
            imported: if self.define_imports { Imported::Define } else { Imported::Refuse },
            ..PreinitializeOptions::default()
        };
        if !self.keep_init {
            options.remove_exports.push(self.init.clone());
        }
        for rename in &self.renames {
            let Some((old, new)) = rename.split_once('=') else {
                bail!("--rename {rename}: write OLD=NEW")
            };
            options.rename_exports.push((old.to_owned(), new.to_owned()));
        }
        Ok(options)
    }

    /// Initialises an instance; its state afterwards.
    fn state(&self, wasm: &[u8]) -> Result<ModuleState> {
        let mut config = Config::new();
        self.settings.reserve(&mut config, wasm, &self.file);
        let progress = Progress::default();
        config.compiler(std::sync::Arc::new(progress.compiler()));
        let engine = Engine::new(&config)?;
        let module = progress.during(&self.file, wasm.len(), || Module::new(&engine, wasm))?;
        let mut linker = Linker::new(&engine);
        if self.wasi {
            wasm_runtime::wasi::add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
        }
        let mut store = Store::new(&engine, Host { wasi: self.context()? });
        linker.define_unknown_imports_as_traps(&module)?;
        linker.define_unknown_imports_as_default_values(&mut store, &module)?;
        let instance = linker.instantiate(&mut store, &module)?;
        let has_start =
            WasmModule::parse(wasm, engine.config().get_wasm_features())?.start.is_some();
        let before = Unchanged::of(&mut store, &module, instance, has_start)?;
        if self.init != "_initialize"
            && let Some(initialize) = instance.get_func(&mut store, "_initialize")
        {
            let initialize = initialize.typed::<(), ()>(&store)?;
            initialize.call(&mut store, ()).context("`_initialize` did not run to its end")?;
        }
        let init = instance.get_typed_func::<(), ()>(&mut store, &self.init)?;
        init.call(&mut store, ())
            .with_context(|| format!("`{}` did not run to its end", self.init))?;
        before.state(&mut store, instance)
    }

    fn context(&self) -> Result<WasiCtx> {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_stdio();
        for variable in &self.variables {
            let Some((name, value)) = variable.split_once('=') else {
                bail!("--env {variable}: write NAME=VALUE")
            };
            builder.env(name, value);
        }
        for directory in &self.directories {
            directories::open(&mut builder, directory)?;
        }
        Ok(builder.build())
    }

    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>> {
        let progress = Progress::default();
        let (compiler, request) = (progress.compiler(), self.settings.request());
        let compiled = progress.during(&self.file, wasm.len(), || compiler.compile(wasm, &request));
        self.settings
            .limits
            .explain(compiled)
            .with_context(|| format!("can't compile what {} has become", self.file))
    }
}

/// What a module imports, before its initialisation, to leave out what that has not changed.
struct Unchanged {
    memories: Vec<Option<MemoryState>>,
    tables: Vec<Option<TableState>>,
    globals: Vec<Option<GlobalState>>,
}

impl Unchanged {
    /// What a start function may have changed already counts as changed: how it was before, nobody knows
    /// any more.
    fn of(
        store: &mut Store<Host>,
        module: &Module,
        instance: Instance,
        has_start: bool,
    ) -> Result<Self> {
        let mut unchanged = Self { memories: Vec::new(), tables: Vec::new(), globals: Vec::new() };
        let imports: Vec<_> = module.imports().map(|import| import.ty()).collect();
        if imports.iter().all(|ty| matches!(ty, ExternType::Func(_))) {
            return Ok(unchanged);
        }
        let state = state(store, instance)?;
        let (mut memories, mut tables) = (state.memories.into_iter(), state.tables.into_iter());
        let mut globals = state.globals.into_iter();
        for ty in &imports {
            match ty {
                ExternType::Memory(_) => {
                    unchanged.memories.push(memories.next().flatten().filter(|_| !has_start));
                }
                ExternType::Table(_) => {
                    unchanged.tables.push(tables.next().flatten().filter(|_| !has_start));
                }
                ExternType::Global(ty) => {
                    let fixed = matches!(ty.mutability(), Mutability::Const);
                    unchanged
                        .globals
                        .push(globals.next().flatten().filter(|_| fixed || !has_start));
                }
                ExternType::Func(_) => {}
            }
        }
        Ok(unchanged)
    }

    /// The state now, without what is imported and as it was.
    fn state(self, store: &mut Store<Host>, instance: Instance) -> Result<ModuleState> {
        let mut now = state(store, instance)?;
        forget(&mut now.memories, &self.memories);
        forget(&mut now.tables, &self.tables);
        forget(&mut now.globals, &self.globals);
        Ok(now)
    }
}

/// Leaves out what is as it was. What is imported comes first in both lists.
fn forget<T: PartialEq>(now: &mut [Option<T>], before: &[Option<T>]) {
    for (now, before) in now.iter_mut().zip(before) {
        if now == before {
            *now = None;
        }
    }
}

/// The state of an instance with all that it imports.
fn state(store: &mut Store<Host>, instance: Instance) -> Result<ModuleState> {
    let mut builder = Snapshot::builder();
    builder.instances(&[instance]).outside(Outside::Include);
    builder.take(&mut *store)?.state(instance)
}
