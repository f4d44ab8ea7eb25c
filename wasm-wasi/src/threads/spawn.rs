//! Starting threads, and running a guest that has some.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use wasm_store::{
    AsContextMut as _, Error, ExternType, InstancePre, Linker, Module, Result, Store, ValType,
};
use wasm_store::{bail, ensure};

use super::group::{Group, Refused};

/// What a thread begins with.
const START: &str = "wasi_thread_start";

/// How many threads a guest may have, its first one included, unless the host says otherwise.
const MOST_THREADS: usize = 128;

/// The threads of a guest: see the [module](super).
///
/// `T` is the data of the stores. Each thread gets a clone of that of the thread that starts it.
pub struct WasiThreadsCtx<T: 'static> {
    pre: InstancePre<T>,
    group: Arc<Group>,
    most_threads: usize,
    prepare: Arc<Prepare<T>>,
}

type Prepare<T> = dyn Fn(&mut Store<T>) -> Result<()> + Send + Sync;

impl<T: Clone + Send + 'static> WasiThreadsCtx<T> {
    /// The threads of a guest that has none yet. The linker must have everything that the module
    /// imports.
    ///
    /// # Errors
    /// If the linker lacks something that the module imports, or the module has no function
    /// `wasi_thread_start` of two parameters of type `i32`.
    pub fn new(module: Module, linker: Arc<Linker<T>>) -> Result<Self> {
        match module.get_export(START) {
            Some(ExternType::Func(ty)) => ensure!(
                ty.params().all(|ty| matches!(ty, ValType::I32))
                    && (ty.params().len(), ty.results().len()) == (2, 0),
                "the module's function `{START}` has the type {ty}; a thread begins with one of two \
                 parameters of type i32 and no results"
            ),
            _ => bail!(
                "the module exports no function `{START}`, with which a thread begins: it is made \
                 with `-pthread` for a target with threads, such as `wasm32-wasip1-threads`"
            ),
        }
        Ok(Self {
            pre: linker.instantiate_pre(&module)?,
            group: Arc::default(),
            most_threads: MOST_THREADS,
            prepare: Arc::new(|_| Ok(())),
        })
    }

    /// Sets how many threads may run at once, the first one included; the default is 128. A guest
    /// that asks for one more gets an error number.
    #[must_use]
    pub fn max_threads(mut self, threads: usize) -> Self {
        self.most_threads = threads;
        self
    }

    /// Sets what is done with the store of each thread that the guest starts, before it runs: for
    /// limits, fuel, hooks. If it fails, the guest ends with that error.
    #[must_use]
    pub fn prepare(
        mut self,
        prepare: impl Fn(&mut Store<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.prepare = Arc::new(prepare);
        self
    }

    /// The module with everything that it imports, for the first instance, too.
    pub fn instance_pre(&self) -> &InstancePre<T> {
        &self.pre
    }

    /// Starts a thread: a new store with this data, an instance of the module in it, and a call of
    /// `wasi_thread_start` with the thread's number and the argument. Returns the number.
    ///
    /// # Errors
    /// If there are too many threads, the guest ends already or does not run by
    /// [`run`](Self::run), or the host can't start a thread.
    pub fn spawn(&self, host: T, argument: i32) -> Result<i32> {
        let mut store = Store::new(self.pre.module().engine(), host);
        let handle = store.interrupt_handle().ok();
        let id = match self.group.enter(handle, self.most_threads) {
            Ok(member) => member.into_id(),
            Err(Refused::Over) => bail!(
                "the guest does not run, or ends: its threads start between begin and end of \
                 `WasiThreadsCtx::run`"
            ),
            Err(Refused::TooMany) => bail!(
                "the guest has {} threads, which is as many as it may have \
                 (`WasiThreadsCtx::max_threads`)",
                self.most_threads
            ),
        };
        let (pre, prepare, group) =
            (self.pre.clone(), Arc::clone(&self.prepare), Arc::clone(&self.group));
        let spawned = thread::Builder::new().name(format!("wasi-thread-{id}")).spawn(move || {
            // Whatever ends the thread, it is left at the very end.
            let _member = group.resume(id);
            // All that the thread has is dropped by the call, so that nothing is left of it when
            // the others find out that it has ended.
            let call = move || {
                (prepare)(&mut store)?;
                let instance = pre.instantiate(&mut store)?;
                let start = instance.get_typed_func::<(i32, i32), ()>(&mut store, START)?;
                start.call(&mut store, (id, argument))
            };
            let failure = match catch_unwind(AssertUnwindSafe(call)) {
                Ok(outcome) => outcome.err(),
                Err(panic) => Some(of_panic(id, &*panic)),
            };
            if let Some(error) = failure {
                group.end(Some(error));
            }
        });
        if let Err(error) = spawned {
            drop(self.group.resume(id));
            return Err(Error::new(error).context("the host can't start a thread for the guest"));
        }
        Ok(id)
    }

    /// Runs a guest: calls `main`, which makes the first instance and calls it. When that returns,
    /// or a thread ends otherwise than by returning, all threads end, and then this returns.
    ///
    /// # Errors
    /// Whatever ended the guest first: the error of `main`, or that of a thread. If the guest runs
    /// already.
    ///
    /// # Panics
    /// If `main` panics, once all threads have ended.
    pub fn run<R>(
        &self,
        store: &mut Store<T>,
        main: impl FnOnce(&mut Store<T>) -> Result<R>,
    ) -> Result<R> {
        let Ok(member) = self.group.begin(store.interrupt_handle().ok()) else {
            bail!("the guest runs already: make a `WasiThreadsCtx` for each guest");
        };
        let result = catch_unwind(AssertUnwindSafe(|| main(store)));
        drop(member);
        let (error, result) = match result {
            Ok(Ok(value)) => (None, Ok(Ok(value))),
            // Kept if it is the first, and comes back below.
            Ok(Err(error)) => {
                (Some(error), Ok(Err(Error::msg("a thread of the guest has ended it"))))
            }
            Err(panic) => (None, Err(panic)),
        };
        let is_first = self.group.end(error);
        let error = self.group.join();
        if !is_first {
            // What another thread ended this one by must not end the store's next call: if this one
            // had returned already, the request is still there. Nobody makes it any more, since
            // that thread has ended, too.
            let _ = store.as_context_mut().check_interruption();
        }
        match (result, error) {
            (Err(panic), _) => resume_unwind(panic),
            (Ok(_), Some(error)) => Err(error),
            (Ok(result), None) => result,
        }
    }

    /// How many threads run, the first one included.
    pub fn running(&self) -> usize {
        self.group.running()
    }
}

/// The error that a panic in a thread of the guest becomes.
fn of_panic(id: i32, panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::msg(format!(
        "a host function panicked in thread {id} of the guest: {}",
        text.unwrap_or("what it panicked with is no text")
    ))
}

impl<T> fmt::Debug for WasiThreadsCtx<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiThreadsCtx")
            .field("module", &self.pre.module().name())
            .field("running", &self.group.running())
            .finish_non_exhaustive()
    }
}
