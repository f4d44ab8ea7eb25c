//! What a store knows of being debugged: where its code stops, and who is told.

#![allow(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;

use wasm_types::TrapCode;

use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::gc::Root;
use crate::vm::instance::VmInstance;
use crate::vm::module::VmModule;
use crate::vm::store::VmStore;
use crate::vm::unwind::RawFrame;

/// What a debugger is told of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DebugMoment {
    /// The code has come to an operator where it stops.
    Stop,
    /// The code's deadline is reached.
    Deadline,
    /// The code is about to end with a trap.
    Trap(TrapCode),
    /// The code is about to end with an error, which stays where it is as long as the future.
    Error(NonNull<Error>),
    /// An exception is about to be thrown: the store's pending one.
    Exception,
}

/// What a debugger does. It borrows the store, and is dropped before Wasm goes on.
pub(crate) type DebugFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells a debugger of something: `None` if it does not want to know.
///
/// To be called with the store whose code waits, as a host function would be.
pub(in crate::vm) type Notify = unsafe fn(*mut VMStoreContext, DebugMoment) -> Option<DebugFuture>;

/// What a store knows of being debugged.
#[derive(Default)]
pub(in crate::vm) struct Debugging {
    pub(super) notify: Option<Notify>,
    /// Whether code stops at each operator.
    single_step: bool,
    /// Where else it stops, by the addresses of modules.
    breakpoints: BTreeMap<usize, (Arc<VmModule>, BTreeSet<u32>)>,
    /// The stretch that it is now, and how many there were.
    stretch: Stretch,
    stretches: u64,
    /// Whether the debugger knows already of the failure that is about to leave Wasm.
    pub(super) is_reported: bool,
    /// Frames that are at an operator, and not in a call that it makes: those of code that the
    /// debugger was told of, as long as it looks at it.
    pub(super) stopped: Vec<RawFrame>,
    /// The exception that the debugger was told of last, as long as it looks at it.
    pub(super) told: Told,
}

/// An exception that a debugger is told of.
#[derive(Default)]
pub(super) struct Told {
    /// `None` if it is no object.
    pub(super) exception: Option<Root>,
    /// Whether the debugger has taken it.
    pub(super) is_taken: bool,
}

/// A time during which code that waits for the host does not go on, but where a call returns, which
/// the code counts. Each has a number of its own. While a call waits, what is around it has
/// another, so that nothing that was known of the call before is taken to be true if it was
/// forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::vm) struct Stretch(u64);

/// Says whether code has gone on since the host has looked at it: then it is another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ExecutionVersion {
    stretch: Stretch,
    returns: u64,
}

impl fmt::Debug for Debugging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debugging").field("single_step", &self.single_step).finish_non_exhaustive()
    }
}

impl Debugging {
    /// Takes an instance that was just made, or that was another store's.
    pub(in crate::vm) fn adopt(&self, instance: NonNull<VmInstance>) {
        // SAFETY: the instance lives, and only its own code uses its stops otherwise.
        let instance = unsafe { instance.as_ref() };
        instance.stops.forget_returns();
        self.apply(instance);
    }

    /// Makes the code of an instance stop where it is to.
    fn apply(&self, instance: &VmInstance) {
        instance.stops.set_all(self.single_step);
        if let Some((_, places)) = self.breakpoints.get(&key(instance.module())) {
            places.iter().for_each(|pc| instance.stops.set(*pc, true));
        }
    }
}

fn key(module: &Arc<VmModule>) -> usize {
    Arc::as_ptr(module).addr()
}

impl VmStore {
    /// Sets who is told.
    pub(crate) fn set_debugger(
        &mut self,
        notify: Option<unsafe fn(*mut VMStoreContext, DebugMoment) -> Option<DebugFuture>>,
    ) {
        self.debugging.notify = notify;
    }

    /// Sets whether code stops at an operator of a module.
    pub(crate) fn set_breakpoint(&mut self, module: &Arc<VmModule>, pc: u32, stops: bool) {
        let entry = self.debugging.breakpoints.entry(key(module));
        let (_, places) = entry.or_insert_with(|| (Arc::clone(module), BTreeSet::new()));
        match stops {
            true => places.insert(pc),
            false => places.remove(&pc),
        };
        if places.is_empty() {
            self.debugging.breakpoints.remove(&key(module));
        }
        let stops = stops || self.debugging.single_step;
        for instance in self.instances() {
            // SAFETY: an instance lives as long as its store.
            let instance = unsafe { instance.as_ref() };
            if Arc::ptr_eq(instance.module(), module) {
                instance.stops.set(pc, stops);
            }
        }
    }

    /// Sets whether code stops at each operator.
    pub(crate) fn set_single_step(&mut self, on: bool) {
        if self.debugging.single_step == on {
            return;
        }
        self.debugging.single_step = on;
        for instance in self.instances() {
            // SAFETY: an instance lives as long as its store.
            self.debugging.apply(unsafe { instance.as_ref() });
        }
    }

    /// The host has taken the pending exception, and not the code.
    pub(crate) fn exception_is_taken(&mut self, exception: u32) {
        let told = self.debugging.told.exception;
        if told.and_then(|told| self.gc.handles.get(told)) == Some(exception) {
            self.debugging.told.is_taken = true;
        }
    }

    /// Code that the host may have looked at goes on, or is left for good, other than by returning
    /// from a call.
    pub(crate) fn code_goes_on(&mut self) {
        self.debugging.stretches += 1;
        self.debugging.stretch = Stretch(self.debugging.stretches);
    }

    /// The stretch that it is now.
    pub(in crate::vm) fn stretch(&self) -> Stretch {
        self.debugging.stretch
    }

    /// Goes back to the stretch of a call that waits, while what it waits for runs, or from there:
    /// returns the one that it was before.
    pub(in crate::vm) fn set_stretch(&mut self, stretch: Stretch) -> Stretch {
        std::mem::replace(&mut self.debugging.stretch, stretch)
    }

    /// Whether code stops at each operator.
    pub(crate) fn is_single_step(&self) -> bool {
        self.debugging.single_step
    }

    /// What is another one whenever code has gone on since the host has looked at it.
    pub(crate) fn execution_version(&self) -> ExecutionVersion {
        // SAFETY: an instance lives as long as its store.
        let returns = self.instances().iter().map(|one| unsafe { one.as_ref() }.stops.returns());
        let returns = returns.fold(0, u64::wrapping_add);
        ExecutionVersion { stretch: self.debugging.stretch, returns }
    }
}
