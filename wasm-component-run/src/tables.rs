//! Who holds which resource in a store: the tables of handles of the host and of each component
//! instance, and the calls that resources are lent to.

mod host;
mod scopes;

use wasm_store::{Result, bail};

pub(crate) use host::HostIndex;

use crate::handles::{HandleCounter, HandleTable, Kind, Removed, Table};
use crate::resource::Destructor;
use host::HostTable;
use scopes::Scopes;

/// Who holds which resource.
#[derive(Default)]
pub(crate) struct Resources {
    pub(crate) counter: HandleCounter,
    host: HostTable,
    tables: Vec<HandleTable>,
    scopes: Scopes,
}

impl Resources {
    /// How many tables of component instances there are.
    pub(crate) fn table_count(&self) -> usize {
        self.tables.len()
    }

    /// Adds tables, so that there are that many.
    pub(crate) fn add_tables(&mut self, count: usize) {
        self.tables.resize_with(count, HandleTable::default);
    }

    fn table(&mut self, table: Table) -> Result<(&mut HandleTable, &mut HandleCounter)> {
        let handles = match table {
            Table::Host => Some(&mut self.host.handles),
            Table::Guest(number) => self.tables.get_mut(number),
        };
        match handles {
            Some(handles) => Ok((handles, &mut self.counter)),
            None => bail!("unknown table of handles: {table:?}"),
        }
    }

    /// Adds an owner: `resource.new`, and lowering of an own.
    pub(crate) fn lower_own(&mut self, table: Table, rep: u32, kind: Kind) -> Result<u32> {
        let (handles, counter) = self.table(table)?;
        handles.add_own(counter, rep, kind)
    }

    /// Adds a borrow, which the current call has to drop.
    pub(crate) fn lower_borrow(&mut self, table: Table, rep: u32, kind: Kind) -> Result<u32> {
        let scope = self.scopes.add_borrow()?;
        let (handles, counter) = self.table(table)?;
        handles.add_borrow(counter, rep, kind, scope)
    }

    /// Takes an owner out of a table.
    pub(crate) fn lift_own(&mut self, table: Table, index: u32, kind: Kind) -> Result<u32> {
        let (handles, counter) = self.table(table)?;
        match handles.remove(counter, index, kind)? {
            Removed::Own(rep) => Ok(rep),
            Removed::Borrow { scope } => {
                self.scopes.end_borrow(scope);
                bail!("cannot lift own resource from a borrow")
            }
        }
    }

    /// Lends a resource to the current call.
    pub(crate) fn lift_borrow(&mut self, table: Table, index: u32, kind: Kind) -> Result<u32> {
        let (handles, counter) = self.table(table)?;
        let (rep, owned) = handles.lend(counter, index, kind)?;
        if owned {
            self.scopes.add_lender(table, index)?;
        }
        Ok(rep)
    }

    /// What a resource is to who has defined it: `resource.rep`.
    pub(crate) fn rep(&mut self, table: Table, index: u32, kind: Kind) -> Result<u32> {
        self.table(table)?.0.rep(index, kind)
    }

    /// Drops a handle: `resource.drop`. If it was the owner's, what it stands for is still to be
    /// destroyed.
    pub(crate) fn drop(&mut self, table: Table, index: u32, kind: Kind) -> Result<Option<u32>> {
        let (handles, counter) = self.table(table)?;
        match handles.remove(counter, index, kind)? {
            Removed::Own(rep) => Ok(Some(rep)),
            Removed::Borrow { scope } => {
                self.scopes.end_borrow(scope);
                Ok(None)
            }
        }
    }

    /// Begins a call from or to a root instance that resources may be lent to.
    pub(crate) fn enter_call(&mut self, root: usize) {
        self.scopes.enter(root);
    }

    /// Ends the call that the root instance has begun last: what was lent to it is given back. It
    /// is in one call of the host at most, so calls of others that are inside are over, whatever
    /// has ended them.
    ///
    /// # Errors
    ///
    /// If it still has borrows, or there is none.
    pub(crate) fn exit_call(&mut self, root: usize) -> Result<()> {
        let depth = self.scopes.depth_of(root)?;
        if depth < self.calls() {
            self.unwind_calls(depth);
        }
        let scope = self.scopes.exit()?;
        for (table, index) in scope {
            let (handles, counter) = self.table(table)?;
            handles.end_lend(counter, index)?;
        }
        Ok(())
    }

    /// How many calls there are that were begun. Those that are still there when a call fails are
    /// given up by [`unwind_calls`](Self::unwind_calls).
    pub(crate) fn calls(&self) -> usize {
        self.scopes.depth()
    }

    /// Gives up calls, but for that many: what was lent to them is given back.
    #[cold]
    pub(crate) fn unwind_calls(&mut self, depth: usize) {
        let mut borrowing = Vec::new();
        while self.scopes.depth() > depth {
            borrowing.extend(self.scopes.with_borrows());
            for (table, index) in self.scopes.abandon() {
                if let Ok((handles, counter)) = self.table(table) {
                    // What is lent no longer was taken back already.
                    let _ = handles.end_lend(counter, index);
                }
            }
        }
        if borrowing.is_empty() {
            return;
        }
        borrowing.sort_unstable();
        // Those of guests, too: an instance can still be entered if the call was refused for its
        // arguments, of which some were borrows.
        for handles in self.tables.iter_mut().chain([&mut self.host.handles]) {
            handles.remove_borrows(&mut self.counter, &borrowing);
        }
    }

    /// Forgets the handles of component instances: of an instance that could not be made.
    pub(crate) fn clear(&mut self, tables: std::ops::Range<usize>) {
        for handles in self.tables.get_mut(tables).into_iter().flatten() {
            handles.clear(&mut self.counter);
        }
    }

    /// Adds an owner to the table of the host.
    pub(crate) fn host_lower_own(
        &mut self,
        rep: u32,
        destructor: Option<Destructor>,
    ) -> Result<HostIndex> {
        let index = self.lower_own(Table::Host, rep, Kind::Host)?;
        Ok(self.host.describe(index, destructor))
    }

    /// Adds a borrow to the table of the host.
    pub(crate) fn host_lower_borrow(&mut self, rep: u32) -> Result<HostIndex> {
        let index = self.lower_borrow(Table::Host, rep, Kind::Host)?;
        Ok(self.host.describe(index, None))
    }

    /// Takes an owner out of the table of the host.
    pub(crate) fn host_lift_own(&mut self, index: HostIndex) -> Result<u32> {
        let index = self.host.check(index)?;
        self.lift_own(Table::Host, index, Kind::Host)
    }

    /// Lends a resource of the host's table to the current call.
    pub(crate) fn host_lift_borrow(&mut self, index: HostIndex) -> Result<u32> {
        let index = self.host.check(index)?;
        self.lift_borrow(Table::Host, index, Kind::Host)
    }

    /// What a resource in the host's table is to who has defined it.
    pub(crate) fn host_rep(&mut self, index: HostIndex) -> Result<u32> {
        let index = self.host.check(index)?;
        self.rep(Table::Host, index, Kind::Host)
    }

    /// Drops a handle of the host. If it was the owner's, what it stands for is still to be
    /// destroyed, by the destructor if there is one.
    pub(crate) fn host_drop(
        &mut self,
        index: HostIndex,
    ) -> Result<Option<(u32, Option<Destructor>)>> {
        let index = self.host.check(index)?;
        let dropped = self.drop(Table::Host, index, Kind::Host)?;
        Ok(dropped.map(|rep| (rep, self.host.destructor(index))))
    }
}
