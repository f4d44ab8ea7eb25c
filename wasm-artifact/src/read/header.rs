//! The header of an artifact: finding it, and what can be known from it alone.

use alloc::format;

use zerocopy::FromBytes;
use zerocopy::little_endian::U64;

use crate::checksums::{self, Checksums};
use crate::elf;
use crate::error::{Error, ErrorKind};
use crate::format::{
    DirectoryEntry, FORMAT_VERSION, HEADER_OFFSET, Header, MAGIC, NOTE_NAME, NOTE_OFFSET, Part,
};
use crate::identify::identify;

/// The bytes of a range, if they are there.
pub(super) fn range(of: &[u8], start: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    of.get(start..start.checked_add(usize::try_from(len).ok()?)?)
}

/// Where the machine code stands in an artifact, from the first bytes of it: for loaders that map
/// it by itself. `None` if there is no code, or these are not the first bytes of an artifact, or
/// not enough of them: a few kilobytes always are.
///
/// The artifact itself may still be cut off or damaged, which
/// [`Artifact::parse`](crate::Artifact::parse) says.
pub fn text_range(head: &[u8]) -> Option<core::ops::Range<u64>> {
    let header = find_header(head).ok()?;
    let start = HEADER_OFFSET as u64 + u64::from(header.header_size.get());
    let size = size_of::<DirectoryEntry>() as u64 * u64::from(header.directory_len.get());
    let directory = range(head, start, size)?;
    let directory = <[DirectoryEntry]>::ref_from_bytes(directory).ok()?;
    if checksums::of_header(header, directory) != header.sum.get() {
        return None;
    }
    let text = directory.iter().find(|entry| entry.id.get() == Part::Text as u32)?;
    let end = text.offset.get().checked_add(text.len.get())?;
    (end <= header.file_size.get()).then_some(text.offset.get()..end)
}

/// Whether a table lies within what the checksums of blocks are about.
pub(super) fn within(offset: u64, len: u64, header: &Header) -> bool {
    let start = header.summed_offset.get();
    let end = start.saturating_add(header.summed_len.get());
    len == 0 || (offset >= start && offset.saturating_add(len) <= end)
}

/// The checksums of blocks; `None` if they do not fit what they are about.
pub(super) fn checksums<'a>(
    bytes: &'a [u8],
    header: &Header,
    directory: &[DirectoryEntry],
) -> Option<Checksums<'a>> {
    let summed = range(bytes, header.summed_offset.get(), header.summed_len.get())?;
    let entry = directory.iter().find(|entry| entry.id.get() == Part::Checksums as u32);
    let checksums = match entry {
        Some(entry) => range(bytes, entry.offset.get(), entry.len.get())?,
        None => &[],
    };
    Checksums::new(summed, <[U64]>::ref_from_bytes(checksums).ok()?, header.salt.get())
}

/// The header, if the bytes are an artifact of this version.
pub(super) fn find_header(bytes: &[u8]) -> Result<&Header, Error> {
    let not_an_artifact = || {
        let identity = identify(bytes);
        Error::new(
            ErrorKind::NotAnArtifact,
            format!(
                "this is not a compiled WebAssembly artifact but {identity}{}",
                identity.hint()
            ),
        )
    };
    if !elf::looks_like_artifact(bytes) {
        return Err(not_an_artifact());
    }
    let truncated = || {
        let found = bytes.len();
        Error::new(
            ErrorKind::Truncated,
            format!("the artifact is cut off within its header: it has only {found} bytes"),
        )
    };
    // The first fields have the same place in every version.
    let start = bytes.get(HEADER_OFFSET..).ok_or_else(truncated)?;
    let name = &bytes[NOTE_OFFSET + 12..HEADER_OFFSET];
    // A file that ends within the magic number is cut off, not damaged.
    let magic = &MAGIC[..start.len().min(MAGIC.len())];
    if name != NOTE_NAME || !start.starts_with(magic) {
        return Err(Error::damaged_at("the note", NOTE_OFFSET));
    }
    let version = start.get(8..12).and_then(|bytes| bytes.try_into().ok());
    let version = u32::from_le_bytes(version.ok_or_else(truncated)?);
    if version != FORMAT_VERSION {
        let (age, remedy) = if version > FORMAT_VERSION {
            ("newer", "run it with a newer version of this program, or compile the module again")
        } else {
            ("older", "compile the module again")
        };
        return Err(Error::new(
            ErrorKind::UnsupportedVersion,
            format!(
                "the artifact has the {age} format version {version}, and this program reads \
                 version {FORMAT_VERSION}: {remedy}"
            ),
        ));
    }
    let (header, _) = Header::ref_from_prefix(start).map_err(|_| truncated())?;
    if (header.header_size.get() as usize) < size_of::<Header>() {
        return Err(Error::damaged_at("the size of the header", HEADER_OFFSET));
    }
    Ok(header)
}
