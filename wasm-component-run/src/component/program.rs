//! What an instantiation does, with everything looked up that is the same each time.

use wasm_component::{
    ComponentInstanceIndex, CoreDef, CoreExport, CoreSignature, FlatType, ImportIndex, Initializer,
    MemorySlot, Plan, PostReturnSlot, ReallocSlot, ResourceIndex, ResourceOrigin,
    StaticModuleIndex, Trampoline,
};
use wasm_store::{FuncType, ModuleExport, Result, ValType, bail, format_err};

use super::{Component, Signature};

/// What an instantiation does.
pub(crate) struct Program {
    pub(crate) steps: Box<[Step]>,
    pub(crate) trampolines: Box<[TrampolineType]>,
    pub(crate) resources: Box<[ResourceSource]>,
    pub(crate) core_instances: usize,
    pub(crate) component_instances: usize,
    pub(crate) memories: usize,
    pub(crate) reallocs: usize,
    pub(crate) post_returns: usize,
    pub(crate) options: usize,
    pub(crate) funcs: usize,
}

/// A step of an instantiation.
pub(crate) enum Step {
    /// Makes a core instance of a module of the component.
    Instantiate { instance: usize, module: StaticModuleIndex, args: Box<[Def]> },
    /// Makes a core instance of a module that is imported.
    InstantiateImported { instance: usize, import: ImportIndex, args: Box<[NamedArg]> },
    /// Finds a memory.
    Memory { slot: MemorySlot, def: Def },
    /// Finds a function that makes room.
    Realloc { slot: ReallocSlot, def: Def },
    /// Finds a `post-return` function.
    PostReturn { slot: PostReturnSlot, def: Def },
    /// Makes a type of resources.
    Resource { resource: ResourceIndex, dtor: Option<Def> },
}

/// An argument by the names of the import that it is for.
pub(crate) struct NamedArg {
    pub(crate) module: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) def: Def,
}

/// A core item of an instantiation.
#[derive(Clone, Debug)]
pub(crate) enum Def {
    /// An export of an instance of one of the component's modules.
    Export { instance: usize, export: ModuleExport },
    /// An export of an instance of a module that is imported.
    Named { instance: usize, name: Box<str> },
    /// The flags of a component instance.
    Flags(ComponentInstanceIndex),
    /// A function that the runtime provides.
    Trampoline(usize),
}

/// A function that the runtime provides.
pub(crate) struct TrampolineType {
    pub(crate) what: Trampoline,
    pub(crate) ty: FuncType,
    /// How an imported function is lowered, if it is one.
    pub(crate) lowering: Option<Lowering>,
}

/// An imported function that is lowered.
pub(crate) struct Lowering {
    pub(crate) import: ImportIndex,
    pub(crate) options: wasm_component::OptionsIndex,
    pub(crate) signature: Signature,
}

/// Where a type of resources comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ResourceSource {
    Imported(ImportIndex),
    /// By the component instance that defines it.
    Defined(ComponentInstanceIndex),
}

impl Program {
    pub(super) fn new(component: &Component) -> Result<Self> {
        let plan = component.checked_plan()?;
        let defs = Defs::new(component, plan)?;
        let mut steps = Vec::with_capacity(plan.initializers().len());
        for initializer in plan.initializers().iter() {
            steps.extend(step(&defs, initializer?)?);
        }
        let mut trampolines = Vec::with_capacity(plan.trampoline_count());
        for number in 0..plan.trampoline_count() {
            trampolines.push(trampoline(component, plan, number)?);
        }
        let mut resources = Vec::with_capacity(plan.resource_count());
        for number in 0..plan.resource_count() {
            resources.push(match plan.resource(ResourceIndex::new(number as u32))?.origin {
                ResourceOrigin::Imported(import) => ResourceSource::Imported(import),
                ResourceOrigin::Defined(instance) => ResourceSource::Defined(instance),
            });
        }
        Ok(Self {
            steps: steps.into(),
            trampolines: trampolines.into(),
            resources: resources.into(),
            core_instances: plan.core_instance_count(),
            component_instances: plan.component_instance_count(),
            memories: plan.memory_count(),
            reallocs: plan.realloc_count(),
            post_returns: plan.post_return_count(),
            options: plan.options_count(),
            funcs: component.exports()?.funcs().len(),
        })
    }
}

fn step(defs: &Defs<'_>, initializer: Initializer<'_>) -> Result<Option<Step>> {
    Ok(Some(match initializer {
        Initializer::InstantiateModule { instance, module, args } => {
            let mut found = Vec::with_capacity(args.len());
            for arg in args.iter() {
                found.push(defs.resolve(arg?.def)?);
            }
            Step::Instantiate { instance: instance.index(), module, args: found.into() }
        }
        Initializer::InstantiateImportedModule { instance, import, args } => {
            let mut found = Vec::with_capacity(args.len());
            for arg in args.iter() {
                let arg = arg?;
                let def = defs.resolve(arg.def)?;
                found.push(NamedArg { module: arg.module.into(), name: arg.name.into(), def });
            }
            let args = found.into();
            Step::InstantiateImported { instance: instance.index(), import, args }
        }
        // A trampoline is made when it is first used, which is later than this.
        Initializer::LowerImport { .. } => return Ok(None),
        Initializer::ExtractMemory { slot, def } => Step::Memory { slot, def: defs.resolve(def)? },
        Initializer::ExtractRealloc { slot, def } => {
            Step::Realloc { slot, def: defs.resolve(def)? }
        }
        Initializer::ExtractPostReturn { slot, def } => {
            Step::PostReturn { slot, def: defs.resolve(def)? }
        }
        Initializer::DefineResource { resource, dtor, .. } => {
            Step::Resource { resource, dtor: dtor.map(|def| defs.resolve(def)).transpose()? }
        }
    }))
}

fn trampoline(component: &Component, plan: Plan<'_>, number: usize) -> Result<TrampolineType> {
    let index = wasm_component::TrampolineIndex::new(number as u32);
    let what = plan.trampoline(index)?;
    let CoreSignature { params, results } = plan.trampoline_signature(index)?;
    let types = |types: &[FlatType]| types.iter().map(|ty| val_type(*ty)).collect::<Vec<_>>();
    let ty = FuncType::new(component.engine(), types(&params), types(&results));
    let lowering = match what {
        Trampoline::LowerImport { lowering } => {
            let lowering = plan.lowering(lowering)?;
            let signature = Signature::new(plan.types(), lowering.ty)?;
            Some(Lowering { import: lowering.import, options: lowering.options, signature })
        }
        _ => None,
    };
    Ok(TrampolineType { what, ty, lowering })
}

fn val_type(ty: FlatType) -> ValType {
    match ty {
        FlatType::I32 => ValType::I32,
        FlatType::I64 => ValType::I64,
        FlatType::F32 => ValType::F32,
        FlatType::F64 => ValType::F64,
    }
}

/// Looks up core items: of which module each core instance is says where its exports are.
pub(super) struct Defs<'a> {
    component: &'a Component,
    /// The modules of core instances; `None` for those that are imported.
    modules: Vec<Option<StaticModuleIndex>>,
}

impl<'a> Defs<'a> {
    pub(super) fn new(component: &'a Component, plan: Plan<'_>) -> Result<Self> {
        let mut modules = vec![None; plan.core_instance_count()];
        for initializer in plan.initializers().iter() {
            if let Initializer::InstantiateModule { instance, module, .. } = initializer?
                && let Some(place) = modules.get_mut(instance.index())
            {
                *place = Some(module);
            }
        }
        Ok(Self { component, modules })
    }

    pub(super) fn resolve(&self, def: CoreDef<'_>) -> Result<Def> {
        Ok(match def {
            CoreDef::Export(CoreExport { instance, name, .. }) => {
                match self.modules.get(instance.index()) {
                    Some(Some(module)) => {
                        let Some(module) = self.component.bundle().module(module.index()) else {
                            bail!("the component lacks core module {module}");
                        };
                        let export = module.get_export_index(name).ok_or_else(|| {
                            format_err!("a core module of the component has no export `{name}`")
                        })?;
                        Def::Export { instance: instance.index(), export }
                    }
                    _ => Def::Named { instance: instance.index(), name: name.into() },
                }
            }
            CoreDef::InstanceFlags(instance) => Def::Flags(instance),
            CoreDef::Trampoline(trampoline) => Def::Trampoline(trampoline.index()),
        })
    }
}
