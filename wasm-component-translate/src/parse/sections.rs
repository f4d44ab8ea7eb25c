//! Sections of components, as steps.

use wasm_component::{Builtin, StringEncoding};
use wasmparser::types::TypesRef;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExport, ComponentExternalKind,
    ComponentInstance, ComponentOuterAliasKind, ComponentType, Instance, InstantiationArgKind,
    Payload, ValType,
};

use crate::error::{Error, ErrorKind};
use crate::parse::steps::{CanonOptions, Capture, ItemKind, ItemRef, Step};
use crate::parse::{Open, Reader, core_kind};

/// How large index spaces are before a section.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    types: u32,
    instances: u32,
    core_funcs: u32,
}

impl Counts {
    pub(super) fn new(types: TypesRef<'_>) -> Self {
        Self {
            types: types.component_type_count(),
            instances: types.component_instance_count(),
            core_funcs: types.function_count(),
        }
    }
}

impl<'a> Reader<'a> {
    /// What must be known of a section before it is validated.
    pub(super) fn before_section(&mut self, payload: &Payload<'a>) -> Result<(), Error> {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                let range = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
                self.next_module = range(unchecked_range.start)..range(unchecked_range.end);
                Ok(())
            }
            Payload::ComponentStartSection { range, .. } => {
                let what = "start functions of components, which WASI 0.2 does not have";
                Err(Error::unsupported(what).at(range.start))
            }
            _ => Ok(()),
        }
    }

    /// A section of a component that is valid.
    pub(super) fn section(
        &mut self,
        component: usize,
        payload: Payload<'a>,
        counts: Counts,
    ) -> Result<(), Error> {
        let mut steps = Vec::new();
        match payload {
            Payload::ModuleSection { .. } => {
                steps.push(Step::Module(self.modules.len() as u32));
            }
            Payload::ComponentSection { .. } => {
                steps.push(Step::Component(self.components.len() as u32));
            }
            Payload::ComponentTypeSection(section) => {
                for (place, ty) in section.into_iter().enumerate() {
                    if let ComponentType::Resource { dtor, .. } = ty? {
                        let ty = self.types()?.component_any_type_at(counts.types + place as u32);
                        steps.push(Step::Resource { id: ty.unwrap_resource().resource(), dtor });
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let name = import?.name.name;
                    let item = self.types()?.component_item_for_import(name);
                    let item = item.ok_or_else(|| unknown("import", name))?.clone();
                    steps.push(Step::Import { name, item });
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    let export = export?;
                    let name = export.name.name;
                    let item = self.types()?.component_item_for_export(name);
                    let declared = item.ok_or_else(|| unknown("export", name))?.clone();
                    let item = self.item(export.kind, export.index)?;
                    steps.push(Step::Export { name, item, declared });
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    steps.extend(self.alias(alias?)?);
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    steps.push(core_instance(instance?));
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for (place, instance) in section.into_iter().enumerate() {
                    let place = counts.instances + place as u32;
                    steps.push(self.instance(instance?, place)?);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                let mut core_func = counts.core_funcs;
                for func in section.into_iter_with_offsets() {
                    let (offset, func) = func?;
                    let is_core = !matches!(func, CanonicalFunction::Lift { .. });
                    let step = self.canonical(func, core_func).map_err(|error| error.at(offset))?;
                    core_func += u32::from(is_core);
                    steps.push(step);
                }
            }
            _ => {}
        }
        self.components[component].steps.append(&mut steps);
        Ok(())
    }

    /// The types of the innermost component.
    fn types(&self) -> Result<TypesRef<'_>, Error> {
        let error = || Error::new(ErrorKind::Invalid, "the component has no types");
        self.validator.types(0).ok_or_else(error)
    }

    fn item(&self, kind: ComponentExternalKind, index: u32) -> Result<ItemRef, Error> {
        Ok(match kind {
            ComponentExternalKind::Func => ItemRef::Func(index),
            ComponentExternalKind::Module => ItemRef::Module(index),
            ComponentExternalKind::Component => ItemRef::Component(index),
            ComponentExternalKind::Instance => ItemRef::Instance(index),
            ComponentExternalKind::Type => {
                ItemRef::Type(self.types()?.component_any_type_at(index))
            }
            ComponentExternalKind::Value => return Err(values()),
        })
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<Option<Step<'a>>, Error> {
        Ok(match alias {
            ComponentAlias::InstanceExport { kind, instance_index: instance, name } => {
                let kind = match kind {
                    ComponentExternalKind::Func => ItemKind::Func,
                    ComponentExternalKind::Module => ItemKind::Module,
                    ComponentExternalKind::Component => ItemKind::Component,
                    ComponentExternalKind::Instance => ItemKind::Instance,
                    ComponentExternalKind::Type => return Ok(None),
                    ComponentExternalKind::Value => return Err(values()),
                };
                Some(Step::Alias { kind, instance, name })
            }
            ComponentAlias::CoreInstanceExport { kind, instance_index: instance, name } => {
                Some(Step::CoreAlias { kind: core_kind(kind), instance, name })
            }
            ComponentAlias::Outer { kind, count, index } => match kind {
                ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => None,
                ComponentOuterAliasKind::CoreModule if count == 0 => Some(Step::SameModule(index)),
                ComponentOuterAliasKind::Component if count == 0 => {
                    Some(Step::SameComponent(index))
                }
                ComponentOuterAliasKind::CoreModule => {
                    Some(Step::CapturedModule(self.capture(true, count, index)?))
                }
                ComponentOuterAliasKind::Component => {
                    Some(Step::CapturedComponent(self.capture(false, count, index)?))
                }
            },
        })
    }

    /// Lets each component between the innermost and the one `count` further out take something,
    /// and returns the number that it has among what the innermost takes.
    fn capture(&mut self, module: bool, count: u32, index: u32) -> Result<u32, Error> {
        let outermost = self.open.len().checked_sub(count as usize);
        let outermost = outermost.filter(|place| *place > 0);
        let outermost = outermost.ok_or_else(|| unknown("outer alias", &index.to_string()))?;
        let mut capture = Capture::Local(index);
        let mut number = index;
        for open in &self.open[outermost..] {
            let Open::Component(component) = open else { continue };
            let component = &mut self.components[*component];
            let (captures, places) = if module {
                (&mut component.module_captures, &mut component.module_places)
            } else {
                (&mut component.component_captures, &mut component.component_places)
            };
            number = *places.entry(capture).or_insert_with(|| {
                captures.push(capture);
                captures.len() as u32 - 1
            });
            capture = Capture::Captured(number);
        }
        Ok(number)
    }

    fn instance(&self, instance: ComponentInstance<'a>, place: u32) -> Result<Step<'a>, Error> {
        let ty = self.types()?.component_instance_at(place);
        Ok(match instance {
            ComponentInstance::Instantiate { component_index: component, args } => {
                let mut given = Vec::with_capacity(args.len());
                for arg in &args {
                    given.push((arg.name, self.item(arg.kind, arg.index)?));
                }
                Step::InstantiateComponent { component, args: given.into(), ty }
            }
            ComponentInstance::FromExports(exports) => {
                let mut items = Vec::with_capacity(exports.len());
                for ComponentExport { name, kind, index, .. } in &exports {
                    items.push((name.name, self.item(*kind, *index)?));
                }
                Step::Instance { items: items.into(), ty }
            }
        })
    }

    fn canonical(&self, func: CanonicalFunction, core_func: u32) -> Result<Step<'a>, Error> {
        let types = self.types()?;
        let resource = |index: u32| types.component_any_type_at(index).unwrap_resource().resource();
        Ok(match func {
            CanonicalFunction::Lift { core_func_index: func, type_index, options } => {
                let ty = types.component_any_type_at(type_index).unwrap_func();
                let is_async = types.get(ty).is_some_and(|ty| ty.async_);
                match canon_options(&options, types) {
                    Ok(_) if is_async => {
                        Step::UnsupportedLift("`async` functions of WASI 0.3".into())
                    }
                    Ok(options) => Step::Lift { func, ty, options },
                    Err(what) => Step::UnsupportedLift(what),
                }
            }
            CanonicalFunction::Lower { func_index: func, options } => {
                let ty = types.component_function_at(func);
                match canon_options(&options, types) {
                    Ok(options) => Step::Lower { func, ty, options },
                    Err(what) => Step::UnsupportedLower(what),
                }
            }
            CanonicalFunction::ResourceNew { resource: of } => Step::ResourceNew(resource(of)),
            CanonicalFunction::ResourceRep { resource: of } => Step::ResourceRep(resource(of)),
            CanonicalFunction::ResourceDrop { resource: of } => Step::ResourceDrop(resource(of)),
            // The validator allows no other type.
            CanonicalFunction::ContextGet { ty: ValType::I32, slot } => {
                Step::Context { slot, sets: false }
            }
            CanonicalFunction::ContextSet { ty: ValType::I32, slot } => {
                Step::Context { slot, sets: true }
            }
            CanonicalFunction::BackpressureInc => Step::Backpressure { down: false },
            CanonicalFunction::BackpressureDec => Step::Backpressure { down: true },
            other => {
                let builtin = builtin(&other)
                    .ok_or_else(|| Error::unsupported(format!("the function {other:?}")))?;
                Step::Unavailable { builtin, ty: types.core_function_at(core_func) }
            }
        })
    }
}

fn core_instance(instance: Instance<'_>) -> Step<'_> {
    match instance {
        Instance::Instantiate { module_index: module, args } => {
            let args = args.iter().map(|arg| {
                let InstantiationArgKind::Instance = arg.kind;
                (arg.name, arg.index)
            });
            Step::InstantiateModule { module, args: args.collect() }
        }
        Instance::FromExports(exports) => {
            let exports = exports.iter().map(|of| (of.name, core_kind(of.kind), of.index));
            Step::CoreInstance(exports.collect())
        }
    }
}

/// The options, or what of them is not supported.
fn canon_options(options: &[CanonicalOption], types: TypesRef<'_>) -> Result<CanonOptions, String> {
    let mut all = CanonOptions::default();
    for option in options {
        let unsupported = match option {
            CanonicalOption::UTF8 => {
                all.encoding = StringEncoding::Utf8;
                continue;
            }
            CanonicalOption::UTF16 => {
                all.encoding = StringEncoding::Utf16;
                continue;
            }
            CanonicalOption::CompactUTF16 => {
                all.encoding = StringEncoding::CompactUtf16;
                continue;
            }
            CanonicalOption::Memory(index) => {
                all.memory = Some(*index);
                all.page_size_log2 = types.memory_at(*index).page_size_log2.unwrap_or(16);
                continue;
            }
            CanonicalOption::Realloc(index) => {
                all.realloc = Some(*index);
                continue;
            }
            CanonicalOption::PostReturn(index) => {
                all.post_return = Some(*index);
                continue;
            }
            CanonicalOption::Async => "`async` of WASI 0.3",
            CanonicalOption::Callback(_) => "`callback` of WASI 0.3",
            CanonicalOption::CoreType(_) => "`core-type`",
            CanonicalOption::Gc => "`gc`",
        };
        return Err(format!("the canonical option {unsupported}"));
    }
    Ok(all)
}

fn values() -> Error {
    Error::unsupported("values as imports, exports and arguments")
}

/// What the validator let through, and does not know afterwards.
fn unknown(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("the component is not valid: no {what} `{name}`"))
}

/// The built-in functions that are not supported.
fn builtin(func: &CanonicalFunction) -> Option<Builtin> {
    use CanonicalFunction as Of;
    Some(match func {
        Of::ErrorContextDebugMessage { .. } => Builtin::ErrorContextDebugMessage,
        Of::ErrorContextDrop => Builtin::ErrorContextDrop,
        Of::ErrorContextNew { .. } => Builtin::ErrorContextNew,
        Of::FutureCancelRead { .. } => Builtin::FutureCancelRead,
        Of::FutureCancelWrite { .. } => Builtin::FutureCancelWrite,
        Of::FutureDropReadable { .. } => Builtin::FutureDropReadable,
        Of::FutureDropWritable { .. } => Builtin::FutureDropWritable,
        Of::FutureForward { .. } => Builtin::FutureForward,
        Of::FutureNew { .. } => Builtin::FutureNew,
        Of::FutureRead { .. } => Builtin::FutureRead,
        Of::FutureWrite { .. } => Builtin::FutureWrite,
        Of::StreamCancelRead { .. } => Builtin::StreamCancelRead,
        Of::StreamCancelWrite { .. } => Builtin::StreamCancelWrite,
        Of::StreamDropReadable { .. } => Builtin::StreamDropReadable,
        Of::StreamDropWritable { .. } => Builtin::StreamDropWritable,
        Of::StreamForward { .. } => Builtin::StreamForward,
        Of::StreamNew { .. } => Builtin::StreamNew,
        Of::StreamRead { .. } => Builtin::StreamRead,
        Of::StreamWrite { .. } => Builtin::StreamWrite,
        Of::SubtaskCancel { .. } => Builtin::SubtaskCancel,
        Of::SubtaskDrop => Builtin::SubtaskDrop,
        Of::TaskCancel => Builtin::TaskCancel,
        Of::TaskReturn { .. } => Builtin::TaskReturn,
        Of::ThreadAvailableParallelism => Builtin::ThreadAvailableParallelism,
        Of::ThreadIndex => Builtin::ThreadIndex,
        Of::ThreadNewIndirect { .. } => Builtin::ThreadNewIndirect,
        Of::ThreadResumeLater => Builtin::ThreadResumeLater,
        Of::ThreadSpawnIndirect { .. } => Builtin::ThreadSpawnIndirect,
        Of::ThreadSpawnRef { .. } => Builtin::ThreadSpawnRef,
        Of::ThreadSuspend => Builtin::ThreadSuspend,
        Of::ThreadSuspendThenPromote => Builtin::ThreadSuspendThenPromote,
        Of::ThreadSuspendThenResume => Builtin::ThreadSuspendThenResume,
        Of::ThreadYield => Builtin::ThreadYield,
        Of::ThreadYieldThenPromote => Builtin::ThreadYieldThenPromote,
        Of::ThreadYieldThenResume => Builtin::ThreadYieldThenResume,
        Of::WaitableJoin => Builtin::WaitableJoin,
        Of::WaitableSetDrop => Builtin::WaitableSetDrop,
        Of::WaitableSetNew => Builtin::WaitableSetNew,
        Of::WaitableSetPoll { .. } => Builtin::WaitableSetPoll,
        Of::WaitableSetWait { .. } => Builtin::WaitableSetWait,
        _ => return None,
    })
}
