//! Counts of calls.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_hooks::FunctionEvent;
use wasm_hooks::observe::{CallCounts, CallTotals, Clock, FunctionKey, FunctionNames};

use super::clock::CycleClock;
use super::modules::Modules;
use crate::error::Result;
use crate::watch::function_hook::FunctionHookContext;

/// Counts how often functions are called, and adds up the time they take.
///
/// A handle that can be cloned, so that the hook of a store has one and the program another. Each
/// store needs a counter of its own, since calls of two stores at the same time would be confused.
///
/// ```no_run
/// use wasm_store::observe::CallCounter;
/// use wasm_store::{Config, Engine, NamePattern, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::new(Config::new().function_hooks([NamePattern::any()]))?;
/// let mut store = Store::new(&engine, ());
/// let counter = CallCounter::new();
/// store.function_hook(counter.hook());
/// // … call functions …
/// counter.write_table(std::io::stdout())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CallCounter {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    modules: Modules,
    names: FunctionNames,
    counts: CallCounts,
    clock: Box<dyn Clock + Send>,
}

impl CallCounter {
    /// A counter with [`CycleClock`].
    pub fn new() -> Self {
        Self::with_clock(CycleClock::default())
    }

    /// A counter with another clock, such as one of processor time.
    pub fn with_clock(clock: impl Clock + Send + 'static) -> Self {
        let inner = Inner {
            modules: Modules::default(),
            names: FunctionNames::default(),
            counts: CallCounts::default(),
            clock: Box::new(clock),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Counts the event that a function hook was notified of.
    pub fn observe<T: 'static>(&self, call: &FunctionHookContext<'_, T>) {
        let inner = &mut *self.lock();
        if call.event() != FunctionEvent::Entered {
            let now = inner.clock.now();
            inner.counts.leave(now);
            return;
        }
        let (module, _) = inner.modules.number(call.module());
        let place = FunctionKey { module: module as u64, index: call.function_index() };
        let function = inner.names.id(place, || call.display_name().into_owned());
        let now = inner.clock.now();
        inner.counts.enter(function, now);
    }

    /// A hook that counts, for [`Store::function_hook`](crate::Store::function_hook).
    pub fn hook<T: 'static>(
        &self,
    ) -> impl FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync + 'static {
        let counter = self.clone();
        move |call| {
            counter.observe(&call);
            Ok(())
        }
    }

    /// Counts calls that are not over as if they were over now. This is for a report on a
    /// computation that will not go on.
    pub fn end_calls(&self) {
        let inner = &mut *self.lock();
        let now = inner.clock.now();
        inner.counts.leave_all(now);
    }

    /// The totals of the calls of each function so far, with a name for the function. They are in
    /// the order in which the functions were first called.
    pub fn totals(&self) -> Vec<(String, CallTotals)> {
        let Inner { names, counts, .. } = &*self.lock();
        let totals = |id| (names.name(id).to_string(), counts.totals(id));
        names.ids().map(totals).collect()
    }

    /// Writes a table: see [`CallCounts::write_table`].
    ///
    /// # Errors
    ///
    /// If it can't be written.
    pub fn write_table(&self, out: impl io::Write) -> io::Result<()> {
        let Inner { names, counts, .. } = &*self.lock();
        counts.write_table(names, out)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic with the lock held leaves counts that are correct up to then.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CallCounter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CallCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallCounter").finish_non_exhaustive()
    }
}
