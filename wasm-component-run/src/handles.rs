//! Tables of handles: what a component instance, or the host, knows resources by.
//!
//! The order in which indices are given out is part of the specification: from 1, and what was
//! freed last comes first.

use wasm_store::{ComponentLimits, Result, bail};

/// What may be the largest index: the specification's limit.
const MAX_HANDLE: u32 = 1 << 28;

/// The number of handles of a store, in all its tables.
#[derive(Debug)]
pub(crate) struct HandleCounter {
    live: usize,
    pub(crate) limit: usize,
}

impl Default for HandleCounter {
    fn default() -> Self {
        Self { live: 0, limit: ComponentLimits::DEFAULT.handles }
    }
}

/// A table of handles of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Table {
    /// That of the host.
    Host,
    /// That of a component instance, by its number in the store.
    Guest(usize),
}

/// What a handle stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// In the table of the host, where what is known of a resource is its handle.
    Host,
    /// In the table of a component instance: a resource of that number in its root instance.
    Guest(u32),
}

impl Kind {
    /// The kind in errors, as what was expected.
    fn expected(self) -> &'static str {
        match self {
            Kind::Host => "host resource",
            Kind::Guest(_) => "guest-defined resource",
        }
    }

    /// The kind in errors, as what was found in place of another.
    fn found(self, expected: Kind) -> &'static str {
        match (self, expected) {
            (Kind::Guest(_), Kind::Guest(_)) => "a different guest-defined resource",
            (kind, _) => kind.expected(),
        }
    }
}

/// A handle.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Free { next: u32 },
    Own { rep: u32, kind: Kind, lends: u32 },
    Borrow { rep: u32, kind: Kind, scope: u32 },
}

/// What was taken out of a table.
#[derive(Debug, PartialEq)]
pub(crate) enum Removed {
    /// The resource itself.
    Own(u32),
    /// A borrow of a call, which has one less now.
    Borrow { scope: u32 },
}

/// Handles by their index.
#[derive(Default, Debug)]
pub(crate) struct HandleTable {
    /// The place of the slot that the next handle gets.
    next: u32,
    slots: Vec<Slot>,
}

impl HandleTable {
    /// Adds the handle of an owner.
    pub(crate) fn add_own(
        &mut self,
        counter: &mut HandleCounter,
        rep: u32,
        kind: Kind,
    ) -> Result<u32> {
        self.add(counter, Slot::Own { rep, kind, lends: 0 })
    }

    /// Adds a borrow, which the call of that scope has to drop.
    pub(crate) fn add_borrow(
        &mut self,
        counter: &mut HandleCounter,
        rep: u32,
        kind: Kind,
        scope: u32,
    ) -> Result<u32> {
        self.add(counter, Slot::Borrow { rep, kind, scope })
    }

    fn add(&mut self, counter: &mut HandleCounter, slot: Slot) -> Result<u32> {
        let place = self.next;
        if place + 1 >= MAX_HANDLE {
            bail!("cannot allocate another handle: index overflow");
        }
        if counter.live >= counter.limit {
            bail!("cannot allocate another handle: store handle limit exceeded");
        }
        match self.slots.get_mut(place as usize) {
            Some(free) => {
                let Slot::Free { next } = *free else {
                    bail!("cannot allocate another handle: the table of handles is damaged");
                };
                *free = slot;
                self.next = next;
            }
            None => {
                self.slots.push(slot);
                self.next = place + 1;
            }
        }
        counter.live += 1;
        Ok(place + 1)
    }

    #[inline]
    fn slot(&mut self, index: u32) -> Result<&mut Slot> {
        let slot = index.checked_sub(1).and_then(|place| self.slots.get_mut(place as usize));
        match slot {
            None | Some(Slot::Free { .. }) => bail!("unknown handle index {index}"),
            Some(slot) => Ok(slot),
        }
    }

    /// What the resource is to who has defined it.
    pub(crate) fn rep(&mut self, index: u32, wanted: Kind) -> Result<u32> {
        match *self.slot(index)? {
            Slot::Own { rep, kind, .. } | Slot::Borrow { rep, kind, .. } => {
                check_kind(index, wanted, kind)?;
                Ok(rep)
            }
            Slot::Free { .. } => bail!("unknown handle index {index}"),
        }
    }

    /// Lends a resource, and says whether the handle was that of an owner: then the loan is to be
    /// ended when the call is over.
    pub(crate) fn lend(
        &mut self,
        counter: &mut HandleCounter,
        index: u32,
        wanted: Kind,
    ) -> Result<(u32, bool)> {
        match self.slot(index)? {
            Slot::Own { rep, kind, lends } => {
                check_kind(index, wanted, *kind)?;
                let Some(more) = lends.checked_add(1) else {
                    bail!("cannot lend resource: too many active lends");
                };
                // Each loan is remembered by the call that it is for, which takes room, too.
                if counter.live >= counter.limit {
                    bail!("cannot lend resource: store handle limit exceeded");
                }
                counter.live += 1;
                *lends = more;
                Ok((*rep, true))
            }
            Slot::Borrow { rep, kind, .. } => {
                check_kind(index, wanted, *kind)?;
                Ok((*rep, false))
            }
            Slot::Free { .. } => bail!("unknown handle index {index}"),
        }
    }

    /// Ends a loan.
    pub(crate) fn end_lend(&mut self, counter: &mut HandleCounter, index: u32) -> Result<()> {
        match self.slot(index)? {
            Slot::Own { lends, .. } if *lends > 0 => {
                *lends -= 1;
                counter.live -= 1;
                Ok(())
            }
            _ => bail!("index {index} is not an own resource"),
        }
    }

    /// Takes a handle out of the table.
    pub(crate) fn remove(
        &mut self,
        counter: &mut HandleCounter,
        index: u32,
        wanted: Kind,
    ) -> Result<Removed> {
        let next = self.next;
        let slot = self.slot(index)?;
        let removed = match *slot {
            Slot::Own { rep, kind, lends } => {
                check_kind(index, wanted, kind)?;
                if lends > 0 {
                    bail!("cannot remove owned resource while borrowed");
                }
                Removed::Own(rep)
            }
            Slot::Borrow { kind, scope, .. } => {
                check_kind(index, wanted, kind)?;
                Removed::Borrow { scope }
            }
            Slot::Free { .. } => bail!("unknown handle index {index}"),
        };
        *slot = Slot::Free { next };
        self.next = index - 1;
        counter.live -= 1;
        Ok(removed)
    }

    /// Takes the borrows of calls out of the table, which have been given up. Their numbers are in
    /// order.
    pub(crate) fn remove_borrows(&mut self, counter: &mut HandleCounter, of: &[u32]) {
        for (place, slot) in (0..).zip(&mut self.slots) {
            if matches!(slot, Slot::Borrow { scope, .. } if of.binary_search(scope).is_ok()) {
                *slot = Slot::Free { next: self.next };
                self.next = place;
                counter.live -= 1;
            }
        }
    }

    /// Forgets all handles: of an instance that is gone.
    pub(crate) fn clear(&mut self, counter: &mut HandleCounter) {
        for slot in self.slots.drain(..) {
            counter.live -= match slot {
                Slot::Free { .. } => 0,
                Slot::Own { lends, .. } => 1 + lends as usize,
                Slot::Borrow { .. } => 1,
            };
        }
        self.next = 0;
    }
}

#[inline]
fn check_kind(index: u32, wanted: Kind, found: Kind) -> Result<()> {
    if wanted == found { Ok(()) } else { wrong_kind(index, wanted, found) }
}

#[cold]
fn wrong_kind(index: u32, wanted: Kind, found: Kind) -> Result<()> {
    bail!(
        "handle index {index} used with the wrong type, expected {} but found {}",
        wanted.expected(),
        found.found(wanted)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn indices_start_at_one_and_the_last_free_one_comes_first() -> Result<()> {
        let (mut table, mut counter) = (HandleTable::default(), HandleCounter::default());
        let kind = Kind::Guest(0);
        for index in 1..4 {
            assert_eq!(table.add_own(&mut counter, 10 * index, kind)?, index);
        }
        assert_eq!(table.remove(&mut counter, 1, kind)?, Removed::Own(10));
        assert_eq!(table.remove(&mut counter, 3, kind)?, Removed::Own(30));
        assert_eq!(table.add_own(&mut counter, 40, kind)?, 3);
        assert_eq!(table.add_own(&mut counter, 50, kind)?, 1);
        assert_eq!(table.add_own(&mut counter, 60, kind)?, 4);
        assert_eq!(table.rep(3, kind)?, 40);
        Ok(())
    }

    #[test]
    fn what_is_wrong_with_a_handle_is_said() -> Result<()> {
        let (mut table, mut counter) = (HandleTable::default(), HandleCounter::default());
        let kind = Kind::Guest(0);
        for index in [0, 1, u32::MAX] {
            assert_eq!(text(table.rep(index, kind)), format!("unknown handle index {index}"));
        }
        let index = table.add_own(&mut counter, 7, kind)?;
        assert_eq!(
            text(table.remove(&mut counter, index, Kind::Guest(1))),
            "handle index 1 used with the wrong type, expected guest-defined resource but found a \
             different guest-defined resource"
        );
        assert_eq!(table.lend(&mut counter, index, kind)?, (7, true));
        assert_eq!(
            text(table.remove(&mut counter, index, kind)),
            "cannot remove owned resource while borrowed"
        );
        table.end_lend(&mut counter, index)?;
        table.remove(&mut counter, index, kind)?;
        assert_eq!(text(table.remove(&mut counter, index, kind)), "unknown handle index 1");
        Ok(())
    }

    #[test]
    fn borrows_of_a_call_are_taken_out() -> Result<()> {
        let (mut table, mut counter) = (HandleTable::default(), HandleCounter::default());
        let kind = Kind::Host;
        table.add_own(&mut counter, 1, kind)?;
        for (rep, scope) in [(2, 7), (3, 8), (4, 7)] {
            table.add_borrow(&mut counter, rep, kind, scope)?;
        }
        table.remove_borrows(&mut counter, &[7]);
        assert_eq!(counter.live, 2);
        assert_eq!((table.rep(1, kind)?, table.rep(3, kind)?), (1, 3));
        assert_eq!(text(table.rep(2, kind)), "unknown handle index 2");
        for index in [4, 2, 5] {
            assert_eq!(table.add_own(&mut counter, 9, kind)?, index);
        }
        Ok(())
    }

    #[test]
    fn a_store_has_a_limit() -> Result<()> {
        let mut table = HandleTable::default();
        let mut counter = HandleCounter { live: 0, limit: 2 };
        let kind = Kind::Guest(0);
        let index = table.add_own(&mut counter, 7, kind)?;
        table.lend(&mut counter, index, kind)?;
        assert!(table.add_own(&mut counter, 7, kind).is_err());
        assert!(table.lend(&mut counter, index, kind).is_err());
        table.clear(&mut counter);
        assert_eq!(counter.live, 0);
        Ok(())
    }
}
