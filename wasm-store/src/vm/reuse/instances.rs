//! Instances of dropped stores. They were reset, and each waits to become the next instance of its
//! module.
//!
//! Such an instance has its context, its memories with their images in place, and its tables. All
//! that is left to do for the next one is to bind imports and to set globals.

use std::ptr::NonNull;
use std::time::Duration;

use crate::vm::instance::VmInstance;
use crate::vm::module::VmModule;
use crate::vm::sync::{Arc, Mutex, MutexGuard, PoisonError};
use crate::vm::sys::thread;

/// How much is kept for reuse.
#[derive(Clone, Debug)]
pub(crate) struct ReuseLimits {
    /// How many instances.
    pub(crate) instances: usize,
    /// How many stacks.
    pub(crate) stacks: usize,
    /// How much memory all instances may take, in bytes.
    pub(crate) bytes: usize,
    /// How much memory each linear memory may take, in bytes.
    pub(crate) keep_resident: usize,
    /// For how long; without limit if `None`.
    pub(crate) time: Option<Duration>,
}

impl ReuseLimits {
    /// Whether what came back at time `since` has been unused for too long at time `now`.
    pub(in crate::vm) fn is_old(&self, since: Duration, now: Duration) -> bool {
        self.time.is_some_and(|time| now.saturating_sub(since) > time)
    }
}

/// The unused instances of an engine.
#[derive(Debug, Default)]
pub(in crate::vm) struct ReusableInstances {
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    /// Instances that came back last are at the end.
    reusable: Vec<Reusable>,
    /// The sum of the memory that they take, in bytes.
    resident: usize,
}

#[derive(Debug)]
struct Reusable {
    /// Only compared. The instance keeps its module alive, so that no other module can have this
    /// address.
    module: *const VmModule,
    /// The thread that it was last used on.
    thread: usize,
    /// When it came back.
    since: Duration,
    resident: usize,
    instance: ReusableInstance,
}

/// An instance that belongs to no store.
#[derive(Debug)]
pub(in crate::vm) struct ReusableInstance(NonNull<VmInstance>);

// SAFETY: an instance that belongs to no store is owned by the holder of this value.
#[allow(unsafe_code, reason = "an instance is known by its address")]
unsafe impl Send for ReusableInstance {}

// SAFETY: the module is only an address to be compared.
#[allow(unsafe_code, reason = "a module is known by its address")]
unsafe impl Send for Reusable {}

impl ReusableInstance {
    /// # Safety
    ///
    /// No store has the instance any more, and nothing else refers to it.
    #[allow(unsafe_code, reason = "the caller answers for that nothing refers to it")]
    pub(in crate::vm) unsafe fn new(instance: NonNull<VmInstance>) -> Self {
        Self(instance)
    }

    /// Hands the instance to a store, or to be freed.
    pub(in crate::vm) fn into_inner(self) -> NonNull<VmInstance> {
        self.0
    }
}

impl ReusableInstances {
    fn list(&self) -> MutexGuard<'_, List> {
        // Between any two operations the list is in a consistent state: a panic elsewhere does not
        // harm it.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an unused instance of a module.
    pub(in crate::vm) fn take(&self, module: &Arc<VmModule>) -> Option<ReusableInstance> {
        let module = Arc::as_ptr(module);
        let thread = thread::id();
        let mut list = self.list();
        // The instance that came back last is the most likely to be in the caches, and in those of
        // this core if this thread used it.
        let mut found = None;
        for (place, reusable) in list.reusable.iter().enumerate().rev() {
            if reusable.module == module {
                found = found.or(Some(place));
                if reusable.thread == thread {
                    found = Some(place);
                    break;
                }
            }
        }
        let reusable = list.reusable.remove(found?);
        list.resident -= reusable.resident;
        Some(reusable.instance)
    }

    /// Keeps an instance that takes this many bytes. Returns the instances that the limits do not
    /// allow to be kept.
    #[must_use = "what is not kept is to be freed"]
    pub(in crate::vm) fn put(
        &self,
        instance: ReusableInstance,
        module: *const VmModule,
        resident: usize,
        limits: &ReuseLimits,
    ) -> Vec<ReusableInstance> {
        let since = now();
        let reusable = Reusable { module, thread: thread::id(), since, resident, instance };
        let mut list = self.list();
        list.resident += resident;
        list.reusable.push(reusable);
        let mut gone = Vec::new();
        while list.reusable.len() > limits.instances
            || list.resident > limits.bytes
            || list.reusable.first().is_some_and(|reusable| limits.is_old(reusable.since, since))
        {
            let reusable = list.reusable.remove(0);
            list.resident -= reusable.resident;
            gone.push(reusable.instance);
        }
        gone
    }

    /// Takes the instance that has been unused for longest.
    pub(in crate::vm) fn oldest(&self) -> Option<ReusableInstance> {
        let mut list = self.list();
        if list.reusable.is_empty() {
            return None;
        }
        let reusable = list.reusable.remove(0);
        list.resident -= reusable.resident;
        Some(reusable.instance)
    }

    /// Looks at all of them, and at how much memory each takes, in bytes. None of them can be taken
    /// meanwhile.
    pub(in crate::vm) fn for_each(&self, mut look: impl FnMut(NonNull<VmInstance>, usize)) {
        for reusable in &self.list().reusable {
            look(reusable.instance.0, reusable.resident);
        }
    }

    /// Takes all instances of a module.
    pub(in crate::vm) fn of_module(&self, module: *const VmModule) -> Vec<ReusableInstance> {
        let mut list = self.list();
        let mut gone = Vec::new();
        let mut freed = 0;
        for reusable in list.reusable.extract_if(.., |reusable| reusable.module == module) {
            freed += reusable.resident;
            gone.push(reusable.instance);
        }
        list.resident -= freed;
        gone
    }

    /// Takes all instances.
    pub(in crate::vm) fn all(&self) -> Vec<ReusableInstance> {
        let mut list = self.list();
        list.resident = 0;
        list.reusable.drain(..).map(|reusable| reusable.instance).collect()
    }
}

/// The time since a fixed moment, exact to a few milliseconds. It is needed at every drop.
#[allow(unsafe_code, reason = "the standard library has only the exact clock, which takes longer")]
pub(in crate::vm) fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to the structure, which is valid. The clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
