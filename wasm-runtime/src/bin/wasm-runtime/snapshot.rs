//! `wasm-runtime snapshot`: runs the initialisation of a module, and keeps the resulting state.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::rewrite::{Imported, ModuleState, PreinitializeOptions, preinitialize};
use wasm_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use wasm_runtime::{
    Compiler as _, Config, Engine, Escaped, ExternType, Instance, Linker, Module, Mutability,
    Outside, Result, Snapshot, Store, bail,
};
use wasm_types::{GlobalState, MemoryState, Module as WasmModule, RefState, TableState};

use crate::exit;
use crate::input;
use crate::progress::Progress;
use crate::run::{directories, environment};
use crate::settings::Settings;
use crate::source::Source;
use crate::target::Target;

const LONG: &str = "\
Run the initialisation of a module, and write a module that starts where it ended.

The function given with --init is called. What memories, tables and globals hold afterwards is their
initial state in OUT. With the extension `.wasm`, OUT is a portable module for any runtime.
Otherwise it is an artifact for this machine (or --target), compiled and initialised.

If the module exports `_initialize`, that is called first. Functions imported from WASI work with
--wasi. Others may be imported, but not called during the initialisation. What the module holds
outside of itself, such as open files, is not part of the state.";

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

    /// The exported function to call. It has no parameters and no results, and is not exported in
    /// OUT.
    #[arg(long, value_name = "NAME")]
    init: String,

    /// The file to write. With the extension `.wasm` it is a module, otherwise an artifact. With
    /// `-` a module goes to standard output.
    #[arg(short, long, value_name = "OUT")]
    output: Target,

    /// Provides the module with WASI while it is initialised.
    #[arg(long)]
    wasi: bool,

    /// A directory that the module may use during initialisation, and its name for the module.
    /// `::ro` after a name makes it read-only.
    #[arg(long = "dir", value_name = "HOST[::GUEST[::ro]]", requires = "wasi")]
    directories: Vec<OsString>,

    /// A variable for the environment during initialisation. Without a value, it has the value from
    /// this environment.
    #[arg(long = "env", value_name = "NAME[=VALUE]", requires = "wasi")]
    variables: Vec<String>,

    /// Keeps the function given with --init exported.
    #[arg(long)]
    keep_init: bool,

    /// Keeps `_initialize` exported, so that it can be called again.
    #[arg(long)]
    keep_initialize: bool,

    /// Exports a function under another name, in place of the function with that name.
    #[arg(long = "rename", value_name = "OLD=NEW")]
    renames: Vec<String>,

    /// Turns imported memories, tables and globals that were changed into definitions of OUT.
    /// Otherwise they are errors.
    #[arg(long)]
    define_imports: bool,

    #[command(flatten)]
    settings: Settings,
}

/// The data of the store, for host functions.
struct Host {
    wasi: WasiCtx,
}

impl SnapshotCommand {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let options = self.options()?;
        self.output.check()?;
        let host = Host { wasi: self.context()? };
        let wasm = input::open_wasm(&self.file)?;
        let about = || format!("can't initialise {}", self.file);
        let state = self.state(&wasm, host).with_context(about)?;
        let made = preinitialize(&wasm, &state, &options).with_context(about)?;
        for section in &made.dropped_sections {
            exit::message(format_args!(
                "note: the custom section `{}` would no longer be correct, and is left out",
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

    /// Initialises an instance, and returns its state afterwards.
    fn state(&self, wasm: &[u8], host: Host) -> Result<ModuleState> {
        let mut config = Config::new();
        self.settings.apply_here(&mut config, wasm, &self.file);
        let progress = Progress::default();
        config.compiler(std::sync::Arc::new(progress.compiler()));
        let engine = Engine::new(&config)?;
        let module = progress.during(&self.file, wasm.len(), || Module::new(&engine, wasm))?;
        let mut linker = Linker::new(&engine);
        if self.wasi {
            wasm_runtime::wasi::add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
        }
        let mut store = Store::new(&engine, host);
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
            environment::add(&mut builder, variable)?;
        }
        for directory in &self.directories {
            directories::open(&mut builder, directory)?;
        }
        Ok(builder.build())
    }

    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>> {
        let progress = Progress::default();
        let (compiler, request) = (progress.compiler(), self.settings.request()?);
        let compiled = progress.during(&self.file, wasm.len(), || compiler.compile(wasm, &request));
        self.settings
            .limits
            .explain(compiled)
            .with_context(|| format!("can't compile what {} has become", self.file))
    }
}

/// What a module imports, before its initialisation. Imports that stay the same are left out.
struct Unchanged {
    memories: Vec<Option<MemoryState>>,
    tables: Vec<Option<TableState>>,
    globals: Vec<Option<GlobalState>>,
}

impl Unchanged {
    /// What a start function may have changed counts as changed, since its earlier state is
    /// unknown.
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
                    let known = |table: &TableState| !has_start && !has_objects(table);
                    unchanged.tables.push(tables.next().flatten().filter(known));
                }
                ExternType::Global(ty) => {
                    let fixed = matches!(ty.mutability(), Mutability::Const);
                    unchanged.globals.push(
                        globals
                            .next()
                            .flatten()
                            .filter(|value| (fixed || !has_start) && !is_object(value)),
                    );
                }
                ExternType::Func(_) | ExternType::Tag(_) => {}
            }
        }
        Ok(unchanged)
    }

    /// The current state, without imports that have not changed.
    fn state(self, store: &mut Store<Host>, instance: Instance) -> Result<ModuleState> {
        let mut now = state(store, instance)?;
        forget(&mut now.memories, &self.memories);
        forget(&mut now.tables, &self.tables);
        forget(&mut now.globals, &self.globals);
        Ok(now)
    }
}

/// Whether a table refers to objects, which may have changed although the references have not.
fn has_objects(table: &TableState) -> bool {
    let mut elements = table.runs.iter().flat_map(|run| &run.elements);
    elements.any(|element| matches!(element, RefState::Object(_)))
}

/// Whether a global does.
fn is_object(global: &GlobalState) -> bool {
    matches!(global, GlobalState::Ref(RefState::Object(_)))
}

/// Leaves out what has not changed. Imports come first in both lists.
fn forget<T: PartialEq>(now: &mut [Option<T>], before: &[Option<T>]) {
    for (now, before) in now.iter_mut().zip(before) {
        if now == before {
            *now = None;
        }
    }
}

/// The state of an instance with everything that it imports.
fn state(store: &mut Store<Host>, instance: Instance) -> Result<ModuleState> {
    let mut builder = Snapshot::builder();
    builder.instances(&[instance]).outside(Outside::Include);
    builder.take(&mut *store)?.state(instance)
}
