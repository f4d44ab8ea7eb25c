//! Which machine code comes from which part of a function.

use std::ops::Range;

use gimli::Result;

use super::Code;
use crate::budget::Budget;

/// The machine code of a function, by where in the module it comes from.
pub(super) struct Addresses {
    /// Where each piece comes from, and its addresses; sorted by the former.
    pieces: Vec<(u64, Range<u64>)>,
    /// Where the function starts in the module.
    start: Option<u64>,
    /// The addresses at which all that is kept is in its place, in order.
    kept: Vec<Range<u64>>,
    /// Those of them at which the frame of the source is there as well.
    body: Vec<Range<u64>>,
    /// Whether it is known from where on that frame is there.
    knows_body: bool,
}

impl Addresses {
    /// `prologue_end` is where the statements of the source begin in the module, if that is known.
    pub(super) fn of(code: &Code<'_>, prologue_end: Option<u64>) -> Self {
        // In order of addresses.
        let mut all: Vec<(Option<u64>, Range<u64>)> = Vec::with_capacity(code.places.len());
        let end = code.address.saturating_add(code.len);
        for &(offset, place) in &code.places {
            let at = code.address.saturating_add(offset);
            if let Some((_, last)) = all.last_mut() {
                // In a damaged artifact the addresses may be out of order.
                if at < last.start || offset >= code.len {
                    continue;
                }
                last.end = at;
            } else if offset >= code.len {
                continue;
            }
            all.push((place, at..end));
        }
        all.retain(|(_, code)| code.start < code.end);
        // What enters the function puts what is kept into its place. It is the first piece, and
        // what comes from no instruction but from the function's start: some of that may stand
        // behind everything else, since it seldom runs.
        let start = all.iter().find_map(|(place, _)| *place);
        let runs_later = |place: u64| Some(place) != start;
        let is_body = |place: u64| runs_later(place) && prologue_end.is_none_or(|end| place >= end);
        let rest = all.get(1..).unwrap_or_default();
        let kept = part_of(rest, runs_later);
        let body = part_of(rest, is_body);
        let pieces = all.into_iter().filter_map(|(place, code)| Some((place?, code)));
        let mut pieces: Vec<_> = pieces.collect();
        pieces.sort_unstable_by_key(|(place, code)| (*place, code.start));
        Self { pieces, start, kept, body, knows_body: prologue_end.is_some() }
    }

    /// The machine code that runs after what is kept is in its place.
    pub(super) fn kept(&self) -> &[Range<u64>] {
        &self.kept
    }

    /// The machine code that comes after the prologue.
    pub(super) fn body(&self) -> &[Range<u64>] {
        &self.body
    }

    /// Whether the module says where the prologue ends, before which the frame of the source may
    /// not be there.
    pub(super) fn knows_body(&self) -> bool {
        self.knows_body
    }

    /// The machine code that comes from a part of the module and for which all that is kept is in
    /// its place.
    pub(super) fn find_kept(
        &self,
        from: Range<u64>,
        budget: &mut Budget,
    ) -> Result<Vec<Range<u64>>> {
        let after = self.start.map_or(0, |start| start.saturating_add(1));
        let mut found = Vec::new();
        if let Some(start) = self.start.filter(|start| from.start < *start) {
            found = self.find(from.start..start.min(from.end), budget)?;
        }
        found.extend(self.find(from.start.max(after)..from.end, budget)?);
        found.sort_unstable_by_key(|code| code.start);
        merge(&mut found);
        Ok(found)
    }

    /// The machine code that comes from a part of the module, in order, and as few ranges as can
    /// be.
    pub(super) fn find(&self, from: Range<u64>, budget: &mut Budget) -> Result<Vec<Range<u64>>> {
        let start = self.pieces.partition_point(|(place, _)| *place < from.start);
        // Where the end is before the start, there is nothing between them.
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

/// The pieces that come from certain places, as few ranges as can be. What comes from no place is
/// taken to be like what is before it.
fn part_of(
    pieces: &[(Option<u64>, Range<u64>)],
    mut is_part: impl FnMut(u64) -> bool,
) -> Vec<Range<u64>> {
    let mut was_part = false;
    let mut found: Vec<Range<u64>> = Vec::new();
    for (place, code) in pieces {
        was_part = place.map_or(was_part, &mut is_part);
        if was_part {
            found.push(code.clone());
        }
    }
    merge(&mut found);
    found
}
