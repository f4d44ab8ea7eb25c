//! The observers of a program: profiles, traces, coverage.

mod profile;
mod report_file;
mod sampler;

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use wasm_runtime::error::Context;
use wasm_runtime::observe::{CallCounter, CallTracer, FunctionCoverage};
use wasm_runtime::profile::Profile as ModuleCounts;
use wasm_runtime::{
    CallDirection, CallFilter, Config, Escaped, ExternType, Module, NamePattern, Result, Store,
    bail,
};

use self::profile::{Kind, Profile};
use self::report_file::ReportFile;
use self::sampler::Sampler;
use super::Host;
use crate::exit::message;
use crate::patterns;

/// The options of commands that run code.
#[derive(Args)]
pub(crate) struct Observe {
    /// Profiles the program. `guest` takes samples each INTERVAL (10ms if not given) and writes a
    /// file for <https://profiler.firefox.com>. `folded` does the same for tools that draw flame
    /// graphs. `counts` writes the calls and times of all functions to standard error.
    #[arg(
        long,
        value_name = "guest[,PATH[,INTERVAL]]|folded[,PATH[,INTERVAL]]|counts[,PATH]",
        verbatim_doc_comment
    )]
    profile: Option<Profile>,

    /// Shows each call on standard error, with arguments and results. This includes the program's
    /// functions and those that it imports, if their names match PATTERN. In it `*` stands for any
    /// characters and `?` for one, as in `alloc::*`. Can be given several times.
    #[arg(
        long,
        value_name = "PATTERN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "*"
    )]
    trace_calls: Vec<NamePattern>,

    /// Writes to this file which of the program's functions were called, and how often, in the
    /// format of `lcov` and `genhtml`. If FILE is a module with debugging information, this is by
    /// source files. Lines within functions are not counted. For a module without debugging
    /// information the "source file" is FILE, and the lines are the functions' indices plus one.
    /// FILE may not have such lines, so genhtml needs `--ignore-errors range` then.
    #[arg(long, value_name = "PATH")]
    coverage: Option<PathBuf>,

    /// Writes to this file how often the program's code ran, for `compile` with --profile-use: see
    /// `wasm-runtime help profile`. The program takes longer meanwhile.
    #[arg(long, value_name = "PATH")]
    profile_out: Option<PathBuf>,
}

/// A module that is observed.
pub(super) struct Observed<'a> {
    /// What it is called in profiles.
    pub(super) name: String,
    /// What it is called in reports of coverage, and with debugging information the bytes that have
    /// it.
    pub(super) source: (String, Option<&'a [u8]>),
    pub(super) module: Module,
}

/// The files that reports are written to.
pub(super) struct Reports {
    profile: Option<ReportFile>,
    coverage: Option<ReportFile>,
    counts: Option<ReportFile>,
}

/// The observers of a program that runs.
pub(super) struct Observers {
    profile: Option<Profiling>,
    coverage: Option<FunctionCoverage>,
    /// The modules whose code counts.
    counting: Vec<Module>,
    reports: Reports,
}

enum Profiling {
    Samples { sampler: Sampler, is_folded: bool },
    Counts(CallCounter),
}

impl Observe {
    /// Changes the engine's settings as needed.
    pub(super) fn apply(&self, config: &mut Config) {
        if self.sampled() {
            config.epoch_interruption(true);
        }
        config.function_hooks(self.patterns()).gather_profile(self.profile_out.is_some());
    }

    /// The functions that need hooks.
    fn patterns(&self) -> Vec<NamePattern> {
        if self.counted() || self.coverage.is_some() {
            return vec![NamePattern::any()];
        }
        self.trace_calls.clone()
    }

    fn sampled(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.kind != Kind::Counts)
    }

    fn counted(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.kind == Kind::Counts)
    }

    /// The given options that require code compiled for them, each with the option of `compile` for
    /// that.
    pub(super) fn needs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let hooks = "--function-hooks '*'";
        let profile = match (self.sampled(), self.counted()) {
            (true, _) => Some(("--profile", "--interruptible")),
            (_, true) => Some(("--profile=counts", hooks)),
            _ => None,
        };
        let trace = (!self.trace_calls.is_empty()).then_some(("--trace-calls", hooks));
        let coverage = self.coverage.as_ref().map(|_| ("--coverage", hooks));
        profile.into_iter().chain(trace).chain(coverage)
    }

    /// Opens the files that reports will be written to.
    pub(super) fn open_reports(&self) -> Result<Reports> {
        let profile = self.profile.as_ref().and_then(Profile::path);
        Ok(Reports {
            profile: profile.map(ReportFile::open).transpose()?,
            coverage: self.coverage.clone().map(ReportFile::open).transpose()?,
            counts: self.profile_out.clone().map(ReportFile::open).transpose()?,
        })
    }

    /// Attaches the selected observers of a program with this name to the store.
    pub(super) fn attach(
        &self,
        store: &mut Store<Host>,
        program: &str,
        modules: &[Observed<'_>],
        reports: Reports,
    ) -> Result<Observers> {
        let profile = match &self.profile {
            None => None,
            Some(Profile { kind: Kind::Counts, .. }) => Some(Profiling::Counts(CallCounter::new())),
            Some(Profile { kind, interval, .. }) => {
                let sampler = Sampler::attach(store, program, modules, *interval)?;
                Some(Profiling::Samples { sampler, is_folded: *kind == Kind::Folded })
            }
        };
        let coverage = self.coverage.as_ref().map(|_| coverage(modules)).transpose()?;
        self.warn_of_idle_patterns(modules);
        let counting = self.counting(modules)?;
        let observers = Observers { profile, coverage, counting, reports };
        self.set_hooks(store, &observers);
        Ok(observers)
    }

    /// The modules whose code counts, if that is wanted.
    fn counting(&self, modules: &[Observed<'_>]) -> Result<Vec<Module>> {
        let mut counting = Vec::new();
        for Observed { name, module, .. } in modules.iter().filter(|_| self.profile_out.is_some()) {
            if module.profile()?.is_none() {
                bail!(
                    "--profile-out: the code of {} does not count. Compile it with \
                     `--gather-profile`",
                    Escaped::new(name)
                );
            }
            counting.push(module.clone());
        }
        Ok(counting)
    }

    fn warn_of_idle_patterns(&self, modules: &[Observed<'_>]) {
        if !self.trace_calls.is_empty() {
            let names: Vec<String> =
                modules.iter().flat_map(|observed| names(&observed.module)).collect();
            patterns::warn_of_idle("--trace-calls", &self.trace_calls, &names);
        }
    }

    fn set_hooks(&self, store: &mut Store<Host>, observers: &Observers) {
        let counter = match &observers.profile {
            Some(Profiling::Counts(counter)) => Some(counter.clone()),
            _ => None,
        };
        let coverage = observers.coverage.clone();
        let tracer = (!self.trace_calls.is_empty()).then(|| CallTracer::to_writer(io::stderr()));
        if let Some(tracer) = tracer.clone() {
            let patterns = self.trace_calls.clone();
            let filter = CallFilter::none().matching(move |target| {
                let matches = |name: &str| NamePattern::any_matches(&patterns, name);
                let name = target.name.unwrap_or_default();
                target.direction == CallDirection::ToHost
                    && (matches(name)
                        || matches(&format!("{}.{name}", target.module.unwrap_or_default())))
            });
            store.add_call_hook(filter, move |call| tracer.observe_import(&call));
        }
        if counter.is_none() && coverage.is_none() && tracer.is_none() {
            return;
        }
        let patterns = self.trace_calls.clone();
        // More functions may have hooks than are to be shown.
        let mut shown = Shown::default();
        store.function_hook(move |call| {
            let mut trace = || -> Result<()> {
                let mut is_shown = || {
                    let function = (call.module(), call.function_index());
                    shown.is_shown(function, || call.matches(&patterns))
                };
                if let Some(tracer) = tracer.as_ref().filter(|_| is_shown()) {
                    tracer.observe(&call)?;
                }
                coverage.as_ref().map_or(Ok(()), |coverage| coverage.observe(&call))
            };
            let traced = trace();
            // If a function was refused its entry, its exit is not reported. But a function that
            // returns has ended in any case.
            if let Some(counter) = &counter
                && (traced.is_ok() || call.event().is_exit())
            {
                counter.observe(&call);
            }
            traced
        });
    }
}

/// Which functions are shown, as far as this is known yet.
#[derive(Default)]
struct Shown(Vec<(Module, HashMap<u32, bool>)>);

impl Shown {
    /// Whether a function is shown. The patterns are compared once for each function.
    fn is_shown(
        &mut self,
        (module, index): (&Module, u32),
        matches: impl FnOnce() -> bool,
    ) -> bool {
        let known = self.0.iter().position(|(known, _)| Module::same(known, module));
        let place = known.unwrap_or_else(|| {
            self.0.push((module.clone(), HashMap::new()));
            self.0.len() - 1
        });
        *self.0[place].1.entry(index).or_insert_with(matches)
    }
}

/// The names of the functions that a module defines, exports and imports.
fn names(module: &Module) -> Vec<String> {
    let defined = module.functions().map(|function| {
        let index = function.index;
        function.name.unwrap_or_else(|| format!("func[{index}]"))
    });
    let is_func = |ty: &ExternType| matches!(ty, ExternType::Func(_));
    let exports = module.exports().filter(|export| is_func(&export.ty()));
    let exported = exports.map(|export| export.name().to_owned());
    let imports = module.imports().filter(|import| is_func(&import.ty()));
    let imported = imports.flat_map(|import| {
        let name = import.name().to_owned();
        [format!("{}.{name}", import.module()), name]
    });
    defined.chain(exported).chain(imported).collect()
}

impl Observers {
    /// Whether there will be something to write when the program ends. Traces are written at once.
    pub(super) fn will_report(&self) -> bool {
        self.profile.is_some() || self.coverage.is_some() || !self.counting.is_empty()
    }

    /// The program ends here. Calls that have not ended are counted up to now.
    pub(super) fn break_off(&self) {
        if let Some(Profiling::Counts(counter)) = &self.profile {
            counter.end_calls();
        }
    }

    /// Writes the collected data, however the program ended: as much as possible. The first error
    /// is returned, and others are reported on standard error.
    pub(super) fn report(self) -> Result<()> {
        let Reports { profile: profile_file, coverage: coverage_file, counts } = self.reports;
        let counted = counts.map_or(Ok(()), |file| report_counts(&self.counting, file));
        let profiled = self.profile.map_or(Ok(()), |gathered| gathered.report(profile_file));
        let covered = match (self.coverage, coverage_file) {
            (Some(coverage), Some(file)) => report_coverage(&coverage, file),
            _ => Ok(()),
        };
        let mut first = Ok(());
        for result in [profiled, covered, counted] {
            match (&first, result) {
                (Ok(()), result) => first = result,
                (Err(_), Err(error)) => message(format_args!("error: {error:?}")),
                (Err(_), Ok(())) => {}
            }
        }
        first
    }
}

impl Profiling {
    /// Writes the profile to the file, or to standard error.
    fn report(self, file: Option<ReportFile>) -> Result<()> {
        match (self, file) {
            (Self::Samples { sampler, is_folded }, Some(mut file)) => {
                let count = file.write(|out| sampler.finish(is_folded, out))?;
                message(format_args!("note: {count} samples are in {file}"));
            }
            (Self::Samples { sampler, is_folded }, None) => {
                _ = sampler.finish(is_folded, io::stderr().lock())?;
            }
            (Self::Counts(counter), Some(mut file)) => {
                file.write(|out| Ok(counter.write_table(out)?))?;
            }
            (Self::Counts(counter), None) => {
                let about = "can't write the counts of calls to standard error";
                counter.write_table(io::stderr().lock()).context(about)?;
            }
        }
        Ok(())
    }
}

/// An observer of which functions of the modules are called.
fn coverage(modules: &[Observed<'_>]) -> Result<FunctionCoverage> {
    let coverage = FunctionCoverage::new();
    for Observed { source: (source, wasm), module, .. } in modules {
        coverage.add_module(source, module)?;
        // An artifact has no debugging information.
        if let Some(wasm) = wasm
            && let Err(error) = coverage.add_source_lines(module, wasm)
        {
            message(format_args!("warning: --coverage without source files: {error}"));
        }
    }
    Ok(coverage)
}

/// Writes how often the code of modules ran.
fn report_counts(modules: &[Module], mut file: ReportFile) -> Result<()> {
    let mut sum = ModuleCounts::new();
    for module in modules {
        sum.merge(&module.profile()?.unwrap_or_default());
    }
    file.write(|out| Ok(out.write_all(&sum.encode())?))
}

/// Writes which functions were called.
fn report_coverage(coverage: &FunctionCoverage, mut file: ReportFile) -> Result<()> {
    file.write(|out| Ok(coverage.write_lcov("", out)?))?;
    let (called, all) = coverage.summary();
    message(format_args!("note: {called} of {all} functions were called: {file}"));
    Ok(())
}
