//! Where code stops: breakpoints, and single steps.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::gate::Gate;
use crate::items::Module;
use crate::store::{StoreContext, StoreOpaque};

/// A place in the binary of a module, in bytes from its start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModulePC(u32);

impl ModulePC {
    /// The place at an offset.
    pub fn new(offset: u32) -> Self {
        Self(offset)
    }

    /// The offset.
    pub fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for ModulePC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModulePC({:#x})", self.0)
    }
}

impl fmt::Display for ModulePC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A place where code stops.
#[derive(Clone, Debug)]
pub struct Breakpoint {
    /// The module.
    pub module: Module,
    /// The operator.
    pub pc: ModulePC,
}

/// The breakpoints of a store.
#[derive(Default)]
pub(crate) struct Breakpoints {
    modules: Vec<(Module, OfModule)>,
}

/// The breakpoints of a module.
#[derive(Default)]
struct OfModule {
    /// How often each operator was asked for.
    operators: BTreeMap<u32, usize>,
    /// Places between two operators, and the operators that were taken for them.
    moved: BTreeMap<u32, u32>,
}

impl Breakpoints {
    fn of(&mut self, module: &Module) -> &mut OfModule {
        let known = self.modules.iter().position(|(known, _)| Module::same(known, module));
        let place = known.unwrap_or_else(|| {
            self.modules.push((module.clone(), OfModule::default()));
            self.modules.len() - 1
        });
        &mut self.modules[place].1
    }

    fn iter(&self) -> impl Iterator<Item = Breakpoint> + '_ {
        self.modules.iter().flat_map(|(module, places)| {
            let operators = places.operators.keys();
            operators.map(|pc| Breakpoint { module: module.clone(), pc: ModulePC(*pc) })
        })
    }
}

impl<'a, T: 'static> StoreContext<'a, T> {
    /// All breakpoints; `None` if the engine's code can't be debugged.
    pub fn breakpoints(self) -> Option<impl Iterator<Item = Breakpoint> + 'a> {
        self.0.is_debugged().then(|| self.0.breakpoints.iter())
    }

    /// Whether code stops at each operator.
    pub fn is_single_step(&self) -> bool {
        self.0.vm.is_single_step()
    }
}

/// Changes where the code of a store stops: see
/// [`Store::edit_breakpoints`](crate::Store::edit_breakpoints). Each change has an effect at once,
/// in instances that there are and in those that are made later, and on no other store.
pub struct BreakpointEdit<'a> {
    store: &'a mut StoreOpaque,
}

impl fmt::Debug for BreakpointEdit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakpointEdit").field("store", &self.store.id()).finish_non_exhaustive()
    }
}

impl<'a> BreakpointEdit<'a> {
    pub(super) fn new(store: &'a mut StoreOpaque) -> Option<Self> {
        store.is_debugged().then_some(Self { store })
    }

    /// Has the code of a module stop before an operator. A place between two operators, or at one
    /// that is never reached, stands for the next operator that can be reached. A place behind all
    /// of them is kept, and nothing stops there.
    ///
    /// A breakpoint that is added twice has to be removed twice.
    ///
    /// # Errors
    ///
    /// If the module is of another engine, or its artifact is damaged.
    pub fn add_breakpoint(&mut self, module: &Module, pc: ModulePC) -> Result<()> {
        self.store.admit(module)?;
        let next = module.artifact().point_from(pc.0).map_err(Error::new)?;
        let operator = next.unwrap_or(pc.0);
        let vm = module.vm()?;
        self.store.add_module(module);
        let places = self.store.breakpoints.of(module);
        if operator != pc.0 {
            places.moved.insert(pc.0, operator);
        }
        let count = places.operators.entry(operator).or_insert(0);
        *count += 1;
        if *count == 1 {
            self.store.vm.set_breakpoint(vm, operator, true);
        }
        Ok(())
    }

    /// Takes a breakpoint away, by the place that it was added with. Without one, nothing happens.
    ///
    /// # Errors
    ///
    /// If the module is of another engine, or its artifact is damaged.
    pub fn remove_breakpoint(&mut self, module: &Module, pc: ModulePC) -> Result<()> {
        self.store.admit(module)?;
        let vm = module.vm()?;
        let places = self.store.breakpoints.of(module);
        let operator = places.moved.get(&pc.0).copied().unwrap_or(pc.0);
        let Some(count) = places.operators.get_mut(&operator) else { return Ok(()) };
        *count -= 1;
        if *count == 0 {
            places.operators.remove(&operator);
            places.moved.retain(|_, to| *to != operator);
            self.store.vm.set_breakpoint(vm, operator, false);
        }
        Ok(())
    }

    /// Sets whether all code stops before each operator. Off by default. Breakpoints stay as they
    /// are.
    ///
    /// # Errors
    ///
    /// None.
    pub fn single_step(&mut self, enabled: bool) -> Result<()> {
        self.store.vm.set_single_step(enabled);
        Ok(())
    }
}
