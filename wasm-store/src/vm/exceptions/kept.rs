//! Exceptions that handlers of the older kind may throw again.
//!
//! Each is kept for a handler of a frame. Nobody says when a handler is left, or a frame. But
//! frames are on a stack: what was kept for a frame below the one that keeps another is over, as is
//! what was kept in the same frame for handlers that are not around the one at hand. So the list is
//! never longer than there are frames on the stack, with the handlers that each of them is in. It
//! may take as much memory as the stack does: what is kept could be in the frames as well.

use std::ptr::NonNull;

use super::super::stack::StackBounds;
use super::super::tag::VmTag;
use super::super::value::ValRaw;

/// The exceptions of a store. Frames are on one stack or another: each has a list of its own.
#[derive(Debug, Default)]
pub(super) struct KeptOnStacks(Vec<(usize, Kept)>);

impl KeptOnStacks {
    /// Those that are kept for frames on a stack.
    pub(super) fn on(&mut self, stack: StackBounds) -> &mut Kept {
        let place = match self.0.iter().position(|(bottom, _)| *bottom == stack.bottom) {
            Some(place) => place,
            None => {
                self.0.push((stack.bottom, Kept::default()));
                self.0.len() - 1
            }
        };
        &mut self.0[place].1
    }

    /// Nothing is on a stack any more.
    pub(super) fn forget(&mut self, stack: StackBounds) {
        self.0.retain(|(bottom, _)| *bottom != stack.bottom);
    }

    /// Calls a function with each exception's tag and values.
    pub(super) fn trace(&mut self, mut each: impl FnMut(NonNull<VmTag>, &mut [ValRaw])) {
        for (_, kept) in &mut self.0 {
            kept.trace(&mut each);
        }
    }
}

/// Those of one stack, of outer frames first.
#[derive(Debug, Default)]
pub(super) struct Kept {
    list: Vec<One>,
    /// The values of all.
    values: Vec<ValRaw>,
}

#[derive(Clone, Copy, Debug)]
struct One {
    /// The frame pointer.
    frame: usize,
    /// How many handlers of the frame are around this one.
    depth: u32,
    tag: NonNull<VmTag>,
    /// Where its values start.
    start: usize,
}

impl Kept {
    /// Keeps an exception; false if all would take more than `most` bytes then.
    pub(super) fn keep(
        &mut self,
        (frame, depth): (usize, u32),
        tag: NonNull<VmTag>,
        values: &[ValRaw],
        most: usize,
    ) -> bool {
        self.end(|one| one.frame < frame || one.frame == frame && one.depth >= depth);
        let bytes = (self.list.len() + 1) * size_of::<One>()
            + (self.values.len() + values.len()) * size_of::<ValRaw>();
        if bytes > most {
            return false;
        }
        self.list.push(One { frame, depth, tag, start: self.values.len() });
        self.values.extend_from_slice(values);
        true
    }

    /// The tag of an exception, whose values are copied to `values`. It stays here, as do those of
    /// the handlers within its own: what is thrown again may be caught in any of them.
    pub(super) fn take(
        &mut self,
        frame: usize,
        depth: u32,
        values: &mut Vec<ValRaw>,
    ) -> Option<NonNull<VmTag>> {
        self.end(|one| one.frame < frame);
        let after = self.list.partition_point(|one| one.frame > frame || one.depth <= depth);
        let one = *self.list[..after].last()?;
        if (one.frame, one.depth) != (frame, depth) {
            return None;
        }
        let end = self.list.get(after).map_or(self.values.len(), |next| next.start);
        values.clear();
        values.extend_from_slice(&self.values[one.start..end]);
        Some(one.tag)
    }

    /// Calls a function with each exception's tag and values.
    fn trace(&mut self, mut each: impl FnMut(NonNull<VmTag>, &mut [ValRaw])) {
        let mut end = self.values.len();
        for one in self.list.iter().rev() {
            each(one.tag, &mut self.values[one.start..end]);
            end = one.start;
        }
    }

    /// Forgets what is over, from the last one on.
    fn end(&mut self, is_over: impl Fn(&One) -> bool) {
        while let Some(one) = self.list.pop_if(|one| is_over(one)) {
            self.values.truncate(one.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(numbers: &[u64]) -> Vec<ValRaw> {
        numbers.iter().map(|number| ValRaw::from_u64(*number)).collect()
    }

    fn take(kept: &mut Kept, frame: usize, depth: u32) -> Option<(usize, Vec<u128>)> {
        let mut found = Vec::new();
        let tag = kept.take(frame, depth, &mut found)?;
        #[allow(unsafe_code, reason = "reads the field that covers all of the union")]
        // SAFETY: every bit pattern is a value.
        let found = found.iter().map(|value| unsafe { value.v128 }).collect();
        Some((tag.addr().get(), found))
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let tag = |number: usize| NonNull::without_provenance(number.try_into().unwrap());
        let mut kept = Kept::default();
        assert!(kept.keep((1000, 0), tag(8), &values(&[1, 2]), usize::MAX));
        assert!(kept.keep((1000, 1), tag(16), &values(&[3]), usize::MAX));
        assert!(kept.keep((900, 0), tag(24), &values(&[]), usize::MAX));
        assert_eq!(take(&mut kept, 900, 0), Some((24, vec![])));
        assert_eq!(take(&mut kept, 900, 0), Some((24, vec![])));
        // The inner frame is over, and its place is another frame's.
        assert_eq!(take(&mut kept, 1000, 1), Some((16, vec![3])));
        assert_eq!(take(&mut kept, 900, 0), None);
        assert_eq!(take(&mut kept, 1000, 0), Some((8, vec![1, 2])));
        // The outer one was thrown within the inner handler, and may have been caught there.
        assert_eq!(take(&mut kept, 1000, 1), Some((16, vec![3])));
        // A loop enters a handler again and again.
        for number in 0..1000 {
            assert!(kept.keep((1000, 1), tag(8), &values(&[number, number]), 2 * (32 + 32)));
        }
        assert_eq!((kept.list.len(), kept.values.len()), (2, 4));
        assert_eq!(take(&mut kept, 1000, 1), Some((8, vec![999, 999])));
        // What is over does not count, all else does.
        assert!(!kept.keep((1000, 1), tag(8), &values(&[1, 2, 3]), 2 * (32 + 32)));
        assert!(!kept.keep((900, 0), tag(8), &values(&[1, 2, 3]), 2 * (32 + 32)));
        assert_eq!(take(&mut kept, 1000, 0), Some((8, vec![1, 2])));
    }
}
