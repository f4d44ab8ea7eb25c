//! Where a guest is in reading a directory.
//!
//! The host keeps no list of the entries. A cookie is the place in the directory that the host's system has
//! for it, which POSIX wants to stay good while entries come and go. Only the entries that came with one
//! system call are kept, since a guest whose buffer was too short for all of them asks for some again.

use crate::abi::{Errno, FileType};
use cap_std::fs::Dir;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

/// The cookies of `.` and `..`, which come first. Those of the system follow, shifted by this.
const DOTS: u64 = 2;

/// How much is read from the system at a time, in bytes. No name is as long.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BATCH: usize = 2048;

/// A directory that is being read.
pub(crate) struct Listing {
    stream: OwnedFd,
    /// The cookie before the first of the entries.
    start: u64,
    /// Those that came last, in their order.
    entries: Vec<ListedEntry>,
}

/// An entry of a directory.
#[derive(Clone, Debug)]
pub(crate) struct ListedEntry {
    pub(crate) name: String,
    pub(crate) inode: u64,
    pub(crate) file_type: FileType,
    /// The cookie for what comes after it.
    pub(crate) next: u64,
}

impl Listing {
    pub(crate) fn open(directory: &Dir) -> Result<Self, Errno> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let stream = rustix::fs::openat(directory.as_fd(), c".", flags, Mode::empty())?;
        Ok(Self { stream, start: 0, entries: Vec::new() })
    }

    /// The entries from a cookie on, as many as there are at hand; none at the end.
    pub(crate) fn from(&mut self, cookie: u64) -> Result<&[ListedEntry], Errno> {
        // Whoever begins anew sees what there is now.
        if cookie > 0 && !self.entries.is_empty() {
            if self.start == cookie {
                return Ok(&self.entries);
            }
            let known = self.entries.iter().position(|entry| entry.next == cookie);
            if let Some(last) = known.filter(|last| last + 1 < self.entries.len()) {
                return Ok(&self.entries[last + 1..]);
            }
            // After the last of those at hand, the system goes on by itself. This matters: where places
            // are counted, going to one would leave out entries if others before it are gone.
            if known.is_none() {
                self.go_to(cookie)?;
            }
        } else {
            self.go_to(cookie)?;
        }
        self.entries.clear();
        self.start = cookie;
        if cookie < DOTS {
            self.dots(cookie)?;
        } else {
            self.fill()?;
        }
        Ok(&self.entries)
    }

    /// The directory itself and the one above it. What the one above really is, is not shown: it may lie
    /// outside of what the guest was given.
    fn dots(&mut self, cookie: u64) -> Result<(), Errno> {
        let inode = rustix::fs::fstat(&self.stream)?.st_ino;
        for (name, next) in [(".", 1), ("..", DOTS)].into_iter().skip(usize::from(cookie > 0)) {
            let name = name.to_owned();
            self.entries.push(ListedEntry { name, inode, file_type: FileType::Directory, next });
        }
        Ok(())
    }
}

/// Appends what the system says of an entry, unless it is one of the dots.
fn push(
    entries: &mut Vec<ListedEntry>,
    stream: &OwnedFd,
    name: &CStr,
    inode: u64,
    kind: rustix::fs::FileType,
    next: u64,
) {
    if matches!(name.to_bytes(), b"." | b"..") {
        return;
    }
    let file_type = match FileType::from(kind) {
        // Some file systems do not say.
        FileType::Unknown => {
            let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
            rustix::fs::statat(stream, name, flags).map_or(FileType::Unknown, |stat| {
                rustix::fs::FileType::from_raw_mode(stat.st_mode).into()
            })
        }
        known => known,
    };
    let name = name.to_string_lossy().into_owned();
    entries.push(ListedEntry { name, inode, file_type, next });
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Listing {
    /// Goes to where a cookie is. A place that the system does not know is the end of the directory.
    fn go_to(&mut self, cookie: u64) -> Result<(), Errno> {
        let place = cookie.saturating_sub(DOTS);
        let known = i64::try_from(place).is_ok();
        let target = if known { place } else { i64::MAX.cast_unsigned() };
        match rustix::fs::seek(&self.stream, rustix::fs::SeekFrom::Start(target)) {
            Ok(_) => Ok(()),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::OVERFLOW) => {
                Ok(rustix::fs::seek(&self.stream, rustix::fs::SeekFrom::End(0)).map(|_| ())?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gets entries from the system, until there is one besides the dots or the end is reached.
    fn fill(&mut self) -> Result<(), Errno> {
        let mut buffer = Vec::with_capacity(BATCH);
        let Self { stream, entries, .. } = self;
        let mut raw = rustix::fs::RawDir::new(&*stream, buffer.spare_capacity_mut());
        loop {
            match raw.next() {
                Some(Ok(entry)) => {
                    let next = entry.next_entry_cookie().saturating_add(DOTS);
                    push(entries, stream, entry.file_name(), entry.ino(), entry.file_type(), next);
                }
                Some(Err(rustix::io::Errno::INTR)) => continue,
                // A directory that was removed has no entries.
                Some(Err(rustix::io::Errno::NOENT)) | None => return Ok(()),
                Some(Err(error)) => return Err(error.into()),
            }
            if raw.is_buffer_empty() && !entries.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Where the system does not tell its places, they are counted.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Listing {
    fn go_to(&mut self, _cookie: u64) -> Result<(), Errno> {
        Ok(())
    }

    fn fill(&mut self) -> Result<(), Errno> {
        const BATCH: usize = 32;
        let first = usize::try_from(self.start - DOTS).unwrap_or(usize::MAX);
        let Self { stream, entries, start } = self;
        let all = rustix::fs::Dir::read_from(&*stream)?;
        for (entry, next) in all.skip(first).zip(*start + 1..) {
            let entry = entry?;
            push(entries, stream, entry.file_name(), entry.ino(), entry.file_type(), next);
            if entries.len() == BATCH {
                break;
            }
        }
        Ok(())
    }
}
