//! Filling in the checksums of an artifact whose bytes are there.

use alloc::vec::Vec;

use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, IntoBytes};

use crate::checksums;
use crate::format::{DirectoryEntry, HEADER_OFFSET, Header, Part};

/// Fills in the checksums, of blocks first, since the header's is about the salt too.
pub(super) fn write_checksums(out: &mut [u8], mut header: Header, directory: &[DirectoryEntry]) {
    let start = header.summed_offset.get() as usize;
    let (summed, rest) = out
        .get(start..)
        .and_then(|bytes| bytes.split_at_checked(header.summed_len.get() as usize))
        .unwrap_or_default();
    let hashes: Vec<_> =
        summed.chunks(checksums::BLOCK).map(|block| U64::from(checksums::hash(block))).collect();
    // Whatever makes artifacts differ: two of the same code, data and declarations are the same.
    header.salt = checksums::salt(&hashes, rest).into();
    let salt = header.salt.get();
    let place = directory.iter().find(|entry| entry.id.get() == Part::Checksums as u32);
    let place = place.map_or(0, |entry| entry.offset.get() as usize);
    for (number, hash) in hashes.into_iter().enumerate() {
        let sum = U64::from(checksums::of_block(hash.get(), number, salt));
        let place = place + number * size_of::<U64>();
        if let Some(place) = out.get_mut(place..place + size_of::<U64>()) {
            place.copy_from_slice(sum.as_bytes());
        }
    }
    header.sum = checksums::of_header(&header, directory).into();
    if let Some(place) = out.get_mut(HEADER_OFFSET..HEADER_OFFSET + size_of::<Header>()) {
        place.copy_from_slice(header.as_bytes());
    }
}

/// Makes the checksums of an artifact that was changed right again, so that tests can write lies
/// that no checksum gives away. Does nothing where it makes no sense of the bytes.
#[doc(hidden)]
pub fn __write_checksums(bytes: &mut [u8]) {
    let Some((header, rest)) =
        bytes.get(HEADER_OFFSET..).and_then(|bytes| Header::read_from_prefix(bytes).ok())
    else {
        return;
    };
    let count = header.directory_len.get() as usize;
    let Some(directory) = count
        .checked_mul(size_of::<DirectoryEntry>())
        .and_then(|size| rest.get(..size))
        .and_then(|bytes| <[DirectoryEntry]>::ref_from_bytes(bytes).ok())
    else {
        return;
    };
    let directory = directory.to_vec();
    let len = bytes.len() as u64;
    let sensible = |offset: u64| offset <= len;
    let entries = directory.iter().all(|entry| sensible(entry.offset.get()));
    if entries && sensible(header.summed_offset.get()) && sensible(header.summed_len.get()) {
        write_checksums(bytes, header, &directory);
    }
}
