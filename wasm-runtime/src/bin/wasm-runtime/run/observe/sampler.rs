//! Samples of a running program, taken each time that the engine's epoch advances.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasm_runtime::{GuestProfiler, Result, Store, UpdateDeadline, bail};

use super::super::Host;
use super::Observed;

/// A profiler, and the thread that lets it take samples for as long as the engine exists.
pub(super) struct Sampler {
    profiler: Arc<Mutex<Option<GuestProfiler>>>,
}

impl Sampler {
    /// Attaches the sampler to the store.
    pub(super) fn attach(
        store: &mut Store<Host>,
        program: &str,
        modules: &[Observed<'_>],
        interval: Duration,
    ) -> Result<Self> {
        let engine = store.engine();
        let modules = modules.iter().map(|module| (module.name.clone(), module.module.clone()));
        let mut profiler = GuestProfiler::new(engine, program, interval, modules)?;
        profiler.product(concat!("wasm-runtime ", env!("CARGO_PKG_VERSION")));
        let profiler = Arc::new(Mutex::new(Some(profiler)));
        let ticker = engine.weak();
        std::thread::Builder::new().name("sampler".to_owned()).spawn(move || {
            while let Some(engine) = ticker.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(interval);
            }
        })?;
        let sampled = profiler.clone();
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |store| {
            if let Some(profiler) = &mut *lock(&sampled) {
                profiler.sample(&store, Duration::ZERO);
            }
            Ok(UpdateDeadline::Continue(1))
        });
        Ok(Self { profiler })
    }

    /// Ends sampling and writes the profile. Returns how many samples there are.
    pub(super) fn finish(&self, folded: bool, out: impl Write) -> Result<usize> {
        let Some(profiler) = lock(&self.profiler).take() else {
            bail!("the profile was written already")
        };
        let samples = profiler.samples();
        if folded {
            profiler.finish_folded(out)?
        } else {
            profiler.finish(out)?
        }
        Ok(samples)
    }
}

fn lock(profiler: &Mutex<Option<GuestProfiler>>) -> MutexGuard<'_, Option<GuestProfiler>> {
    // Samples from before a panic are as good as others.
    profiler.lock().unwrap_or_else(PoisonError::into_inner)
}
