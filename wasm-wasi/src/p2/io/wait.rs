//! How calls wait for resources: the thread in the system, or a future that an executor runs.
//!
//! Both wait with the store's waiter, so that whatever interrupts its code ends the wait, and are
//! the same code but for that one call ([`Mode`]).

use super::pollable::Source;
use super::{Readiness, Signal};
use crate::WasiCtx;
use crate::ctx::{Awaited, Interest};
use crate::p2::runtime::{Error, ResourceTable, Result, StoreContextMut};
use crate::p2::{WasiCtxView, WasiView};
use std::io;
use std::marker::PhantomData;
use std::os::fd::AsFd;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasm_store::{Waiter, Woken};

/// What a host function that may wait works on.
pub(crate) trait Host: Send {
    /// The guest's context and resources.
    fn view(&mut self) -> WasiCtxView<'_>;

    /// Waits until at least one of these resources is ready, and returns the places of all that
    /// are.
    fn wait(&mut self, sources: &[Source]) -> impl Future<Output = Result<Vec<u32>>> + Send;
}

/// How a store waits.
pub(crate) trait Mode: Send {
    fn wait(
        waiter: &Waiter,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> impl Future<Output = io::Result<Woken>> + Send;
}

/// The thread waits, in the system.
pub(crate) struct Blocking;

impl Mode for Blocking {
    fn wait(
        waiter: &Waiter,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> impl Future<Output = io::Result<Woken>> + Send {
        std::future::ready(waiter.wait(awaited, timeout))
    }
}

/// The executor runs something else meanwhile.
#[cfg(feature = "async")]
pub(crate) struct Yielding;

#[cfg(feature = "async")]
impl Mode for Yielding {
    fn wait(
        waiter: &Waiter,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> impl Future<Output = io::Result<Woken>> + Send {
        waiter.wait_async(awaited, timeout)
    }
}

/// A call of a host function that may wait.
pub(crate) struct Call<'a, T: 'static, M> {
    store: StoreContextMut<'a, T>,
    mode: PhantomData<M>,
}

impl<'a, T: WasiView + 'static, M: Mode> Call<'a, T, M> {
    pub(crate) const fn new(store: StoreContextMut<'a, T>) -> Self {
        Self { store, mode: PhantomData }
    }
}

/// Runs a host function whose waits are those of the thread.
pub(crate) fn run_blocking<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a wait of the thread is over when it returns"),
    }
}

impl<T: WasiView + 'static, M: Mode> Host for Call<'_, T, M> {
    fn view(&mut self) -> WasiCtxView<'_> {
        self.store.data_mut().ctx()
    }

    async fn wait(&mut self, sources: &[Source]) -> Result<Vec<u32>> {
        // A stream of the host that is always ready, and has nothing, is waited for again and
        // again.
        let now = Some(Duration::ZERO);
        if self.store.waiter().wait(&mut [], now)? == Woken::Interrupted {
            self.store.check_interruption()?;
        }
        let mut signal = None;
        loop {
            let waiter = self.store.waiter();
            let view = self.store.data_mut().ctx();
            if let Some(ready) = wait_once::<M>(view, sources, &waiter, &mut signal).await? {
                return Ok(ready);
            }
            // Either the guest ends here, or it has got more time, and continues to wait.
            self.store.check_interruption()?;
        }
    }
}

/// Waits until something is ready, or the wait is interrupted.
async fn wait_once<M: Mode>(
    view: WasiCtxView<'_>,
    sources: &[Source],
    waiter: &Waiter,
    signal: &mut Option<Signal>,
) -> Result<Option<Vec<u32>>> {
    let WasiCtxView { ctx, table } = view;
    check_count(ctx, sources)?;
    loop {
        let (mut ready, mut pending) = (Vec::new(), false);
        if have_tasks(table, sources)? {
            if signal.is_none() {
                *signal = Some(Signal::new()?);
            }
            let Some(signal) = &*signal else { continue };
            signal.clear();
            let waker = signal.waker();
            (ready, pending) = run_tasks(table, sources, &mut Context::from_waker(&waker))?;
        }
        // This looks before anything can interrupt. So each attempt makes progress, however soon
        // the next interruption comes.
        let mut look = look(ctx, table, sources, ready)?;
        if !look.ready.is_empty() {
            return Ok(Some(look.finish()));
        }
        let timeout = look.timeout();
        if let Some(time) = timeout
            && ctx.monotonic_clock.advance(Duration::from_nanos(time))
        {
            look.take_due(time);
            return Ok(Some(look.finish()));
        }
        if let Some(signal) = signal.as_ref().filter(|_| pending) {
            look.awaited.push(Awaited::new(signal.as_fd(), Interest::Read));
        }
        match M::wait(waiter, &mut look.awaited, timeout.map(Duration::from_nanos)).await? {
            Woken::Ready => look.take_found(),
            Woken::TimedOut => look.take_due(timeout.unwrap_or(0)),
            _ => return Ok(None),
        }
        if !look.ready.is_empty() {
            return Ok(Some(look.finish()));
        }
    }
}

/// The data kept for each source while waiting: at most all of these.
type Working = (Source, Source, u32, u32, u64, Awaited<'static>, [u64; 4]);

/// What there is to wait for, after a look at the resources that has waited for nothing.
struct Look<'a> {
    /// The places of the resources that are ready.
    ready: Vec<u32>,
    /// Descriptors of the host, with their places.
    awaited: Vec<Awaited<'a>>,
    places: Vec<u32>,
    /// How long the clock has to go on until each of these places is ready, in nanoseconds.
    alarms: Vec<(u64, u32)>,
}

/// Goes on with the work of the resources that have some of their own. Returns which are ready, and
/// whether one is not.
fn run_tasks(
    table: &mut ResourceTable,
    sources: &[Source],
    cx: &mut Context<'_>,
) -> Result<(Vec<u32>, bool)> {
    let (mut ready, mut pending) = (Vec::new(), false);
    for (place, source) in (0..).zip(sources) {
        if matches!(source.get(table)?.readiness(), Readiness::Task) {
            match source.get_mut(table)?.poll_ready(cx) {
                Poll::Ready(()) => ready.push(place),
                Poll::Pending => pending = true,
            }
        }
    }
    Ok((ready, pending))
}

/// Whether one of the resources has work of its own.
fn have_tasks(table: &ResourceTable, sources: &[Source]) -> Result<bool> {
    for source in sources {
        if matches!(source.get(table)?.readiness(), Readiness::Task) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks what is ready, and what to wait for if nothing is.
fn look<'a>(
    ctx: &WasiCtx,
    table: &'a ResourceTable,
    sources: &[Source],
    ready: Vec<u32>,
) -> Result<Look<'a>> {
    let mut look = Look { ready, awaited: Vec::new(), places: Vec::new(), alarms: Vec::new() };
    // Reading a clock may advance it, so it is read once.
    let mut time = None;
    for (place, source) in (0..).zip(sources) {
        match source.get(table)?.readiness() {
            Readiness::Ready => look.ready.push(place),
            Readiness::Descriptor(fd, interest) => {
                look.awaited.push(Awaited::new(fd, interest));
                look.places.push(place);
            }
            Readiness::Until(until) => {
                let now = *time.get_or_insert_with(|| ctx.monotonic_clock.now());
                match until.saturating_sub(now) {
                    0 => look.ready.push(place),
                    left => look.alarms.push((left, place)),
                }
            }
            Readiness::Task => {}
        }
    }
    if !look.awaited.is_empty() {
        Waiter::default().wait(&mut look.awaited, Some(Duration::ZERO))?;
        look.take_found();
    }
    Ok(look)
}

impl Look<'_> {
    /// Takes over which descriptors are ready.
    fn take_found(&mut self) {
        let found = self.awaited.iter().zip(&self.places);
        self.ready.extend(found.filter(|(one, _)| one.ready).map(|(_, place)| *place));
    }

    /// How long to wait at most, in nanoseconds.
    fn timeout(&self) -> Option<u64> {
        self.alarms.iter().map(|(left, _)| *left).min()
    }

    /// Takes over which resources are ready after this time.
    fn take_due(&mut self, waited: u64) {
        let due = self.alarms.iter().filter(|(left, _)| *left <= waited);
        self.ready.extend(due.map(|(_, place)| *place));
    }

    /// The places of all that are ready, in order.
    fn finish(mut self) -> Vec<u32> {
        self.ready.sort_unstable();
        self.ready
    }
}

/// Whether a resource is ready now.
pub(crate) fn is_ready(view: WasiCtxView<'_>, source: Source) -> Result<bool> {
    let mut cx = Context::from_waker(Waker::noop());
    let (ready, _) = run_tasks(view.table, &[source], &mut cx)?;
    Ok(!look(view.ctx, view.table, &[source], ready)?.ready.is_empty())
}

/// Fails if there are more sources than a call may allocate memory for.
fn check_count(ctx: &WasiCtx, sources: &[Source]) -> Result<()> {
    let count = u32::try_from(sources.len()).unwrap_or(u32::MAX);
    ctx.check_call_memory::<Working>(count).map_err(|error| {
        Error::new(error).context(format!(
            "a guest waits for {count} pollables at once; the host's limit for a call \
             (`WasiCtxBuilder::max_call_memory`) allows fewer"
        ))
    })
}
