//! A hook that may wait: [`Store::call_hook_async`].
//!
//! The futures of calls from the host poll it before the call and after it. Calls of host functions
//! wait for it in a shim of their own (`host_calls`).

#![allow(unsafe_code)]

mod host_calls;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use wasm_hooks::CallHook;

pub(super) use self::host_calls::start;
use crate::error::Result;
use crate::store::{Store, StoreContextMut, StoreInner};

/// A hook that may wait: see [`Store::call_hook_async`].
///
/// Its function has the form that `#[async_trait]` (of the crate `async-trait`) gives to an
/// `async fn`, so that an implementation can be written with it:
///
/// ```ignore
/// #[async_trait::async_trait]
/// impl CallHookHandler<Data> for Meter {
///     async fn handle_call_event(
///         &self,
///         store: StoreContextMut<'_, Data>,
///         event: CallHook,
///     ) -> Result<()> {
///         self.quota.wait_for(event).await
///     }
/// }
/// ```
pub trait CallHookHandler<T>: Send {
    /// Is notified of a change between host and Wasm. What is about to happen happens when the
    /// future is ready.
    ///
    /// # Errors
    ///
    /// An error ends the call that it is notified of.
    fn handle_call_event<'life0, 'life1, 'async_trait>(
        &'life0 self,
        t: StoreContextMut<'life1, T>,
        ch: CallHook,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        Self: 'async_trait;
}

/// The hook of a store that may wait.
pub(super) struct Waiting<T: 'static> {
    handler: Box<dyn CallHookHandler<T> + Send + Sync>,
    /// Whether its future is made or polled. It is not notified of the calls that it makes itself.
    is_running: bool,
}

impl<T: 'static> Store<T> {
    /// Sets the function that is notified of every change between host and Wasm, as
    /// [`Store::call_hook`] does, which this replaces, and that may wait: what it is notified of
    /// goes on when it is ready. While it waits, nothing else uses the store.
    ///
    /// Among the hooks of [`Store::add_call_hook`] it is the one next to Wasm: of calls to Wasm it
    /// is notified after them, and of calls to the host before them. It is not notified of the end
    /// of a call that it prevented, of one that ends in a panic, or of one that is dropped.
    ///
    /// From now on the store's functions are called with
    /// [`call_async`](crate::Func::call_async): all other calls are errors, also when the hook is
    /// removed again. Where a component calls a function of its own at once, to make room for
    /// values, a hook that is not ready at once is an error.
    pub fn call_hook_async(&mut self, hook: impl CallHookHandler<T> + Sync + 'static) {
        self.unset_call_hook();
        let inner = self.inner_mut();
        inner.require_async();
        inner.hook.waiting = Some(Waiting { handler: Box::new(hook), is_running: false });
        self.hooks_changed();
    }
}

/// The future of a hook that is notified of an event. It borrows the store as long as it exists.
struct Event<'a, T: 'static> {
    store: NonNull<StoreInner<T>>,
    /// `None` only while this is dropped.
    future: Option<Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>>,
}

// SAFETY: the pointer stands for the borrow of the store that the future has, which can be sent.
unsafe impl<T: 'static> Send for Event<'_, T> {}

impl<'a, T: 'static> Event<'a, T> {
    /// Notifies the hook, if there is one that is not running.
    ///
    /// # Safety
    ///
    /// The store lives and is not used by anyone else while the event exists, and no hook is set or
    /// removed. If the event is forgotten, it counts as gone.
    unsafe fn new(store: NonNull<StoreInner<T>>, event: CallHook) -> Option<Self> {
        // SAFETY: as the caller promises. The handler is in a box of its own, which stays where it
        // is.
        unsafe {
            let waiting = (*store.as_ptr()).hook.waiting.as_mut()?;
            if waiting.is_running {
                return None;
            }
            let handler: *const (dyn CallHookHandler<T> + Send + Sync) =
                &raw const *waiting.handler;
            let _running = Running::new(store);
            let context = StoreContextMut(&mut *store.as_ptr());
            let future = (*handler).handle_call_event(context, event);
            Some(Self { store, future: Some(future) })
        }
    }
}

impl<T: 'static> Future for Event<'_, T> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        // SAFETY: the store is the event's.
        let _running = unsafe { Running::new(self.store) };
        match &mut self.future {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<T: 'static> Drop for Event<'_, T> {
    fn drop(&mut self) {
        // The future has the store, and uses it in a destructor if it likes: that is the hook, too.
        // SAFETY: the store is the event's, which is gone only afterwards.
        let _running = unsafe { Running::new(self.store) };
        drop(self.future.take());
    }
}

/// The hook runs. Meanwhile nothing is collected: nobody looks for references among the values of
/// the call. When it waits, nobody uses the store.
struct Running<T: 'static>(NonNull<StoreInner<T>>);

impl<T: 'static> Running<T> {
    /// # Safety
    ///
    /// The store lives until this is dropped.
    unsafe fn new(store: NonNull<StoreInner<T>>) -> Self {
        let running = Self(store);
        // SAFETY: as the caller promises; no reference to the store is used meanwhile.
        unsafe {
            (&mut *store.as_ptr()).vm.gc.put_off();
            running.mark(true);
        }
        running
    }

    unsafe fn mark(&self, is_running: bool) {
        // SAFETY: as for the caller.
        unsafe {
            if let Some(waiting) = &mut (*self.0.as_ptr()).hook.waiting {
                waiting.is_running = is_running;
            }
        }
    }
}

impl<T: 'static> Drop for Running<T> {
    fn drop(&mut self) {
        // SAFETY: as promised when this was made.
        unsafe {
            (&mut *self.0.as_ptr()).vm.gc.resume();
            self.mark(false);
        }
    }
}

/// Whether a store has a hook that may wait.
///
/// # Safety
///
/// The store lives.
#[inline(always)]
pub(crate) unsafe fn waits<T: 'static>(store: NonNull<StoreInner<T>>) -> bool {
    // SAFETY: as the caller promises.
    unsafe { store.as_ref() }.watched.waits
}

/// What a call from the host has to do with the hook that may wait.
pub(crate) struct Around<'a, T: 'static>(Option<Box<Stage<'a, T>>>);

enum Stage<'a, T: 'static> {
    /// The hook was notified of the call.
    Calling(Event<'a, T>),
    Running,
    /// The hook was notified of the end, with what the call has ended with.
    Returning(Event<'a, T>, Result<()>),
}

impl<T: 'static> Default for Around<'_, T> {
    #[inline(always)]
    fn default() -> Self {
        Self(None)
    }
}

impl<T: 'static> Around<'_, T> {
    /// Polls a call, and the hook before it and after it.
    ///
    /// # Errors
    ///
    /// Those of the call and of the hook.
    ///
    /// # Safety
    ///
    /// The store is borrowed for the call as long as this exists, and nothing else uses it.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn poll(
        &mut self,
        store: NonNull<StoreInner<T>>,
        context: &mut Context<'_>,
        call: &mut dyn FnMut(&mut Context<'_>) -> Poll<Result<()>>,
    ) -> Poll<Result<()>> {
        // SAFETY: as the caller promises; hooks change only through the store as itself.
        let event = |event| unsafe { Event::new(store, event) };
        let stage = self.0.get_or_insert_with(|| {
            Box::new(event(CallHook::CallingWasm).map_or(Stage::Running, Stage::Calling))
        });
        loop {
            match &mut **stage {
                Stage::Calling(event) => {
                    std::task::ready!(Pin::new(event).poll(context))?;
                    **stage = Stage::Running;
                }
                Stage::Running => {
                    let result = std::task::ready!(call(context));
                    match event(CallHook::ReturningFromWasm) {
                        Some(event) => **stage = Stage::Returning(event, result),
                        None => return Poll::Ready(result),
                    }
                }
                Stage::Returning(event, result) => {
                    std::task::ready!(Pin::new(event).poll(context))?;
                    return Poll::Ready(std::mem::replace(result, Ok(())));
                }
            }
        }
    }

    /// Drops what waits.
    ///
    /// # Errors
    ///
    /// What a destructor has panicked with.
    #[inline(always)]
    pub(crate) fn give_up(&mut self) -> std::thread::Result<()> {
        match self.0.take() {
            None => Ok(()),
            Some(stage) => catch_unwind(AssertUnwindSafe(|| drop(stage))),
        }
    }
}

/// Notifies the hook that may wait of a call that can't.
///
/// # Errors
///
/// Those of the hook, and if it is not ready at once.
#[cold]
pub(super) fn notify_at_once<T: 'static>(store: &mut StoreInner<T>, event: CallHook) -> Result<()> {
    // SAFETY: as above.
    let Some(event) = (unsafe { Event::new(NonNull::from(store), event) }) else { return Ok(()) };
    match pin!(event).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => crate::bail!("the store's call hook has to wait, where nothing can"),
    }
}
