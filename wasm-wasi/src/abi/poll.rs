//! Subscriptions and events of `poll_oneoff`, with their layout.

use super::flags::ClockFlags;
use super::memory::{read_u16, read_u32, read_u64};
use super::{Errno, EventFlags, Version};

/// The length of an event in memory.
pub const EVENT_SIZE: u32 = 32;

/// The length of a subscription in memory.
#[must_use]
pub const fn subscription_size(version: Version) -> u32 {
    match version {
        Version::Preview1 => 48,
        Version::Snapshot0 => 56,
    }
}

/// One thing to wait for.
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    /// The guest's own mark, which is returned in the event.
    pub user_data: u64,
    /// What to wait for.
    pub topic: Topic,
}

/// What a subscription waits for.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    /// A point in time.
    Clock {
        /// The number of the clock.
        clock: u32,
        /// In nanoseconds.
        timeout: u64,
        /// Whether the timeout is a point in time of this clock, instead of a duration.
        absolute: bool,
    },
    /// A descriptor has something to read.
    Read(u32),
    /// A descriptor can be written to.
    Write(u32),
}

impl Topic {
    /// The number of the kind of event (`eventtype`).
    #[must_use]
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Clock { .. } => 0,
            Self::Read(_) => 1,
            Self::Write(_) => 2,
        }
    }
}

impl Subscription {
    /// Reads one from a record of [`subscription_size`] bytes.
    ///
    /// # Errors
    /// [`Errno::Inval`] if its kind or its flags are not valid.
    pub fn parse(record: &[u8], version: Version) -> Result<Self, Errno> {
        // In snapshot 0, the body of a clock's subscription had a second mark of the guest's at its
        // start.
        let clock = match version {
            Version::Preview1 => 16,
            Version::Snapshot0 => 24,
        };
        let topic = match record.get(8) {
            Some(0) => Topic::Clock {
                clock: read_u32(record, clock),
                timeout: read_u64(record, clock + 8),
                absolute: ClockFlags::try_from(read_u16(record, clock + 24))?
                    .contains(ClockFlags::ABSOLUTE),
            },
            Some(1) => Topic::Read(read_u32(record, 16)),
            Some(2) => Topic::Write(read_u32(record, 16)),
            _ => return Err(Errno::Inval),
        };
        Ok(Self { user_data: read_u64(record, 0), topic })
    }
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The mark of the subscription.
    pub user_data: u64,
    /// Whether waiting succeeded.
    pub error: Errno,
    /// The kind of the subscription.
    pub kind: u8,
    /// How many bytes can be read or written.
    pub bytes: u64,
    /// Other information about the descriptor.
    pub flags: EventFlags,
}

impl Event {
    /// The record as it lies in memory.
    #[must_use]
    pub fn record(&self) -> [u8; EVENT_SIZE as usize] {
        let mut record = [0; EVENT_SIZE as usize];
        record[0..8].copy_from_slice(&self.user_data.to_le_bytes());
        record[8..10].copy_from_slice(&self.error.number().to_le_bytes());
        record[10] = self.kind;
        record[16..24].copy_from_slice(&self.bytes.to_le_bytes());
        record[24..26].copy_from_slice(&self.flags.bits().to_le_bytes());
        record
    }
}
