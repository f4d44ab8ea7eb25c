//! Growth of memories and tables by Wasm, which may wait for the host's limiter.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use wasm_types::{MemoryIndex, TableIndex};

use super::Pending;
use super::leaving::wait_in_builtin;
use crate::Error;
use crate::vm::arch::{raise, suspend};
use crate::vm::context::{VMContext, VMStoreContext};
use crate::vm::store::VmStore;
use crate::vm::unwind::Unwind;
use crate::vm::value::ValRaw;
use crate::vm::{builtin_caller, builtins};

/// A growth that the host is asked about: sizes in bytes, or in elements for tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Growing {
    pub(crate) is_table: bool,
    pub(crate) current: usize,
    pub(crate) desired: usize,
    pub(crate) maximum: Option<usize>,
}

/// What a limiter that may wait will answer.
pub(crate) type Asking<'a> = Pin<Box<dyn Future<Output = Result<bool, Error>> + Send + 'a>>;

/// What is to grow.
#[derive(Clone, Copy)]
enum Item {
    Memory(u32),
    /// With the value of the new elements.
    Table(u32, u64),
}

/// `memory.grow`
///
/// # Safety
///
/// To be called by its thunk.
pub(in crate::vm) unsafe extern "C" fn memory_grow(
    context: *mut VMContext,
    memory: u32,
    delta: u64,
    preserved: *const [u64; 5],
) -> u64 {
    // SAFETY: compiled code names a memory of its instance.
    unsafe {
        match ask(context, Item::Memory(memory), delta) {
            None => builtins::memory_grow(context, memory, delta),
            Some(pending) => wait(context, pending, preserved),
        }
    }
}

/// `table.grow`
///
/// # Safety
///
/// To be called by its thunk.
pub(in crate::vm) unsafe extern "C" fn table_grow(
    context: *mut VMContext,
    table: u32,
    delta: u64,
    value: u64,
    preserved: *const [u64; 5],
) -> u64 {
    // SAFETY: compiled code names a table of its instance.
    unsafe {
        match ask(context, Item::Table(table, value), delta) {
            None => builtins::table_grow(context, table, delta, value),
            Some(pending) => wait(context, pending, preserved),
        }
    }
}

/// Asks a limiter that may wait; `None` if there is none, or nothing to ask.
unsafe fn ask(context: *mut VMContext, item: Item, delta: u64) -> Option<Box<dyn Pending>> {
    // SAFETY: as for the caller. While the limiter is asked, nothing else uses the host's part of
    // the store: Wasm waits for it.
    unsafe {
        let store = (*context).store;
        let host = (*(*store).vm).host().filter(|_| delta != 0)?;
        let instance = builtin_caller::instance(context);
        let what = match item {
            Item::Memory(memory) => {
                instance.memory(MemoryIndex::new(memory)).as_ref().growing(delta)
            }
            Item::Table(table, _) => instance.table(TableIndex::new(table)).as_ref().growing(delta),
        };
        match catch_unwind(AssertUnwindSafe(move || {
            let host = host;
            host.ask(what)
        })) {
            Ok(asking) => {
                let (asking, current) = (Some(asking?), what.current);
                Some(Box::new(Waiting { context, item, delta, current, asking }))
            }
            Err(panic) => {
                VmStore::fail(store, Unwind::Panic(panic));
                raise(store)
            }
        }
    }
}

/// Waits for the answer, and lets the item grow.
unsafe fn wait(
    context: *mut VMContext,
    pending: Box<dyn Pending>,
    preserved: *const [u64; 5],
) -> u64 {
    // SAFETY: as for the caller; nothing is left to drop here.
    unsafe {
        let store = (*context).store;
        match wait_in_builtin(store, &*preserved, pending) {
            Poll::Ready(Some(value)) => value,
            Poll::Ready(None) => raise(store),
            Poll::Pending => suspend(store),
        }
    }
}

/// A growth that waits for an answer. The future borrows the host's part of the store, which
/// nothing else uses meanwhile.
struct Waiting {
    context: *mut VMContext,
    item: Item,
    delta: u64,
    /// The size that the limiter was asked about.
    current: usize,
    asking: Option<Asking<'static>>,
}

// SAFETY: the instance is one of the store that the call borrows.
unsafe impl Send for Waiting {}

impl Waiting {
    /// Drops the future, and lets the item grow as the answer says.
    unsafe fn grow(&mut self, answer: Result<bool, Error>) -> Result<u64, Error> {
        self.asking = None;
        // SAFETY: the item is one of the instance, whose Wasm waits.
        unsafe {
            let store: *mut VMStoreContext = (*self.context).store;
            let shared = match self.item {
                Item::Memory(memory) => {
                    let memory =
                        builtin_caller::instance(self.context).memory(MemoryIndex::new(memory));
                    memory.as_ref().shared().map(Arc::clone)
                }
                Item::Table(..) => None,
            };
            if shared.as_ref().is_some_and(|shared| shared.byte_size() != self.current) {
                // Another thread has let it grow: nobody asked about what would come of it now.
                return Ok(u64::MAX);
            }
            let mut host = (*(*store).vm).host();
            if let Some(host) = &mut host {
                host.answer(answer);
            }
            let (context, delta) = (self.context, self.delta);
            if let Some(shared) = shared {
                let room = (*(*store).vm).room();
                let grown = shared.grow_once(self.current, delta, host, room)?;
                return Ok(grown.unwrap_or(u64::MAX));
            }
            match self.item {
                Item::Memory(memory) => builtins::grow_memory(context, memory, delta, host),
                Item::Table(table, value) => {
                    builtins::grow_table(context, table, delta, value, host)
                }
            }
        }
    }
}

impl Pending for Waiting {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let Some(asking) = &mut self.asking else { return Poll::Ready(Ok(u64::MAX)) };
            // SAFETY: as the caller promises.
            asking.as_mut().poll(context).map(|answer| unsafe { self.grow(answer) })
        }));
        let failure = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(value))) => {
                // SAFETY: the array has room for a value.
                unsafe { values.write(ValRaw { u64: value }) };
                return Poll::Ready(true);
            }
            Ok(Poll::Ready(Err(error))) => Unwind::Error(error),
            Err(panic) => {
                let asking = self.asking.take();
                let dropped = catch_unwind(AssertUnwindSafe(|| drop(asking)));
                Unwind::Panic(dropped.err().unwrap_or(panic))
            }
        };
        // SAFETY: the store lives.
        unsafe { VmStore::fail((*self.context).store, failure) };
        Poll::Ready(false)
    }

    unsafe fn cancel(self: Box<Self>) -> std::thread::Result<()> {
        catch_unwind(AssertUnwindSafe(|| drop(self)))
    }
}
