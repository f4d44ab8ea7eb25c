//! Values as core values: the words that functions are called with and return.

/// The words that a value is written to, one after the other.
///
/// A type that writes more words than its type has loses them: what others wrote stays.
#[derive(Debug)]
pub struct FlatSlots<'a> {
    slots: &'a mut [u64],
    next: usize,
}

impl<'a> FlatSlots<'a> {
    /// Writes to these words, from the first one on.
    #[inline]
    pub fn new(slots: &'a mut [u64]) -> Self {
        Self { slots, next: 0 }
    }

    /// Writes an `i32`, or the bits of an `f32`.
    #[inline]
    pub fn push_u32(&mut self, value: u32) {
        self.push_u64(u64::from(value));
    }

    /// Writes an `i64`, or the bits of an `f64`.
    #[inline]
    pub fn push_u64(&mut self, value: u64) {
        if let Some(slot) = self.slots.get_mut(self.next) {
            *slot = value;
        }
        self.next += 1;
    }

    /// The place behind that many words from here on, for [`pad_to`](Self::pad_to).
    #[inline]
    #[must_use]
    pub fn after(&self, count: usize) -> usize {
        self.next + count
    }

    /// Writes zero up to a place: what a case of a variant leaves of the words of the largest one.
    #[inline]
    pub fn pad_to(&mut self, place: usize) {
        while self.next < place {
            self.push_u64(0);
        }
        self.next = place;
    }
}

/// The words that a value is read from, one after the other.
///
/// Behind the last one there are zeros.
#[derive(Clone, Debug)]
pub struct FlatReader<'a> {
    slots: &'a [u64],
    next: usize,
}

impl<'a> FlatReader<'a> {
    /// Reads these words, from the first one on.
    #[inline]
    pub fn new(slots: &'a [u64]) -> Self {
        Self { slots, next: 0 }
    }

    /// Reads an `i32`, or the bits of an `f32`.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        // What is in a wider word is in its low half.
        self.next_u64() as u32
    }

    /// Reads an `i64`, or the bits of an `f64`.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let value = self.slots.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        value
    }

    /// The place behind that many words from here on, for [`skip_to`](Self::skip_to).
    #[inline]
    #[must_use]
    pub fn after(&self, count: usize) -> usize {
        self.next + count
    }

    /// Goes to a place: over what a case of a variant leaves of the words of the largest one.
    #[inline]
    pub fn skip_to(&mut self, place: usize) {
        self.next = place;
    }
}

/// Where the parameters or results of a call are read from.
#[derive(Debug)]
pub enum Source<'a> {
    /// Words.
    Flat(FlatReader<'a>),
    /// The bytes of all of them, as of a tuple.
    Memory(&'a [u8]),
}

/// Where the parameters or results of a call are written to.
#[derive(Debug)]
pub enum Destination<'a> {
    /// Words.
    Flat(FlatSlots<'a>),
    /// A place of the memory with room for all of them, as of a tuple.
    Memory(usize),
}
