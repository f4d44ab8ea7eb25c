//! Making an instance, step by step.

use std::sync::Arc;

use wasm_component::{ImportIndex, StaticModuleIndex};
use wasm_store::{Extern, Module, Result, StoreContextMut, bail, format_err};

use super::import::{Import, ImportResource};
use crate::builtins;
use crate::component::{Component, Def, NamedArg, Program, Step};
use crate::func::LoweredImport;
use crate::instance::Instance;
use crate::instance::data::{InstanceData, numeric};
use crate::resource::{Destructor, ResourceType};
use crate::state::state;

/// An instance that is being made.
pub(crate) struct Making<'a, T: 'static> {
    component: &'a Component,
    program: &'a Program,
    imports: &'a [Import<T>],
    data: Arc<InstanceData>,
    next: usize,
    /// How what may wait is made, if something may.
    drops: builtins::Drops<T>,
}

/// A core instance that is to be made next.
struct Wanted {
    number: usize,
    module: Module,
    imports: Vec<Extern>,
}

impl<'a, T: 'static> Making<'a, T> {
    /// Begins: the store gets an instance in which nothing is yet.
    pub(crate) fn new(
        store: &mut StoreContextMut<'_, T>,
        component: &'a Component,
        imports: &'a [Import<T>],
        drops: builtins::Drops<T>,
    ) -> Result<Self> {
        let program = component.program()?;
        let modules = imports.iter().map(|import| match import {
            Import::Module(module) => Some(module.clone()),
            _ => None,
        });
        let (root, first_table) = state(store).next_root();
        let data = InstanceData::new(store, component, modules.collect(), root, first_table)?;
        let data = Arc::new(data);
        state(store).add_root(Arc::clone(&data));
        let making = Self { component, program, imports, data, next: 0, drops };
        making.import_resources(store)?;
        Ok(making)
    }

    /// Gives up: what the instance has is forgotten.
    pub(crate) fn fail(&self, store: &mut StoreContextMut<'_, T>) {
        let state = state(store);
        state.poison(self.data.root());
        state.resources.clear(self.data.tables());
    }

    fn import_resources(&self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        for (number, source) in self.program.resources.iter().enumerate() {
            let crate::component::ResourceSource::Imported(import) = source else { continue };
            let resource = wasm_component::ResourceIndex::new(number as u32);
            match self.imports.get(import.index()) {
                Some(Import::Resource(ImportResource { ty, destructor })) => {
                    let func = Arc::clone(destructor).to_core(store)?;
                    let destructor = Destructor { func: numeric(store, func)?, root: None };
                    self.data.set_resource(resource, *ty, Some(destructor))?;
                }
                _ => bail!("the plan of the component is damaged: a resource is not imported"),
            }
        }
        Ok(())
    }

    /// Goes on to the next core instance that is to be made. When there is none, everything is
    /// there.
    fn advance(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<Option<Wanted>> {
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
                    let memory = self.item(store, def)?;
                    self.data.set_memory(*slot, memory)?;
                }
                Step::Realloc { slot, def } => {
                    let func = self.func(store, def)?;
                    self.data.set_realloc(*slot, func)?;
                }
                Step::PostReturn { slot, def } => {
                    let func = self.func(store, def)?;
                    self.data.set_post_return(*slot, func)?;
                }
                Step::Resource { resource, dtor } => {
                    let root = Some(self.data.root());
                    let func = dtor.as_ref().map(|dtor| self.func(store, dtor)).transpose()?;
                    let destructor = func.map(|func| Destructor { func, root });
                    let ty = ResourceType::guest(self.data.id(), *resource);
                    self.data.set_resource(*resource, ty, destructor)?;
                }
            }
        }
        // What is lifted may be a function of the runtime that no core instance has got.
        for lifted in self.component.exports()?.funcs() {
            if let Def::Trampoline(number) = lifted.def {
                self.trampoline(store, number)?;
            }
        }
        Ok(None)
    }

    /// Makes everything.
    pub(crate) fn run(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<()> {
        while let Some(Wanted { number, module, imports }) = self.advance(store)? {
            let made = wasm_store::Instance::new(&mut *store, &module, &imports)?;
            self.data.set_core(number, made)?;
        }
        Ok(())
    }

    /// Makes everything, and waits for what start functions wait for.
    #[cfg(feature = "async")]
    pub(crate) async fn run_async(&mut self, store: &mut StoreContextMut<'_, T>) -> Result<()>
    where
        T: Send,
    {
        while let Some(Wanted { number, module, imports }) = self.advance(store)? {
            let made = wasm_store::Instance::new_async(&mut *store, &module, &imports).await?;
            self.data.set_core(number, made)?;
        }
        Ok(())
    }

    /// The instance.
    pub(crate) fn finish(self) -> Instance {
        Instance { root: self.data.root(), id: self.data.id() }
    }

    fn instantiate(
        &self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
        module: StaticModuleIndex,
        args: &[Def],
    ) -> Result<Wanted> {
        let Some(module) = self.component.bundle().module(module.index()) else {
            bail!("the component lacks core module {module}");
        };
        let mut imports = Vec::with_capacity(args.len());
        for def in args {
            imports.push(self.item(store, def)?);
        }
        Ok(Wanted { number, module: module.clone(), imports })
    }

    fn instantiate_imported(
        &self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
        import: ImportIndex,
        args: &[NamedArg],
    ) -> Result<Wanted> {
        let Some(module) = self.data.imported_module(import).cloned() else {
            bail!("the plan of the component is damaged: a core module is not imported");
        };
        let mut imports = Vec::new();
        for import in module.imports() {
            let (of, name) = (import.module(), import.name());
            let arg = args.iter().find(|arg| *arg.module == *of && *arg.name == *name);
            let arg = arg.ok_or_else(|| {
                format_err!("the imported core module needs `{of}::{name}`, which it does not get")
            })?;
            imports.push(self.item(store, &arg.def)?);
        }
        Ok(Wanted { number, module, imports })
    }

    fn item(&self, store: &mut StoreContextMut<'_, T>, def: &Def) -> Result<Extern> {
        match def {
            Def::Trampoline(number) => Ok(Extern::Func(self.trampoline(store, *number)?)),
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

    /// A function that the runtime provides. It is made once.
    fn trampoline(
        &self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
    ) -> Result<wasm_store::Func> {
        if let Some(func) = self.data.trampoline(number) {
            return Ok(func);
        }
        let Some(trampoline) = self.program.trampolines.get(number) else {
            bail!("the component has no function {number} of the runtime");
        };
        let ty = trampoline.ty.clone();
        let func = match &trampoline.lowering {
            Some(lowering) => {
                let Some(Import::Func(func)) = self.imports.get(lowering.import.index()) else {
                    bail!("the plan of the component is damaged: a function is not imported");
                };
                let signature = Arc::clone(&lowering.signature);
                let import =
                    LoweredImport::new(Arc::clone(&self.data), lowering.options, signature);
                Arc::clone(func).to_core(store, ty, import)?
            }
            None => builtins::make(store, &self.data, trampoline.what, ty, &self.drops)?,
        };
        self.data.set_trampoline(number, func)?;
        Ok(func)
    }
}
