//! Where fuel is taken: at as few places, and as rarely, as exactness allows.
//!
//! What was taken may run ahead of what was used, as long as it is known at each *point* of the
//! code by how much: the *lead*. At the [`GROUND`] it is zero: there others see the fuel. Between
//! two points lies a *piece* of code, which uses some fuel, or an *edge*, which uses none. A piece
//! takes what makes up for the difference, `lead(leave) + weight - lead(enter)`; it takes nothing
//! where that is zero.
//!
//! So leads can be chosen freely, and each tree of pieces and edges over the points can be had for
//! nothing: along it, leads follow from each other. The rarest places to take fuel at are what a
//! spanning tree of the most frequent pieces and edges leaves over. (D. E. Knuth and F. R.
//! Stevenson, "Optimal measurement points for program frequency counts", BIT 13, 1973, for
//! counters.)

/// A point of the code.
pub(super) type Point = usize;

/// The point where what was taken is exactly what was used.
pub(super) const GROUND: Point = 0;

/// Something that control passes through from one point to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    pub(super) enter: Point,
    pub(super) leave: Point,
    /// How much fuel is used on the way.
    pub(super) weight: i64,
    /// How often it is passed, and how dear it is to take fuel there.
    pub(super) price: f32,
}

/// Points whose leads depend on each other.
#[derive(Debug)]
pub(super) struct LeadSets {
    /// For each point another one, and by how much its lead is larger than that one's; itself for
    /// those that stand for a set.
    parents: Vec<(Point, i64)>,
}

impl LeadSets {
    pub(super) fn new() -> Self {
        Self { parents: vec![(GROUND, 0)] }
    }

    /// A further point.
    pub(super) fn point(&mut self) -> Point {
        self.parents.push((self.parents.len(), 0));
        self.parents.len() - 1
    }

    /// What stands for the set of a point, and by how much the point's lead is larger.
    fn find(&mut self, point: Point) -> (Point, i64) {
        let (mut root, mut total) = (point, 0);
        while self.parents[root].0 != root {
            total += self.parents[root].1;
            root = self.parents[root].0;
        }
        // Shorten the way for the next time.
        let (mut here, mut left) = (point, total);
        while self.parents[here].0 != root && here != root {
            let (next, step) = self.parents[here];
            self.parents[here] = (root, left);
            left -= step;
            here = next;
        }
        (root, total)
    }

    /// Ties the leads of two points: that at `b` is that at `a` plus `step`. `false` if earlier
    /// ties contradict that.
    pub(super) fn tie(&mut self, a: Point, b: Point, step: i64) -> bool {
        let (root_a, over_a) = self.find(a);
        let (root_b, over_b) = self.find(b);
        if root_a == root_b {
            return over_b == over_a + step;
        }
        // The ground stays what it is.
        if root_b == GROUND {
            self.parents[root_a] = (root_b, over_b - step - over_a);
        } else {
            self.parents[root_b] = (root_a, over_a + step - over_b);
        }
        true
    }

    /// How much fuel was taken ahead of its use. A point that is tied to nothing has no lead.
    pub(super) fn lead(&mut self, point: Point) -> i64 {
        self.find(point).1
    }

    /// How much is taken in a passage.
    pub(super) fn taken(&mut self, passage: &Passage) -> i64 {
        self.lead(passage.leave) + passage.weight - self.lead(passage.enter)
    }

    /// Chooses leads so that little is taken where control passes often.
    pub(super) fn choose(&mut self, passages: &[Passage]) {
        let mut order: Vec<&Passage> = passages.iter().collect();
        // The sort is stable, so that the outcome depends on nothing else.
        order.sort_by(|a, b| b.price.total_cmp(&a.price));
        for passage in order {
            self.tie(passage.enter, passage.leave, -passage.weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(enter: Point, leave: Point, weight: i64, price: f32) -> Passage {
        Passage { enter, leave, weight, price }
    }

    fn taken(leads: &mut LeadSets, passages: &[Passage]) -> Vec<i64> {
        leads.choose(passages);
        passages.iter().map(|passage| leads.taken(passage)).collect()
    }

    #[test]
    fn straight_code_takes_once() {
        let mut leads = LeadSets::new();
        let (a, b) = (leads.point(), leads.point());
        let passages =
            [passage(GROUND, a, 3, 1.0), passage(a, b, 4, 1.0), passage(b, GROUND, 5, 1.0)];
        let taken = taken(&mut leads, &passages);
        assert_eq!(taken.iter().filter(|taken| **taken != 0).count(), 1);
        assert_eq!(taken.iter().sum::<i64>(), 12);
    }

    #[test]
    fn two_ways_take_with_what_is_before_and_after_them() {
        let mut leads = LeadSets::new();
        let (fork, join) = (leads.point(), leads.point());
        let passages = [
            passage(GROUND, fork, 2, 1.0),
            passage(fork, join, 10, 0.7),
            passage(fork, join, 4, 0.3),
            passage(join, GROUND, 1, 1.0),
        ];
        assert_eq!(taken(&mut leads, &passages), [0, 13, 7, 0]);
    }

    #[test]
    fn a_way_that_is_hardly_gone_takes_the_difference() {
        let mut leads = LeadSets::new();
        let (fork, join) = (leads.point(), leads.point());
        let passages = [
            passage(GROUND, fork, 2, 0.6),
            passage(fork, join, 10, 0.999),
            passage(fork, join, 4, 0.001),
            passage(join, GROUND, 1, 1.0),
        ];
        assert_eq!(taken(&mut leads, &passages), [13, 0, -6, 0]);
    }

    #[test]
    fn a_loop_takes_once_and_its_exits_give_back() {
        let mut leads = LeadSets::new();
        // A head that leaves the loop or goes on, and the rest of the loop.
        let (fork, after) = (leads.point(), leads.point());
        let body = leads.point();
        let passages = [
            passage(GROUND, fork, 2, 8.0),
            passage(fork, body, 0, 7.0),
            passage(body, GROUND, 7, 7.0),
            passage(fork, after, 0, 1.0),
            passage(after, GROUND, 1, 1.0),
        ];
        let taken = taken(&mut leads, &passages);
        assert_eq!(taken[0], 0);
        assert_eq!(taken[1..3].iter().filter(|taken| **taken != 0).count(), 1);
        assert_eq!(taken[0] + taken[1] + taken[2], 9);
        assert_eq!(taken[0] + taken[3] + taken[4], 3);
    }

    #[test]
    fn code_that_ends_nowhere_takes_nothing() {
        let mut leads = LeadSets::new();
        let nowhere = leads.point();
        assert_eq!(taken(&mut leads, &[passage(GROUND, nowhere, 5, 1.0)]), [0]);
        assert_eq!(leads.lead(nowhere), -5);
    }

    #[test]
    fn whatever_the_way_it_takes_what_it_uses() {
        // A few hundred graphs, made by a generator of numbers that needs no crate.
        let mut state = 1_u64;
        let mut any = move |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize % limit
        };
        for _ in 0..300 {
            let mut leads = LeadSets::new();
            let points = 2 + any(12);
            (1..points).for_each(|_| _ = leads.point());
            let passages: Vec<Passage> = (0..3 + any(40))
                .map(|_| passage(any(points), any(points), any(100) as i64, any(9) as f32))
                .collect();
            let taken = taken(&mut leads, &passages);
            // What is tied is a forest that reaches as far as the passages do.
            let mut reach = LeadSets::new();
            (1..points).for_each(|_| _ = reach.point());
            let forest = passages
                .iter()
                .filter(|passage| {
                    let ends = (reach.find(passage.enter).0, reach.find(passage.leave).0);
                    reach.tie(passage.enter, passage.leave, 0);
                    ends.0 != ends.1
                })
                .count();
            let left = taken.iter().filter(|taken| **taken != 0).count();
            assert!(left <= passages.len() - forest);
            for _ in 0..20 {
                let (mut here, mut used, mut paid) = (GROUND, 0, 0);
                for _ in 0..50 {
                    let next: Vec<usize> =
                        (0..passages.len()).filter(|p| passages[*p].enter == here).collect();
                    let Some(&step) = next.get(any(next.len().max(1))) else { break };
                    here = passages[step].leave;
                    used += passages[step].weight;
                    paid += taken[step];
                    assert_eq!(paid - used, leads.lead(here));
                }
            }
        }
    }
}
