//! Which machine code comes from which part of a function.

use std::ops::Range;

use gimli::Result;

use super::Code;
use crate::budget::Budget;

/// The machine code of a function, by where in the module it comes from.
pub(super) struct Addresses {
    /// Where each piece comes from, and its addresses; sorted by the former.
    pieces: Vec<(u64, Range<u64>)>,
    /// From where on all that is kept is in its place.
    kept: u64,
    /// The addresses from the first one on at which the frame of the source is there as well.
    body: Range<u64>,
}

impl Addresses {
    /// `prologue_end` is where the statements of the source begin in the module, if that is known.
    pub(super) fn of(code: &Code<'_>, prologue_end: Option<u64>) -> Self {
        let mut pieces: Vec<(u64, Range<u64>)> = Vec::with_capacity(code.places.len());
        let end = code.address.saturating_add(code.len);
        let mut last: Option<(u64, u64)> = None;
        let mut close = |last: Option<(u64, u64)>, at: u64| {
            if let Some((place, start)) = last.filter(|(_, start)| *start < at) {
                pieces.push((place, start..at));
            }
        };
        let mut before = None;
        let (mut kept, mut body) = (None, None);
        for &(offset, place) in &code.places {
            // In a damaged artifact the addresses may be out of order.
            if offset >= code.len || before.is_some_and(|before| offset < before) {
                continue;
            }
            let at = code.address.saturating_add(offset);
            close(last.take(), at);
            last = place.map(|place| (place, at));
            let is_first = before.is_none();
            before = Some(offset);
            // The first piece has the prologue, and puts what is kept into its place.
            let is_body = match (place, prologue_end) {
                (Some(place), Some(from)) => place >= from,
                _ => true,
            };
            if !is_first {
                kept = kept.or(Some(at));
                body = body.or(Some(at).filter(|_| is_body));
            }
        }
        close(last, end);
        pieces.sort_unstable_by_key(|(place, code)| (*place, code.start));
        Self { pieces, kept: kept.unwrap_or(end), body: body.unwrap_or(end)..end }
    }

    /// All that comes after the prologue.
    pub(super) fn body(&self) -> Range<u64> {
        self.body.clone()
    }

    /// The machine code that comes from a part of the module and for which all that is kept is in
    /// its place.
    pub(super) fn find_kept(
        &self,
        from: Range<u64>,
        budget: &mut Budget,
    ) -> Result<Vec<Range<u64>>> {
        let mut found = self.find(from, budget)?;
        found.iter_mut().for_each(|code| code.start = code.start.max(self.kept));
        found.retain(|code| code.start < code.end);
        Ok(found)
    }

    /// The machine code that comes from a part of the module, in order, and as few ranges as can
    /// be.
    pub(super) fn find(&self, from: Range<u64>, budget: &mut Budget) -> Result<Vec<Range<u64>>> {
        let start = self.pieces.partition_point(|(place, _)| *place < from.start);
        let end = self.pieces.partition_point(|(place, _)| *place < from.end);
        let pieces = self.pieces.get(start..end).unwrap_or_default();
        budget.take(pieces.len())?;
        let mut found: Vec<Range<u64>> = pieces.iter().map(|(_, code)| code.clone()).collect();
        found.sort_unstable_by_key(|code| code.start);
        merge(&mut found);
        Ok(found)
    }
}

/// Makes one of ranges that follow each other. They are sorted.
pub(super) fn merge(ranges: &mut Vec<Range<u64>>) {
    ranges.dedup_by(|next, last| {
        let follows = next.start <= last.end;
        if follows {
            last.end = last.end.max(next.end);
        }
        follows
    });
}
