//! `wasm-runtime run`: runs a program, or calls a function of a module.

mod bounds;
#[cfg(feature = "component")]
mod component;
mod core_dump;
pub(crate) mod directories;
pub(crate) mod environment;
mod gathered;
mod host;
mod imports;
mod observe;
mod pool;
mod profile;
mod threads;
mod values;
mod wasi_options;

use std::collections::HashSet;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::wasi::{I32Exit, WasiCtx, WasiCtxBuilder};
use wasm_runtime::{
    Config, Error, Escaped, ExternType, Instance, Linker, Module, Result, Store, bail,
};

use self::gathered::Gathered;
use self::host::Host;
use crate::address_space::{self, Reservation};
use crate::input::{self, Input, Loader, Opened};
use crate::proposals::{self, Proposals};
use crate::source::Source;
use crate::{exit, output};

const LONG: &str = "\
Run a program, or call a function of a module.

FILE is a module in WebAssembly's binary or text format, or an artifact made by `wasm-runtime
compile`. A module is compiled just in time, and cached for the next run (see `wasm-runtime help
cache`). A command (a module that exports `_start`) is run as a program. In any other module
`_initialize` is called, if it is exported, and then the function given with --invoke.

The program has access to the arguments that follow FILE, the environment variables given with --env
and --inherit-env, and the directories given with --dir; and to nothing else on this machine but its
clocks, its random numbers and the terminal. It can import WASI preview 1, and what the modules
given with --preload export. Imports are checked before anything is compiled. A component can import
WASI 0.2; -S gives it a network, and more. Options of this
command can come before FILE or right after it. Everything after the first argument of the program,
or after `--`, belongs to the program.

An artifact is machine code. Like any program that its user names, it is run without a check. With
--trust (if this program was built with the feature `sign`) it is only run if it is signed with one
of the keys or has one of the hashes; what runs is then what was verified, even if the file changes
meanwhile. Modules that are compiled just in time need no trust.

A program that uses up what --fuel, --timeout or --max-wasm-stack allow traps. These options, and
those that observe a program, require code that is compiled for them. Modules are compiled so by
themselves; artifacts must have been compiled so (see `wasm-runtime help compile`). The collected
data is also written if the program traps, or if Ctrl-C or SIGTERM ends it. A second signal ends it
at once.";

const EXAMPLES: &str = "\
Examples:
  wasm-runtime run hello.wasm
  wasm-runtime run --dir . --env LANG=C tool.wasm input.txt --verbose
  wasm-runtime run --dir /srv/data::/data server.cwasm
  wasm-runtime run --dir /usr/lib/python3::/lib::ro python.wasm
  wasm-runtime run --preload env=library.wasm plugin.wasm
  curl https://example.com/tool.wasm | wasm-runtime run - --help
  wasm-runtime run --invoke add math.wat 1 2
  perf record wasm-runtime run --profile-names perf-map tool.wasm
  wasm-runtime run --profile=guest,profile.json,1ms tool.wasm
  wasm-runtime run --trace-calls='parse_*' tool.wasm
  wasm-runtime run --coverage=tool.info tool.wasm && genhtml tool.info
  wasm-runtime run --timeout 2s --max-memory 64Mi untrusted.wasm
  wasm-runtime run --trust keys/release.pub server.cwasm
  wasm-runtime run -S allow-address=127.0.0.1:8080,allow-ip-name-lookup client.wasm
  wasm-runtime run tool.wasm -- --dir is-an-option-of-the-tool

The exit code is the program's own; 134 if it trapped; 1 if it could not be run. Signals end it like
any process.";

/// Run a program, or call a function of a module.
#[derive(Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Run {
    /// A directory that the program may use, and its name for the program; the same name if none is
    /// given. `::ro` after a name makes it read-only.
    #[arg(long = "dir", value_name = "HOST[::GUEST[::ro]]")]
    directories: Vec<OsString>,

    /// A variable for the program's environment. Without a value, it has the value from this
    /// environment.
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    variables: Vec<String>,

    /// Gives the program all variables of this environment. Those given with --env take precedence.
    #[arg(long)]
    inherit_env: bool,

    #[command(flatten)]
    imports: imports::Imports,

    /// Calls this exported function, with the arguments that follow FILE, and prints its results.
    /// For a component it is a call in the syntax of WAVE: `add(1, {x: 2})`.
    #[arg(long, value_name = "NAME")]
    invoke: Option<String>,

    /// The name of the program as it sees it; the name of FILE if not given.
    #[arg(long, value_name = "NAME")]
    argv0: Option<String>,

    #[cfg(feature = "jit")]
    #[command(flatten)]
    optimize: crate::settings::Optimize,

    #[cfg(feature = "jit")]
    #[command(flatten)]
    compile_limits: crate::limits::Limits,

    #[command(flatten)]
    groups: crate::groups::Groups,

    #[command(flatten)]
    bounds: bounds::Bounds,

    #[command(flatten)]
    pool: pool::Pool,

    #[command(flatten)]
    wasi_options: wasi_options::WasiOptions,

    #[command(flatten)]
    reservation: Reservation,

    #[command(flatten)]
    proposals: Proposals,

    #[command(flatten)]
    observe: observe::Observe,

    #[command(flatten)]
    core_dump: core_dump::CoreDump,

    /// Shows on standard error what is in the garbage-collected heap when the program ends: how
    /// many objects of each type, and how many bytes they take.
    #[arg(long)]
    heap_summary: bool,

    #[command(flatten)]
    profile: profile::Profile,

    #[command(flatten)]
    cached: crate::cache::Cached,

    #[cfg(feature = "sign")]
    #[command(flatten)]
    trust: crate::trust::Trust,

    /// The module to run; `-` for standard input.
    file: Source,

    /// The program's arguments, or the parameters of the function.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// A module that is instantiated.
struct Loaded {
    /// The module name that others import from it by; `None` for the program itself.
    name: Option<String>,
    source: Source,
    input: Input,
    module: Module,
}

impl Loaded {
    /// It as something that is observed.
    fn observed(&self) -> observe::Observed<'_> {
        observe::Observed {
            name: self.source.name(),
            source: (self.source.plain(), self.input.wasm()),
            module: self.module.clone(),
        }
    }
}

impl Run {
    pub(crate) fn execute(self) -> Result<ExitCode> {
        #[cfg_attr(
            not(feature = "component"),
            expect(clippy::infallible_destructuring_match, reason = "there may be components")
        )]
        let program = match input::open_any(&self.file)? {
            Opened::Module(input) => input,
            #[cfg(feature = "component")]
            Opened::Component(input) => return component::execute(self, &input),
        };
        self.wasi_options.refuse_options_for_components()?;
        let inputs = self.open(program)?;
        let mut config = self.config()?;
        self.reservation
            .apply_to(&mut config, inputs.iter().map(|(_, source, input)| (source, input)));
        let compiles = inputs.iter().any(|(.., input)| input.wasm().is_some());
        let loader = Loader::new(config, self.cached, compiles)?;
        let engine = loader.engine();
        let mut linker = Linker::new(engine);
        self.define_wasi(&mut linker)?;
        // Options that can't be fulfilled are reported before anything is compiled.
        let host = Host::new(self.wasi()?, self.bounds.limits());
        let mut store = Store::new(engine, host);
        self.bounds.set(&mut store)?;
        let reports = self.observe.open_reports()?;
        let loaded = self.load(&loader, &linker, inputs)?;
        let observed: Vec<_> = loaded.iter().map(Loaded::observed).collect();
        let program = self.file.name();
        let observers = self.observe.attach(&mut store, &program, &observed, reports)?;
        let gathered = Gathered::new(observers);
        let modules: Vec<_> =
            loaded.into_iter().map(|loaded| (loaded.name, loaded.module)).collect();

        let result = self.bounds.explain(self.run(&mut store, linker, &modules));
        self.conclude(&mut store, &gathered, result.map(|()| ExitCode::SUCCESS))
    }

    /// Reports what was collected, and ends as the program did.
    fn conclude(
        &self,
        store: &mut Store<Host>,
        gathered: &Gathered,
        result: Result<ExitCode>,
    ) -> Result<ExitCode> {
        if self.heap_summary {
            match store.heap_summary() {
                Ok(summary) => exit::message(format_args!("{}", summary.to_string().trim_end())),
                Err(error) => {
                    exit::message(format_args!("note: no summary of the heap: {error:#}"))
                }
            }
        }
        let reported = gathered.report();
        let error = match result {
            Ok(code) => return reported.map(|()| code),
            Err(error) => error,
        };
        self.core_dump.write(store, &error, &self.file.plain());
        match (error.downcast_ref::<I32Exit>(), reported) {
            (Some(I32Exit(0)), Err(report)) => return Err(report),
            (_, Err(report)) => exit::message(format_args!("error: {report:?}")),
            (_, Ok(())) => {}
        }
        match error.downcast_ref::<I32Exit>() {
            // The system keeps the low eight bits, as for any program.
            Some(exit) => std::process::exit(exit.0),
            None => Err(error),
        }
    }

    /// Opens the modules that are instantiated first, and then the program.
    fn open(&self, program: Input) -> Result<Vec<(Option<String>, Source, Input)>> {
        let preloads = self.imports.preloads().iter().map(|preload| {
            let input = input::open(&preload.source)?;
            Ok((Some(preload.name.clone()), preload.source.clone(), input))
        });
        preloads.chain([Ok((None, self.file.clone(), program))]).collect()
    }

    /// Loads or compiles all modules, after checking what each imports.
    fn load(
        &self,
        loader: &Loader,
        linker: &Linker<Host>,
        inputs: Vec<(Option<String>, Source, Input)>,
    ) -> Result<Vec<Loaded>> {
        let mut exports = HashSet::new();
        let mut all = Vec::new();
        for (name, source, input) in inputs {
            #[cfg(feature = "jit")]
            if let Some(wasm) = input.wasm() {
                let threads = self.wasi_options.threads()?;
                self.imports.check(linker, &exports, &source, wasm, threads)?;
            }
            #[cfg(not(feature = "jit"))]
            let _ = linker;
            let loaded = loader.load(&source, &input);
            #[cfg(feature = "jit")]
            let loaded = self.compile_limits.explain(loaded);
            let module = loaded.map_err(|error| self.explain_artifact(error, &input))?;
            if let Some(name) = &name {
                imports::add_exports(&mut exports, name, &source, &module)?;
            }
            all.push(Loaded { name, source, input, module });
        }
        Ok(all)
    }

    /// Instantiates all modules, and runs the last one, which is the program.
    fn run(
        &self,
        store: &mut Store<Host>,
        mut linker: Linker<Host>,
        modules: &[(Option<String>, Module)],
    ) -> Result<()> {
        if self.wasi_options.threads()? {
            return threads::run(self, store, linker, modules);
        }
        let Some(((_, module), preloads)) = modules.split_last() else { return Ok(()) };
        for (name, preload) in preloads {
            let name = name.as_deref().unwrap_or_default();
            self.imports.define_unknown(&mut linker, store, preload)?;
            linker
                .module(&mut *store, name, preload)
                .map_err(|error| self.bounds.explain_instantiation(error, &store.data().limits))
                .map_err(address_space::explain)
                .map_err(proposals::explain)
                .with_context(|| format!("can't instantiate `{}`", Escaped::new(name)))?;
        }
        self.imports.define_unknown(&mut linker, store, module)?;
        let instance = linker.instantiate(&mut *store, module);
        let instance = self.explain_instantiation(instance, store)?;
        self.start(store, module, &instance)
    }

    /// The error of a program that can't be instantiated, with what to do about it.
    fn explain_instantiation(
        &self,
        instance: Result<Instance>,
        store: &Store<Host>,
    ) -> Result<Instance> {
        instance
            .map_err(|error| self.bounds.explain_instantiation(error, &store.data().limits))
            .map_err(address_space::explain)
            .map_err(proposals::explain)
            .with_context(|| format!("can't instantiate {}", self.file))
    }

    /// Runs a program that is instantiated.
    fn start(&self, store: &mut Store<Host>, module: &Module, instance: &Instance) -> Result<()> {
        let start = instance.get_func(&mut *store, "_start");
        if start.is_none()
            && let Some(initialize) = instance.get_func(&mut *store, "_initialize")
        {
            let initialize = initialize.typed::<(), ()>(&*store)?;
            initialize.call(&mut *store, ()).context("`_initialize` did not run to its end")?;
        }
        if let Some(name) = &self.invoke {
            return self.invoke(store, module, instance, name);
        }
        match start {
            Some(start) => start
                .typed::<(), ()>(&*store)?
                .call(store, ())
                .with_context(|| format!("{} did not run to its end", self.file)),
            None => {
                let names = functions(module);
                if !names.is_empty() {
                    exit::message(format_args!(
                        "note: {} is not a command: it exports no `_start`. --invoke calls one of \
                         its functions: {names}",
                        self.file
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
        let show = |value| output::line(format_args!("{}", values::show(value)));
        results.iter().try_for_each(show)
    }

    /// The error of a file that can't be loaded, with a hint.
    fn explain_artifact(&self, error: Error, input: &Input) -> Error {
        match input {
            Input::Artifact(_) => {
                let needs = self.bounds.needs().chain(self.observe.needs());
                let needs = needs.chain(self.wasi_options.needs());
                proposals::explain(bounds::explain_artifact(error, needs))
            }
            Input::Wasm(_) => proposals::explain(error),
        }
    }

    fn config(&self) -> Result<Config> {
        let mut config = Config::new();
        self.profile.apply(&mut config)?;
        self.bounds.apply(&mut config);
        self.pool.apply(&mut config);
        self.observe.apply(&mut config);
        self.core_dump.apply(&mut config);
        #[cfg(feature = "sign")]
        self.trust.apply(&mut config)?;
        self.wasi_options.apply(&mut config)?;
        self.proposals.apply(&mut config);
        #[cfg(feature = "jit")]
        {
            self.optimize.apply(&mut config);
            config.compile_limits(self.compile_limits.limits());
        }
        Ok(config)
    }

    fn define_wasi(&self, linker: &mut Linker<Host>) -> Result<()> {
        if self.wasi_options.threads()? {
            return wasm_runtime::wasi::add_to_linker_shared(linker, Host::shared_wasi);
        }
        wasm_runtime::wasi::add_to_linker(linker, Host::wasi)
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
        if self.inherit_env {
            builder.inherit_env();
        }
        for variable in &self.variables {
            environment::add(&mut builder, variable)?;
        }
        for directory in &self.directories {
            directories::open(&mut builder, directory)?;
        }
        self.wasi_options.build(&mut builder)?;
        Ok(builder.build())
    }

    fn program_name(&self) -> String {
        self.argv0.clone().unwrap_or_else(|| self.file.name())
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
