//! Inlines components: runs the steps of all component instances, one in the other, until what is
//! left are core instances, resources, and functions by where they come from.
//!
//! Nothing calls itself here: instances that are being made stand on a list, so that components may
//! lie in each other without using the stack of the thread. What a component can ask for is
//! counted; a few bytes can ask for more than there is memory.

mod frame;
mod imports;
mod intrinsics;
pub(crate) mod items;
mod notes;
mod steps;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use wasm_component::write::{ItemTree, PlanBuilder};
use wasm_component::{
    ComponentInstanceIndex, FuncTypeIndex, ImportIndex, MAX_COMPONENT_INSTANCES, ModuleTypeIndex,
    ResourceIndex, StaticModule,
};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentCoreModuleTypeId, ComponentEntityType, ComponentInstanceTypeId,
};

use crate::adapt::{Adapter, AdapterOptions};
use crate::compose::HostAccess;
use crate::def::{AdapterId, CoreInstanceId, Def, LoweringId};
use crate::error::{Error, ErrorKind};
use crate::inline::items::{InstanceDef, ItemDef, ModuleDef, TypeDef};
use crate::module_types;
use crate::parse::Parsed;
use crate::types::{Converter, Scope, known};

/// How deep component instances may lie in each other.
const MOST_DEPTH: usize = 100;
/// How deep lowered functions may depend on each other: by their `realloc`, for example.
const MOST_FUNC_DEPTH: u32 = 100;
/// The most steps, arguments and items that are gone through for one component.
const MOST_WORK: usize = 2_000_000;

/// What is left of a component.
pub(crate) struct Inlined<'a> {
    pub(crate) builder: PlanBuilder,
    pub(crate) converter: Converter<'a>,
    pub(crate) core_instances: Vec<CoreInstance<'a>>,
    pub(crate) lowerings: Vec<LoweredFunc<'a>>,
    pub(crate) adapters: Vec<Adapter<'a>>,
    /// What is not supported of lowered functions: [`Def::Unsupported`].
    pub(crate) unsupported: Vec<&'a str>,
    /// The component instances whose calls have values of their own.
    pub(crate) contexts: HashSet<ComponentInstanceIndex>,
    /// How deep each adapter depends on lowered functions and adapters.
    pub(crate) adapter_depths: Vec<u32>,
    pub(crate) effects: Vec<Effect<'a>>,
    /// What the component exports, and what types mean there.
    pub(crate) exports: Vec<(&'a str, ComponentEntityType, ItemDef<'a>)>,
    pub(crate) scope: Scope,
    module_types: HashMap<ComponentCoreModuleTypeId, ModuleTypeIndex>,
}

/// A core instance that is made.
pub(crate) struct CoreInstance<'a> {
    pub(crate) module: ModuleDef,
    pub(crate) args: Vec<CoreArg<'a>>,
}

/// What an import of a core module gets.
pub(crate) struct CoreArg<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) def: Def<'a>,
}

/// A function that the component imports, lowered.
pub(crate) struct LoweredFunc<'a> {
    pub(crate) import: ImportIndex,
    pub(crate) ty: FuncTypeIndex,
    pub(crate) options: AdapterOptions<'a>,
    depth: u32,
}

/// Something that happens when the component is instantiated, in the order in which it has to.
pub(crate) struct Effect<'a> {
    pub(crate) kind: EffectKind<'a>,
    /// How many adapters were asked for before.
    pub(crate) adapters: usize,
}

pub(crate) enum EffectKind<'a> {
    CoreInstance(CoreInstanceId),
    Resource { resource: ResourceIndex, instance: ComponentInstanceIndex, dtor: Option<Def<'a>> },
}

struct Inliner<'a> {
    parsed: &'a Parsed<'a>,
    access: &'a HostAccess,
    out: Inlined<'a>,
    adapter_ids: HashMap<Adapter<'a>, AdapterId>,
    /// Whether there are resources in an instance type.
    with_resources: HashMap<ComponentInstanceTypeId, bool>,
    /// Whether anything is said of what is in an instance type, beside its name.
    noted: HashMap<ComponentInstanceTypeId, bool>,
    imports: Vec<(&'a str, ItemTree<'a>)>,
    component_instances: usize,
    work: usize,
}

/// Inlines all components in a component.
pub(crate) fn inline<'a>(
    parsed: &'a Parsed<'a>,
    access: &'a HostAccess,
) -> Result<Inlined<'a>, Error> {
    let mut builder = PlanBuilder::new();
    for module in &parsed.modules {
        builder.module(&StaticModule { name: module.name, adapter: false })?;
    }
    let out = Inlined {
        builder,
        converter: Converter::new(parsed.types.as_ref()),
        core_instances: Vec::new(),
        lowerings: Vec::new(),
        adapters: Vec::new(),
        adapter_depths: Vec::new(),
        unsupported: Vec::new(),
        contexts: HashSet::new(),
        effects: Vec::new(),
        exports: Vec::new(),
        scope: Scope::default(),
        module_types: HashMap::new(),
    };
    let mut inliner = Inliner {
        parsed,
        access,
        out,
        adapter_ids: HashMap::new(),
        with_resources: HashMap::new(),
        noted: HashMap::new(),
        imports: Vec::new(),
        component_instances: 0,
        work: 0,
    };
    inliner.run()?;
    let Inliner { mut out, imports, .. } = inliner;
    out.builder.imports(&imports)?;
    Ok(out)
}

impl<'a> Inliner<'a> {
    fn run(&mut self) -> Result<(), Error> {
        let root = self.frame(0, Rc::default(), HashMap::new(), None, Rc::default())?;
        let mut frames = vec![root];
        while let Some(frame) = frames.last_mut() {
            if let Some(step) = frame.steps.next() {
                self.count(1)?;
                if let Some(inner) = self.step(frame, step)? {
                    if frames.len() == MOST_DEPTH {
                        return Err(limit(format!(
                            "components are instantiated in each other more than {MOST_DEPTH} deep"
                        )));
                    }
                    frames.push(inner);
                }
                continue;
            }
            let Some(done) = frames.pop() else { break };
            let Some(outer) = frames.last_mut() else {
                self.out.exports = done.root_exports;
                self.out.scope = done.scope;
                break;
            };
            let instance = self.instance(done.exports)?;
            if let Some(ty) = done.ty {
                self.bind_instance(&mut outer.scope, ty, &instance)?;
            }
            outer.instances.push(instance);
        }
        Ok(())
    }

    /// Counts what is done for the component.
    fn count(&mut self, work: usize) -> Result<(), Error> {
        self.work = self.work.saturating_add(work);
        if self.work > MOST_WORK {
            return Err(limit(format!(
                "its instances have more than {MOST_WORK} steps, arguments and items"
            )));
        }
        Ok(())
    }

    fn component_instance(&mut self) -> Result<ComponentInstanceIndex, Error> {
        self.component_instances += 1;
        if self.component_instances > MAX_COMPONENT_INSTANCES {
            return Err(limit(format!(
                "it consists of more than {MAX_COMPONENT_INSTANCES} component instances"
            )));
        }
        Ok(self.out.builder.component_instance()?)
    }

    /// An instance of these items.
    fn instance(&self, items: HashMap<&'a str, ItemDef<'a>>) -> Result<Rc<InstanceDef<'a>>, Error> {
        let inside = items.values().map(|item| match item {
            ItemDef::Instance(instance) => instance.depth,
            _ => 0,
        });
        let depth = inside.max().unwrap_or_default() + 1;
        if depth > wasm_component::MAX_INSTANCE_DEPTH {
            return Err(limit(format!("instances lie within each other {depth} deep")));
        }
        Ok(Rc::new(InstanceDef { items, depth }))
    }

    /// Something of a type has got a place: from now on the type's resources are known there.
    fn bind(
        &mut self,
        scope: &mut Scope,
        ty: &ComponentEntityType,
        item: &ItemDef<'a>,
    ) -> Result<(), Error> {
        match (ty, item) {
            (
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. },
                ItemDef::Type(TypeDef::Resource(resource)),
            ) => scope.bind(id.resource(), *resource),
            (ComponentEntityType::Instance(ty), ItemDef::Instance(instance)) => {
                self.bind_instance(scope, *ty, instance)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn bind_instance(
        &mut self,
        scope: &mut Scope,
        ty: ComponentInstanceTypeId,
        instance: &InstanceDef<'a>,
    ) -> Result<(), Error> {
        if !self.has_resources(ty)? {
            return Ok(());
        }
        let types = self.out.converter.types();
        for (name, item) in &known(types.get(ty))?.exports {
            self.count(1)?;
            if let Some(def) = instance.items.get(name.as_str()) {
                self.bind(scope, &item.ty, def)?;
            }
        }
        Ok(())
    }

    /// Whether there is a resource among what an instance of the type exports.
    fn has_resources(&mut self, ty: ComponentInstanceTypeId) -> Result<bool, Error> {
        if let Some(known) = self.with_resources.get(&ty) {
            return Ok(*known);
        }
        // Types of instances lie in each other no deeper than the validator allows.
        let types = self.out.converter.types();
        let mut has = false;
        for item in known(types.get(ty))?.exports.values() {
            self.count(1)?;
            has |= match item.ty {
                ComponentEntityType::Type { created, .. } => {
                    matches!(created, ComponentAnyTypeId::Resource(_))
                }
                ComponentEntityType::Instance(ty) => self.has_resources(ty)?,
                _ => false,
            };
        }
        self.with_resources.insert(ty, has);
        Ok(has)
    }

    fn func_depth<'d>(&self, defs: impl IntoIterator<Item = &'d Def<'a>>) -> Result<u32, Error>
    where
        'a: 'd,
    {
        let mut depth = 0;
        for def in defs {
            depth = depth.max(match def {
                Def::Lowered(id) => self.out.lowerings[id.index()].depth,
                Def::Adapter(id) => self.out.adapter_depths[id.index()],
                _ => 0,
            });
        }
        if depth == MOST_FUNC_DEPTH {
            return Err(limit(format!(
                "lowered functions depend on each other more than {MOST_FUNC_DEPTH} deep"
            )));
        }
        Ok(depth + 1)
    }

    fn lowered(
        &mut self,
        import: ImportIndex,
        ty: FuncTypeIndex,
        options: AdapterOptions<'a>,
    ) -> Result<Def<'a>, Error> {
        let depth = self.func_depth(options.defs())?;
        let id = LoweringId(self.out.lowerings.len() as u32);
        self.out.lowerings.push(LoweredFunc { import, ty, options, depth });
        Ok(Def::Lowered(id))
    }

    /// A core function that is not supported: it is refused where it is used.
    fn unsupported(&mut self, what: &'a str) -> Def<'a> {
        self.out.unsupported.push(what);
        Def::Unsupported(self.out.unsupported.len() as u32 - 1)
    }

    fn adapter(&mut self, adapter: Adapter<'a>) -> Result<Def<'a>, Error> {
        if let Some(id) = self.adapter_ids.get(&adapter) {
            return Ok(Def::Adapter(*id));
        }
        let defs = adapter.lift.defs().chain(adapter.lower.defs()).chain([&adapter.callee]);
        let depth = self.func_depth(defs)?;
        let id = AdapterId(self.out.adapters.len() as u32);
        self.adapter_ids.insert(adapter.clone(), id);
        self.out.adapters.push(adapter);
        self.out.adapter_depths.push(depth);
        Ok(Def::Adapter(id))
    }

    fn effect(&mut self, kind: EffectKind<'a>) {
        let adapters = self.out.adapters.len();
        self.out.effects.push(Effect { kind, adapters });
    }
}

impl Inlined<'_> {
    /// A module type, as the plan has it.
    pub(crate) fn module_type(
        &mut self,
        id: ComponentCoreModuleTypeId,
    ) -> Result<ModuleTypeIndex, Error> {
        if let Some(index) = self.module_types.get(&id) {
            return Ok(*index);
        }
        let (imports, exports) = module_types::module_type(self.converter.types(), id)?;
        let index = self.builder.module_type(&imports, &exports)?;
        self.module_types.insert(id, index);
        Ok(index)
    }
}

impl<'a> AdapterOptions<'a> {
    /// The core items that they name.
    pub(crate) fn defs(&self) -> impl Iterator<Item = &Def<'a>> {
        [&self.memory, &self.realloc, &self.post_return].into_iter().flatten()
    }
}

fn limit(message: String) -> Error {
    Error::new(ErrorKind::Limit, format!("the component is too large: {message}"))
}
