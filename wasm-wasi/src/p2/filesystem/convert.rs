//! Values of `wasi:filesystem` and those of the context.

use crate::abi::{Errno, FileStat, FileType, OpenFlags};
use crate::fs::attributes::{NewTime, NewTimes};
use crate::p2::bindings::clocks::wall_clock::Datetime;
use crate::p2::bindings::filesystem::types;
use rustix::fs::Advice;

impl From<FileType> for types::DescriptorType {
    fn from(file_type: FileType) -> Self {
        match file_type {
            // A pipe is all that the context has no name for.
            FileType::Unknown => Self::Unknown,
            FileType::BlockDevice => Self::BlockDevice,
            FileType::CharacterDevice => Self::CharacterDevice,
            FileType::Directory => Self::Directory,
            FileType::RegularFile => Self::RegularFile,
            FileType::SocketDgram | FileType::SocketStream => Self::Socket,
            FileType::SymbolicLink => Self::SymbolicLink,
        }
    }
}

impl From<FileStat> for types::DescriptorStat {
    fn from(stat: FileStat) -> Self {
        Self {
            type_: stat.file_type.into(),
            link_count: stat.links,
            size: stat.size,
            data_access_timestamp: Some(datetime(stat.accessed)),
            data_modification_timestamp: Some(datetime(stat.modified)),
            status_change_timestamp: Some(datetime(stat.changed)),
        }
    }
}

const fn datetime(nanoseconds: u64) -> Datetime {
    const SECOND: u64 = 1_000_000_000;
    Datetime { seconds: nanoseconds / SECOND, nanoseconds: (nanoseconds % SECOND) as u32 }
}

/// The new times that a guest requests.
pub(super) fn times(
    access: types::NewTimestamp,
    modification: types::NewTimestamp,
) -> Result<NewTimes, Errno> {
    Ok(NewTimes { access: time(access)?, modification: time(modification)? })
}

fn time(time: types::NewTimestamp) -> Result<NewTime, Errno> {
    Ok(match time {
        types::NewTimestamp::NoChange => NewTime::Unchanged,
        types::NewTimestamp::Now => NewTime::Now,
        types::NewTimestamp::Timestamp(Datetime { seconds, nanoseconds }) => {
            if nanoseconds >= 1_000_000_000 {
                return Err(Errno::Inval);
            }
            let total = seconds
                .checked_mul(1_000_000_000)
                .and_then(|total| total.checked_add(nanoseconds.into()));
            NewTime::Nanoseconds(total.ok_or(Errno::Overflow)?)
        }
    })
}

impl From<types::OpenFlags> for OpenFlags {
    fn from(flags: types::OpenFlags) -> Self {
        let mut open = Self::empty();
        open.set(Self::CREATE, flags.contains(types::OpenFlags::CREATE));
        open.set(Self::DIRECTORY, flags.contains(types::OpenFlags::DIRECTORY));
        open.set(Self::EXCLUSIVE, flags.contains(types::OpenFlags::EXCLUSIVE));
        open.set(Self::TRUNCATE, flags.contains(types::OpenFlags::TRUNCATE));
        open
    }
}

pub(super) const fn advice(advice: types::Advice) -> Advice {
    match advice {
        types::Advice::Normal => Advice::Normal,
        types::Advice::Sequential => Advice::Sequential,
        types::Advice::Random => Advice::Random,
        types::Advice::WillNeed => Advice::WillNeed,
        types::Advice::DontNeed => Advice::DontNeed,
        types::Advice::NoReuse => Advice::NoReuse,
    }
}
