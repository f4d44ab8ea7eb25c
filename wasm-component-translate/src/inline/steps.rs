//! What the steps of a component do.

use std::collections::HashMap;
use std::rc::Rc;

use wasm_component::{CoreKind, ResourceOrigin, StaticModuleIndex, Trampoline};
use wasmparser::component_types::ComponentFuncTypeId;

use crate::adapt::Adapter;
use crate::def::{CoreInstanceId, Def};
use crate::error::Error;
use crate::inline::frame::{Frame, at, unknown};
use crate::inline::items::{
    Captures, ComponentDef, CoreInstanceDef, FuncDef, ItemDef, LiftedFunc, ModuleDef,
};
use crate::inline::{CoreArg, CoreInstance, EffectKind, Inliner};
use crate::parse::core_kind_of;
use crate::parse::steps::{CanonOptions, Capture, ItemKind, ItemRef, Step};
use crate::types::known;

impl<'a> Inliner<'a> {
    /// Does a step. If it instantiates a component, that comes next.
    pub(super) fn step(
        &mut self,
        frame: &mut Frame<'a>,
        step: &'a Step<'a>,
    ) -> Result<Option<Frame<'a>>, Error> {
        match step {
            Step::Import { name, item: declared } => {
                let ty = &declared.ty;
                let item = if frame.ty.is_none() && self.access.has(name) {
                    self.intrinsics(frame, name, ty)?
                } else if frame.ty.is_none() {
                    self.note(false, name, declared)?;
                    let (item, tree) = self.import(&mut frame.scope, name, ty)?;
                    self.imports.extend(tree.map(|tree| (*name, tree)));
                    item
                } else {
                    let item = frame.args.get(name).cloned();
                    let item = item.ok_or_else(|| unknown("argument", name))?;
                    self.bind(&mut frame.scope, ty, &item)?;
                    item
                };
                frame.add(item);
            }
            Step::Export { name, item, declared } => {
                let item = frame.item(*item)?;
                self.bind(&mut frame.scope, &declared.ty, &item)?;
                if frame.ty.is_none() {
                    self.note(true, name, declared)?;
                    frame.root_exports.push((name, declared.ty, item.clone()));
                } else {
                    frame.exports.insert(name, item.clone());
                }
                frame.add(item);
            }
            Step::Alias { kind, instance, name } => {
                let instance = at(&frame.instances, *instance)?;
                let item = instance.items.get(name).cloned();
                let item = item.filter(|item| item.kind() == Some(*kind));
                frame.add(item.ok_or_else(|| unknown("export", name))?);
            }
            Step::CoreAlias { kind, instance, name } => {
                let instance = at(&frame.core_instances, *instance)?;
                let def = instance.export(*kind, name);
                frame.core.push(*kind, def.ok_or_else(|| unknown("core export", name))?);
            }
            Step::CapturedModule(number) => {
                frame.modules.push(at(&frame.captures.modules, *number)?);
            }
            Step::CapturedComponent(number) => {
                frame.components.push(at(&frame.captures.components, *number)?);
            }
            Step::SameModule(index) => frame.modules.push(at(&frame.modules, *index)?),
            Step::SameComponent(index) => frame.components.push(at(&frame.components, *index)?),
            Step::Module(module) => {
                frame.modules.push(ModuleDef::Static(StaticModuleIndex::new(*module)));
            }
            Step::Component(place) => {
                let component = self.component(frame, *place)?;
                frame.components.push(component);
            }
            Step::InstantiateModule { module, args } => {
                self.instantiate_module(frame, *module, args)?;
            }
            Step::CoreInstance(items) => {
                self.count(items.len())?;
                let mut defs = HashMap::with_capacity(items.len());
                for (name, kind, index) in items {
                    defs.insert(*name, frame.core.at(*kind, *index)?);
                }
                frame.core_instances.push(CoreInstanceDef::Items(Rc::new(defs)));
            }
            Step::InstantiateComponent { component, args, ty } => {
                let ComponentDef { place, captures } = at(&frame.components, *component)?;
                let args = self.items(frame, args)?;
                let outer = frame.ancestors.iter().copied();
                // What was put before the component is beside it, and not in it.
                let is_beside = frame.ty.is_none() && *component < self.access.builtins;
                let ancestors = match is_beside {
                    true => Rc::default(),
                    false => [frame.index].into_iter().chain(outer).collect(),
                };
                return self.frame(place, captures, args, Some(*ty), ancestors).map(Some);
            }
            Step::Instance { items, ty } => {
                let items = self.items(frame, items)?;
                let instance = self.instance(items)?;
                self.bind_instance(&mut frame.scope, *ty, &instance)?;
                frame.instances.push(instance);
            }
            Step::Resource { id, dtor } => {
                let origin = ResourceOrigin::Defined(frame.index);
                let resource = self.out.builder.resource(origin, "")?;
                frame.scope.bind(*id, resource);
                let dtor = dtor.map(|index| frame.core.at(CoreKind::Func, index)).transpose()?;
                let instance = frame.index;
                self.effect(EffectKind::Resource { resource, instance, dtor });
            }
            Step::Lift { func, ty, options } => {
                let callee = frame.core.at(CoreKind::Func, *func)?;
                let options = frame.options(options)?;
                let builder = self.out.builder.types();
                let ty = self.out.converter.func(builder, &mut frame.scope, *ty)?;
                let lifted = LiftedFunc { callee, ty, options };
                frame.funcs.push(FuncDef::Lifted(Rc::new(lifted)));
            }
            Step::Lower { func, ty, options } => {
                let def = self.lower(frame, *func, *ty, options)?;
                frame.core.push(CoreKind::Func, def);
            }
            Step::ResourceNew(id) => {
                let (resource, instance) = (frame.scope.known_resource(*id)?, frame.index);
                trampoline(frame, Trampoline::ResourceNew { resource, instance });
            }
            Step::ResourceRep(id) => {
                let (resource, instance) = (frame.scope.known_resource(*id)?, frame.index);
                trampoline(frame, Trampoline::ResourceRep { resource, instance });
            }
            Step::ResourceDrop(id) => {
                let (resource, instance) = (frame.scope.known_resource(*id)?, frame.index);
                trampoline(frame, Trampoline::ResourceDrop { resource, instance });
            }
            Step::Context { slot, sets } => {
                let (slot, instance) = (*slot, frame.index);
                self.out.contexts.insert(instance);
                let get = Trampoline::ContextGet { slot, instance };
                trampoline(
                    frame,
                    if *sets { Trampoline::ContextSet { slot, instance } } else { get },
                );
            }
            Step::Backpressure { down } => {
                let instance = frame.index;
                let inc = Trampoline::BackpressureInc { instance };
                trampoline(
                    frame,
                    if *down { Trampoline::BackpressureDec { instance } } else { inc },
                );
            }
            Step::Unavailable { builtin, ty } => {
                let (builtin, instance) = (*builtin, frame.index);
                let ty = self.out.converter.core_func(self.out.builder.types(), *ty)?;
                trampoline(frame, Trampoline::Unavailable { builtin, instance, ty });
            }
            Step::UnsupportedLift(what) => frame.funcs.push(FuncDef::Unsupported(what)),
            Step::UnsupportedLower(what) => {
                let def = self.unsupported(what);
                frame.core.push(CoreKind::Func, def);
            }
        }
        Ok(None)
    }

    /// A component that stands in the one of this instance, with what it takes from it.
    fn component(&mut self, frame: &Frame<'a>, place: u32) -> Result<ComponentDef, Error> {
        let component = self.parsed.components.get(place as usize);
        let component = component.ok_or_else(|| unknown("component", &place.to_string()))?;
        self.count(component.module_captures.len() + component.component_captures.len())?;
        let modules = component.module_captures.iter().map(|capture| match capture {
            Capture::Local(index) => at(&frame.modules, *index),
            Capture::Captured(number) => at(&frame.captures.modules, *number),
        });
        let components = component.component_captures.iter().map(|capture| match capture {
            Capture::Local(index) => at(&frame.components, *index),
            Capture::Captured(number) => at(&frame.captures.components, *number),
        });
        let captures = Captures {
            modules: modules.collect::<Result<_, _>>()?,
            components: components.collect::<Result<_, _>>()?,
        };
        Ok(ComponentDef { place, captures: Rc::new(captures) })
    }

    fn items(
        &mut self,
        frame: &Frame<'a>,
        items: &'a [(&'a str, ItemRef)],
    ) -> Result<HashMap<&'a str, ItemDef<'a>>, Error> {
        self.count(items.len())?;
        let mut defs = HashMap::with_capacity(items.len());
        for (name, item) in items {
            defs.insert(*name, frame.item(*item)?);
        }
        Ok(defs)
    }

    fn instantiate_module(
        &mut self,
        frame: &mut Frame<'a>,
        module: u32,
        args: &'a [(&'a str, u32)],
    ) -> Result<(), Error> {
        let module = at(&frame.modules, module)?;
        let mut instances = HashMap::with_capacity(args.len());
        for (name, index) in args {
            instances.insert(*name, at(&frame.core_instances, *index)?);
        }
        let arg = |module: &'a str, name: &'a str, kind| {
            let instance = instances.get(module).ok_or_else(|| unknown("core argument", module))?;
            let def = instance.export(kind, name).ok_or_else(|| unknown("core export", name))?;
            Ok::<_, Error>(CoreArg { module, name, def })
        };
        let args: Vec<_> = match module {
            ModuleDef::Static(index) => {
                let module = self.parsed.modules.get(index.index());
                let module = module.ok_or_else(|| unknown("module", &index.to_string()))?;
                let imports = module.imports.iter();
                imports.map(|of| arg(of.module, of.name, of.kind)).collect::<Result<_, _>>()?
            }
            ModuleDef::Imported { ty, .. } => {
                let types = self.out.converter.types();
                let imports = known(types.get(ty))?.imports.iter();
                let imports =
                    imports.map(|((module, name), ty)| arg(module, name, core_kind_of(ty)));
                imports.collect::<Result<_, _>>()?
            }
        };
        self.count(args.len())?;
        let id = CoreInstanceId(self.out.core_instances.len() as u32);
        self.out.core_instances.push(CoreInstance { module, args });
        self.effect(EffectKind::CoreInstance(id));
        frame.core_instances.push(CoreInstanceDef::Instance(id));
        Ok(())
    }

    /// A function as a core function.
    fn lower(
        &mut self,
        frame: &mut Frame<'a>,
        func: u32,
        ty: ComponentFuncTypeId,
        options: &CanonOptions,
    ) -> Result<Def<'a>, Error> {
        let func = at(&frame.funcs, func)?;
        if let FuncDef::Unsupported(what) = func {
            return Ok(self.unsupported(what));
        }
        let options = frame.options(options)?;
        let builder = self.out.builder.types();
        let ty = self.out.converter.func(builder, &mut frame.scope, ty)?;
        match func {
            FuncDef::Imported(import) => self.lowered(import, ty, options),
            FuncDef::Unsupported(what) => Ok(self.unsupported(what)),
            // It has the signature of what it is lowered to, and is of no component.
            FuncDef::Lifted(lifted) if lifted.is_intrinsic() => Ok(lifted.callee.clone()),
            FuncDef::Lifted(lifted) => self.adapter(Adapter {
                callee: lifted.callee.clone(),
                lift_ty: lifted.ty,
                lift: lifted.options.clone(),
                lower_ty: ty,
                lower: options,
            }),
        }
    }
}

fn trampoline(frame: &mut Frame<'_>, trampoline: Trampoline) {
    frame.core.push(CoreKind::Func, Def::Trampoline(trampoline));
}

impl ItemDef<'_> {
    /// The index space that it belongs to.
    fn kind(&self) -> Option<ItemKind> {
        match self {
            Self::Func(_) => Some(ItemKind::Func),
            Self::Module(_) => Some(ItemKind::Module),
            Self::Component(_) => Some(ItemKind::Component),
            Self::Instance(_) => Some(ItemKind::Instance),
            Self::Type(_) => None,
        }
    }
}
