//! What a store knows of components: its instances, and who holds which resource.
//!
//! It is an attachment of the store. What does not change after instantiation is not here but in
//! [`InstanceData`], which those who need it share.

use std::any::Any;
use std::sync::Arc;

use wasm_store::{AsContextMut, ComponentLimits, Result, StoreContextMut};

use crate::instance::data::InstanceData;
use crate::tables::Resources;
use crate::tasks::Tasks;
use crate::trap::cannot_enter;

/// The state of components in a store.
pub(crate) struct ComponentState {
    pub(crate) roots: Vec<Root>,
    pub(crate) resources: Resources,
    /// How many bytes a call may copy from a guest to the host. This and the number of handles are
    /// settings of the store, which [`state`] looks at.
    pub(crate) hostcall_fuel: usize,
    /// Whether lists of numbers come as [`NumberList`](crate::NumberList)s.
    pub(crate) number_lists: bool,
}

impl Default for ComponentState {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            resources: Resources::default(),
            hostcall_fuel: ComponentLimits::DEFAULT.hostcall_fuel,
            number_lists: false,
        }
    }
}

/// An instance that the host has made, with all the component instances in it.
pub(crate) struct Root {
    /// What tells it from all others, as `data` has it: so a call needs not look there.
    id: u64,
    data: Arc<InstanceData>,
    /// The same, for a call to take without counting. It is gone while a call has it.
    lease: Option<Arc<InstanceData>>,
    /// Whether a call of the host is in it.
    entered: Entered,
    /// Whether it has trapped: then it can't be entered any more.
    trapped: bool,
    /// What it was made of, whose type is that of the store's data.
    linked: Option<Linked>,
    /// What its component instances keep for calls, if they do.
    tasks: Tasks,
}

/// Whether a call of the host is in an instance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entered {
    No,
    Yes,
    /// One is, and a component instance keeps something for it.
    Keeps,
}

/// What an instance was made of.
pub(crate) type Linked = Arc<dyn Any + Send + Sync>;

impl ComponentState {
    /// The number that the next instance gets, and that of its first table.
    pub(crate) fn next_root(&self) -> (usize, usize) {
        (self.roots.len(), self.resources.table_count())
    }

    /// Adds an instance, with the tables of its component instances.
    pub(crate) fn add_root(&mut self, data: Arc<InstanceData>) {
        self.resources.add_tables(data.tables().end);
        let lease = Some(Arc::clone(&data));
        self.roots.push(Root {
            id: data.id(),
            data,
            lease,
            entered: Entered::No,
            trapped: false,
            linked: None,
            tasks: Tasks::default(),
        });
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
            Some(root) if root.id == id => root,
            _ => wrong_store(),
        };
        if (root.entered != Entered::No) | root.trapped {
            return Err(cannot_enter());
        }
        root.entered = Entered::Yes;
        Ok(root.lease.take().unwrap_or_else(|| Arc::clone(&root.data)))
    }

    /// Ends a call.
    #[inline]
    pub(crate) fn leave(&mut self, data: Arc<InstanceData>) {
        if let Some(root) = self.roots.get_mut(data.root()) {
            root.entered = Entered::No;
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
            Some(root) if root.entered == Entered::No && !root.trapped => {
                root.entered = Entered::Yes;
                Ok(())
            }
            _ => Err(cannot_enter()),
        }
    }

    /// Ends a destructor that did not trap.
    pub(crate) fn leave_after_drop(&mut self, number: usize) {
        if let Some(root) = self.roots.get_mut(number) {
            root.entered = Entered::No;
        }
    }

    /// What the component instances of an instance keep for calls, to read it. What they kept for
    /// calls that have ended is gone.
    pub(crate) fn tasks(&mut self, number: usize) -> Option<&mut Tasks> {
        let root = self.roots.get_mut(number)?;
        if root.entered == Entered::Yes {
            root.entered = Entered::Keeps;
            root.tasks.forget();
        }
        Some(&mut root.tasks)
    }
}

/// Panics: an item was used with a store that is not its own, as all items of a store do.
#[cold]
#[inline(never)]
pub(crate) fn wrong_store() -> ! {
    panic!("object used with the wrong store")
}

/// The state of components in a store.
#[inline]
pub(crate) fn state<'a, T: 'static>(
    store: &'a mut StoreContextMut<'_, T>,
) -> &'a mut ComponentState {
    let ComponentLimits { hostcall_fuel, handles } = store.component_limits();
    let state = store.attachment::<ComponentState>();
    state.hostcall_fuel = hostcall_fuel;
    state.resources.counter.limit = handles;
    state
}

/// Settings of a store that are about components.
pub trait ComponentStoreExt: AsContextMut {
    /// Sets whether lists of numbers come from guests as [`Val::NumberList`](crate::Val), without a
    /// value for each.
    ///
    /// Default: no, they are lists of values as Wasmtime's.
    fn set_number_lists(&mut self, on: bool) {
        state(&mut self.as_context_mut()).number_lists = on;
    }
}

impl<S: AsContextMut> ComponentStoreExt for S {}
