//! Which positions of a memory or a table become one segment.

use std::ops::Range;

/// A range of positions with contents other than zero, and the memory or table that they are in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Run {
    /// The memory or the table.
    pub(super) of: usize,
    pub(super) places: Range<u64>,
}

/// Collects positions in order. If there are at most `gap` others between two positions, they share
/// a run.
pub(super) struct Runs {
    gap: u64,
    runs: Vec<Run>,
}

impl Runs {
    pub(super) fn new(gap: u64) -> Self {
        Self { gap, runs: Vec::new() }
    }

    /// Adds a position, which must be after all others of its memory or table.
    pub(super) fn add(&mut self, of: usize, place: u64) {
        match self.runs.last_mut() {
            Some(last) if last.of == of && place - last.places.end <= self.gap => {
                last.places.end = place + 1;
            }
            _ => self.runs.push(Run { of, places: place..place + 1 }),
        }
    }

    /// The runs, if possible at most `room` of them: as many as necessary are merged, starting with
    /// the smallest gaps.
    pub(super) fn finish(self, room: usize) -> Vec<Run> {
        let excess = self.runs.len().saturating_sub(room);
        if excess == 0 {
            return self.runs;
        }
        let mut gaps: Vec<(u64, usize)> = self
            .runs
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0].of == pair[1].of)
            .map(|(index, pair)| (pair[1].places.start - pair[0].places.end, index + 1))
            .collect();
        gaps.sort_unstable();
        let mut joins = vec![false; self.runs.len()];
        for (_, index) in gaps.into_iter().take(excess) {
            joins[index] = true;
        }
        let mut joined: Vec<Run> = Vec::with_capacity(room);
        for (run, joins) in self.runs.into_iter().zip(joins) {
            match joined.last_mut() {
                Some(last) if joins => last.places.end = run.places.end,
                _ => joined.push(run),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, Runs};

    fn runs(room: usize) -> Vec<(usize, u64, u64)> {
        let mut runs = Runs::new(1);
        for place in [0, 1, 3, 10, 30, 34] {
            runs.add(0, place);
        }
        runs.add(1, 35);
        let numbers = |Run { of, places }: Run| (of, places.start, places.end);
        runs.finish(room).into_iter().map(numbers).collect()
    }

    #[test]
    fn near_places_are_one_run() {
        assert_eq!(runs(100), [(0, 0, 4), (0, 10, 11), (0, 30, 31), (0, 34, 35), (1, 35, 36)]);
    }

    #[test]
    fn the_smallest_gaps_go_first() {
        assert_eq!(runs(4), [(0, 0, 4), (0, 10, 11), (0, 30, 35), (1, 35, 36)]);
        assert_eq!(runs(3), [(0, 0, 11), (0, 30, 35), (1, 35, 36)]);
        assert_eq!(runs(1), [(0, 0, 35), (1, 35, 36)], "memories can't be put together");
    }
}
