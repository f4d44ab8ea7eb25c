//! Options for compiling that several subcommands share.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use wasm_artifact::Artifact;
use wasm_runtime::{CompileRequest, Config, Inlining, NamePattern, OptLevel, Result, bail};
use wasm_types::{EntityIndex, FuncIndex};

use crate::address_space::Reservation;
#[cfg(feature = "rewrite")]
use crate::input::Input;
use crate::patterns;
use crate::profile;
use crate::proposals::Proposals;
#[cfg(feature = "rewrite")]
use crate::source::Source;

use crate::limits::Limits;

/// How much work to spend on the code.
#[derive(Args, Clone, Copy)]
pub(crate) struct Optimize {
    /// How much the compiler optimises the code.
    #[arg(short = 'O', long = "opt", value_name = "LEVEL", value_enum, default_value = "speed")]
    level: Level,

    /// No function stands in place of a call of it: debuggers show each.
    #[arg(long)]
    no_inlining: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    /// As little as possible, for the fastest compilation.
    #[value(alias = "0")]
    None,
    /// For speed.
    #[value(aliases = ["1", "2", "3"])]
    Speed,
    /// For speed and small code.
    #[value(alias = "s")]
    SpeedAndSize,
}

impl Optimize {
    pub(crate) fn apply(self, config: &mut Config) {
        config.cranelift_opt_level(self.level());
        if self.no_inlining {
            config.compiler_inlining(Inlining::No);
        }
    }

    fn level(self) -> OptLevel {
        match self.level {
            Level::None => OptLevel::None,
            Level::Speed => OptLevel::Speed,
            Level::SpeedAndSize => OptLevel::SpeedAndSize,
        }
    }
}

/// How to compile, and for which target.
#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    optimize: Optimize,

    /// The target of the code, as a triple; this machine with all its instruction set extensions if
    /// not given.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,

    /// Allows (+) or forbids (-) the code to use extensions of the instruction set.
    #[arg(
        long = "target-feature",
        value_name = "+FEATURE,-FEATURE,...",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_parser = target_feature
    )]
    target_features: Vec<(String, bool)>,

    /// Sets a flag of the code generator or of the instruction set, by its own name.
    #[arg(long = "flag", value_name = "NAME[=VALUE]", value_parser = flag)]
    flags: Vec<(String, String)>,

    /// Makes the code stop on request, for `run` with --timeout or --profile=guest.
    #[arg(long)]
    interruptible: bool,

    /// Makes the code count what it executes, for `run` with --fuel.
    #[arg(long)]
    metered: bool,

    /// Adds hooks to the functions whose names match, for `run` with --trace-calls, --coverage or
    /// --profile=counts. In a pattern `*` stands for any characters and `?` for one. Can be given
    /// several times.
    #[arg(long = "function-hooks", value_name = "PATTERN")]
    function_hooks: Vec<NamePattern>,

    /// Makes the code count how often it runs, for `run` with --profile-out.
    #[arg(long, conflicts_with = "profiles")]
    gather_profile: bool,

    /// Compiles for what the program did when this profile was gathered: see `wasm-runtime help
    /// profile`. It has to be of this module, as it is now. Can be given several times.
    #[arg(long = "profile-use", value_name = "FILE")]
    profiles: Vec<PathBuf>,

    #[command(flatten)]
    groups: crate::groups::Groups,

    #[command(flatten)]
    reservation: Reservation,

    #[command(flatten)]
    proposals: Proposals,

    /// The number of threads that compile functions; as many as the machine has if not given. The
    /// result is the same.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,

    #[command(flatten)]
    pub(crate) limits: Limits,
}

impl Settings {
    /// Sets the address space of memories, and what is allowed, for code that runs here.
    #[cfg(feature = "rewrite")]
    pub(crate) fn apply_here(&self, config: &mut Config, wasm: &[u8], file: &Source) {
        self.proposals.apply(config);
        let input = Input::Wasm(wasm.to_vec());
        self.reservation.apply_to(config, std::iter::once((file, &input)));
    }

    /// The given target.
    pub(crate) fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The options as a request to a compiler.
    ///
    /// # Errors
    ///
    /// If a profile can't be read.
    pub(crate) fn request(&self) -> Result<CompileRequest> {
        let mut config = Config::new();
        if self.uses_profile() {
            config.profile(profile::read_all(&self.profiles)?);
        }
        config
            .gather_profile(self.gather_profile)
            .epoch_interruption(self.interruptible)
            .consume_fuel(self.metered)
            .function_hooks(self.function_hooks.iter().cloned());
        self.reservation.apply(&mut config);
        self.proposals.apply(&mut config);
        self.optimize.apply(&mut config);
        let mut request = config.compile_request().clone();
        request.target.clone_from(&self.target);
        request.flags.clone_from(&self.flags);
        request.target_features.clone_from(&self.target_features);
        request.threads = self.threads;
        request.limits = self.limits.limits();
        request.parallel = self.threads != Some(1);
        Ok(request)
    }

    /// Whether there is a profile to compile with.
    pub(crate) fn uses_profile(&self) -> bool {
        !self.profiles.is_empty()
    }

    /// Fails if there is a profile, and none of the artifacts was compiled with it: whoever names
    /// one wants the code to be faster, and would not find out that it is not.
    pub(crate) fn expect_profile<'a>(
        &self,
        artifacts: impl IntoIterator<Item = &'a Artifact<'a>>,
    ) -> Result<()> {
        if !self.uses_profile() {
            return Ok(());
        }
        for artifact in artifacts {
            if artifact.profile()?.is_some() {
                return Ok(());
            }
        }
        let one = if self.profiles.len() == 1 { "the profile is" } else { "the profiles are" };
        bail!(
            "{one} of other code: the module was changed since, or it is another one. Gather it \
             anew with `wasm-runtime run --profile-out`"
        )
    }
}

impl Settings {
    /// Warns of patterns of --function-hooks that match no function of the module.
    pub(crate) fn warn_of_idle_patterns(&self, wasm: &[u8], request: &CompileRequest) {
        if self.function_hooks.is_empty() {
            return;
        }
        // The compiler reports what is wrong with a module.
        let Ok(parsed) = wasm_types::Module::parse_with_bodies(wasm, request.features) else {
            return;
        };
        let module = parsed.module();
        let mut names: BTreeMap<FuncIndex, Vec<&str>> = BTreeMap::new();
        for (func, name) in &module.names.functions {
            names.entry(*func).or_default().push(name);
        }
        for export in &module.exports {
            if let EntityIndex::Func(func) = export.index {
                names.entry(func).or_default().push(&export.name);
            }
        }
        let defined = module.num_imported_functions..module.functions.len() as u32;
        let names: Vec<String> = defined
            .flat_map(|func| match names.get(&FuncIndex::new(func)) {
                Some(names) => names.iter().map(|name| (*name).to_owned()).collect(),
                None => vec![format!("func[{func}]")],
            })
            .collect();
        patterns::warn_of_idle("--function-hooks", &self.function_hooks, &names);
    }
}

/// `+avx2` or `-avx2`.
fn target_feature(argument: &str) -> Result<(String, bool), String> {
    let on = argument.strip_prefix('+').map(|name| (name, true));
    match on.or_else(|| argument.strip_prefix('-').map(|name| (name, false))) {
        Some((name, allow)) if !name.is_empty() => Ok((name.to_owned(), allow)),
        _ => Err("a target feature is allowed with `+NAME` and forbidden with `-NAME`".to_owned()),
    }
}

/// A flag without a value is switched on.
fn flag(argument: &str) -> Result<(String, String), String> {
    let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
    if name.is_empty() {
        return Err("a flag has a name".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
