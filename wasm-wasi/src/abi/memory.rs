//! A guest's memory as a host function sees it: a checked view on a byte slice, or on copies of the
//! parts that are used ([`ChangingMemory`]).
//!
//! Addresses are 32 bits wide, as in preview 1. Every access outside of the memory is
//! [`Errno::Fault`]; alignment is not required.

use super::Errno;
pub use super::buffer::Buffer;
use super::copies::{ChangingMemory, Copies};
use std::io::{IoSlice, IoSliceMut};

/// The most buffers that one call uses, the same as on common hosts. Further ones are ignored,
/// which is a partial read or write.
const MAX_BUFFERS: usize = 1024;

/// A view on the memory of a guest for the time of one call.
#[derive(Debug)]
pub struct GuestMemory<'a> {
    bytes: Bytes<'a>,
}

#[derive(Debug)]
enum Bytes<'a> {
    Whole(&'a mut [u8]),
    Copied(Copies<'a>),
}

impl<'a> GuestMemory<'a> {
    /// A view on all of a memory.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes: Bytes::Whole(bytes) }
    }

    /// A view on a memory that others may change at any time: on copies of what is used of it. One
    /// read or write of a file copies no more than [`GuestMemory::MOST_COPIED`] bytes of its
    /// buffers; another range that is larger than 16 MiB is [`Errno::NoMem`].
    pub fn copied(memory: &'a dyn ChangingMemory) -> Self {
        Self { bytes: Bytes::Copied(Copies::new(memory)) }
    }

    /// How many bytes of a memory that others may change one read or write of a file or a stream
    /// copies at most: 1 MiB.
    pub const MOST_COPIED: u32 = 1 << 20;

    /// To be called at the end of a call: what was written to copies goes to the memory.
    pub fn finish(&mut self) {
        if let Bytes::Copied(copies) = &mut self.bytes {
            copies.finish();
        }
    }

    /// The bytes of a range.
    ///
    /// # Errors
    /// [`Errno::Fault`] if the range is not completely inside of the memory. This holds for all
    /// functions here.
    pub fn slice(&self, at: u32, length: u32) -> Result<&[u8], Errno> {
        let start = at as usize;
        let end = start.checked_add(length as usize).ok_or(Errno::Fault)?;
        match &self.bytes {
            Bytes::Whole(bytes) => bytes.get(start..end).ok_or(Errno::Fault),
            Bytes::Copied(copies) => copies.read(start, length as usize),
        }
    }

    /// The bytes of a range, for writing.
    ///
    /// # Errors
    /// [`Errno::Fault`]
    pub fn slice_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], Errno> {
        let start = at as usize;
        let end = start.checked_add(length as usize).ok_or(Errno::Fault)?;
        match &mut self.bytes {
            Bytes::Whole(bytes) => bytes.get_mut(start..end).ok_or(Errno::Fault),
            Bytes::Copied(copies) => copies.write(start, length as usize),
        }
    }

    /// A path or another string, which in WASI is UTF-8.
    ///
    /// # Errors
    /// [`Errno::Fault`]; [`Errno::Ilseq`] if it is not UTF-8.
    pub fn string(&self, at: u32, length: u32) -> Result<&str, Errno> {
        std::str::from_utf8(self.slice(at, length)?).map_err(|_| Errno::Ilseq)
    }

    /// Copies bytes to an address.
    ///
    /// # Errors
    /// [`Errno::Fault`]; then nothing is written.
    pub fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        if let Bytes::Copied(copies) = &mut self.bytes {
            return copies.put(at as usize, bytes);
        }
        self.slice_mut(at, length)?.copy_from_slice(bytes);
        Ok(())
    }

    /// Writes a 32-bit number.
    ///
    /// # Errors
    /// [`Errno::Fault`]
    pub fn write_u32(&mut self, at: u32, value: u32) -> Result<(), Errno> {
        self.write(at, &value.to_le_bytes())
    }

    /// Writes a 64-bit number.
    ///
    /// # Errors
    /// [`Errno::Fault`]
    pub fn write_u64(&mut self, at: u32, value: u64) -> Result<(), Errno> {
        self.write(at, &value.to_le_bytes())
    }

    /// Fails early if a result could not be written, before the call has an effect.
    pub(crate) fn check(&self, at: u32, length: u32) -> Result<(), Errno> {
        match &self.bytes {
            Bytes::Whole(_) => self.slice(at, length).map(|_| ()),
            Bytes::Copied(copies) => copies.check(at as usize, length as usize),
        }
    }

    /// The array of buffers of a vectored read or write. All of them are inside of the memory, and
    /// empty ones are left out.
    ///
    /// # Errors
    /// [`Errno::Fault`]; [`Errno::Inval`] if their total length does not fit in 32 bits.
    pub fn buffers(&self, at: u32, count: u32) -> Result<Vec<Buffer>, Errno> {
        let bytes = count.checked_mul(8).ok_or(Errno::Fault)?;
        let mut buffers = Vec::new();
        let mut total = 0_u32;
        // Copies are as small as those who read and write usually want. Further bytes are a partial
        // read or write, too.
        let most = match &self.bytes {
            Bytes::Whole(_) => u32::MAX,
            Bytes::Copied(_) => Self::MOST_COPIED,
        };
        for entry in self.slice(at, bytes)?.chunks_exact(8) {
            let buffer = Buffer { address: read_u32(entry, 0), length: read_u32(entry, 4) };
            self.check(buffer.address, buffer.length)?;
            let before = total;
            total = total.checked_add(buffer.length).ok_or(Errno::Inval)?;
            let length = buffer.length.min(most.saturating_sub(before));
            if length > 0 && buffers.len() < MAX_BUFFERS {
                buffers.push(Buffer { length, ..buffer });
            }
        }
        Ok(buffers)
    }

    /// The contents of buffers, for a vectored write.
    ///
    /// # Errors
    /// [`Errno::Fault`]
    pub fn io_slices(&self, buffers: &[Buffer]) -> Result<Vec<IoSlice<'_>>, Errno> {
        buffers.iter().map(|b| Ok(IoSlice::new(self.slice(b.address, b.length)?))).collect()
    }

    /// The buffers themselves, for a vectored read.
    ///
    /// If two of them overlap, only those before the second of the two are returned: a read that is
    /// shorter than requested is always allowed.
    ///
    /// # Errors
    /// [`Errno::Fault`]
    pub fn io_slices_mut(&mut self, buffers: &[Buffer]) -> Result<Vec<IoSliceMut<'_>>, Errno> {
        if let [one] = buffers {
            return Ok(vec![IoSliceMut::new(self.slice_mut(one.address, one.length)?)]);
        }
        let usable = usable_prefix(buffers);
        let bytes: &mut [u8] = match &mut self.bytes {
            Bytes::Whole(bytes) => bytes,
            Bytes::Copied(copies) => return copies.write_all(&buffers[..usable]),
        };
        let mut order: Vec<usize> = (0..usable).collect();
        order.sort_unstable_by_key(|&i| buffers[i].address);
        let mut slices: Vec<Option<IoSliceMut<'_>>> = (0..usable).map(|_| None).collect();
        let mut rest = bytes;
        let mut position = 0;
        for i in order {
            let Buffer { address, length } = buffers[i];
            let gap = (address as usize).checked_sub(position).ok_or(Errno::Fault)?;
            let (_, tail) =
                std::mem::take(&mut rest).split_at_mut_checked(gap).ok_or(Errno::Fault)?;
            let (slice, tail) = tail.split_at_mut_checked(length as usize).ok_or(Errno::Fault)?;
            slices[i] = Some(IoSliceMut::new(slice));
            rest = tail;
            position = address as usize + length as usize;
        }
        Ok(slices.into_iter().flatten().collect())
    }
}

/// How many buffers from the first on do not overlap one another.
fn usable_prefix(buffers: &[Buffer]) -> usize {
    let mut taken = std::collections::BTreeMap::new();
    for (i, buffer) in buffers.iter().enumerate() {
        let start = u64::from(buffer.address);
        let end = start + u64::from(buffer.length);
        let before = taken.range(..end).next_back();
        if before.is_some_and(|(_, &other_end)| other_end > start) {
            return i;
        }
        taken.insert(start, end);
    }
    buffers.len()
}

/// A 16-bit number in a record that was read as a whole.
pub(crate) fn read_u16(record: &[u8], at: usize) -> u16 {
    record.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes)
}

/// A 32-bit number in a record that was read as a whole.
pub(crate) fn read_u32(record: &[u8], at: usize) -> u32 {
    record.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// A 64-bit number in a record that was read as a whole.
pub(crate) fn read_u64(record: &[u8], at: usize) -> u64 {
    record.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_buffers(memory: &mut [u8], at: usize, buffers: &[(u32, u32)]) {
        for (i, (address, length)) in buffers.iter().enumerate() {
            memory[at + 8 * i..][..4].copy_from_slice(&address.to_le_bytes());
            memory[at + 8 * i + 4..][..4].copy_from_slice(&length.to_le_bytes());
        }
    }

    #[test]
    fn the_edge_of_the_memory_is_kept() {
        let mut bytes = [0; 16];
        let mut memory = GuestMemory::new(&mut bytes);
        assert!(memory.slice(16, 0).is_ok());
        assert_eq!(memory.slice(16, 1), Err(Errno::Fault));
        assert_eq!(memory.slice(u32::MAX, u32::MAX), Err(Errno::Fault));
        assert!(memory.write_u64(8, 1).is_ok());
        assert_eq!(memory.write_u64(9, 1), Err(Errno::Fault));
        assert_eq!(memory.string(8, 1), Ok("\u{1}"));
    }

    #[test]
    fn buffers_are_checked_as_a_whole() {
        let mut bytes = [0; 64];
        with_buffers(&mut bytes, 0, &[(40, 4), (0, 0), (60, 4)]);
        let memory = GuestMemory::new(&mut bytes);
        assert_eq!(memory.buffers(0, 3).unwrap().len(), 2);
        assert_eq!(memory.buffers(0, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.buffers(0, 9), Err(Errno::Fault));
        with_buffers(&mut bytes, 0, &[(61, 4)]);
        assert_eq!(GuestMemory::new(&mut bytes).buffers(0, 1), Err(Errno::Fault));
    }

    #[test]
    fn overlapping_buffers_are_cut_off() {
        let mut bytes = [0; 64];
        let mut memory = GuestMemory::new(&mut bytes);
        let b = |address, length| Buffer { address, length };
        let lengths = |memory: &mut GuestMemory<'_>, buffers: &[Buffer]| -> Vec<usize> {
            memory.io_slices_mut(buffers).unwrap().iter().map(|s| s.len()).collect()
        };
        assert_eq!(lengths(&mut memory, &[b(20, 4), b(0, 3), b(24, 1)]), [4, 3, 1]);
        assert_eq!(lengths(&mut memory, &[b(20, 4), b(0, 21), b(30, 1)]), [4]);
        assert_eq!(lengths(&mut memory, &[b(0, 64), b(10, 1)]), [64]);
        assert_eq!(lengths(&mut memory, &[]), [0_usize; 0]);
    }

    proptest! {
        #[test]
        fn slices_lie_where_their_buffers_say(
            places in proptest::collection::vec((0_u32..64, 1_u32..16), 0..8)
        ) {
            let mut bytes: Vec<u8> = (0..64).collect();
            let buffers: Vec<_> =
                places.iter().map(|&(address, length)| Buffer { address, length }).collect();
            let mut memory = GuestMemory::new(&mut bytes);
            match memory.io_slices_mut(&buffers) {
                Ok(slices) => {
                    for (slice, buffer) in slices.iter().zip(&buffers) {
                        prop_assert_eq!(slice.len(), buffer.length as usize);
                        prop_assert_eq!(u32::from(slice[0]), buffer.address);
                    }
                }
                Err(error) => prop_assert_eq!(error, Errno::Fault),
            }
        }
    }
}
