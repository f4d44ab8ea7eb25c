//! The walk over an error and its causes.

use std::error::Error as StdError;

/// An error and its causes, from the outermost to the first: see
/// [`Error::chain`](super::Error::chain).
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    next: Option<&'a (dyn StdError + 'static)>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(first: &'a (dyn StdError + 'static)) -> Self {
        Self { next: Some(first) }
    }
}

impl<'a> Iterator for Chain<'a> {
    type Item = &'a (dyn StdError + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        let error = self.next?;
        self.next = error.source();
        Some(error)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let mut len = 0;
        let mut next = self.next;
        while let Some(error) = next {
            len += 1;
            next = error.source();
        }
        (len, Some(len))
    }
}

impl ExactSizeIterator for Chain<'_> {}

impl std::iter::FusedIterator for Chain<'_> {}
