//! What a store knows of components: its instances, and who holds which resource.
//!
//! It is an attachment of the store. What does not change after instantiation is not here but in
//! [`InstanceData`], which those who need it share.

mod host_table;
mod scopes;

use std::any::Any;
use std::sync::Arc;

use wasm_store::{AsContextMut, NumericFunc, Result, StoreContextMut, bail};

pub(crate) use host_table::HostIndex;

use crate::handles::{HandleCounter, HandleTable, Kind, Removed};
use crate::instance::InstanceData;
use crate::trap::cannot_enter;
use host_table::HostTable;
use scopes::Scopes;

/// How much a call may copy out of a guest, unless it is set otherwise.
const DEFAULT_HOSTCALL_FUEL: usize = 128 << 20;

/// A table of handles of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Table {
    /// That of the host.
    Host,
    /// That of a component instance, by its number in the store.
    Guest(usize),
}

/// What runs when a resource is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destructor {
    pub(crate) func: NumericFunc,
    /// The root instance whose code it is, unless it is the host's.
    pub(crate) root: Option<usize>,
}

/// The state of components in a store.
pub(crate) struct ComponentState {
    pub(crate) roots: Vec<Root>,
    pub(crate) resources: Resources,
    /// How many bytes a call may copy from a guest to the host.
    pub(crate) hostcall_fuel: usize,
    /// Whether lists of numbers come as [`NumberList`](crate::NumberList)s.
    pub(crate) number_lists: bool,
}

impl Default for ComponentState {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            resources: Resources::default(),
            hostcall_fuel: DEFAULT_HOSTCALL_FUEL,
            number_lists: false,
        }
    }
}

/// An instance that the host has made, with all the component instances in it.
pub(crate) struct Root {
    data: Arc<InstanceData>,
    /// The same, for a call to take without counting. It is gone while a call has it.
    lease: Option<Arc<InstanceData>>,
    /// Whether a call of the host is in it.
    entered: bool,
    /// Whether it has trapped: then it can't be entered any more.
    trapped: bool,
    /// What it was made of, whose type is that of the store's data.
    linked: Option<Linked>,
}

/// What an instance was made of.
pub(crate) type Linked = Arc<dyn Any + Send + Sync>;

impl ComponentState {
    /// The number that the next instance gets, and that of its first table.
    pub(crate) fn next_root(&self) -> (usize, usize) {
        (self.roots.len(), self.resources.tables.len())
    }

    /// Adds an instance, with the tables of its component instances.
    pub(crate) fn add_root(&mut self, data: Arc<InstanceData>) {
        self.resources.tables.resize_with(data.tables().end, HandleTable::default);
        let lease = Some(Arc::clone(&data));
        self.roots.push(Root { data, lease, entered: false, trapped: false, linked: None });
    }

    /// Says what an instance was made of.
    pub(crate) fn set_linked(&mut self, number: usize, linked: Linked) {
        if let Some(root) = self.roots.get_mut(number) {
            root.linked = Some(linked);
        }
    }

    /// What an instance was made of.
    pub(crate) fn linked(&self, number: usize) -> Option<&Linked> {
        self.roots.get(number)?.linked.as_ref()
    }

    /// What is known of an instance. `None` if it is of another store.
    pub(crate) fn root(&self, number: usize, id: u64) -> Option<&Arc<InstanceData>> {
        self.roots.get(number).map(|root| &root.data).filter(|data| data.id() == id)
    }

    /// Begins a call of the host.
    ///
    /// # Errors
    ///
    /// If there is one, or the last one trapped.
    #[inline]
    pub(crate) fn enter(&mut self, number: usize, id: u64) -> Result<Arc<InstanceData>> {
        let root = match self.roots.get_mut(number) {
            Some(root) if root.data.id() == id => root,
            _ => wrong_store(),
        };
        if root.entered | root.trapped {
            return Err(cannot_enter());
        }
        root.entered = true;
        Ok(root.lease.take().unwrap_or_else(|| Arc::clone(&root.data)))
    }

    /// Ends a call.
    #[inline]
    pub(crate) fn leave(&mut self, data: Arc<InstanceData>) {
        if let Some(root) = self.roots.get_mut(data.root()) {
            root.entered = false;
            root.lease = Some(data);
        }
    }

    /// Marks an instance as one that can't be entered any more, as it has trapped.
    #[cold]
    pub(crate) fn poison(&mut self, number: usize) {
        if let Some(root) = self.roots.get_mut(number) {
            root.trapped = true;
        }
    }

    /// Begins a destructor that the host calls.
    pub(crate) fn enter_for_drop(&mut self, number: usize) -> Result<()> {
        match self.roots.get_mut(number) {
            Some(root) if !root.entered && !root.trapped => {
                root.entered = true;
                Ok(())
            }
            _ => Err(cannot_enter()),
        }
    }

    /// Ends a destructor that did not trap.
    pub(crate) fn leave_after_drop(&mut self, number: usize) {
        if let Some(root) = self.roots.get_mut(number) {
            root.entered = false;
        }
    }
}

/// Panics: an item was used with a store that is not its own, as all items of a store do.
#[cold]
#[inline(never)]
pub(crate) fn wrong_store() -> ! {
    panic!("object used with the wrong store")
}

/// Who holds which resource.
#[derive(Default)]
pub(crate) struct Resources {
    pub(crate) counter: HandleCounter,
    host: HostTable,
    tables: Vec<HandleTable>,
    scopes: Scopes,
}

impl Resources {
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

    /// Begins a call that resources may be lent to.
    pub(crate) fn enter_call(&mut self) {
        self.scopes.enter();
    }

    /// Ends the call that was begun last: what was lent to it is given back.
    ///
    /// # Errors
    ///
    /// If it still has borrows.
    pub(crate) fn exit_call(&mut self) -> Result<()> {
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

    /// Gives up calls, but for that many.
    #[cold]
    pub(crate) fn unwind_calls(&mut self, depth: usize) {
        while self.scopes.depth() > depth {
            for (table, index) in self.scopes.abandon() {
                if let Ok((handles, counter)) = self.table(table) {
                    // What is lent no longer was taken back already.
                    let _ = handles.end_lend(counter, index);
                }
            }
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
        let rep = self.lift_own(Table::Host, index, Kind::Host)?;
        self.host.has_removed();
        Ok(rep)
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
        self.host.has_removed();
        Ok(dropped.map(|rep| (rep, self.host.destructor(index))))
    }
}

/// The state of components in a store.
#[inline]
pub(crate) fn state<'a, T: 'static>(
    store: &'a mut StoreContextMut<'_, T>,
) -> &'a mut ComponentState {
    store.attachment::<ComponentState>()
}

/// Settings of a store that are about components.
pub trait ComponentStoreExt: AsContextMut {
    /// Sets how many bytes a call may copy from a guest to the host, lists and strings with
    /// everything in them: a guest can't have the host allocate more. A call that needs more fails.
    ///
    /// Default: 128 MiB.
    fn set_hostcall_fuel(&mut self, fuel: usize) {
        state(&mut self.as_context_mut()).hostcall_fuel = fuel;
    }

    /// How many bytes a call may copy from a guest to the host.
    fn hostcall_fuel(&mut self) -> usize {
        state(&mut self.as_context_mut()).hostcall_fuel
    }

    /// Sets whether lists of numbers come from guests as [`Val::NumberList`](crate::Val), without a
    /// value for each.
    ///
    /// Default: no, they are lists of values as Wasmtime's.
    fn set_number_lists(&mut self, on: bool) {
        state(&mut self.as_context_mut()).number_lists = on;
    }

    /// Sets how many handles of resources there may be at a time, in all tables together: guests
    /// can't have the host keep more.
    ///
    /// Default: 100,000.
    fn set_component_handle_limit(&mut self, limit: usize) {
        state(&mut self.as_context_mut()).resources.counter.limit = limit;
    }
}

impl<S: AsContextMut> ComponentStoreExt for S {}
