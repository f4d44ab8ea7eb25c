//! The records that functions write into a guest's memory, with their layout.

use super::{Errno, FdFlags, GuestMemory, Rights};

/// Which of the two published interfaces a guest was compiled for.
///
/// Snapshot 0 (the module `wasi_unstable`) differs in the layout of file attributes and of
/// subscriptions, and in the numbers of [`Whence`]; everything else is preview 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `wasi_unstable`.
    Snapshot0,
    /// `wasi_snapshot_preview1`.
    Preview1,
}

/// What a descriptor or a path refers to (`filetype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FileType {
    /// Something else: a pipe, for instance.
    Unknown = 0,
    /// A block device.
    BlockDevice = 1,
    /// A character device: for a stream of a guest this means a terminal.
    CharacterDevice = 2,
    /// A directory.
    Directory = 3,
    /// A file.
    RegularFile = 4,
    /// A socket for datagrams.
    SocketDgram = 5,
    /// A socket for a stream.
    SocketStream = 6,
    /// A symbolic link.
    SymbolicLink = 7,
}

impl From<cap_std::fs::FileType> for FileType {
    fn from(kind: cap_std::fs::FileType) -> Self {
        use cap_std::fs::FileTypeExt;
        if kind.is_file() {
            Self::RegularFile
        } else if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::SymbolicLink
        } else if kind.is_char_device() {
            Self::CharacterDevice
        } else if kind.is_block_device() {
            Self::BlockDevice
        } else if kind.is_socket() {
            Self::SocketStream
        } else {
            Self::Unknown
        }
    }
}

impl From<rustix::fs::FileType> for FileType {
    fn from(kind: rustix::fs::FileType) -> Self {
        use rustix::fs::FileType as Host;
        match kind {
            Host::RegularFile => Self::RegularFile,
            Host::Directory => Self::Directory,
            Host::Symlink => Self::SymbolicLink,
            Host::CharacterDevice => Self::CharacterDevice,
            Host::BlockDevice => Self::BlockDevice,
            Host::Socket => Self::SocketStream,
            _ => Self::Unknown,
        }
    }
}

/// The state of a descriptor (`fdstat`): 24 bytes.
#[derive(Clone, Copy, Debug)]
pub struct FdStat {
    /// What it refers to.
    pub file_type: FileType,
    /// How it behaves.
    pub flags: FdFlags,
    /// What may be done with it.
    pub rights: Rights,
    /// What may be done with descriptors that are opened through it.
    pub inheriting: Rights,
}

impl FdStat {
    /// Writes it to a guest's memory.
    ///
    /// # Errors
    /// [`Errno::Fault`] where the memory does not hold all of it.
    pub fn write(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), Errno> {
        let mut record = [0; 24];
        record[0] = self.file_type as u8;
        record[2..4].copy_from_slice(&self.flags.bits().to_le_bytes());
        record[8..16].copy_from_slice(&self.rights.bits().to_le_bytes());
        record[16..24].copy_from_slice(&self.inheriting.bits().to_le_bytes());
        memory.write(at, &record)
    }
}

/// The attributes of a file (`filestat`): 64 bytes, in snapshot 0 they were 56.
#[derive(Clone, Copy, Debug)]
pub struct FileStat {
    /// The device that holds it.
    pub device: u64,
    /// Its serial number on that device.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// The number of its names.
    pub links: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Time of last access, in nanoseconds since 1970.
    pub accessed: u64,
    /// Time of last modification of the data.
    pub modified: u64,
    /// Time of last change of the attributes.
    pub changed: u64,
}

impl FileStat {
    /// Attributes of something that has none but its type.
    #[must_use]
    pub const fn of_type(file_type: FileType) -> Self {
        Self {
            device: 0,
            inode: 0,
            file_type,
            links: 0,
            size: 0,
            accessed: 0,
            modified: 0,
            changed: 0,
        }
    }

    /// Writes it to a guest's memory.
    ///
    /// # Errors
    /// [`Errno::Fault`] where the memory does not hold all of it.
    pub fn write(
        &self,
        memory: &mut GuestMemory<'_>,
        at: u32,
        version: Version,
    ) -> Result<(), Errno> {
        let mut record = [0; 64];
        record[0..8].copy_from_slice(&self.device.to_le_bytes());
        record[8..16].copy_from_slice(&self.inode.to_le_bytes());
        record[16] = self.file_type as u8;
        let rest = match version {
            Version::Preview1 => {
                record[24..32].copy_from_slice(&self.links.to_le_bytes());
                32
            }
            Version::Snapshot0 => {
                let links = u32::try_from(self.links).unwrap_or(u32::MAX);
                record[20..24].copy_from_slice(&links.to_le_bytes());
                24
            }
        };
        for (i, value) in
            [self.size, self.accessed, self.modified, self.changed].into_iter().enumerate()
        {
            record[rest + 8 * i..][..8].copy_from_slice(&value.to_le_bytes());
        }
        memory.write(at, &record[..rest + 32])
    }
}

impl From<&cap_std::fs::Metadata> for FileStat {
    fn from(metadata: &cap_std::fs::Metadata) -> Self {
        use cap_std::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            file_type: metadata.file_type().into(),
            links: metadata.nlink(),
            size: metadata.len(),
            accessed: timestamp(metadata.atime(), metadata.atime_nsec()),
            modified: timestamp(metadata.mtime(), metadata.mtime_nsec()),
            changed: timestamp(metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Nanoseconds since 1970. Times before that, or more than 584 years after it, cannot be expressed
/// in WASI and become the nearest that can.
pub(crate) fn timestamp(seconds: i64, nanoseconds: i64) -> u64 {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    u64::try_from(total.max(0)).unwrap_or(u64::MAX)
}

/// The origin for `fd_seek` (`whence`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// From the start of the file.
    Set,
    /// From the present position.
    Cur,
    /// From the end of the file.
    End,
}

impl Whence {
    /// From the number that a guest passes. The numbers differ between the versions.
    ///
    /// # Errors
    /// [`Errno::Inval`] if the number is not valid.
    pub const fn from_guest(raw: u32, version: Version) -> Result<Self, Errno> {
        match (version, raw) {
            (Version::Preview1, 0) | (Version::Snapshot0, 2) => Ok(Self::Set),
            (Version::Preview1, 1) | (Version::Snapshot0, 0) => Ok(Self::Cur),
            (Version::Preview1, 2) | (Version::Snapshot0, 1) => Ok(Self::End),
            _ => Err(Errno::Inval),
        }
    }
}

/// The head of a directory entry (`dirent`): 24 bytes, followed by the name.
#[must_use]
pub fn directory_entry(next: u64, inode: u64, name_length: u32, file_type: FileType) -> [u8; 24] {
    let mut record = [0; 24];
    record[0..8].copy_from_slice(&next.to_le_bytes());
    record[8..16].copy_from_slice(&inode.to_le_bytes());
    record[16..20].copy_from_slice(&name_length.to_le_bytes());
    record[20] = file_type as u8;
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_cannot_be_said_are_clamped() {
        assert_eq!(timestamp(1, 2), 1_000_000_002);
        assert_eq!(timestamp(-1, 999_999_999), 0);
        assert_eq!(timestamp(i64::MAX, 0), u64::MAX);
    }

    #[test]
    fn attributes_have_the_layout_of_their_version() {
        let stat = FileStat {
            device: 1,
            inode: 2,
            file_type: FileType::Directory,
            links: 3,
            size: 4,
            accessed: 5,
            modified: 6,
            changed: 7,
        };
        let mut bytes = [0xff; 64];
        stat.write(&mut GuestMemory::new(&mut bytes), 0, Version::Preview1).unwrap();
        let words: Vec<u64> =
            bytes.chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect();
        assert_eq!(words, [1, 2, 3, 3, 4, 5, 6, 7]);

        let mut bytes = [0xff; 56];
        stat.write(&mut GuestMemory::new(&mut bytes), 0, Version::Snapshot0).unwrap();
        let words: Vec<u64> =
            bytes.chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect();
        assert_eq!(words, [1, 2, 3 | 3 << 32, 4, 5, 6, 7]);
    }
}
