//! Waiting for clocks and descriptors.

use super::clock::{self, MONOTONIC, REALTIME};
use crate::abi::poll::{EVENT_SIZE, Event, Subscription, Topic, subscription_size};
use crate::abi::{Errno, EventFlags, FileType, GuestMemory, Rights, Version};
use crate::ctx::{Descriptor, Object, WasiCtx};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::time::Duration;

/// Waits until one of the subscriptions has something to say, and writes the events and their number.
///
/// A subscription that cannot work, because its descriptor is not open for instance, is an event
/// that says so.
///
/// # Errors
/// [`Errno::Inval`] if there is no subscription, or one means nothing; [`Errno::Fault`], and what the
/// host answers.
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
    let subscriptions = memory
        .slice(subscriptions, length)?
        .chunks_exact(size as usize)
        .map(|record| Subscription::parse(record, version))
        .collect::<Result<Vec<_>, _>>()?;

    let found = wait(ctx, &subscriptions)?;
    let mut at = events;
    for event in &found {
        memory.write(at, &event.record())?;
        at = at.checked_add(EVENT_SIZE).ok_or(Errno::Fault)?;
    }
    super::fd_io::write_count(memory, happened, found.len())
}

/// A point in time that somebody waits for.
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

/// A descriptor of the host that somebody waits for.
struct Watch<'a> {
    user_data: u64,
    topic: Topic,
    descriptor: &'a Descriptor,
    fd: PollFd<'a>,
}

/// The events, of which there is at least one.
fn wait(ctx: &WasiCtx, subscriptions: &[Subscription]) -> Result<Vec<Event>, Errno> {
    let mut events = Vec::new();
    let mut alarms = Vec::new();
    let mut watches = Vec::new();
    for subscription in subscriptions {
        let user_data = subscription.user_data;
        let topic = subscription.topic;
        let prepared = match topic {
            Topic::Clock { clock, timeout, absolute } => {
                alarm(ctx, user_data, clock, timeout, absolute).map(|alarm| {
                    alarms.push(alarm);
                })
            }
            Topic::Read(fd) | Topic::Write(fd) => look(ctx, topic, fd).map(|state| match state {
                State::Ready(bytes) => {
                    let flags = EventFlags::empty();
                    events.push(event(user_data, topic.kind(), Errno::Success, bytes, flags));
                }
                State::Wait(descriptor, fd) => {
                    watches.push(Watch { user_data, topic, descriptor, fd });
                }
            }),
        };
        if let Err(error) = prepared {
            events.push(event(user_data, topic.kind(), error, 0, EventFlags::empty()));
        }
    }

    loop {
        // Looking at a clock may move it, so each is looked at once a round.
        let remaining: Vec<u64> = alarms.iter().map(|alarm| alarm.remaining(ctx)).collect();
        let first = remaining.iter().min().copied();
        let timeout = if events.is_empty() { first } else { Some(0) };
        let waited = watch(ctx, &mut watches, timeout, &mut events)?;
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

fn alarm(
    ctx: &WasiCtx,
    user_data: u64,
    clock: u32,
    timeout: u64,
    absolute: bool,
) -> Result<Alarm, Errno> {
    if !matches!(clock, REALTIME | MONOTONIC) {
        // Time that a program spends working does not pass while it waits.
        return Err(if clock <= 3 { Errno::NotSup } else { Errno::Inval });
    }
    let deadline = if absolute { timeout } else { clock::now(ctx, clock)?.saturating_add(timeout) };
    Ok(Alarm { user_data, clock, deadline })
}

/// What is known of a descriptor before waiting.
enum State<'a> {
    /// So many bytes can be read or written now.
    Ready(u64),
    /// The host has to be asked.
    Wait(&'a Descriptor, PollFd<'a>),
}

fn look(ctx: &WasiCtx, topic: Topic, fd: u32) -> Result<State<'_>, Errno> {
    let descriptor = ctx.table.get(fd)?;
    let (direction, flags) = match topic {
        Topic::Write(_) => (Rights::FD_WRITE, PollFlags::OUT),
        _ if descriptor.rights.contains(Rights::SOCK_ACCEPT) => {
            (Rights::SOCK_ACCEPT, PollFlags::IN)
        }
        _ => (Rights::FD_READ, PollFlags::IN),
    };
    descriptor.check(direction)?;
    descriptor.check(Rights::POLL_FD_READWRITE)?;
    match &descriptor.object {
        Object::File(file, FileType::RegularFile) => {
            let left = match topic {
                Topic::Read(_) => {
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
    Ok(match (descriptor.host(), &descriptor.object) {
        (Some(host), _) => State::Wait(descriptor, PollFd::from_borrowed_fd(host, flags)),
        (None, Object::Input(input)) => State::Ready(input.available()),
        (None, _) => State::Ready(0),
    })
}

/// Waits for descriptors of the host, at most for a time in nanoseconds. Answers how long that time
/// was for those who wait for a clock: all of it if nothing else happened, zero otherwise.
fn watch(
    ctx: &WasiCtx,
    watches: &mut [Watch<'_>],
    timeout: Option<u64>,
    events: &mut Vec<Event>,
) -> Result<u64, Errno> {
    let mut fds: Vec<PollFd<'_>> = watches.iter().map(|watch| watch.fd.clone()).collect();
    let now = !fds.is_empty() && poll_host(&mut fds, Some(0))?;
    let wait = timeout.unwrap_or(u64::MAX);
    if !now && wait > 0 {
        if timeout.is_some() && ctx.monotonic_clock.advance(Duration::from_nanos(wait)) {
            return Ok(wait);
        }
        if !poll_host(&mut fds, timeout)? {
            return Ok(if timeout.is_some() { wait } else { 0 });
        }
    }
    for (watch, fd) in watches.iter().zip(&fds) {
        if !fd.revents().is_empty() {
            events.push(watch.event(fd.revents()));
        }
    }
    Ok(0)
}

/// Whether one of the descriptors has something to say within so many nanoseconds. Signals of the
/// host do not end the wait.
fn poll_host(fds: &mut [PollFd<'_>], timeout: Option<u64>) -> Result<bool, Errno> {
    let start = std::time::Instant::now();
    loop {
        let left =
            timeout.map(|timeout| Duration::from_nanos(timeout).saturating_sub(start.elapsed()));
        // What does not fit the host's type is longer than anybody waits.
        let left = left.map(|left| Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i32::MAX.into()),
            tv_nsec: left.subsec_nanos().into(),
        });
        match rustix::event::poll(fds, left.as_ref()) {
            Ok(found) => return Ok(found > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl Watch<'_> {
    fn event(&self, found: PollFlags) -> Event {
        let mut flags = EventFlags::empty();
        if found.intersects(PollFlags::HUP | PollFlags::ERR) {
            flags |= EventFlags::HANGUP;
        }
        let error = if found.contains(PollFlags::NVAL) { Errno::Badf } else { Errno::Success };
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
