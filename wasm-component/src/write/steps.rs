//! The steps of the instantiation, and what they and the items name.

use zerocopy::little_endian::U32;

use crate::builtin::Builtin;
use crate::core_def::{Arg, CoreDef, CoreKind};
use crate::error::Error;
use crate::format::{
    ArgRecord, CoreDefRecord, InitializerRecord, LoweringRecord, NONE, OptionsRecord, RangeRef,
    ResourceRecord, StrRef, TrampolineRecord, core_def, initializer, origin, trampoline,
};
use crate::index::{
    ComponentInstanceIndex, CoreInstanceIndex, ImportIndex, LoweringIndex, MemorySlot,
    OptionsIndex, PostReturnSlot, ReallocSlot, ResourceIndex, StaticModuleIndex, TrampolineIndex,
};
use crate::initializer::Lowering;
use crate::intrinsic::Intrinsic;
use crate::options::{Options, StringEncoding};
use crate::read::ResourceOrigin;
use crate::trampoline::{AdapterTrap, Trampoline};
use crate::write::{PlanBuilder, fit};

impl PlanBuilder {
    /// A new component instance. The first is the component itself.
    ///
    /// # Errors
    ///
    /// If there are too many; as with all that follow.
    pub fn component_instance(&mut self) -> Result<ComponentInstanceIndex, Error> {
        self.component_instances.next().map(ComponentInstanceIndex::new)
    }

    /// A new resource, with a name for people. What defines it is a step of its own:
    /// [`define_resource`](Self::define_resource).
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn resource(&mut self, origin: ResourceOrigin, name: &str) -> Result<ResourceIndex, Error> {
        let (origin, index) = match origin {
            ResourceOrigin::Imported(import) => (origin::IMPORTED, import.as_u32()),
            ResourceOrigin::Defined(instance) => (origin::DEFINED, instance.as_u32()),
        };
        let number = fit(self.resources.len())?;
        let name = self.types.strings.add(name)?;
        self.resources.push(ResourceRecord { origin: origin.into(), index: index.into(), name });
        Ok(ResourceIndex::new(number))
    }

    /// Names a resource for people, if it has no name yet.
    ///
    /// # Errors
    ///
    /// If there are too many names.
    pub fn name_resource(&mut self, resource: ResourceIndex, name: &str) -> Result<(), Error> {
        if let Some(record) = self.resources.get_mut(resource.index())
            && record.name.len.get() == 0
        {
            record.name = self.types.strings.add(name)?;
        }
        Ok(())
    }

    /// Canonical options.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn options(&mut self, options: &Options) -> Result<OptionsIndex, Error> {
        let encoding = match options.encoding {
            StringEncoding::Utf8 => 0,
            StringEncoding::Utf16 => 1,
            StringEncoding::CompactUtf16 => 2_u32,
        };
        let slot = |number: Option<u32>| U32::from(number.unwrap_or(NONE));
        let record = OptionsRecord {
            instance: options.instance.as_u32().into(),
            encoding: encoding.into(),
            memory: slot(options.memory.map(MemorySlot::as_u32)),
            realloc: slot(options.realloc.map(ReallocSlot::as_u32)),
            post_return: slot(options.post_return.map(PostReturnSlot::as_u32)),
        };
        self.options.add(record).map(OptionsIndex::new)
    }

    /// A core function that the runtime provides.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn trampoline(&mut self, of: Trampoline) -> Result<TrampolineIndex, Error> {
        let place = |found: Option<usize>| found.unwrap_or_default() as u32;
        let (kind, a, b, c) = match of {
            Trampoline::LowerImport { lowering } => {
                (trampoline::LOWER_IMPORT, lowering.as_u32(), 0, 0)
            }
            Trampoline::ResourceNew { resource, instance } => {
                (trampoline::RESOURCE_NEW, resource.as_u32(), instance.as_u32(), 0)
            }
            Trampoline::ResourceRep { resource, instance } => {
                (trampoline::RESOURCE_REP, resource.as_u32(), instance.as_u32(), 0)
            }
            Trampoline::ResourceDrop { resource, instance } => {
                (trampoline::RESOURCE_DROP, resource.as_u32(), instance.as_u32(), 0)
            }
            Trampoline::ResourceTransferOwn { resource, from, to } => {
                (trampoline::RESOURCE_TRANSFER_OWN, resource.as_u32(), from.as_u32(), to.as_u32())
            }
            Trampoline::ResourceTransferBorrow { resource, from, to } => (
                trampoline::RESOURCE_TRANSFER_BORROW,
                resource.as_u32(),
                from.as_u32(),
                to.as_u32(),
            ),
            Trampoline::ResourceEnterCall => (trampoline::RESOURCE_ENTER_CALL, 0, 0, 0),
            Trampoline::ResourceExitCall => (trampoline::RESOURCE_EXIT_CALL, 0, 0, 0),
            Trampoline::Trap { code } => {
                let code = place(AdapterTrap::ALL.iter().position(|of| *of == code));
                (trampoline::TRAP, code, 0, 0)
            }
            Trampoline::ContextGet { slot, instance } => {
                (trampoline::CONTEXT_GET, slot, instance.as_u32(), 0)
            }
            Trampoline::ContextSet { slot, instance } => {
                (trampoline::CONTEXT_SET, slot, instance.as_u32(), 0)
            }
            Trampoline::BackpressureInc { instance } => {
                (trampoline::BACKPRESSURE_INC, 0, instance.as_u32(), 0)
            }
            Trampoline::BackpressureDec { instance } => {
                (trampoline::BACKPRESSURE_DEC, 0, instance.as_u32(), 0)
            }
            Trampoline::Unavailable { builtin, instance, ty } => {
                let builtin = place(Builtin::ALL.iter().position(|of| *of == builtin));
                (trampoline::UNAVAILABLE, builtin, instance.as_u32(), ty.as_u32())
            }
            Trampoline::Intrinsic(of) => {
                let of = place(Intrinsic::ALL.iter().position(|(_, known)| *known == of));
                (trampoline::INTRINSIC, of, 0, 0)
            }
        };
        let record = TrampolineRecord { kind: kind.into(), a: a.into(), b: b.into(), c: c.into() };
        self.trampolines.add(record).map(TrampolineIndex::new)
    }

    /// The next step lowers an imported function, unless an earlier one did.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn lower_import(&mut self, lowering: &Lowering) -> Result<LoweringIndex, Error> {
        let before = self.lowerings.records().len();
        let record = LoweringRecord {
            import: lowering.import.as_u32().into(),
            ty: lowering.ty.as_u32().into(),
            options: lowering.options.as_u32().into(),
        };
        let number = self.lowerings.add(record)?;
        if self.lowerings.records().len() > before {
            self.step(initializer::LOWER_IMPORT, number, 0, RangeRef::EMPTY);
        }
        Ok(LoweringIndex::new(number))
    }

    /// The next step instantiates a module of the component, with arguments for its imports in
    /// their order.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn instantiate_module(
        &mut self,
        module: StaticModuleIndex,
        args: &[Arg<'_>],
    ) -> Result<CoreInstanceIndex, Error> {
        self.instantiate(initializer::INSTANTIATE_MODULE, module.as_u32(), args)
    }

    /// The next step instantiates an imported module.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn instantiate_imported_module(
        &mut self,
        import: ImportIndex,
        args: &[Arg<'_>],
    ) -> Result<CoreInstanceIndex, Error> {
        self.instantiate(initializer::INSTANTIATE_IMPORTED_MODULE, import.as_u32(), args)
    }

    /// The next step takes a memory for canonical options.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn extract_memory(&mut self, def: &CoreDef<'_>) -> Result<MemorySlot, Error> {
        let (slot, def) = (self.memories.next()?, self.core_def(def)?);
        self.step(initializer::EXTRACT_MEMORY, slot, def, RangeRef::EMPTY);
        Ok(MemorySlot::new(slot))
    }

    /// The next step takes a function that allocates for canonical options.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn extract_realloc(&mut self, def: &CoreDef<'_>) -> Result<ReallocSlot, Error> {
        let (slot, def) = (self.reallocs.next()?, self.core_def(def)?);
        self.step(initializer::EXTRACT_REALLOC, slot, def, RangeRef::EMPTY);
        Ok(ReallocSlot::new(slot))
    }

    /// The next step takes a `post-return` function for canonical options.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn extract_post_return(&mut self, def: &CoreDef<'_>) -> Result<PostReturnSlot, Error> {
        let (slot, def) = (self.post_returns.next()?, self.core_def(def)?);
        self.step(initializer::EXTRACT_POST_RETURN, slot, def, RangeRef::EMPTY);
        Ok(PostReturnSlot::new(slot))
    }

    /// The next step defines a resource.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn define_resource(
        &mut self,
        resource: ResourceIndex,
        instance: ComponentInstanceIndex,
        dtor: Option<&CoreDef<'_>>,
    ) -> Result<(), Error> {
        let dtor = dtor.map(|dtor| self.core_def(dtor)).transpose()?;
        let args = RangeRef { start: dtor.unwrap_or(NONE).into(), len: 0.into() };
        self.step(initializer::DEFINE_RESOURCE, resource.as_u32(), instance.as_u32(), args);
        Ok(())
    }

    pub(crate) fn core_def(&mut self, def: &CoreDef<'_>) -> Result<u32, Error> {
        let record = self.core_def_record(def)?;
        self.core_defs.add(record)
    }

    fn core_def_record(&mut self, def: &CoreDef<'_>) -> Result<CoreDefRecord, Error> {
        let (kind, index, name) = match def {
            CoreDef::InstanceFlags(instance) => {
                (core_def::INSTANCE_FLAGS, instance.as_u32(), StrRef::EMPTY)
            }
            CoreDef::Trampoline(trampoline) => {
                (core_def::TRAMPOLINE, trampoline.as_u32(), StrRef::EMPTY)
            }
            CoreDef::Export(export) => {
                let kind = core_def::EXPORT + kind_number(export.kind);
                (kind, export.instance.as_u32(), self.types.strings.add(export.name)?)
            }
        };
        Ok(CoreDefRecord { kind: kind.into(), index: index.into(), name })
    }

    fn instantiate(
        &mut self,
        kind: u32,
        of: u32,
        args: &[Arg<'_>],
    ) -> Result<CoreInstanceIndex, Error> {
        let instance = self.core_instances.next()?;
        let start = fit(self.args.len())?;
        for arg in args {
            let record = ArgRecord {
                module: self.types.strings.add(arg.module)?,
                name: self.types.strings.add(arg.name)?,
                def: self.core_def_record(&arg.def)?,
            };
            self.args.push(record);
        }
        let range = RangeRef { start: start.into(), len: fit(args.len())?.into() };
        self.step(kind, instance, of, range);
        Ok(CoreInstanceIndex::new(instance))
    }

    fn step(&mut self, kind: u32, a: u32, b: u32, args: RangeRef) {
        let record = InitializerRecord { kind: kind.into(), a: a.into(), b: b.into(), args };
        self.initializers.push(record);
    }
}

/// A kind of core items as its number.
pub(crate) fn kind_number(kind: CoreKind) -> u32 {
    CoreKind::ALL.iter().position(|of| *of == kind).unwrap_or_default() as u32
}
