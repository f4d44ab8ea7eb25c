//! Reading directories.

use crate::abi::types::directory_entry;
use crate::abi::{Errno, FileType, GuestMemory, Rights};
use crate::ctx::{Directory, ListedEntry, Object, WasiCtx};

/// Writes entries of a directory, from the one with this cookie on, until the buffer is full; the last
/// one may be cut off. A buffer that is not full says that this was the end.
///
/// The entries are those that were there when the guest last read from cookie 0, so removing files
/// while reading on skips none. Names that are not Unicode appear with replacement characters.
///
/// # Errors
/// [`Errno::NotDir`], [`Errno::NotCapable`], [`Errno::Fault`], and what the host answers.
pub fn fd_readdir(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffer: u32,
    length: u32,
    cookie: u64,
    used: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    let rights = descriptor.check(Rights::FD_READDIR);
    let Object::Directory(directory) = &mut descriptor.object else { return Err(Errno::NotDir) };
    rights?;
    memory.check(used, 4)?;
    let target = memory.slice_mut(buffer, length)?;
    if cookie == 0 || directory.listing.is_none() {
        directory.listing = Some(list(directory)?);
    }
    let listing = directory.listing.as_deref().unwrap_or_default();
    let start = usize::try_from(cookie).unwrap_or(usize::MAX).min(listing.len());

    let mut filled = 0;
    for (entry, next) in listing[start..].iter().zip(start as u64 + 1..) {
        let name = entry.name.as_bytes();
        let name_length = u32::try_from(name.len()).map_err(|_| Errno::NameTooLong)?;
        let head = directory_entry(next, entry.inode, name_length, entry.file_type);
        for part in [&head[..], name] {
            let room = &mut target[filled..];
            let copied = room.len().min(part.len());
            room[..copied].copy_from_slice(&part[..copied]);
            filled += copied;
        }
        if filled == target.len() {
            break;
        }
    }
    super::fd_io::write_count(memory, used, filled)
}

/// All entries, beginning with the directory itself and the one above it. What the one above really
/// is, is not shown: it may lie outside of what the guest was given.
fn list(directory: &Directory) -> Result<Vec<ListedEntry>, Errno> {
    use std::os::unix::fs::DirEntryExt;
    let own = cap_std::fs::MetadataExt::ino(&directory.handle.dir_metadata()?);
    let mut entries: Vec<ListedEntry> = [".", ".."]
        .map(|name| ListedEntry {
            name: name.to_owned(),
            inode: own,
            file_type: FileType::Directory,
        })
        .into();
    for entry in directory.handle.entries()? {
        let entry = entry?;
        entries.push(ListedEntry {
            name: entry.file_name().to_string_lossy().into_owned(),
            inode: entry.ino(),
            file_type: entry.file_type().map_or(FileType::Unknown, FileType::from),
        });
    }
    Ok(entries)
}
