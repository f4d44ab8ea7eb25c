//! Copies of what a call uses of a memory that others may change at any time.
//!
//! A shared memory has no slice of bytes, since other threads may write to it: nothing that is read
//! twice is the same. So each range that a call reads is copied once, and what it changes of a
//! range that it writes is copied back at the end.

use std::cell::OnceCell;
use std::fmt;
use std::io::IoSliceMut;

use super::Errno;
use super::buffer::Buffer;

/// A memory that others may change at any time.
pub trait ChangingMemory {
    /// The size in bytes. It never becomes smaller.
    fn size(&self) -> usize;

    /// Copies bytes from an address on. `false` if some are out of bounds.
    fn read(&self, at: usize, to: &mut [u8]) -> bool;

    /// Copies bytes to an address. `false` if some are out of bounds.
    fn write(&self, at: usize, from: &[u8]) -> bool;
}

/// Copies of parts of a memory that others may change, for the time of one call.
pub(super) struct Copies<'a> {
    memory: &'a dyn ChangingMemory,
    /// What was read. Copies stay where they are until the end.
    read: Copy,
    /// What is to be written.
    written: Vec<Written>,
}

/// A copy of a range that a call may write to.
struct Written {
    at: usize,
    bytes: Box<[u8]>,
    /// What it was; `None` if all of it is written.
    before: Option<Box<[u8]>>,
}

impl Written {
    /// Writes what was changed to the memory. A call seldom fills the range that it is given, and
    /// other threads may have written to the rest.
    fn finish(&self, memory: &dyn ChangingMemory) {
        let before = self.before.as_deref();
        let is_changed = |place: &usize| before.is_none_or(|b| b[*place] != self.bytes[*place]);
        let mut end = 0;
        while let Some(start) = (end..self.bytes.len()).find(is_changed) {
            end = start + (start..self.bytes.len()).take_while(is_changed).count();
            // It was within the memory, which never becomes smaller.
            memory.write(self.at + start, &self.bytes[start..end]);
        }
    }
}

/// A copy, and those after it.
#[derive(Default)]
struct Copy {
    bytes: Box<[u8]>,
    next: OnceCell<Box<Copy>>,
}

impl<'a> Copies<'a> {
    /// How many bytes a range has at most that is copied.
    const MOST: usize = 16 << 20;

    /// No copies yet.
    pub(super) fn new(memory: &'a dyn ChangingMemory) -> Self {
        Self { memory, read: Copy::default(), written: Vec::new() }
    }

    /// Writes what was changed to the memory.
    pub(super) fn finish(&mut self) {
        self.written.drain(..).for_each(|written| written.finish(self.memory));
    }

    pub(super) fn check(&self, at: usize, length: usize) -> Result<(), Errno> {
        match at.checked_add(length) {
            Some(end) if end <= self.memory.size() => Ok(()),
            _ => Err(Errno::Fault),
        }
    }

    fn copy(&self, at: usize, length: usize) -> Result<Box<[u8]>, Errno> {
        self.check(at, length)?;
        if length > Self::MOST {
            return Err(Errno::NoMem);
        }
        let mut bytes = vec![0; length].into_boxed_slice();
        if self.memory.read(at, &mut bytes) { Ok(bytes) } else { Err(Errno::Fault) }
    }

    pub(super) fn read(&self, at: usize, length: usize) -> Result<&[u8], Errno> {
        let bytes = self.copy(at, length)?;
        let mut last = &self.read;
        while let Some(next) = last.next.get() {
            last = next;
        }
        Ok(&last.next.get_or_init(|| Box::new(Copy { bytes, next: OnceCell::new() })).bytes)
    }

    pub(super) fn write(&mut self, at: usize, length: usize) -> Result<&mut [u8], Errno> {
        let bytes = self.copy(at, length)?;
        self.written.push(Written { at, before: Some(bytes.clone()), bytes });
        Ok(self.written.last_mut().map(|written| &mut *written.bytes).unwrap_or_default())
    }

    /// As [`write`](Self::write), where it is known what all bytes become.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Errno> {
        self.check(at, bytes.len())?;
        self.written.push(Written { at, bytes: bytes.into(), before: None });
        Ok(())
    }

    /// As [`write`](Self::write), for several ranges.
    pub(super) fn write_all(&mut self, buffers: &[Buffer]) -> Result<Vec<IoSliceMut<'_>>, Errno> {
        let start = self.written.len();
        for buffer in buffers {
            self.write(buffer.address as usize, buffer.length as usize)?;
        }
        Ok(self.written[start..]
            .iter_mut()
            .map(|written| IoSliceMut::new(&mut written.bytes))
            .collect())
    }
}

impl fmt::Debug for Copies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies").field("written", &self.written.len()).finish_non_exhaustive()
    }
}

impl Drop for Copy {
    /// The list is freed from its start, and not by a recursion.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut copy) = next {
            next = copy.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::GuestMemory;
    use super::*;

    struct Bytes(RefCell<Vec<u8>>);

    impl ChangingMemory for Bytes {
        fn size(&self) -> usize {
            self.0.borrow().len()
        }

        fn read(&self, at: usize, to: &mut [u8]) -> bool {
            let bytes = self.0.borrow();
            let from = bytes.get(at..at + to.len());
            from.is_some_and(|from| {
                to.copy_from_slice(from);
                true
            })
        }

        fn write(&self, at: usize, from: &[u8]) -> bool {
            let mut bytes = self.0.borrow_mut();
            let to = bytes.get_mut(at..at + from.len());
            to.is_some_and(|to| {
                to.copy_from_slice(from);
                true
            })
        }
    }

    #[test]
    fn what_is_read_stays_and_what_is_written_goes_back() {
        let bytes = Bytes(RefCell::new((0..64).collect()));
        let memory = GuestMemory::copied(&bytes);
        let first = memory.slice(8, 4).unwrap();
        bytes.0.borrow_mut()[8] = 99;
        let second = memory.slice(8, 4).unwrap();
        assert_eq!((first, second), (&[8, 9, 10, 11][..], &[99, 9, 10, 11][..]));
        assert_eq!(memory.slice(61, 4), Err(Errno::Fault));
        assert_eq!(memory.slice(u32::MAX, u32::MAX), Err(Errno::Fault));
        assert_eq!(memory.check(60, 4), Ok(()));
        assert_eq!(memory.check(60, 5), Err(Errno::Fault));

        let mut memory = GuestMemory::copied(&bytes);
        let buffers = [(20, 4), (0, 2)].map(|(address, length)| Buffer { address, length });
        for slice in &mut memory.io_slices_mut(&buffers).unwrap() {
            slice[0] = 7;
        }
        memory.write(40, &[1, 1]).unwrap();
        // What is written last stays, even if it is what was there before.
        memory.slice_mut(44, 4).unwrap().fill(7);
        memory.write(45, &[45, 1]).unwrap();
        assert_eq!(memory.write(63, &[1, 1]), Err(Errno::Fault));
        memory.slice_mut(50, 8).unwrap()[2..4].copy_from_slice(&[1, 2]);
        bytes.0.borrow_mut()[50..58].fill(100);
        assert_eq!(memory.slice_mut(63, 2), Err(Errno::Fault));
        assert_eq!(bytes.0.borrow()[20], 20);
        memory.finish();
        let bytes = bytes.0.borrow();
        assert_eq!((bytes[0], bytes[1], bytes[20], bytes[21], bytes[41]), (7, 1, 7, 21, 1));
        assert_eq!(bytes[44..48], [7, 45, 1, 7]);
        // What others have written meanwhile stays.
        assert_eq!(bytes[50..58], [100, 100, 1, 2, 100, 100, 100, 100]);
    }

    #[test]
    fn copies_are_bounded() {
        let bytes = Bytes(RefCell::new(vec![0; Copies::MOST + 1]));
        bytes.write(4, &(Copies::MOST as u32).to_le_bytes());
        let memory = GuestMemory::copied(&bytes);
        assert_eq!(memory.slice(0, Copies::MOST as u32 + 1), Err(Errno::NoMem));
        let buffers = memory.buffers(0, 1).unwrap();
        assert_eq!(buffers, [Buffer { address: 0, length: GuestMemory::MOST_COPIED }]);
    }
}
