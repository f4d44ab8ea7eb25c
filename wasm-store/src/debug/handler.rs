//! Who is told when code stops, and of what.

#![allow(unsafe_code)]

use std::mem;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::{Error, Trap};
use crate::items::{ExnRef, OwnedRooted, Rooted};
use crate::store::{Store, StoreContextMut, StoreInner};
use crate::vm::{DebugFuture, DebugMoment, VMStoreContext};

/// What a [`DebugHandler`] is told of.
#[derive(Debug)]
pub enum DebugEvent<'a> {
    /// A function of the host, or what Wasm has asked the store for, has failed with an error. The
    /// code ends with it when the handler is ready.
    HostcallError(&'a Error),
    /// An exception is thrown. What catches it was not looked for yet: the handler may take it
    /// ([`StoreContextMut::take_pending_exception`]) and throw another one
    /// ([`StoreContextMut::throw`]).
    Exception(OwnedRooted<ExnRef>),
    /// The code has trapped. It ends when the handler is ready.
    Trap(Trap),
    /// The code has come to a breakpoint, or has made a step.
    Breakpoint,
    /// The code's deadline is reached. What becomes of it is decided when the handler is ready, as
    /// without one.
    EpochYield,
}

/// A debugger: see [`Store::set_debug_handler`].
///
/// It is told of what the code of a store does, while that waits. It has the store meanwhile, with
/// all its [frames](crate::FrameHandle) up to the innermost entry to Wasm and beyond, and may call
/// functions; it is told of what those do, too. The code goes on when the future is ready. A panic
/// ends the call that the code is part of, with that panic. If that call is dropped while it waits
/// for the handler, so is the future.
///
/// A handler is cloned for each event.
pub trait DebugHandler: Clone + Send + Sync + 'static {
    /// The data of the store.
    type Data: 'static;

    /// Is told of an event.
    fn handle(
        &self,
        store: StoreContextMut<'_, Self::Data>,
        event: DebugEvent<'_>,
    ) -> impl Future<Output = ()> + Send;
}

/// A handler for data of a type.
trait Handles<T: 'static>: Send + Sync {
    fn start<'a>(
        &self,
        store: StoreContextMut<'a, T>,
        event: DebugEvent<'a>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

impl<H: DebugHandler<Data: Send>> Handles<H::Data> for H {
    fn start<'a>(
        &self,
        store: StoreContextMut<'a, H::Data>,
        event: DebugEvent<'a>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let handler = self.clone();
        Box::pin(async move { handler.handle(store, event).await })
    }
}

/// Where a store keeps its handler.
pub(crate) struct DebugSlot<T: 'static> {
    handler: Option<Arc<dyn Handles<T>>>,
}

impl<T: 'static> Default for DebugSlot<T> {
    fn default() -> Self {
        Self { handler: None }
    }
}

impl<T: 'static> Store<T> {
    /// Sets who is told of what the code does: in place of a handler that was set before.
    ///
    /// From now on the store's functions are called with
    /// [`call_async`](crate::Func::call_async): all other calls are errors, also when the handler
    /// is removed again. Where a component calls a function of its own at once, to make room for
    /// values, nothing is told of it.
    ///
    /// A stack that is used up is not told of: there is no room for what would be called.
    ///
    /// # Panics
    ///
    /// If the engine's code can't be debugged: see `Config::guest_debug`.
    pub fn set_debug_handler(&mut self, handler: impl DebugHandler<Data = T>)
    where
        T: Send,
    {
        let store = self.inner_mut();
        assert!(
            store.is_debugged(),
            "debug handlers are for code that can be debugged: set up the engine with \
             `Config::guest_debug(true)`"
        );
        store.require_async();
        store.debug.handler = Some(Arc::new(handler));
        store.vm.set_debugger(Some(notify::<T>));
    }

    /// Removes the handler: nobody is told any more, and code stops nowhere.
    pub fn clear_debug_handler(&mut self) {
        let store = self.inner_mut();
        store.vm.set_debugger(None);
        store.debug.handler = None;
    }
}

/// Tells the handler.
///
/// # Safety
///
/// To be called for a store whose data is of this type, whose code waits. What is returned is
/// dropped before the code goes on, and an error of the event after that.
unsafe fn notify<T: 'static>(
    context: *mut VMStoreContext,
    moment: DebugMoment,
) -> Option<DebugFuture> {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before what is returned is dropped.
    unsafe {
        let store = StoreInner::<T>::from_context(context);
        let handler = Arc::clone(store.debug.handler.as_ref()?);
        let event = match moment {
            DebugMoment::Stop => DebugEvent::Breakpoint,
            DebugMoment::Deadline => DebugEvent::EpochYield,
            DebugMoment::Trap(code) => DebugEvent::Trap(Trap::from_code(code)),
            DebugMoment::Error(error) => {
                let error = &*error.as_ptr();
                match error.downcast_ref::<Trap>() {
                    Some(trap) => DebugEvent::Trap(*trap),
                    None => DebugEvent::HostcallError(error),
                }
            }
            DebugMoment::Exception => {
                let exception = store.vm.pending_object().ok()??;
                let exception = Rooted::<ExnRef>::new(store, exception);
                let owned = exception.to_owned_rooted(StoreContextMut(&mut *store)).ok()?;
                DebugEvent::Exception(owned)
            }
        };
        let store = StoreInner::<T>::from_context(context);
        let future = handler.start(StoreContextMut(store), event);
        Some(mem::transmute::<Pin<Box<dyn Future<Output = ()> + Send + '_>>, DebugFuture>(future))
    }
}
