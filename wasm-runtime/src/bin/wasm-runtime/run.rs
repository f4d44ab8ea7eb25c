//! `wasm-runtime run`: runs a program, or calls a function of a module.

mod bounds;
pub(crate) mod directories;
mod gathered;
mod observe;
mod profile;
mod values;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::wasi::{I32Exit, WasiCtx, WasiCtxBuilder};
use wasm_runtime::{
    Config, Engine, Error, Escaped, ExternType, Instance, Linker, Module, Result, Store, bail,
};

use self::gathered::Gathered;
use crate::address_space::{self, Reservation};
use crate::{exit, input};

const LONG: &str = "\
Run a program, or call a function of a module.

FILE is a module in WebAssembly's binary or text format, which is compiled on the spot and kept for the next
time (`wasm-runtime help cache` says where), or an artifact made by `wasm-runtime compile`. A command (a
module that exports `_start`) is run as a program. Of any other module `_initialize` is called, if it
exports that, and then the function given with --invoke.

The program sees the arguments that follow FILE, the environment variables given with --env, and the
directories given with --dir; nothing else of this machine but its clocks, its random numbers and the
terminal. Options of this command can stand before FILE or right after it; what comes after the first
argument of the program, or after `--`, is the program's.

An artifact is machine code, and is run as any program is that its user names: without a question. With --trust
it is run only if it is signed with one of the keys or has one of the hashes, and then what was verified is
what runs, whoever may change the file meanwhile. Modules that are compiled on the spot need no trust.

A program that uses up what --fuel, --timeout or --max-wasm-stack give it traps. These, and those that watch a
program, need code that is compiled for them, which happens by itself; of an artifact it is asked that it was
compiled so, and `wasm-runtime help compile` says how. What was gathered is written also when the program traps,
and when Ctrl-C or SIGTERM ends it; a second one ends it at once.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime run hello.wasm
  wasm-runtime run --dir . --env LANG=C tool.wasm input.txt --verbose
  wasm-runtime run --dir /srv/data::/data server.cwasm
  wasm-runtime run --invoke add math.wat 1 2
  perf record wasm-runtime run --profile-names perf-map tool.wasm
  wasm-runtime run --profile=guest,profile.json,1ms tool.wasm
  wasm-runtime run --trace-calls='parse_*' tool.wasm
  wasm-runtime run --coverage=tool.info tool.wasm && genhtml tool.info
  wasm-runtime run --timeout 2s --max-memory 64Mi untrusted.wasm
  wasm-runtime run --trust keys/release.pub server.cwasm
  wasm-runtime run tool.wasm -- --dir is-an-option-of-the-tool

The exit code is the program's own; 134 if it trapped; 1 if it could not be run. Signals end it as any process.";

/// Run a program, or call a function of a module.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Run {
    /// A directory that the program may use, and the name it has there; the same name if none is given.
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    directories: Vec<String>,

    /// A variable of the program's environment; with the value it has here if none is given.
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    variables: Vec<String>,

    /// Calls this exported function, with the arguments that follow FILE, and prints what it returns.
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,

    /// What the program sees as its own name; the name of FILE if not given.
    #[arg(long, value_name = "NAME")]
    argv0: Option<String>,

    #[cfg(feature = "jit")]
    #[command(flatten)]
    optimize: crate::settings::Optimize,

    #[cfg(feature = "jit")]
    #[command(flatten)]
    compile_limits: crate::limits::Limits,

    #[command(flatten)]
    bounds: bounds::Bounds,

    #[command(flatten)]
    reservation: Reservation,

    #[command(flatten)]
    observe: observe::Observe,

    #[command(flatten)]
    profile: profile::Profile,

    #[command(flatten)]
    cached: crate::cache::Cached,

    #[command(flatten)]
    trust: crate::trust::Trust,

    /// The module to run.
    file: PathBuf,

    /// The program's arguments, or the parameters of the function.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// What host functions find in the store.
struct Host {
    wasi: WasiCtx,
    limits: bounds::Limits,
}

impl Run {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        let loaded = input::load(self.config()?, self.cached, self.reservation, &self.file);
        #[cfg(feature = "jit")]
        let loaded = self.compile_limits.explain(loaded);
        let module = loaded.map_err(|error| self.explain_artifact(error))?;
        let engine = module.engine();
        let mut linker = Linker::new(engine);
        wasm_runtime::wasi::add_to_linker(&mut linker, |host: &mut Host| &mut host.wasi)?;
        let host = Host { wasi: self.wasi()?, limits: self.bounds.limits() };
        let mut store = Store::new(engine, host);
        self.bounds.set(&mut store)?;
        let observers = self.observe.attach(&mut store, &module, &self.file)?;
        let gathered = Gathered::new(observers);

        let result = self.bounds.explain(self.run(&mut store, &linker, &module));
        let reported = gathered.report();
        let error = match result {
            Ok(()) => return reported.map(|()| ExitCode::SUCCESS),
            Err(error) => error,
        };
        match (error.downcast_ref::<I32Exit>(), reported) {
            (Some(I32Exit(0)), Err(report)) => return Err(report),
            (_, Err(report)) => exit::tell(format_args!("error: {report:?}")),
            (_, Ok(())) => {}
        }
        match error.downcast_ref::<I32Exit>() {
            // The system keeps the low eight bits, as for any program.
            Some(exit) => std::process::exit(exit.0),
            None => Err(error),
        }
    }

    fn run(&self, store: &mut Store<Host>, linker: &Linker<Host>, module: &Module) -> Result<()> {
        let instance = linker
            .instantiate(&mut *store, module)
            .map_err(|error| self.bounds.explain_instantiation(error, &store.data().limits))
            .map_err(address_space::explain)
            .with_context(|| format!("can't instantiate `{}`", self.file.display()))?;
        let start = instance.get_func(&mut *store, "_start");
        if start.is_none()
            && let Some(initialize) = instance.get_func(&mut *store, "_initialize")
        {
            let initialize = initialize.typed::<(), ()>(&*store)?;
            initialize.call(&mut *store, ()).context("`_initialize` did not run to its end")?;
        }
        if let Some(name) = &self.invoke {
            return self.invoke(store, module, &instance, name);
        }
        match start {
            Some(start) => start
                .typed::<(), ()>(&*store)?
                .call(store, ())
                .with_context(|| format!("`{}` did not run to its end", self.file.display())),
            None => {
                let names = functions(module);
                if !names.is_empty() {
                    exit::tell(format_args!(
                        "note: `{}` is not a command: it exports no `_start`. --invoke calls one of \
                         its functions: {names}",
                        self.file.display()
                    ));
                }
                Ok(())
            }
        }
    }

    fn invoke(
        &self,
        store: &mut Store<Host>,
        module: &Module,
        instance: &Instance,
        name: &str,
    ) -> Result<()> {
        let Some(func) = instance.get_func(&mut *store, name) else {
            bail!(
                "the module exports no function `{}`; it exports: {}",
                Escaped::new(name),
                functions(module)
            )
        };
        let ty = func.ty(&*store);
        let params = values::parse(name, &ty, &self.args)?;
        let mut results = values::room(&ty);
        func.call(store, &params, &mut results)
            .with_context(|| format!("`{}` did not run to its end", Escaped::new(name)))?;
        results.iter().for_each(|value| println!("{}", values::show(value)));
        Ok(())
    }

    /// What to add to the error of a file that can't be loaded.
    fn explain_artifact(&self, error: Error) -> Error {
        match Engine::detect_precompiled_file(&self.file) {
            Ok(Some(_)) => {
                bounds::explain_artifact(error, self.bounds.needs().chain(self.observe.needs()))
            }
            _ => error,
        }
    }

    fn config(&self) -> Result<Config> {
        let mut config = Config::new();
        self.profile.apply(&mut config)?;
        self.bounds.apply(&mut config);
        self.observe.apply(&mut config);
        self.trust.apply(&mut config)?;
        #[cfg(feature = "jit")]
        config
            .cranelift_opt_level(self.optimize.level())
            .compile_limits(self.compile_limits.limits());
        Ok(config)
    }

    fn wasi(&self) -> Result<WasiCtx> {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_stdio();
        builder.arg(self.program_name());
        // The parameters of a function are not the program's.
        if self.invoke.is_none() {
            self.args.iter().for_each(|arg| {
                builder.arg(arg);
            });
        }
        for variable in &self.variables {
            match variable.split_once('=') {
                Some((name, value)) => builder.env(name, value),
                None => match std::env::var(variable) {
                    Ok(value) => builder.env(variable, &value),
                    Err(error) => bail!("--env {variable}: {error}"),
                },
            };
        }
        for directory in &self.directories {
            directories::open(&mut builder, directory)?;
        }
        Ok(builder.build())
    }

    fn program_name(&self) -> String {
        self.argv0.clone().unwrap_or_else(|| match self.file.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => self.file.display().to_string(),
        })
    }
}

/// The names of the functions that a module exports.
fn functions(module: &Module) -> String {
    let names: Vec<String> = module
        .exports()
        .filter(|export| matches!(export.ty(), ExternType::Func(_)))
        .map(|export| Escaped::new(export.name()).to_string())
        .collect();
    names.join(", ")
}
