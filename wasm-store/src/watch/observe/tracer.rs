//! Traces of calls.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_hooks::observe::{CallLine, CallSide};
use wasm_hooks::{CallHook, FunctionEvent};

use super::value::ShownValue;
use crate::error::{Result, Trap};
use crate::items::Val;
use crate::watch::call_hook::{CallHookContext, CallOutcome};
use crate::watch::function_hook::FunctionHookContext;

type Sink = dyn FnMut(&CallLine<'_, ShownValue>) -> Result<()> + Send;

/// Reports each call as it happens, with arguments and results: as a line of text, or to
/// subscribers of the crate `tracing` (with feature `tracing`).
///
/// It can observe Wasm functions by a function hook and functions of the host by a call hook;
/// depths then count both. A handle that can be cloned. Each store needs a tracer of its own, since
/// calls of two stores at the same time would be confused.
///
/// ```no_run
/// use wasm_store::observe::CallTracer;
/// use wasm_store::{Config, Engine, NamePattern, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::new(Config::new().function_hooks([NamePattern::new("my_app::*")?]))?;
/// let mut store = Store::new(&engine, ());
/// let tracer = CallTracer::to_writer(std::io::stderr());
/// store.function_hook(tracer.hook());
/// // … call functions …
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CallTracer {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    sink: Box<Sink>,
    depth: usize,
}

impl CallTracer {
    /// A tracer that hands each line to a function. An error of the function ends the call that is
    /// reported.
    pub fn new(sink: impl FnMut(&CallLine<'_, ShownValue>) -> Result<()> + Send + 'static) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { sink: Box::new(sink), depth: 0 })) }
    }

    /// A tracer that writes lines. If that fails, the call that is reported ends with the error.
    pub fn to_writer(mut out: impl io::Write + Send + 'static) -> Self {
        // One write for each line, so that no other text comes in between.
        Self::new(move |line| Ok(out.write_all(format!("{line}\n").as_bytes())?))
    }

    /// A tracer that hands calls to the subscriber of the crate `tracing`, with level `TRACE` and
    /// the target `wasm_calls`.
    #[cfg(feature = "tracing")]
    pub fn to_subscriber() -> Self {
        Self::new(|line| {
            line.trace();
            Ok(())
        })
    }

    /// Reports the event that a function hook was notified of.
    ///
    /// # Errors
    ///
    /// If the report fails.
    pub fn observe<T: 'static>(&self, call: &FunctionHookContext<'_, T>) -> Result<()> {
        let reason;
        let side = match call.event() {
            FunctionEvent::Entered => CallSide::Entered,
            FunctionEvent::Returned => CallSide::Returned,
            FunctionEvent::TailCalled => CallSide::TailCalled,
            FunctionEvent::Unwound => {
                reason = call.failure().map_or_else(|| "panic".to_string(), describe);
                CallSide::Unwound(&reason)
            }
        };
        let values = call.args().or_else(|| call.results());
        self.report(side, &call.display_name(), values)
    }

    /// Reports the event that a call hook was notified of, for functions of the host that Wasm
    /// calls. Events of the other direction are left to the function hook.
    ///
    /// # Errors
    ///
    /// If the report fails.
    pub fn observe_import<T: 'static>(&self, call: &CallHookContext<'_, T>) -> Result<()> {
        let reason;
        let side = match (call.event(), call.outcome()) {
            (CallHook::CallingHost, _) => CallSide::Entered,
            (CallHook::ReturningFromHost, Some(CallOutcome::Failed(error))) => {
                reason = describe(error);
                CallSide::Unwound(&reason)
            }
            (CallHook::ReturningFromHost, Some(CallOutcome::Panicked)) => {
                CallSide::Unwound("panic")
            }
            (CallHook::ReturningFromHost, _) => CallSide::Returned,
            (CallHook::CallingWasm | CallHook::ReturningFromWasm, _) => return Ok(()),
        };
        let name = match call.import() {
            Some((module, name)) => format!("{module}.{name}"),
            None => "a host function".to_string(),
        };
        let values = call.args().or_else(|| call.results());
        self.report(side, &name, values)
    }

    /// A hook that traces Wasm functions, for
    /// [`Store::function_hook`](crate::Store::function_hook).
    pub fn hook<T: 'static>(
        &self,
    ) -> impl FnMut(FunctionHookContext<'_, T>) -> Result<()> + Send + Sync + 'static {
        let tracer = self.clone();
        move |call| tracer.observe(&call)
    }

    fn report(&self, side: CallSide<'_>, name: &str, values: Option<Vec<Val>>) -> Result<()> {
        // A panic with the lock held loses at most its own line.
        let inner = &mut *self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if side != CallSide::Entered {
            inner.depth = inner.depth.saturating_sub(1);
        }
        let depth = inner.depth;
        let values: Vec<_> = values.unwrap_or_default().into_iter().map(ShownValue).collect();
        (inner.sink)(&CallLine { depth, side, name, values: &values })?;
        // A function that is not entered because of the error is not reported again.
        if side == CallSide::Entered {
            inner.depth += 1;
        }
        Ok(())
    }
}

/// Why something ended, in one line.
fn describe(error: &crate::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}

impl fmt::Debug for CallTracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallTracer").finish_non_exhaustive()
    }
}
