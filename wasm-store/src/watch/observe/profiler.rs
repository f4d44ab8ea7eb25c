//! A profiler that samples.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasm_hooks::CallHook;
use wasm_hooks::observe::{FirefoxProfile, FunctionKey, FunctionNames, SampledFrame, Samples};
use wasm_types::FuncIndex;

use super::modules::Modules;
use crate::engine::Engine;
use crate::engine::display_name;
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::Module;
use crate::items::WasmBacktrace;
use crate::store::AsContext;

/// Samples the stack of one guest at intervals, for a profile.
///
/// The host has to call [`sample`](GuestProfiler::sample) at regular intervals while the guest runs
/// and has called the host. In an engine whose code can be interrupted, a callback for
/// [`Store::epoch_deadline_callback`](crate::Store::epoch_deadline_callback) does that, together
/// with a thread that calls [`Engine::increment_epoch`] once an interval:
///
/// ```no_run
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use wasm_store::{Config, Engine, GuestProfiler, Module, Store, UpdateDeadline};
///
/// # fn main() -> wasm_store::Result<()> {
/// let interval = Duration::from_millis(1);
/// let engine = Engine::new(Config::new().epoch_interruption(true))?;
/// let module = Module::from_file(&engine, "app.wasm")?;
/// let modules = [("app.wasm".to_string(), module.clone())];
/// let profiler = GuestProfiler::new(&engine, "app", interval, modules)?;
/// let profiler = Arc::new(Mutex::new(profiler));
///
/// let ticker = engine.weak();
/// std::thread::spawn(move || {
///     while let Some(engine) = ticker.upgrade() {
///         engine.increment_epoch();
///         std::thread::sleep(interval);
///     }
/// });
/// let mut store = Store::new(&engine, ());
/// store.set_epoch_deadline(1);
/// let sampled = profiler.clone();
/// store.epoch_deadline_callback(move |store| {
///     sampled.lock().unwrap().sample(&store, Duration::ZERO);
///     Ok(UpdateDeadline::Continue(1))
/// });
/// // … call functions …
///
/// drop(store);
/// let profiler = Arc::into_inner(profiler).unwrap().into_inner().unwrap();
/// profiler.finish(std::fs::File::create("profile.json")?)?;
/// # Ok(())
/// # }
/// ```
///
/// Samples are taken where code checks whether it is interrupted, at loop heads and function
/// entries, so that a profile has a small bias to these. Time in functions of the host counts for
/// their callers, unless [`call_hook`](GuestProfiler::call_hook) is notified of them.
pub struct GuestProfiler {
    profile: FirefoxProfile,
    modules: Modules,
    names: FunctionNames,
    samples: Samples,
    start: Instant,
    last: Instant,
    /// When the calls of the host that are not over began.
    host_calls: Vec<Instant>,
}

impl GuestProfiler {
    /// A profiler of a component, and of more modules: as [`new`](Self::new), with the modules that
    /// the component consists of. Each has the name that it says it has, or `<unknown>`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    #[cfg(feature = "component")]
    pub fn new_component(
        engine: &Engine,
        component_name: &str,
        interval: Duration,
        component: impl AsRef<crate::Bundle>,
        extra_modules: impl IntoIterator<Item = (String, Module)>,
    ) -> Result<Self> {
        let modules = component
            .as_ref()
            .modules()
            .iter()
            .map(|module| (module.name().unwrap_or("<unknown>").to_string(), module.clone()));
        Self::new(engine, component_name, interval, modules.chain(extra_modules))
    }

    /// A profiler of the guest with the given name. Its [`sample`](Self::sample) has to be called
    /// once an interval. A sample has those functions on the stack that belong to the given
    /// modules, under the given names of the modules.
    ///
    /// # Errors
    ///
    /// If a module is of another engine.
    pub fn new(
        engine: &Engine,
        module_name: &str,
        interval: Duration,
        modules: impl IntoIterator<Item = (String, Module)>,
    ) -> Result<Self> {
        let mut known = Modules::default();
        let mut names = HashMap::new();
        for (name, module) in modules {
            engine.admit(&module).with_context(|| {
                format!("can't profile the module `{}`", wasm_types::Escaped::new(&name))
            })?;
            let (number, _) = known.number(&module);
            names.insert(number as u64, name);
        }
        let start = Instant::now();
        let profile = FirefoxProfile {
            name: module_name.to_string(),
            product: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_string(),
            interval,
            start: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            modules: names,
        };
        Ok(Self {
            profile,
            modules: known,
            names: FunctionNames::default(),
            samples: Samples::default(),
            start,
            last: start,
            host_calls: Vec::new(),
        })
    }

    /// Sets the program that takes the samples, with its version. A profile names it beside the
    /// guest. Default: this crate.
    pub fn product(&mut self, product: impl Into<String>) -> &mut Self {
        self.profile.product = product.into();
        self
    }

    /// Takes a sample: the functions that are on the store's stack at this moment. `delta` is the
    /// processor time that the guest has used since the previous sample, or zero if it is not
    /// known.
    pub fn sample(&mut self, store: impl AsContext, delta: Duration) {
        let now = Instant::now();
        let since = now.duration_since(self.last);
        self.last = now;
        let backtrace = WasmBacktrace::force_capture(store);
        let Self { modules, names, samples, .. } = self;
        let frames = backtrace.frames().iter().rev().filter_map(|frame| {
            let module = modules.find(frame.module())? as u64;
            let index = frame.func_index();
            let name = || display_name(frame.module().artifact(), FuncIndex::new(index)).into();
            let function = names.id(FunctionKey { module, index }, name);
            let offset = frame.module_offset().and_then(|offset| u32::try_from(offset).ok());
            Some(SampledFrame { function, offset })
        });
        samples.add(since, delta, frames);
    }

    /// Notes that control passes between the host and Wasm. To be called by a store's call hook:
    /// the profile then shows calls of the host as markers.
    pub fn call_hook(&mut self, store: impl AsContext, kind: CallHook) {
        let _ = store;
        match kind {
            CallHook::CallingHost => self.host_calls.push(Instant::now()),
            CallHook::ReturningFromHost => {
                if let Some(began) = self.host_calls.pop() {
                    let since_start = |time: Instant| time.duration_since(self.start);
                    self.samples.mark("host call", since_start(began), since_start(Instant::now()));
                }
            }
            CallHook::CallingWasm | CallHook::ReturningFromWasm => {}
        }
    }

    /// How many samples were taken.
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    /// Writes the profile, for <https://profiler.firefox.com>.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn finish(self, output: impl Write) -> Result<()> {
        Ok(self.profile.write(&self.samples, &self.names, output)?)
    }

    /// Writes folded stacks instead, for tools that draw flame graphs: see
    /// [`Samples::write_folded`].
    ///
    /// # Errors
    ///
    /// If they can't be written.
    pub fn finish_folded(self, output: impl Write) -> Result<()> {
        Ok(self.samples.write_folded(&self.names, output)?)
    }
}

impl fmt::Debug for GuestProfiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestProfiler")
            .field("name", &self.profile.name)
            .field("samples", &self.samples.len())
            .finish_non_exhaustive()
    }
}
