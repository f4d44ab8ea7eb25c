//! Calls that resources are lent to: each has to drop its borrows before it ends, and what was lent
//! to it is given back then.

use wasm_store::{Result, bail, format_err};

use crate::handles::Table;

/// The calls that are running, the innermost last.
#[derive(Default)]
pub(super) struct Scopes {
    running: Vec<Scope>,
    /// The number of the next call. Numbers are not used again soon, so that a borrow that a trap
    /// has left behind counts for nobody.
    next: u32,
    /// A list that was used before, so that most calls allocate nothing.
    spare: Vec<(Table, u32)>,
}

struct Scope {
    number: u32,
    /// The root instance whose code lends, or that something is lent to by the host.
    root: usize,
    borrows: u32,
    /// The handles of owners that were lent.
    lenders: Vec<(Table, u32)>,
}

impl Scopes {
    pub(super) fn enter(&mut self, root: usize) {
        let number = self.next;
        self.next = number.wrapping_add(1);
        let lenders = std::mem::take(&mut self.spare);
        self.running.push(Scope { number, root, borrows: 0, lenders });
    }

    /// How many calls there are up to the innermost one of a root instance. When an instance ends
    /// a call, those inside of it did not come to their ends: their instances have trapped, a host
    /// function has panicked in them, or they waited and nobody waits for them any more.
    ///
    /// # Errors
    ///
    /// If there is none of the instance.
    pub(super) fn depth_of(&self, root: usize) -> Result<usize> {
        let place = self.running.iter().rposition(|scope| scope.root == root);
        place.map(|place| place + 1).ok_or_else(|| format_err!("no call is running that could end"))
    }

    pub(super) fn depth(&self) -> usize {
        self.running.len()
    }

    fn current(&mut self) -> Result<&mut Scope> {
        self.running.last_mut().ok_or_else(|| format_err!("no call is running to lend to"))
    }

    /// Counts a borrow, and returns the number of the call that has to drop it.
    pub(super) fn add_borrow(&mut self) -> Result<u32> {
        let scope = self.current()?;
        let Some(borrows) = scope.borrows.checked_add(1) else {
            bail!("too many borrows in one call");
        };
        scope.borrows = borrows;
        Ok(scope.number)
    }

    /// A borrow was dropped. That of a call that is over, which a trap has left behind, counts for
    /// none.
    pub(super) fn end_borrow(&mut self, number: u32) {
        let scope = self.running.iter_mut().rev().find(|scope| scope.number == number);
        if let Some(scope) = scope {
            scope.borrows = scope.borrows.saturating_sub(1);
        }
    }

    pub(super) fn add_lender(&mut self, table: Table, index: u32) -> Result<()> {
        self.current()?.lenders.push((table, index));
        Ok(())
    }

    /// Ends the innermost call, and returns what was lent to it.
    pub(super) fn exit(&mut self) -> Result<impl Iterator<Item = (Table, u32)> + use<>> {
        if self.current()?.borrows > 0 {
            bail!("borrow handles still remain at the end of the call");
        }
        Ok(self.abandon())
    }

    /// The number of the innermost call, if there are borrows that it did not drop.
    pub(super) fn with_borrows(&self) -> Option<u32> {
        self.running.last().filter(|scope| scope.borrows > 0).map(|scope| scope.number)
    }

    /// Ends the innermost call, whatever it still has, and returns what was lent to it.
    pub(super) fn abandon(&mut self) -> impl Iterator<Item = (Table, u32)> + use<> {
        let lenders = self.running.pop().map(|scope| scope.lenders).unwrap_or_default();
        if lenders.is_empty() {
            self.spare = lenders;
            return Vec::new().into_iter();
        }
        lenders.into_iter()
    }
}
