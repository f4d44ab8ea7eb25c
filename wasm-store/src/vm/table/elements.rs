//! The elements of a table as compiled code sees them, and which of them were written since the
//! last collection.
//!
//! A table of references into the heap has cards before its first element (see
//! [`wasm_types::abi::table`]): a byte for as many elements, which says that one of them was
//! written. Minor collections look at those alone.

#![allow(unsafe_code)]

use std::alloc::Layout;
use std::collections::TryReserveError;
use std::ops::Range;

use wasm_types::abi::table::CARD;

use crate::Error;
use crate::vm::room_for;

/// What an allocation was for, in errors.
const WHAT: &str = "a table";

/// How many cards are in a word.
const CARDS: usize = size_of::<u64>();

/// How many elements the cards of a word are for.
const ELEMENTS: usize = CARDS * CARD as usize;

/// The elements of a table.
#[derive(Debug)]
pub(super) struct Elements {
    /// The cards, if there are some, and the elements behind them.
    words: Vec<u64>,
    /// How many of the words are cards. There is one for each element that there is room for.
    head: usize,
    has_cards: bool,
}

impl Elements {
    /// This many elements of the same value.
    ///
    /// # Errors
    ///
    /// If the machine has no room for them.
    pub(super) fn new(len: usize, value: u64, has_cards: bool) -> Result<Self, Error> {
        if !has_cards {
            return Ok(Self { words: filled(len, value)?, head: 0, has_cards });
        }
        let head = len.div_ceil(ELEMENTS);
        let mut elements = Self { words: filled(head + len, 0)?, head, has_cards };
        if value != 0 {
            elements.as_mut_slice().fill(value);
            elements.mark(0..len);
        }
        Ok(elements)
    }

    pub(super) fn len(&self) -> usize {
        self.words.len() - self.head
    }

    /// How many elements there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.words.capacity() - self.head
    }

    /// How many bytes all of it takes.
    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    /// The address of the first element.
    pub(super) fn base(&mut self) -> *mut u64 {
        // Code reaches the cards from there, too.
        self.words.as_mut_ptr().wrapping_add(self.head)
    }

    pub(super) fn as_slice(&self) -> &[u64] {
        &self.words[self.head..]
    }

    /// The elements, to be changed. Who writes references into the heap says where.
    pub(super) fn as_mut_slice(&mut self) -> &mut [u64] {
        &mut self.words[self.head..]
    }

    /// Says that elements were written.
    pub(super) fn mark(&mut self, written: Range<usize>) {
        if !self.has_cards || written.is_empty() {
            return;
        }
        for card in written.start / CARD as usize..=(written.end - 1) / CARD as usize {
            // The cards go downwards from the first element.
            let word = &mut self.words[self.head - 1 - card / CARDS];
            let mut bytes = word.to_ne_bytes();
            bytes[CARDS - 1 - card % CARDS] = 1;
            *word = u64::from_ne_bytes(bytes);
        }
    }

    /// Calls a function for each element that was written, and for some others.
    pub(super) fn each_written(&mut self, mut each: impl FnMut(&mut u64)) {
        let (cards, elements) = self.words.split_at_mut(self.head);
        for (number, word) in cards.iter().rev().enumerate().filter(|(_, word)| **word != 0) {
            for (place, _) in word.to_ne_bytes().iter().rev().enumerate().filter(|it| *it.1 != 0) {
                let start = (number * CARDS + place) * CARD as usize;
                let end = elements.len().min(start + CARD as usize);
                elements.get_mut(start..end).into_iter().flatten().for_each(&mut each);
            }
        }
    }

    /// Forgets which elements were written.
    pub(super) fn forget_written(&mut self) {
        self.words[..self.head].fill(0);
    }

    /// Makes room for this many elements more. They may move.
    pub(super) fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        let wanted = self.len().saturating_add(more);
        if !self.has_cards || wanted <= self.capacity().min(self.head * ELEMENTS) {
            return self.words.try_reserve(more);
        }
        // As much as a list takes that grows by itself, with cards for all of it.
        let capacity = wanted.max(self.len().saturating_mul(2));
        let head = capacity.div_ceil(ELEMENTS);
        let mut words = Vec::new();
        words.try_reserve_exact(capacity.saturating_add(head))?;
        words.resize(head, 0);
        words.extend_from_slice(self.as_slice());
        (self.words, self.head) = (words, head);
        self.mark(0..self.len());
        Ok(())
    }

    /// Sets how many elements there are, for which there is room. Those that are new have the
    /// value.
    pub(super) fn resize(&mut self, len: usize, value: u64) {
        debug_assert!(!self.has_cards || len <= self.head * ELEMENTS);
        let old = self.len();
        self.words.resize(self.head + len, value);
        if value != 0 {
            self.mark(old.min(len)..len);
        }
    }

    /// Sets how many elements there are, with room for so many more at most, and gives all the
    /// value, which is no reference into the heap.
    pub(super) fn reset(&mut self, len: usize, value: u64, most: usize) {
        self.words.truncate(self.head);
        self.forget_written();
        if self.capacity() > len + most {
            self.words.shrink_to(self.head + len);
        }
        self.words.resize(self.head + len, value);
    }
}

/// This many words of the same value.
///
/// # Errors
///
/// If the machine has no room for them.
fn filled(len: usize, value: u64) -> Result<Vec<u64>, Error> {
    if value != 0 || len == 0 {
        return Ok(room_for::filled(value, len, WHAT)?.into());
    }
    // Zeros come from the system, which provides memory for them only when they are written.
    let layout = Layout::array::<u64>(len).map_err(|_| room_for::no_room::<u64>(len, WHAT))?;
    // SAFETY: the size is not zero. The vector gets an allocation as it would make it itself.
    unsafe {
        let start = std::alloc::alloc_zeroed(layout).cast::<u64>();
        if start.is_null() {
            return Err(room_for::no_room::<u64>(len, WHAT));
        }
        Ok(Vec::from_raw_parts(start, len, len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(elements: &mut Elements) -> Vec<usize> {
        let base = elements.base().addr();
        let mut places = Vec::new();
        elements.each_written(|place| {
            places.push((std::ptr::from_mut(place).addr() - base) / size_of::<u64>());
        });
        places
    }

    #[test]
    fn cards_are_found_where_code_writes_them() {
        let card = CARD as usize;
        for len in [1, card, card + 1, 9 * card + 3] {
            let mut elements = Elements::new(len, 0, true).unwrap();
            assert!(written(&mut elements).is_empty());
            for place in [0, len / 2, len - 1] {
                // SAFETY: what code does, at an element that is there.
                unsafe { elements.base().cast::<u8>().sub(1 + place / card).write(1) };
                let found = written(&mut elements);
                assert!(found.contains(&place) && found.len() <= card, "{place} of {len}");
                elements.forget_written();
                elements.mark(place..place + 1);
                assert_eq!(written(&mut elements), found);
                elements.forget_written();
            }
        }
    }

    #[test]
    fn elements_keep_their_values_and_cards_when_they_move() {
        let mut elements = Elements::new(2, 0, true).unwrap();
        for len in [3, 700, 5000, 40_000] {
            let value = len as u64;
            elements.forget_written();
            let old = elements.len();
            elements.try_reserve(len - old).unwrap();
            elements.resize(len, value);
            assert!(elements.as_slice()[old..].iter().all(|it| *it == value));
            let found = written(&mut elements);
            assert!(found.is_sorted() && found.ends_with(&Vec::from_iter(old..len)));
        }
        assert_eq!(elements.as_slice()[1..4], [0, 3, 700]);
        elements.reset(2, 0, 100);
        assert_eq!(elements.as_slice(), [0, 0]);
        assert!(written(&mut elements).is_empty());
    }
}
