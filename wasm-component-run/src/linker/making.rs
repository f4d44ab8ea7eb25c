//! Making an instance, step by step.

use std::sync::Arc;

use wasm_component::{ImportIndex, StaticModuleIndex};
use wasm_store::{
    BoundFuncs, Extern, Func, ImportBinding, Module, Result, StoreContextMut, bail, format_err,
};

use super::functions::Functions;
use crate::component::{Component, Def, NamedArg, Program, Step};
use crate::instance::Instance;
use crate::instance::data::{InstanceData, numeric};
use crate::resource::{Destructor, ResourceType};
use crate::state::state;
use crate::unfinished::Unfinished;

/// An instance that was begun: the store has it, and nothing is in it yet.
pub(crate) struct Begun<'a, T: 'static> {
    component: &'a Component,
    functions: &'a Functions<T>,
    /// The functions of the runtime, in the store.
    bound: BoundFuncs,
    data: Arc<InstanceData>,
    /// How many calls that resources may be lent to there were before.
    calls: usize,
}

/// An instance that is being made.
pub(crate) struct Making<'a, T: 'static> {
    begun: &'a Begun<'a, T>,
    program: &'a Program,
    next: usize,
    /// What the core instance imports that is to be made next.
    imports: Vec<ImportBinding<'a>>,
}

/// A core instance that is to be made next, with the imports that were gathered.
struct Wanted<'a> {
    number: usize,
    module: &'a Module,
}

impl<'a, T: 'static> Begun<'a, T> {
    /// Begins an instance. `modules` are the core modules that are imported, by import.
    pub(crate) fn new(
        store: &mut StoreContextMut<'_, T>,
        component: &'a Component,
        functions: &'a Functions<T>,
        modules: &Arc<[Option<Module>]>,
    ) -> Result<Self> {
        let (root, first_table) = state(store).next_root();
        let calls = state(store).resources.calls();
        let data = InstanceData::new(store, component, modules, root, first_table)?;
        let data = Arc::new(data);
        // The store owns the data, and the functions only refer to them. So the data must not own
        // what was bound.
        let bound = functions.all.bind(&mut *store, Arc::clone(&data))?;
        state(store).add_root(Arc::clone(&data));
        Ok(Self { component, functions, bound, data, calls })
    }

    /// Goes on: everything is still to be made.
    pub(crate) fn making(&'a self) -> Result<Making<'a, T>> {
        let program = self.component.program()?;
        Ok(Making { begun: self, program, next: 0, imports: Vec::new() })
    }

    /// What is left of it if it is given up.
    pub(crate) fn unfinished(&self) -> Unfinished {
        let (calls, root) = (self.calls, Some(self.data.root()));
        Unfinished { calls, root, tables: self.data.tables() }
    }

    /// Gives up: what the instance has is forgotten.
    pub(crate) fn fail(&self, store: &mut StoreContextMut<'_, T>) {
        self.unfinished().give_up(state(store));
    }

    /// The instance.
    pub(crate) fn instance(&self) -> Instance {
        Instance { root: self.data.root(), id: self.data.id() }
    }

    /// Says what the types of resources are that are imported.
    fn import_resources(&self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        for imported in &self.functions.resources {
            let func = self.runtime_func(store, imported.destructor)?;
            let destructor = Destructor { func: numeric(store, func)?, root: None };
            self.data.set_resource(imported.resource, imported.ty, Some(destructor))?;
        }
        Ok(())
    }

    /// A handle of a function that the runtime provides.
    fn runtime_func(&self, store: &mut StoreContextMut<'_, T>, number: usize) -> Result<Func> {
        let func = self.bound.func(store, number);
        func.ok_or_else(|| format_err!("the component has no function {number} of the runtime"))
    }

    /// What an import of a core instance gets.
    fn binding(
        &'a self,
        store: &mut StoreContextMut<'_, T>,
        def: &Def,
    ) -> Result<ImportBinding<'a>> {
        match def {
            Def::Trampoline(number) => Ok(ImportBinding::Func(&self.bound, *number)),
            def => Ok(ImportBinding::Item(self.data.item(store, def)?)),
        }
    }

    fn item(&self, store: &mut StoreContextMut<'_, T>, def: &Def) -> Result<Extern> {
        match def {
            Def::Trampoline(number) => Ok(Extern::Func(self.runtime_func(store, *number)?)),
            def => self.data.item(store, def),
        }
    }

    fn func(
        &self,
        store: &mut StoreContextMut<'_, T>,
        def: &Def,
    ) -> Result<wasm_store::NumericFunc> {
        match self.item(store, def)? {
            Extern::Func(func) => numeric(store, func),
            _ => bail!("the plan of the component is damaged: a function is something else"),
        }
    }
}

impl<'a, T: 'static> Making<'a, T> {
    /// Goes on to the next core instance that is to be made. When there is none, everything is
    /// there.
    fn advance(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<Option<Wanted<'a>>> {
        let Begun { component, functions, data, .. } = self.begun;
        if self.next == 0 {
            self.begun.import_resources(store)?;
        }
        while let Some(step) = self.program.steps.get(self.next) {
            self.next += 1;
            match step {
                Step::Instantiate { instance, module, args } => {
                    return self.instantiate(store, *instance, *module, args).map(Some);
                }
                Step::InstantiateImported { instance, import, args } => {
                    return self.instantiate_imported(store, *instance, *import, args).map(Some);
                }
                Step::Memory { slot, def } => {
                    let memory = self.begun.item(store, def)?;
                    data.set_memory(*slot, memory)?;
                }
                Step::Realloc { slot, def } => {
                    let func = self.begun.func(store, def)?;
                    data.set_realloc(*slot, func)?;
                }
                Step::PostReturn { slot, def } => {
                    let func = self.begun.func(store, def)?;
                    data.set_post_return(*slot, func)?;
                }
                Step::Resource { resource, dtor } => {
                    let root = Some(data.root());
                    let func =
                        dtor.as_ref().map(|dtor| self.begun.func(store, dtor)).transpose()?;
                    let destructor = func.map(|func| Destructor { func, root });
                    let ty = ResourceType::guest(data.id(), *resource);
                    data.set_resource(*resource, ty, destructor)?;
                }
            }
        }
        for lifted in &functions.lifted {
            let func = self.begun.runtime_func(store, lifted.trampoline)?;
            if let Some(of) = component.exports()?.funcs().get(lifted.number) {
                data.set_func(store, lifted.number, of, func)?;
            }
        }
        Ok(None)
    }

    /// Makes everything.
    pub(crate) fn run(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        while let Some(Wanted { number, module }) = self.advance(store)? {
            let made = wasm_store::Instance::with_bindings(&mut *store, module, &self.imports)?;
            self.begun.data.set_core(number, made)?;
        }
        Ok(())
    }

    /// Makes everything, and waits for what start functions wait for.
    #[cfg(feature = "async")]
    pub(crate) async fn run_async(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<()>
    where
        T: Send,
    {
        while let Some(Wanted { number, module }) = self.advance(store)? {
            let made =
                wasm_store::Instance::with_bindings_async(&mut *store, module, &self.imports);
            self.begun.data.set_core(number, made.await?)?;
        }
        Ok(())
    }

    fn instantiate(
        &mut self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
        module: StaticModuleIndex,
        args: &[Def],
    ) -> Result<Wanted<'a>> {
        let Some(module) = self.begun.component.bundle().module(module.index()) else {
            bail!("the component lacks core module {module}");
        };
        self.imports.clear();
        self.imports.reserve(args.len());
        for def in args {
            self.imports.push(self.begun.binding(store, def)?);
        }
        Ok(Wanted { number, module })
    }

    fn instantiate_imported(
        &mut self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
        import: ImportIndex,
        args: &[NamedArg],
    ) -> Result<Wanted<'a>> {
        let Some(module) = self.begun.data.imported_module(import) else {
            bail!("the plan of the component is damaged: a core module is not imported");
        };
        self.imports.clear();
        for import in module.imports() {
            let (of, name) = (import.module(), import.name());
            let arg = args.iter().find(|arg| *arg.module == *of && *arg.name == *name);
            let arg = arg.ok_or_else(|| {
                format_err!("the imported core module needs `{of}::{name}`, which it does not get")
            })?;
            self.imports.push(self.begun.binding(store, &arg.def)?);
        }
        Ok(Wanted { number, module })
    }
}
