//! The position of a guest in reading a directory.
//!
//! The host keeps no list of all entries. A cookie is the system's position in the directory, which
//! POSIX requires to stay valid while entries are made and removed. Only the entries of the last
//! system call are kept: a guest whose buffer was too short for all of them requests some again.

use crate::abi::{Errno, FileType};
use cap_std::fs::Dir;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

/// The cookie after `.` and `..`, which come first; the one after `.` is 1.
const DOTS: u64 = 2;

/// The cookie of the position that some systems have after all entries.
const LAST: u64 = u64::MAX - 1;

/// How much is read from the system at a time, in bytes. No name is as long.
#[cfg(any(target_os = "linux", target_os = "android"))]
const BATCH: usize = 2048;

/// A directory that is being read.
pub(crate) struct Listing {
    stream: OwnedFd,
    /// The cookie before the first of the entries.
    start: u64,
    /// The entries that were read last, in order.
    entries: Vec<ListedEntry>,
    /// How many of these the guest has received completely, or skipped.
    given: usize,
}

/// An entry of a directory.
#[derive(Clone, Debug)]
pub(crate) struct ListedEntry {
    pub(crate) name: String,
    pub(crate) inode: u64,
    pub(crate) file_type: FileType,
    /// The cookie for the next entry.
    pub(crate) next: u64,
}

impl Listing {
    /// The cookie of the first entry that is neither `.` nor `..`.
    #[cfg(feature = "p2")]
    pub(crate) const AFTER_DOTS: u64 = DOTS;

    pub(crate) fn open(directory: &Dir) -> Result<Self, Errno> {
        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let stream = rustix::fs::openat(directory.as_fd(), c".", flags, Mode::empty())?;
        Ok(Self { stream, start: 0, entries: Vec::new(), given: 0 })
    }

    /// The entries from a cookie on that are at hand; none at the end. The number of entries that
    /// the guest then receives completely must be passed to [`given`](Self::given).
    pub(crate) fn from(&mut self, cookie: u64) -> Result<&[ListedEntry], Errno> {
        // A guest that begins anew sees the present entries.
        let known = if cookie > 0 { self.place(cookie) } else { None };
        if let Some(place) = known.filter(|place| *place < self.entries.len()) {
            self.given = place;
            return Ok(&self.entries[place..]);
        }
        self.entries.clear();
        self.given = 0;
        // After the last of the entries at hand, the system continues by itself. This matters:
        // where positions are counted, seeking to one would skip entries if others before it were
        // removed.
        if known.is_none() && !self.go_to(cookie)? {
            return Ok(&[]);
        }
        self.start = cookie;
        if cookie < DOTS {
            self.dots(cookie)?;
        } else {
            self.fill()?;
        }
        Ok(&self.entries)
    }

    /// Records how many of the entries that [`from`](Self::from) returned last the guest has
    /// received completely.
    pub(crate) fn given(&mut self, count: usize) {
        self.given = self.given.saturating_add(count).min(self.entries.len());
    }

    /// Which of the entries at hand comes after a cookie, if it is known.
    ///
    /// Some systems have the same cookie for several entries. So the position where the guest
    /// stopped is tried first.
    fn place(&self, cookie: u64) -> Option<usize> {
        let before = |place: usize| place.checked_sub(1).and_then(|last| self.entries.get(last));
        if before(self.given).is_some_and(|last| last.next == cookie) {
            return Some(self.given);
        }
        if cookie == self.start && !self.entries.is_empty() {
            return Some(0);
        }
        self.entries.iter().position(|entry| entry.next == cookie).map(|last| last + 1)
    }

    /// The directory itself and its parent. The parent's identity is not revealed: it may lie
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

/// The cookie for a position of the system. On most systems the next higher cookies are not
/// positions, so that continuing after the last entry does not lead to another entry.
const fn cookie_of(place: u64) -> u64 {
    match place {
        // The guest can add to it.
        LAST_PLACE => LAST,
        place => place.rotate_left(1) ^ 1,
    }
}

/// The position of a cookie; the start for those of the dots.
const fn place_of(cookie: u64) -> Option<u64> {
    match cookie {
        0..=DOTS => Some(0),
        LAST => Some(LAST_PLACE),
        u64::MAX => None,
        cookie => Some((cookie ^ 1).rotate_right(1)),
    }
}

/// The position that some systems have after all entries.
const LAST_PLACE: u64 = i64::MAX.cast_unsigned();

/// Appends an entry of the system, unless it is one of the dots.
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
        // Some file systems do not report the type.
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
    /// Seeks to the position of a cookie. Returns `false` if there is none, which counts as the
    /// end.
    fn go_to(&mut self, cookie: u64) -> Result<bool, Errno> {
        let Some(place) = place_of(cookie) else { return Ok(false) };
        match rustix::fs::seek(&self.stream, rustix::fs::SeekFrom::Start(place)) {
            Ok(_) => Ok(true),
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::OVERFLOW) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads entries from the system, until there is one besides the dots or the end is reached.
    fn fill(&mut self) -> Result<(), Errno> {
        let mut buffer = Vec::with_capacity(BATCH);
        let Self { stream, entries, .. } = self;
        let mut raw = rustix::fs::RawDir::new(&*stream, buffer.spare_capacity_mut());
        loop {
            match raw.next() {
                Some(Ok(entry)) => {
                    let next = cookie_of(entry.next_entry_cookie());
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

/// Where the system does not report positions, they are counted.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Listing {
    fn go_to(&mut self, cookie: u64) -> Result<bool, Errno> {
        Ok(place_of(cookie).is_some())
    }

    fn fill(&mut self) -> Result<(), Errno> {
        const BATCH: usize = 32;
        let Some(place) = place_of(self.start) else { return Ok(()) };
        let first = usize::try_from(place).unwrap_or(usize::MAX);
        let Self { stream, entries, .. } = self;
        let all = rustix::fs::Dir::read_from(&*stream)?;
        for (entry, next) in all.skip(first).zip(place.saturating_add(1)..) {
            let (entry, next) = (entry?, cookie_of(next));
            push(entries, stream, entry.file_name(), entry.ino(), entry.file_type(), next);
            if entries.len() == BATCH {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However few entries the guest gets at a time, it gets each exactly once, also if several
    /// share a cookie.
    #[test]
    fn entries_that_share_a_cookie_come_once() {
        for at_once in 1..=4 {
            let mut listing =
                Listing::open(&Dir::open_ambient_dir(".", cap_std::ambient_authority()).unwrap())
                    .unwrap();
            let cookies = [50, 60, 60, 60, 70, 50, 80];
            listing.start = 50;
            listing.entries = (0_u64..)
                .zip(cookies)
                .map(|(inode, next)| ListedEntry {
                    name: inode.to_string(),
                    inode,
                    file_type: FileType::RegularFile,
                    next,
                })
                .collect();
            let (mut cookie, mut seen) = (50, Vec::new());
            while seen.len() < cookies.len() {
                let entries = listing.from(cookie).unwrap();
                let got = &entries[..at_once.min(entries.len())];
                seen.extend(got.iter().map(|entry| entry.inode));
                let count = got.len();
                cookie = got.last().unwrap().next;
                listing.given(count);
            }
            assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
            // A guest that goes back finds the position.
            assert_eq!(listing.from(70).unwrap()[0].inode, 5);
        }
    }

    #[test]
    fn cookies_lead_back_to_their_places() {
        for place in [1, 2, 3, 1 << 32, i64::MAX.cast_unsigned() - 1, LAST_PLACE] {
            let cookie = cookie_of(place);
            assert!(cookie > DOTS && cookie < u64::MAX);
            assert_eq!(place_of(cookie), Some(place));
            // The next cookie is not a position that a system seeks to.
            let after = place_of(cookie + 1);
            assert!(after.is_none_or(|place| place >= LAST_PLACE), "{place}");
        }
        assert_eq!([0, 1, DOTS].map(place_of), [Some(0); 3]);
    }
}
