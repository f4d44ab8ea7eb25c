//! Puts what is left of a component into the order of its instantiation, and into a plan.

mod exports;

use std::borrow::Cow;
use std::collections::HashMap;

use wasm_component::{
    Arg, CoreDef, CoreExport, CoreInstanceIndex, Lowering, MemorySlot, Options, OptionsIndex,
    PostReturnSlot, ReallocSlot, StaticModule, Trampoline, TrampolineIndex,
};

use wasm_types::WasmFeatures;

use crate::adapt::{self, AdapterOptions, CodeRoom, Needs};
use crate::def::{AdapterId, CoreInstanceId, Def, LoweringId};
use crate::error::{Error, ErrorKind};
use crate::inline::items::ModuleDef;
use crate::inline::{CoreInstance, EffectKind, Inlined};
use crate::parse::CoreModule;

/// A component, taken apart.
#[derive(Debug)]
#[non_exhaustive]
pub struct Translation<'a> {
    /// The plan, which [`wasm_component::Plan`] reads.
    pub plan: Vec<u8>,
    /// The core modules that the plan names, as binaries: those of the component, and adapters.
    pub modules: Vec<Cow<'a, [u8]>>,
}

/// Makes a plan. `names` are those under which adapters are exported, as many as there are
/// adapters.
pub(crate) fn emit<'w: 'a, 'a>(
    inlined: Inlined<'a>,
    modules: &[CoreModule<'w>],
    names: &'a [String],
    features: WasmFeatures,
) -> Result<Translation<'w>, Error> {
    let is_imported = |of: &CoreInstance<'_>| matches!(of.module, ModuleDef::Imported { .. });
    let exceptions = modules.iter().any(|module| module.has_tags)
        || features.contains(WasmFeatures::EXCEPTIONS)
            && inlined.core_instances.iter().any(is_imported);
    let mut emitter = Emitter {
        instances: vec![None; inlined.core_instances.len()],
        lowerings: vec![None; inlined.lowerings.len()],
        adapters: vec![None; inlined.adapters.len()],
        inlined,
        names,
        next_adapter: 0,
        adapters_before: 0,
        memories: HashMap::new(),
        reallocs: HashMap::new(),
        post_returns: HashMap::new(),
        modules: modules.iter().map(|module| Cow::Borrowed(module.wasm)).collect(),
        adapter_room: CodeRoom::default(),
        exceptions,
    };
    emitter.effects()?;
    emitter.exports()?;
    Ok(Translation { plan: emitter.inlined.builder.finish()?, modules: emitter.modules })
}

struct Emitter<'w, 'a> {
    inlined: Inlined<'a>,
    names: &'a [String],
    instances: Vec<Option<CoreInstanceIndex>>,
    lowerings: Vec<Option<TrampolineIndex>>,
    /// The instance that exports each adapter, and under which name.
    adapters: Vec<Option<(CoreInstanceIndex, &'a str)>>,
    /// Adapters up to this one are instantiated.
    next_adapter: usize,
    /// Adapters up to this one can be instantiated: what they need was there before.
    adapters_before: usize,
    memories: HashMap<Def<'a>, MemorySlot>,
    reallocs: HashMap<Def<'a>, ReallocSlot>,
    post_returns: HashMap<Def<'a>, PostReturnSlot>,
    modules: Vec<Cow<'w, [u8]>>,
    adapter_room: CodeRoom,
    /// Whether there can be exceptions.
    exceptions: bool,
}

impl<'a> Emitter<'_, 'a> {
    fn effects(&mut self) -> Result<(), Error> {
        for effect in std::mem::take(&mut self.inlined.effects) {
            self.adapters_before = effect.adapters;
            match effect.kind {
                EffectKind::CoreInstance(id) => self.core_instance(id)?,
                EffectKind::Resource { resource, instance, dtor } => {
                    let dtor = dtor.map(|dtor| self.core_def(&dtor)).transpose()?;
                    self.inlined.builder.define_resource(resource, instance, dtor.as_ref())?;
                }
            }
        }
        self.adapters_before = self.adapters.len();
        Ok(())
    }

    fn core_instance(&mut self, id: CoreInstanceId) -> Result<(), Error> {
        let instance = &mut self.inlined.core_instances[id.index()];
        let (module, defs) = (instance.module, std::mem::take(&mut instance.args));
        let mut args = Vec::with_capacity(defs.len());
        for arg in defs {
            args.push(Arg { module: arg.module, name: arg.name, def: self.core_def(&arg.def)? });
        }
        let builder = &mut self.inlined.builder;
        let index = match module {
            ModuleDef::Static(module) => builder.instantiate_module(module, &args)?,
            ModuleDef::Imported { import, .. } => {
                builder.instantiate_imported_module(import, &args)?
            }
        };
        self.instances[id.index()] = Some(index);
        Ok(())
    }

    /// A core item as the plan names it. What it needs comes before.
    ///
    /// This calls itself as deep as lowered functions depend on each other, which is limited.
    fn core_def(&mut self, def: &Def<'a>) -> Result<CoreDef<'a>, Error> {
        Ok(match def {
            Def::Export { instance, kind, name } => {
                let (kind, name) = (*kind, *name);
                let instance = self.instances[instance.index()];
                let instance = instance.ok_or_else(|| out_of_order("a core instance"))?;
                CoreDef::Export(CoreExport { instance, kind, name })
            }
            Def::Flags(instance) => CoreDef::InstanceFlags(*instance),
            Def::Trampoline(of) => CoreDef::Trampoline(self.inlined.builder.trampoline(*of)?),
            Def::Lowered(id) => CoreDef::Trampoline(self.lowered(*id)?),
            Def::Unsupported(place) => {
                let what = self.inlined.unsupported.get(*place as usize);
                return Err(Error::unsupported(what.unwrap_or(&"a lowered function")));
            }
            Def::Adapter(id) => {
                let (instance, name) = self.adapter(*id)?;
                let kind = wasm_component::CoreKind::Func;
                CoreDef::Export(CoreExport { instance, kind, name })
            }
        })
    }

    fn lowered(&mut self, id: LoweringId) -> Result<TrampolineIndex, Error> {
        if let Some(known) = self.lowerings[id.index()] {
            return Ok(known);
        }
        let func = &self.inlined.lowerings[id.index()];
        let (import, ty, options) = (func.import, func.ty, func.options.clone());
        let options = self.options(&options)?;
        let builder = &mut self.inlined.builder;
        let lowering = builder.lower_import(&Lowering { import, ty, options })?;
        let trampoline = builder.trampoline(Trampoline::LowerImport { lowering })?;
        self.lowerings[id.index()] = Some(trampoline);
        Ok(trampoline)
    }

    /// The instance that exports an adapter. If it is not there yet, all adapters that can be made
    /// are made now, so that there are few modules.
    fn adapter(&mut self, id: AdapterId) -> Result<(CoreInstanceIndex, &'a str), Error> {
        if let Some(known) = self.adapters[id.index()] {
            return Ok(known);
        }
        let range = self.next_adapter..self.adapters_before;
        if !range.contains(&id.index()) {
            return Err(out_of_order("an adapter"));
        }
        self.next_adapter = range.end;
        // Those that depend on others come in a later module.
        let mut by_depth: Vec<usize> = range.collect();
        by_depth.sort_by_key(|place| self.inlined.adapter_depths[*place]);
        let depths = &self.inlined.adapter_depths;
        let groups: Vec<Vec<usize>> =
            by_depth.chunk_by(|a, b| depths[*a] == depths[*b]).map(<[usize]>::to_vec).collect();
        for group in groups.iter().flat_map(|group| group.chunks(adapt::MOST_OF_A_MODULE)) {
            self.adapter_module(group)?;
        }
        self.adapters[id.index()].ok_or_else(|| out_of_order("an adapter"))
    }

    fn adapter_module(&mut self, places: &[usize]) -> Result<(), Error> {
        let adapters: Vec<_> = places.iter().map(|place| &self.inlined.adapters[*place]).collect();
        let types = self.inlined.builder.types_ref();
        let needs = Needs { exceptions: self.exceptions, contexts: &self.inlined.contexts };
        let module = adapt::module(types, needs, &adapters, &mut self.adapter_room)?;
        let mut args = Vec::with_capacity(module.imports.len());
        for import in &module.imports {
            args.push(Arg {
                module: &import.module,
                name: &import.name,
                def: self.core_def(&import.def)?,
            });
        }
        let builder = &mut self.inlined.builder;
        let index = builder.module(&StaticModule { name: "", adapter: true })?;
        let instance = builder.instantiate_module(index, &args)?;
        self.modules.push(Cow::Owned(module.wasm));
        for (place, name) in places.iter().zip(self.names) {
            self.adapters[*place] = Some((instance, name));
        }
        Ok(())
    }

    fn options(&mut self, options: &AdapterOptions<'a>) -> Result<OptionsIndex, Error> {
        let memory = options.memory.as_ref().map(|def| self.memory(def)).transpose()?;
        let realloc = options.realloc.as_ref().map(|def| self.realloc(def)).transpose()?;
        let post_return = options.post_return.as_ref().map(|def| self.post_return(def));
        let options = Options {
            instance: options.instance,
            encoding: options.encoding,
            memory,
            realloc,
            post_return: post_return.transpose()?,
        };
        Ok(self.inlined.builder.options(&options)?)
    }

    fn memory(&mut self, def: &Def<'a>) -> Result<MemorySlot, Error> {
        if let Some(known) = self.memories.get(def) {
            return Ok(*known);
        }
        let core = self.core_def(def)?;
        let slot = self.inlined.builder.extract_memory(&core)?;
        self.memories.insert(def.clone(), slot);
        Ok(slot)
    }

    fn realloc(&mut self, def: &Def<'a>) -> Result<ReallocSlot, Error> {
        if let Some(known) = self.reallocs.get(def) {
            return Ok(*known);
        }
        let core = self.core_def(def)?;
        let slot = self.inlined.builder.extract_realloc(&core)?;
        self.reallocs.insert(def.clone(), slot);
        Ok(slot)
    }

    fn post_return(&mut self, def: &Def<'a>) -> Result<PostReturnSlot, Error> {
        if let Some(known) = self.post_returns.get(def) {
            return Ok(*known);
        }
        let core = self.core_def(def)?;
        let slot = self.inlined.builder.extract_post_return(&core)?;
        self.post_returns.insert(def.clone(), slot);
        Ok(slot)
    }
}

/// Steps use only what earlier steps made, which the order of index spaces gives.
fn out_of_order(what: &str) -> Error {
    let message = format!("the component uses {what} before it is there");
    Error::new(ErrorKind::Invalid, message)
}
