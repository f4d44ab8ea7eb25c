//! What to compile for, and how.

mod isa_setting;
mod optimizations;

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::Arc;
#[cfg(feature = "native")]
use std::sync::OnceLock;

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable, SetError};
use target_lexicon::{Architecture, PointerWidth, Triple};
use wasm_types::profile::Profile;
use wasm_types::{CompileLimits, DefinedFuncIndex, FuncIndex, OperatorCost, OptLevel, Tunables};

use crate::error::{Error, ErrorKind};
use crate::function_hooks::FunctionSelection;
use crate::named_locals::NamedLocals;
use crate::optimizations::Optimizations;
use crate::pass::{ClifPass, PassPoint};

pub use isa_setting::IsaSetting;

/// Observes the CLIF of each function before any pass changes it.
pub type ClifObserver = dyn Fn(FuncIndex, &cranelift_codegen::ir::Function) + Send + Sync;

/// Observes progress: how many functions are done, of how many.
pub type Progress = dyn Fn(usize, usize) + Send + Sync;

/// What to compile for, and how.
///
/// The same settings and the same module give the same bytes, whatever the number of threads.
///
/// ```
/// use wasm_translate::Settings;
///
/// # fn main() -> Result<(), wasm_translate::Error> {
/// let mut settings = Settings::for_target("x86_64-unknown-linux-gnu")?;
/// settings.flag("has_avx2", "true")?.threads(2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Settings {
    target: Triple,
    /// Settings of the instruction set, in the order in which they were made.
    flags: Vec<(String, String)>,
    pub(crate) tunables: Tunables,
    pub(crate) threads: usize,
    pub(crate) limits: CompileLimits,
    pub(crate) verifier: bool,
    pub(crate) optimizations: Optimizations,
    pub(crate) passes: Vec<(PassPoint, Arc<dyn ClifPass>)>,
    pub(crate) function_hooks: Option<Arc<FunctionSelection>>,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) operator_cost: Arc<OperatorCost>,
    pub(crate) fuel_for_each_operator: bool,
    pub(crate) observer: Option<Arc<ClifObserver>>,
    pub(crate) named_locals: NamedLocals,
    pub(crate) progress: Option<Arc<Progress>>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("target", self.target())
            .field("tunables", &self.tunables)
            .field("threads", &self.threads)
            .field("verifier", &self.verifier)
            .field("optimizations", &self.optimizations)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Settings for a target, given as a triple such as `aarch64-unknown-linux-gnu`.
    ///
    /// The instruction set is what all machines of the kind have; for x86-64 that is taken to be
    /// the level called `x86-64-v2` (with SSE4.2), without which there are no vector operators.
    ///
    /// # Errors
    ///
    /// If there is no such target, if it is not one with 64-bit pointers that Cranelift compiles
    /// for, or if it has another architecture than this machine and the feature `all-arch` is off.
    pub fn for_target(triple: &str) -> Result<Self, Error> {
        let parsed = Triple::from_str(triple).map_err(|error| {
            Error::new(ErrorKind::Target, format!("`{triple}` is not a target triple: {error}"))
        })?;
        let mut settings = Self::new(parsed)?;
        if settings.target().architecture == Architecture::X86_64 {
            const BASELINE: [&str; 6] =
                ["has_cmpxchg16b", "has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];
            for flag in BASELINE {
                settings.flag(flag, "true")?;
            }
        }
        Ok(settings)
    }

    /// Settings for the machine that this program runs on, with all that its processor can do.
    ///
    /// # Errors
    ///
    /// If Cranelift does not compile for this machine.
    #[cfg(feature = "native")]
    pub fn host() -> Result<Self, Error> {
        // To ask the processor and to enter each of its extensions takes longer than to compile a
        // small module, and the answer stays the same.
        static HOST: OnceLock<Settings> = OnceLock::new();
        if let Some(host) = HOST.get() {
            return Ok(host.clone());
        }
        let describe = |error: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Target, format!("no code can be made for this machine: {error}"))
        };
        let isa = cranelift_native::builder()
            .map_err(|error| describe(&error))?
            .finish(settings::Flags::new(settings::builder()))
            .map_err(|error| describe(&error))?;
        let mut host = Self::new(isa.triple().clone())?;
        for flag in isa.isa_flags() {
            host.flag(flag.name, &flag.value_string())?;
        }
        Ok(HOST.get_or_init(|| host).clone())
    }

    fn new(target: Triple) -> Result<Self, Error> {
        if target.pointer_width() != Ok(PointerWidth::U64) {
            let message =
                format!("`{target}` has no 64-bit pointers, which the run-time ABI needs");
            return Err(Error::new(ErrorKind::Target, message));
        }
        let settings = Self {
            target,
            flags: Vec::new(),
            tunables: Tunables::default(),
            threads: 0,
            limits: CompileLimits::new(),
            verifier: false,
            optimizations: Optimizations::default(),
            passes: Vec::new(),
            function_hooks: None,
            profile: None,
            operator_cost: Arc::default(),
            fuel_for_each_operator: false,
            observer: None,
            named_locals: NamedLocals::default(),
            progress: None,
        };
        settings.builder()?;
        Ok(settings)
    }

    /// The code generator's description of the target, with all settings of the instruction set.
    pub(crate) fn builder(&self) -> Result<isa::Builder, Error> {
        let mut builder = isa::lookup(self.target.clone()).map_err(|error| {
            let message = match error {
                isa::LookupError::SupportDisabled => format!(
                    "this program was built without the compiler for `{}`: build it with the \
                     feature `all-arch` of `wasm-translate` or `wasm-runtime`",
                    self.target
                ),
                isa::LookupError::Unsupported => format!(
                    "no code can be made for `{}` ({error}); the architectures are {}",
                    self.target,
                    isa::ALL_ARCHITECTURES.join(", ")
                ),
            };
            Error::new(ErrorKind::Target, message)
        })?;
        for (name, value) in &self.flags {
            set(&mut builder, name, value)
                .map_err(|reason| Error::new(ErrorKind::Target, reason))?;
        }
        Ok(builder)
    }

    /// The target.
    pub fn target(&self) -> &Triple {
        &self.target
    }

    /// Sets a setting of the instruction set, by the name that Cranelift gives it: an extension
    /// such as `has_avx2` to `true` or `false`, or a preset such as `skylake` to `true`.
    ///
    /// # Errors
    ///
    /// If the target has no such setting, or the setting no such value.
    pub fn flag(&mut self, name: &str, value: &str) -> Result<&mut Self, Error> {
        self.flags.push((name.into(), value.into()));
        match self.builder() {
            Ok(_) => Ok(self),
            Err(error) => {
                self.flags.pop();
                Err(error)
            }
        }
    }

    /// Sets what is compiled into the code and the run-time must provide for.
    ///
    /// Default: [`Tunables::default`].
    pub fn tunables(&mut self, tunables: Tunables) -> &mut Self {
        self.tunables = tunables;
        self
    }

    /// Sets what operators cost where the tunables say that the code counts fuel. Those name the
    /// costs by their [`identity`](OperatorCost::identity), which has to be that of these.
    ///
    /// Default: [`OperatorCost::default`].
    pub fn operator_cost(&mut self, costs: Arc<OperatorCost>) -> &mut Self {
        self.operator_cost = costs;
        self
    }

    /// Sets whether the code counts fuel, with the costs that are set: another way to set
    /// [`Tunables::fuel_costs`]. Engines that count none run such code as any other.
    ///
    /// Default: no. Counting costs some instructions in each block of a function.
    pub fn count_fuel(&mut self, on: bool) -> &mut Self {
        self.tunables.fuel_costs = on.then(|| self.operator_cost.identity());
        self
    }

    /// Sets whether fuel is taken for each operator by itself: what is used is the same, and code
    /// that takes it in some cleverer way can be compared with it. For tests.
    #[doc(hidden)]
    pub fn fuel_for_each_operator(&mut self, on: bool) -> &mut Self {
        self.fuel_for_each_operator = on;
        self
    }

    /// Fails if the tunables name other costs of operators than the settings have.
    pub(crate) fn check_operator_cost(&self) -> Result<(), Error> {
        let own = self.operator_cost.identity();
        match self.tunables.fuel_costs {
            Some(named) if named != own => Err(Error::new(
                ErrorKind::Target,
                format!(
                    "the code is to count fuel with the costs {named:#018x}, but those that are set are \
                     {own:#018x}: set both to the same"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Sets which locals functions keep in their frames for native debuggers, which find variables
    /// of the source by them: see [`CompiledModule::kept_values`](wasm_types::CompiledModule). Each
    /// function is to be seen by itself then, and none is put in place of a call. A function that
    /// comes several times keeps all of them.
    ///
    /// Default: none. Cost: a write for each value that such a local gets, and 8 bytes of the frame
    /// for each.
    pub fn named_locals(
        &mut self,
        locals: impl IntoIterator<Item = (DefinedFuncIndex, Vec<u32>)>,
    ) -> &mut Self {
        // A function may have several descriptions, of which each names some.
        let mut named: HashMap<DefinedFuncIndex, Vec<u32>> = HashMap::new();
        for (func, locals) in locals {
            named.entry(func).or_default().extend(locals);
        }
        for locals in named.values_mut() {
            locals.sort_unstable();
            locals.dedup();
        }
        self.named_locals = Arc::new(named);
        self
    }

    /// Sets how many threads compile at the same time; 0, the default, for as many as the machine
    /// has for this process. Without the feature `parallel` it is always one.
    ///
    /// The caller's thread is one of them. The others are made for the compilation and end with it;
    /// where the system makes none, or not so many, those that there are do all the work.
    pub fn threads(&mut self, threads: usize) -> &mut Self {
        self.threads = threads;
        self
    }

    /// Sets how large functions may be and how long a compilation may take. What is larger, or
    /// takes longer, is refused with an error that names the [limit](Error::limit).
    ///
    /// Default: [`CompileLimits::new`], far beyond what programs need.
    pub fn limits(&mut self, limits: CompileLimits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Sets whether CLIF is verified before and after each step; by default it is not. For the
    /// tests of environments and passes.
    pub fn verifier(&mut self, on: bool) -> &mut Self {
        self.verifier = on;
        self
    }

    /// Sets which functions call the builtins
    /// [`FunctionEntered`](wasm_types::abi::Builtin::FunctionEntered) and
    /// [`FunctionLeft`](wasm_types::abi::Builtin::FunctionLeft), once for each module that is
    /// compiled. By default none do.
    ///
    /// Such a function is neither inlined into its callers nor recognised as an idiom: each call of
    /// it is a call. The code of all others is what it is without this.
    pub fn function_hooks(&mut self, selection: Arc<FunctionSelection>) -> &mut Self {
        self.function_hooks = Some(selection);
        self
    }

    /// Sets what the code of modules did in earlier runs. A module that the profile is of is
    /// compiled for that, and every other as without; code that gathers a profile
    /// ([`Tunables::gathers_profile`]) is, too. By default there is none.
    ///
    /// Calls in such a module are replaced by what they call as with
    /// [`inlining`](Self::inlining), by how often they were made. What code does depends on no
    /// profile, whatever its counts are.
    pub fn profile(&mut self, profile: Arc<Profile>) -> &mut Self {
        self.profile = Some(profile);
        self
    }

    /// Adds a pass over the CLIF of each function. Passes of the same place run in the order in
    /// which they were added.
    pub fn pass(&mut self, place: PassPoint, pass: Arc<dyn ClifPass>) -> &mut Self {
        self.passes.push((place, pass));
        self
    }

    /// Sets who sees the CLIF of each function before any pass. It is called on the thread that
    /// compiles, in no particular order of functions. A function that exceeds a limit with others
    /// in place of calls of them is seen once more, without them: the last is the one that counts.
    pub fn observe_clif(&mut self, observer: Arc<ClifObserver>) -> &mut Self {
        self.observer = Some(observer);
        self
    }

    /// Sets who observes progress: after each function, on the thread that compiled it.
    pub fn progress(&mut self, progress: Arc<Progress>) -> &mut Self {
        self.progress = Some(progress);
        self
    }

    /// The settings as Cranelift's description of the target.
    ///
    /// # Errors
    ///
    /// If the settings of the instruction set contradict each other.
    pub fn isa(&self) -> Result<OwnedTargetIsa, Error> {
        let tunables = &self.tunables;
        let mut flags = settings::builder();
        let opt_level = match tunables.opt_level {
            OptLevel::None => "none",
            OptLevel::Speed => "speed",
            OptLevel::SpeedAndSize => "speed_and_size",
        };
        let guard = tunables.stack_guard_size.max(1).ilog2().to_string();
        let on = |condition: bool| if condition { "true" } else { "false" };
        for (name, value) in [
            ("opt_level", opt_level),
            ("enable_verifier", on(self.verifier)),
            ("enable_nan_canonicalization", on(tunables.nan_canonicalization)),
            // Backtraces and the context of a frame are found through frame pointers.
            ("preserve_frame_pointers", "true"),
            ("unwind_info", "false"),
            // The text is mapped anywhere: whatever it refers to is in it, and referred to by its
            // distance. So there is no table of addresses to go through, which this would need.
            ("is_pic", "false"),
            // A frame larger than the guard must not step over it.
            ("enable_probestack", "true"),
            ("probestack_strategy", "inline"),
            ("probestack_size_log2", &guard),
            ("enable_heap_access_spectre_mitigation", on(tunables.spectre_mitigation)),
            ("enable_table_access_spectre_mitigation", on(tunables.spectre_mitigation)),
        ] {
            flags.set(name, value).map_err(|error| {
                Error::new(ErrorKind::Target, format!("setting `{name}` to `{value}`: {error}"))
            })?;
        }
        self.builder()?.finish(settings::Flags::new(flags)).map_err(|error| {
            Error::new(ErrorKind::Target, format!("settings for {}: {error}", self.target()))
        })
    }
}

/// Sets a setting of the instruction set; the error is the reason.
fn set(builder: &mut isa::Builder, name: &str, value: &str) -> Result<(), String> {
    let is_preset = builder
        .iter()
        .any(|setting| setting.name == name && setting.kind == settings::SettingKind::Preset);
    let result = match (is_preset, value) {
        (true, "true") => builder.enable(name),
        (true, _) => Err(SetError::BadValue("a preset can only be set to `true`".into())),
        (false, _) => builder.set(name, value),
    };
    result.map_err(|error| match error {
        SetError::BadName(_) => format!("{} has no setting `{name}`", builder.triple()),
        SetError::BadType => format!("`{value}` is no value for setting `{name}`"),
        SetError::BadValue(why) => format!("`{value}` is no value for setting `{name}`: {why}"),
    })
}
