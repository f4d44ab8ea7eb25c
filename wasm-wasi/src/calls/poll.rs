//! Waiting for clocks and descriptors.

use super::clock::{self, MONOTONIC, REALTIME};
use crate::abi::poll::{EVENT_SIZE, Event, Subscription, Topic, subscription_size};
use crate::abi::{Errno, EventFlags, FileType, GuestMemory, Version};
use crate::ctx::{Awaited, Descriptor, Interest, Object, WasiCtx};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Waits until an event occurs for one of the subscriptions, and writes the events and their
/// number.
///
/// # Errors
/// [`Errno::Inval`] if there is no subscription, or one is not valid or is for a CPU time clock;
/// [`Errno::Badf`] if a descriptor is not open, is a directory, or is not a file and not open for
/// what is waited for; [`Errno::NoMem`] if there are more subscriptions than
/// [`max_call_memory`](crate::WasiCtxBuilder::max_call_memory) has room for; [`Errno::Fault`], and
/// the host's errors.
pub fn poll_oneoff(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    happened: u32,
) -> Result<(), Errno> {
    poll(ctx, memory, subscriptions, events, count, happened, Version::Preview1)
}

pub(super) fn poll(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    happened: u32,
    version: Version,
) -> Result<(), Errno> {
    if count == 0 {
        return Err(Errno::Inval);
    }
    let size = subscription_size(version);
    let length = size.checked_mul(count).ok_or(Errno::Fault)?;
    let output = EVENT_SIZE.checked_mul(count).ok_or(Errno::Fault)?;
    memory.check(events, output)?;
    memory.check(happened, 4)?;
    ctx.check_call_memory::<Working>(count)?;
    let subscriptions = memory
        .slice(subscriptions, length)?
        .chunks_exact(size as usize)
        .map(|record| Subscription::parse(record, version))
        .collect::<Result<Vec<_>, _>>()?;

    let resumed = ctx.waiting.take_progress();
    let mut alarms = alarms(ctx, &subscriptions, resumed.as_deref())?;
    let found = match wait(ctx, &subscriptions, &mut alarms) {
        Ok(found) => found,
        Err(error) => {
            ctx.waiting.keep_progress(alarms.iter().map(|alarm| alarm.deadline));
            return Err(error);
        }
    };
    let mut at = events;
    for event in &found {
        memory.write(at, &event.record())?;
        at = at.checked_add(EVENT_SIZE).ok_or(Errno::Fault)?;
    }
    super::transfer::write_count(memory, happened, found.len())
}

/// The data kept for each subscription while waiting: at most all of these.
type Working = (Subscription, Event, Alarm, u64, Watch<'static>, [u64; 4]);

/// A point in time that a subscription waits for.
struct Alarm {
    user_data: u64,
    /// The clock, and the time on it.
    clock: u32,
    deadline: u64,
}

impl Alarm {
    fn remaining(&self, ctx: &WasiCtx) -> u64 {
        clock::now(ctx, self.clock).map_or(0, |now| self.deadline.saturating_sub(now))
    }

    fn event(&self) -> Event {
        event(self.user_data, 0, Errno::Success, 0, EventFlags::empty())
    }
}

/// A descriptor of the host that a subscription waits for.
struct Watch<'a> {
    user_data: u64,
    topic: Topic,
    descriptor: &'a Descriptor,
    fd: BorrowedFd<'a>,
}

/// The points in time of the subscriptions, in order. If the call was ended before, they are those
/// of the first attempt.
fn alarms(
    ctx: &WasiCtx,
    subscriptions: &[Subscription],
    resumed: Option<&[u64]>,
) -> Result<Vec<Alarm>, Errno> {
    let mut resumed = resumed.unwrap_or_default().iter().copied();
    let mut alarms = Vec::new();
    for Subscription { user_data, topic } in subscriptions {
        if let Topic::Clock { clock, timeout, absolute } = *topic {
            // CPU time does not pass while a program waits.
            if !matches!(clock, REALTIME | MONOTONIC) {
                return Err(Errno::Inval);
            }
            let deadline = match resumed.next() {
                Some(deadline) => deadline,
                None if absolute => timeout,
                None => clock::now(ctx, clock)?.saturating_add(timeout),
            };
            alarms.push(Alarm { user_data: *user_data, clock, deadline });
        }
    }
    Ok(alarms)
}

/// The events, of which there is at least one.
fn wait(
    ctx: &WasiCtx,
    subscriptions: &[Subscription],
    alarms: &mut [Alarm],
) -> Result<Vec<Event>, Errno> {
    let mut events = Vec::new();
    let mut watches = Vec::new();
    for subscription in subscriptions {
        let user_data = subscription.user_data;
        let topic = subscription.topic;
        let (fd, interest) = match topic {
            Topic::Clock { .. } => continue,
            Topic::Read(fd) => (fd, Interest::Read),
            Topic::Write(fd) => (fd, Interest::Write),
        };
        match look(ctx, interest, fd)? {
            State::Ready(bytes) => {
                let flags = EventFlags::empty();
                events.push(event(user_data, topic.kind(), Errno::Success, bytes, flags));
            }
            State::Wait(descriptor, fd) => watches.push(Watch { user_data, topic, descriptor, fd }),
        }
    }

    loop {
        // Reading a clock may advance it, so each is read once a round.
        let remaining: Vec<u64> = alarms.iter().map(|alarm| alarm.remaining(ctx)).collect();
        let first = remaining.iter().min().copied();
        let timeout = if events.is_empty() { first } else { Some(0) };
        let waited = watch(ctx, &watches, timeout, &mut events)?;
        for (alarm, remaining) in alarms.iter().zip(remaining) {
            if remaining <= waited {
                events.push(alarm.event());
            }
        }
        if !events.is_empty() {
            return Ok(events);
        }
    }
}

/// The state of a descriptor before waiting.
enum State<'a> {
    /// This many bytes can be read or written now.
    Ready(u64),
    /// The host must be queried.
    Wait(&'a Descriptor, BorrowedFd<'a>),
}

fn look(ctx: &WasiCtx, interest: Interest, fd: u32) -> Result<State<'_>, Errno> {
    let descriptor = ctx.table.get(fd)?;
    match &descriptor.object {
        // For the system a file is always ready, whatever it was opened for: only the call that
        // reads or writes it fails.
        Object::File(file, FileType::RegularFile) => {
            let left = match interest {
                Interest::Read if descriptor.access.read => {
                    let position = rustix::fs::tell(file)?;
                    file.metadata()?.len().saturating_sub(position)
                }
                _ => 0,
            };
            return Ok(State::Ready(left));
        }
        Object::Directory(_) => return Err(Errno::Badf),
        _ => {}
    }
    match interest {
        Interest::Write => descriptor.check_write()?,
        _ => descriptor.check_read()?,
    }
    Ok(match (descriptor.host(), &descriptor.object) {
        (Some(host), _) => State::Wait(descriptor, host),
        (None, Object::Input(input)) => State::Ready(input.available()),
        (None, _) => State::Ready(0),
    })
}

/// Waits for descriptors of the host, at most for a time in nanoseconds. Returns how much time that
/// was for clock subscriptions: all of it if nothing else happened, otherwise zero.
fn watch(
    ctx: &WasiCtx,
    watches: &[Watch<'_>],
    timeout: Option<u64>,
    events: &mut Vec<Event>,
) -> Result<u64, Errno> {
    let interest = |watch: &Watch<'_>| match watch.topic {
        Topic::Write(_) => Interest::Write,
        _ => Interest::Read,
    };
    let mut awaited: Vec<Awaited<'_>> =
        watches.iter().map(|watch| Awaited::new(watch.fd, interest(watch))).collect();
    let wait = timeout.unwrap_or(u64::MAX);
    let now = wait == 0 || !awaited.is_empty();
    if !(now && ctx.waiting.any(&mut awaited, Some(Duration::ZERO))?) && wait > 0 {
        if timeout.is_some() && ctx.monotonic_clock.advance(Duration::from_nanos(wait)) {
            return Ok(wait);
        }
        if !ctx.waiting.any(&mut awaited, timeout.map(Duration::from_nanos))? {
            return Ok(if timeout.is_some() { wait } else { 0 });
        }
    }
    for (watch, found) in watches.iter().zip(&awaited) {
        if found.ready {
            events.push(watch.event(found));
        }
    }
    Ok(0)
}

impl Watch<'_> {
    fn event(&self, found: &Awaited<'_>) -> Event {
        let mut flags = EventFlags::empty();
        flags.set(EventFlags::HANGUP, found.hung_up);
        let error = if found.invalid { Errno::Badf } else { Errno::Success };
        let bytes = match (self.topic, self.descriptor.host()) {
            (Topic::Read(_), Some(host)) => rustix::io::ioctl_fionread(host).unwrap_or(0),
            _ => 0,
        };
        event(self.user_data, self.topic.kind(), error, bytes, flags)
    }
}

const fn event(user_data: u64, kind: u8, error: Errno, bytes: u64, flags: EventFlags) -> Event {
    Event { user_data, error, kind, bytes, flags }
}
