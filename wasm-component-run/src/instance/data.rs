//! What is known of an instance and does not change, once it is there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use wasm_component::{
    ComponentInstanceIndex, ImportIndex, MemorySlot, OptionsIndex, PostReturnSlot, ReallocSlot,
    ResourceIndex, Types, instance_flags,
};
use wasm_store::{
    Extern, Func, Global, GlobalType, Memory, Module, Mutability, NumericDef, NumericFunc, Result,
    StoreContextMut, Val, ValType, bail, format_err,
};

use crate::component::{Component, Def, LiftedFunc, ResourceSource, Signature};
use crate::context::{Flags, Options};
use crate::resource::{Destructor, ResourceType};

/// What is known of an instance. It is shared by the store and the host functions that the instance
/// calls, and is filled in while the instance is made.
pub(crate) struct InstanceData {
    id: u64,
    root: usize,
    first_table: usize,
    component: Component,
    owners: Box<[Option<ComponentInstanceIndex>]>,
    flags: Box<[Flags]>,
    modules: Arc<[Option<Module>]>,
    cores: Box<[OnceLock<wasm_store::Instance>]>,
    memories: Box<[OnceLock<Memory>]>,
    reallocs: Box<[OnceLock<NumericFunc>]>,
    post_returns: Box<[OnceLock<NumericFunc>]>,
    /// Boxed, as an instance may have many, and looks most of them up later, if at all.
    options: Box<[OnceLock<Box<Options>>]>,
    resources: Box<[OnceLock<Defined>]>,
    /// Boxed, as most exports are not called.
    funcs: Box<[OnceLock<Box<FuncRecord>>]>,
    /// The types of all resources, made when a host function wants them.
    resource_types: OnceLock<Arc<[Option<ResourceType>]>>,
}

/// A core function that the runtime provides to instances, before it is bound.
pub(crate) type RuntimeFunc<T> = NumericDef<T, InstanceData>;

/// A type of resources, and what destroys them.
type Defined = (ResourceType, Option<Destructor>);

/// An exported function, ready to be called.
pub(crate) struct FuncRecord {
    pub(crate) callee: NumericFunc,
    pub(crate) options: Options,
    pub(crate) signature: Signature,
}

fn slots<T>(count: usize) -> Box<[OnceLock<T>]> {
    (0..count).map(|_| OnceLock::new()).collect()
}

fn found<T>(slot: Option<&OnceLock<T>>) -> Result<&T> {
    slot.and_then(OnceLock::get).ok_or_else(|| {
        format_err!("the plan of the component is damaged: something is used before it is made")
    })
}

fn set<T>(slots: &[OnceLock<T>], place: usize, value: T) -> Result<()> {
    let slot = slots.get(place).map(|slot| slot.set(value));
    match slot {
        Some(Ok(())) => Ok(()),
        _ => bail!("the plan of the component is damaged: something is made twice"),
    }
}

impl InstanceData {
    /// What is known of an instance that is about to be made.
    pub(crate) fn new<T: 'static>(
        store: &mut StoreContextMut<'_, T>,
        component: &Component,
        modules: &Arc<[Option<Module>]>,
        root: usize,
        first_table: usize,
    ) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let program = component.program()?;
        let flags = (0..program.component_instances).map(|_| {
            let ty = GlobalType::new(ValType::I32, Mutability::Var);
            Ok(Flags(Global::new(&mut *store, ty, Val::I32(instance_flags::START))?))
        });
        let flags = flags.collect::<Result<_>>()?;
        let owners = program.resources.iter().map(|source| match source {
            ResourceSource::Imported(_) => None,
            ResourceSource::Defined(owner) => Some(*owner),
        });
        Ok(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            root,
            first_table,
            component: component.clone(),
            owners: owners.collect(),
            flags,
            modules: Arc::clone(modules),
            cores: slots(program.core_instances),
            memories: slots(program.memories),
            reallocs: slots(program.reallocs),
            post_returns: slots(program.post_returns),
            options: slots(program.options),
            resources: slots(program.resources.len()),
            funcs: slots(program.funcs),
            resource_types: OnceLock::new(),
        })
    }

    /// What tells it from all other instances.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Its number in the store.
    pub(crate) fn root(&self) -> usize {
        self.root
    }

    pub(crate) fn component(&self) -> &Component {
        &self.component
    }

    /// The number of a component instance's table of handles, in the store.
    pub(crate) fn table(&self, instance: ComponentInstanceIndex) -> usize {
        self.first_table + instance.index()
    }

    /// The tables of all its component instances.
    pub(crate) fn tables(&self) -> std::ops::Range<usize> {
        self.first_table..self.first_table + self.flags.len()
    }

    pub(crate) fn flags(&self, instance: ComponentInstanceIndex) -> Result<Flags> {
        let flags = self.flags.get(instance.index()).copied();
        flags.ok_or_else(|| {
            format_err!("the plan of the component is damaged: a component instance is missing")
        })
    }

    pub(crate) fn types(&self) -> Result<Types<'_>> {
        self.component.types()
    }

    /// The types of its resources, to be kept by who gets them.
    pub(crate) fn resource_types(&self) -> Arc<[Option<ResourceType>]> {
        if let Some(types) = self.resource_types.get() {
            return Arc::clone(types);
        }
        let all = (0..self.resources.len()).map(|number| ResourceIndex::new(number as u32));
        let types: Arc<[_]> = all.map(|resource| self.resource_type(resource).ok()).collect();
        // While the instance is made, there are types of resources still to come.
        if self.resources.iter().all(|resource| resource.get().is_some()) {
            let _ = self.resource_types.set(Arc::clone(&types));
        }
        types
    }

    /// Whether a component instance is the one that defines a resource.
    pub(crate) fn defines(
        &self,
        instance: ComponentInstanceIndex,
        resource: ResourceIndex,
    ) -> bool {
        self.owner(resource) == Some(instance)
    }

    /// The component instance that defines a resource; none if it is imported.
    pub(crate) fn owner(&self, resource: ResourceIndex) -> Option<ComponentInstanceIndex> {
        self.owners.get(resource.index()).copied().flatten()
    }

    /// The type of a resource; that of nobody while the resource is not made yet.
    pub(crate) fn resource_type(&self, resource: ResourceIndex) -> Result<ResourceType> {
        let Some(slot) = self.resources.get(resource.index()) else {
            bail!("the component has no resource {resource}");
        };
        Ok(match slot.get() {
            Some((ty, _)) => *ty,
            None => ResourceType::uninstantiated(self.component.id(), resource),
        })
    }

    /// What destroys a resource.
    pub(crate) fn destructor(&self, resource: ResourceIndex) -> Result<Option<Destructor>> {
        Ok(found(self.resources.get(resource.index()))?.1)
    }

    pub(crate) fn set_resource(
        &self,
        resource: ResourceIndex,
        ty: ResourceType,
        destructor: Option<Destructor>,
    ) -> Result<()> {
        set(&self.resources, resource.index(), (ty, destructor))
    }

    pub(crate) fn imported_module(&self, import: ImportIndex) -> Option<&Module> {
        self.modules.get(import.index())?.as_ref()
    }

    pub(crate) fn memory(&self, slot: MemorySlot) -> Result<Memory> {
        found(self.memories.get(slot.index())).copied()
    }

    pub(crate) fn set_core(&self, number: usize, instance: wasm_store::Instance) -> Result<()> {
        set(&self.cores, number, instance)
    }

    pub(crate) fn set_memory(&self, slot: MemorySlot, item: Extern) -> Result<()> {
        match item {
            Extern::Memory(memory) => set(&self.memories, slot.index(), memory),
            Extern::SharedMemory(_) => {
                bail!(
                    "shared memories of components are not supported: values can't be passed there"
                )
            }
            _ => bail!("the plan of the component is damaged: a memory is something else"),
        }
    }

    pub(crate) fn set_realloc(&self, slot: ReallocSlot, func: NumericFunc) -> Result<()> {
        if (func.param_count(), func.result_count()) != (4, 1) {
            bail!("the plan of the component is damaged: a `realloc` has another type");
        }
        set(&self.reallocs, slot.index(), func)
    }

    pub(crate) fn set_post_return(&self, slot: PostReturnSlot, func: NumericFunc) -> Result<()> {
        set(&self.post_returns, slot.index(), func)
    }

    /// A core item.
    pub(crate) fn item<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        def: &Def,
    ) -> Result<Extern> {
        let missing =
            || format_err!("the plan of the component is damaged: a core instance lacks an export");
        match def {
            Def::Export { instance, export } => found(self.cores.get(*instance))?
                .get_module_export(store, export)
                .ok_or_else(missing),
            Def::Named { instance, name } => {
                found(self.cores.get(*instance))?.get_export(store, name).ok_or_else(missing)
            }
            Def::Flags(instance) => Ok(Extern::Global(self.flags(*instance)?.0)),
            Def::Trampoline(_) => Err(missing()),
        }
    }

    /// Canonical options, with everything that they name.
    #[inline]
    pub(crate) fn options(&self, index: OptionsIndex) -> Result<&Options> {
        let slot = self.options.get(index.index());
        if let Some(options) = slot.and_then(OnceLock::get) {
            return Ok(options);
        }
        let options = self.resolve_options(index)?;
        let slot = slot.ok_or_else(|| format_err!("the component has no options {index}"))?;
        Ok(slot.get_or_init(|| Box::new(options)))
    }

    #[cold]
    #[inline(never)]
    fn resolve_options(&self, index: OptionsIndex) -> Result<Options> {
        let options = self.component.plan()?.options(index)?;
        let realloc = options.realloc.map(|slot| found(self.reallocs.get(slot.index())));
        let post_return =
            options.post_return.map(|slot| found(self.post_returns.get(slot.index())));
        Ok(Options {
            encoding: options.encoding,
            memory: options.memory.map(|slot| self.memory(slot)).transpose()?,
            realloc: realloc.transpose()?.copied(),
            post_return: post_return.transpose()?.copied(),
            flags: self.flags(options.instance)?,
            instance: options.instance,
            table: self.table(options.instance),
        })
    }

    /// An exported function that was prepared.
    #[inline]
    pub(crate) fn func(&self, number: usize) -> Result<&FuncRecord> {
        found(self.funcs.get(number)).map(|record| &**record)
    }

    /// Looks up an exported function.
    pub(crate) fn prepare_func<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
    ) -> Result<()> {
        if self.funcs.get(number).is_some_and(|slot| slot.get().is_some()) {
            return Ok(());
        }
        let Some(lifted) = self.component.exports()?.funcs().get(number) else {
            bail!("the component exports no function {number}");
        };
        match self.item(store, &lifted.def)? {
            Extern::Func(func) => self.set_func(store, number, lifted, func),
            _ => bail!("the plan of the component is damaged: a lifted function is something else"),
        }
    }

    /// Says which core function an exported function is.
    pub(crate) fn set_func<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        number: usize,
        lifted: &LiftedFunc,
        func: Func,
    ) -> Result<()> {
        let Some(slot) = self.funcs.get(number) else {
            bail!("the component exports no function {number}");
        };
        let callee = numeric(store, func)?;
        let options = *self.options(lifted.options)?;
        let signature = lifted.signature;
        let words = (signature.params_flat.unwrap_or(1), signature.result_flat.unwrap_or(1));
        if (callee.param_count(), callee.result_count()) != words {
            bail!("the plan of the component is damaged: a lifted function has another type");
        }
        let _ = slot.set(Box::new(FuncRecord { callee, options, signature }));
        Ok(())
    }
}

/// A function of numbers only, as all are that a component's values go through.
pub(crate) fn numeric<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    func: Func,
) -> Result<NumericFunc> {
    func.numeric(store).ok_or_else(|| {
        format_err!("the plan of the component is damaged: a function takes more than numbers")
    })
}
