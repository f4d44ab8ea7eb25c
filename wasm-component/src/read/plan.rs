//! A plan as a whole: its header, its tables, and what is looked up by index. Imports and exports,
//! lists, and types of core modules are read in files of their own.

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::builtin::Builtin;
use crate::core_def::{CoreDef, CoreExport, CoreKind};
use crate::error::{Error, ErrorKind};
use crate::flat::CoreSignature;
use crate::format::{
    CoreDefRecord, Header, InitializerRecord, ItemRecord, LoweringRecord, MAGIC, ModuleRecord,
    ModuleTypeRecord, NONE, OptionsRecord, PARTS, PLAN_VERSION, Part, ResourceRecord,
    TrampolineRecord, core_def, origin, trampoline,
};
use crate::index::{
    ComponentInstanceIndex, CoreInstanceIndex, FuncTypeIndex, ImportIndex, LoweringIndex,
    MemorySlot, ModuleTypeIndex, OptionsIndex, PostReturnSlot, ReallocSlot, ResourceIndex,
    StaticModuleIndex, TrampolineIndex,
};
use crate::initializer::Lowering;
use crate::intrinsic::Intrinsic;
use crate::options::{Options, StringEncoding};
use crate::read::types::Types;
use crate::trampoline::{AdapterTrap, CONTEXT_SLOTS, Trampoline};

/// The most component instances that one component may consist of.
pub const MAX_COMPONENT_INSTANCES: usize = 10_000;

/// A plan: how a component is instantiated, what it imports and exports, and its types.
///
/// It is read in place: making one of its bytes costs no more for a large component than for a
/// small one, and copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    bytes: &'a [u8],
    header: &'a Header,
}

/// A resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resource<'a> {
    /// Where it comes from.
    pub origin: ResourceOrigin,
    /// What it is called where it is first imported or exported; for people. It can be empty.
    pub name: &'a str,
}

/// Where a resource comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResourceOrigin {
    /// The component imports it.
    Imported(ImportIndex),
    /// A component instance defines it.
    Defined(ComponentInstanceIndex),
}

impl<'a> Plan<'a> {
    /// Reads a plan. Only the header is looked at: what else is wrong is an error where it is read.
    ///
    /// # Errors
    ///
    /// If the bytes are no plan, or one of another version, or not all of one.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Ok((header, _)) = Header::ref_from_prefix(bytes) else {
            return Err(not_a_plan());
        };
        if header.magic != MAGIC {
            return Err(not_a_plan());
        }
        let version = header.version.get();
        if version != PLAN_VERSION {
            return Err(Error::new(
                ErrorKind::NotAPlan,
                alloc::format!(
                    "the plan of the component has version {version}, and this is read here: \
                     {PLAN_VERSION}; compile the component again"
                ),
            ));
        }
        if header.size.get() as usize != bytes.len() {
            return Err(Error::damaged("it has another size than it says"));
        }
        let plan = Self { bytes, header };
        for place in 0..PARTS {
            if plan.part(place).is_none() {
                return Err(Error::damaged("a part lies outside of it"));
            }
        }
        // Each of these is made by a step of its own, so that whoever makes room for as many as
        // there are makes no more than the plan pays for.
        let steps = plan.table::<InitializerRecord>(Part::Initializers).len();
        for count in [header.core_instances, header.memories, header.reallocs, header.post_returns]
        {
            if count.get() as usize > steps {
                return Err(Error::damaged("there are more slots than steps that fill them"));
            }
        }
        if plan.component_instance_count() > MAX_COMPONENT_INSTANCES {
            return Err(Error::damaged("there are too many component instances"));
        }
        Ok(plan)
    }

    /// The bytes.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The types.
    pub fn types(self) -> Types<'a> {
        Types {
            types: self.table(Part::Types),
            children: self.table(Part::Children),
            funcs: self.table(Part::FuncTypes),
            flats: self.table(Part::Flats),
            strings: self.strings(),
        }
    }

    /// How many functions, modules and resources are imported.
    pub fn import_count(self) -> usize {
        self.imports_table().len()
    }

    /// How many core instances the initializers make.
    pub fn core_instance_count(self) -> usize {
        self.header.core_instances.get() as usize
    }

    /// How many component instances there are, among them the component itself, with the index 0.
    pub fn component_instance_count(self) -> usize {
        self.header.component_instances.get() as usize
    }

    /// How many memories canonical options name.
    pub fn memory_count(self) -> usize {
        self.header.memories.get() as usize
    }

    /// How many functions that allocate canonical options name.
    pub fn realloc_count(self) -> usize {
        self.header.reallocs.get() as usize
    }

    /// How many `post-return` functions canonical options name.
    pub fn post_return_count(self) -> usize {
        self.header.post_returns.get() as usize
    }

    /// How many resources there are.
    pub fn resource_count(self) -> usize {
        self.table::<ResourceRecord>(Part::Resources).len()
    }

    /// How many lowered imports there are.
    pub fn lowering_count(self) -> usize {
        self.table::<LoweringRecord>(Part::Lowerings).len()
    }

    /// How many trampolines there are.
    pub fn trampoline_count(self) -> usize {
        self.table::<TrampolineRecord>(Part::Trampolines).len()
    }

    /// How many canonical options there are.
    pub fn options_count(self) -> usize {
        self.table::<OptionsRecord>(Part::Options).len()
    }

    /// A resource.
    ///
    /// # Errors
    ///
    /// If there is no such resource, or the plan is damaged.
    pub fn resource(self, index: ResourceIndex) -> Result<Resource<'a>, Error> {
        let table = self.table::<ResourceRecord>(Part::Resources);
        let record =
            table.get(index.index()).ok_or_else(|| Error::damaged("a resource does not exist"))?;
        let origin = match record.origin.get() {
            origin::IMPORTED => ResourceOrigin::Imported(self.checked_import(record.index.get())?),
            origin::DEFINED => {
                ResourceOrigin::Defined(self.checked_component_instance(record.index.get())?)
            }
            _ => return Err(Error::damaged("a resource has an unknown origin")),
        };
        Ok(Resource { origin, name: record.name.of(self.strings())? })
    }

    /// Canonical options.
    ///
    /// # Errors
    ///
    /// If there are no such options, or the plan is damaged.
    pub fn options(self, index: OptionsIndex) -> Result<Options, Error> {
        let table = self.table::<OptionsRecord>(Part::Options);
        let record =
            table.get(index.index()).ok_or_else(|| Error::damaged("options do not exist"))?;
        let encoding = match record.encoding.get() {
            0 => StringEncoding::Utf8,
            1 => StringEncoding::Utf16,
            2 => StringEncoding::CompactUtf16,
            _ => return Err(Error::damaged("options have an unknown encoding of strings")),
        };
        let optional = |slot: U32, count: U32| match slot.get() {
            NONE => Ok(None),
            slot if slot < count.get() => Ok(Some(slot)),
            _ => Err(Error::damaged("options name a slot that does not exist")),
        };
        let header = self.header;
        Ok(Options {
            instance: self.checked_component_instance(record.instance.get())?,
            encoding,
            memory: optional(record.memory, header.memories)?.map(MemorySlot::new),
            realloc: optional(record.realloc, header.reallocs)?.map(ReallocSlot::new),
            post_return: optional(record.post_return, header.post_returns)?
                .map(PostReturnSlot::new),
        })
    }

    /// An imported function that is lowered.
    ///
    /// # Errors
    ///
    /// If there is no such function, or the plan is damaged.
    pub fn lowering(self, index: LoweringIndex) -> Result<Lowering, Error> {
        let table = self.table::<LoweringRecord>(Part::Lowerings);
        let damaged = || Error::damaged("a lowered function does not exist");
        let record = table.get(index.index()).ok_or_else(damaged)?;
        Ok(Lowering {
            import: self.checked_import(record.import.get())?,
            ty: self.checked_func_type(record.ty.get())?,
            options: self.checked_options(record.options.get())?,
        })
    }

    /// A core function that the runtime provides.
    ///
    /// # Errors
    ///
    /// If there is no such function, or the plan is damaged.
    pub fn trampoline(self, index: TrampolineIndex) -> Result<Trampoline, Error> {
        let table = self.table::<TrampolineRecord>(Part::Trampolines);
        let damaged = || Error::damaged("a trampoline does not exist");
        let record = table.get(index.index()).ok_or_else(damaged)?;
        let (a, b, c) = (record.a.get(), record.b.get(), record.c.get());
        let resource = || self.checked_resource(a);
        let instance = |number| self.checked_component_instance(number);
        Ok(match record.kind.get() {
            trampoline::LOWER_IMPORT => {
                let lowering = LoweringIndex::new(a);
                self.lowering(lowering)?;
                Trampoline::LowerImport { lowering }
            }
            trampoline::RESOURCE_NEW => {
                Trampoline::ResourceNew { resource: resource()?, instance: instance(b)? }
            }
            trampoline::RESOURCE_REP => {
                Trampoline::ResourceRep { resource: resource()?, instance: instance(b)? }
            }
            trampoline::RESOURCE_DROP => {
                Trampoline::ResourceDrop { resource: resource()?, instance: instance(b)? }
            }
            trampoline::RESOURCE_TRANSFER_OWN => Trampoline::ResourceTransferOwn {
                resource: resource()?,
                from: instance(b)?,
                to: instance(c)?,
            },
            trampoline::RESOURCE_TRANSFER_BORROW => Trampoline::ResourceTransferBorrow {
                resource: resource()?,
                from: instance(b)?,
                to: instance(c)?,
            },
            trampoline::RESOURCE_ENTER_CALL => Trampoline::ResourceEnterCall,
            trampoline::RESOURCE_EXIT_CALL => Trampoline::ResourceExitCall,
            trampoline::TRAP => Trampoline::Trap {
                code: *AdapterTrap::ALL
                    .get(a as usize)
                    .ok_or_else(|| Error::damaged("a trampoline has an unknown trap"))?,
            },
            trampoline::CONTEXT_GET => {
                Trampoline::ContextGet { slot: context_slot(a)?, instance: instance(b)? }
            }
            trampoline::CONTEXT_SET => {
                Trampoline::ContextSet { slot: context_slot(a)?, instance: instance(b)? }
            }
            trampoline::BACKPRESSURE_INC => Trampoline::BackpressureInc { instance: instance(b)? },
            trampoline::BACKPRESSURE_DEC => Trampoline::BackpressureDec { instance: instance(b)? },
            trampoline::UNAVAILABLE => Trampoline::Unavailable {
                builtin: *Builtin::ALL
                    .get(a as usize)
                    .ok_or_else(|| Error::damaged("a trampoline has an unknown function"))?,
                instance: instance(b)?,
                ty: self.checked_func_type(c)?,
            },
            trampoline::INTRINSIC => {
                let (_, of) = Intrinsic::ALL
                    .get(a as usize)
                    .ok_or_else(|| Error::damaged("a trampoline has an unknown intrinsic"))?;
                Trampoline::Intrinsic(*of)
            }
            _ => return Err(Error::damaged("a trampoline has an unknown kind")),
        })
    }

    /// The signature of a core function that the runtime provides.
    ///
    /// # Errors
    ///
    /// If there is no such function, or the plan is damaged.
    pub fn trampoline_signature(self, index: TrampolineIndex) -> Result<CoreSignature, Error> {
        let trampoline = self.trampoline(index)?;
        match (trampoline.signature(), trampoline) {
            (Some(signature), _) => Ok(signature),
            (None, Trampoline::LowerImport { lowering }) => {
                self.types().func(self.lowering(lowering)?.ty)?.lowered()
            }
            (None, Trampoline::Unavailable { ty, .. }) => self.types().func(ty)?.lowered(),
            (None, _) => Err(Error::damaged("a trampoline has no signature")),
        }
    }

    /// How many types of core modules there are.
    pub fn module_type_count(self) -> usize {
        self.table::<ModuleTypeRecord>(Part::ModuleTypes).len()
    }

    pub(crate) fn core_def(self, place: u32) -> Result<CoreDef<'a>, Error> {
        let table = self.table::<CoreDefRecord>(Part::CoreDefs);
        let damaged = || Error::damaged("a core definition does not exist");
        self.decode_core_def(table.get(place as usize).ok_or_else(damaged)?)
    }

    pub(crate) fn decode_core_def(self, record: &'a CoreDefRecord) -> Result<CoreDef<'a>, Error> {
        let (kind, index) = (record.kind.get(), record.index.get());
        Ok(match kind {
            core_def::INSTANCE_FLAGS => {
                CoreDef::InstanceFlags(self.checked_component_instance(index)?)
            }
            core_def::TRAMPOLINE if (index as usize) < self.trampoline_count() => {
                CoreDef::Trampoline(TrampolineIndex::new(index))
            }
            core_def::TRAMPOLINE => return Err(Error::damaged("a trampoline does not exist")),
            _ => {
                let kind = kind.wrapping_sub(core_def::EXPORT) as usize;
                let damaged = || Error::damaged("a core definition has an unknown kind");
                let kind = *CoreKind::ALL.get(kind).ok_or_else(damaged)?;
                if index as usize >= self.core_instance_count() {
                    return Err(Error::damaged("a core instance does not exist"));
                }
                let instance = CoreInstanceIndex::new(index);
                let name = record.name.of(self.strings())?;
                CoreDef::Export(CoreExport { instance, kind, name })
            }
        })
    }

    pub(crate) fn checked_import(self, number: u32) -> Result<ImportIndex, Error> {
        let error = Error::damaged("an import does not exist");
        checked(number, self.import_count(), error).map(ImportIndex::new)
    }

    pub(crate) fn checked_func_type(self, number: u32) -> Result<FuncTypeIndex, Error> {
        let error = Error::damaged("a function type does not exist");
        checked(number, self.part_len(Part::FuncTypes), error).map(FuncTypeIndex::new)
    }

    pub(crate) fn checked_options(self, number: u32) -> Result<OptionsIndex, Error> {
        let error = Error::damaged("options do not exist");
        checked(number, self.options_count(), error).map(OptionsIndex::new)
    }

    pub(crate) fn checked_module_type(self, number: u32) -> Result<ModuleTypeIndex, Error> {
        let error = Error::damaged("a module type does not exist");
        checked(number, self.module_type_count(), error).map(ModuleTypeIndex::new)
    }

    pub(crate) fn checked_module(self, number: u32) -> Result<StaticModuleIndex, Error> {
        let error = Error::damaged("a module does not exist");
        checked(number, self.part_len(Part::Modules), error).map(StaticModuleIndex::new)
    }

    pub(crate) fn checked_resource(self, number: u32) -> Result<ResourceIndex, Error> {
        let error = Error::damaged("a resource does not exist");
        checked(number, self.resource_count(), error).map(ResourceIndex::new)
    }

    pub(crate) fn checked_component_instance(
        self,
        number: u32,
    ) -> Result<ComponentInstanceIndex, Error> {
        let error = Error::damaged("a component instance does not exist");
        checked(number, self.component_instance_count(), error).map(ComponentInstanceIndex::new)
    }

    pub(crate) fn checked_core_instance(self, number: u32) -> Result<CoreInstanceIndex, Error> {
        let error = Error::damaged("a core instance does not exist");
        checked(number, self.core_instance_count(), error).map(CoreInstanceIndex::new)
    }

    pub(crate) fn checked_memory(self, number: u32) -> Result<MemorySlot, Error> {
        let error = Error::damaged("a memory does not exist");
        checked(number, self.memory_count(), error).map(MemorySlot::new)
    }

    pub(crate) fn checked_realloc(self, number: u32) -> Result<ReallocSlot, Error> {
        let error = Error::damaged("a function that allocates does not exist");
        checked(number, self.realloc_count(), error).map(ReallocSlot::new)
    }

    pub(crate) fn checked_post_return(self, number: u32) -> Result<PostReturnSlot, Error> {
        let error = Error::damaged("a `post-return` function does not exist");
        checked(number, self.post_return_count(), error).map(PostReturnSlot::new)
    }

    pub(super) fn header(self) -> &'a Header {
        self.header
    }

    pub(crate) fn strings(self) -> &'a [u8] {
        self.part(Part::Strings as usize).unwrap_or_default()
    }

    pub(crate) fn items(self) -> &'a [ItemRecord] {
        self.table(Part::Items)
    }

    pub(crate) fn imports_table(self) -> &'a [U32] {
        self.table(Part::Imports)
    }

    /// A table. That its bytes are there was checked at the start; a part that is no whole number
    /// of records has none.
    #[inline]
    pub(crate) fn table<T>(self, part: Part) -> &'a [T]
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let bytes = self.part(part as usize).unwrap_or_default();
        <[T]>::ref_from_bytes(bytes).unwrap_or_default()
    }

    #[inline]
    fn part(self, place: usize) -> Option<&'a [u8]> {
        let record = self.header.directory.get(place)?;
        let start = record.start.get() as usize;
        self.bytes.get(start..start.checked_add(record.len.get() as usize)?)
    }

    fn part_len(self, part: Part) -> usize {
        match part {
            Part::FuncTypes => self.types().funcs.len(),
            _ => self.table::<ModuleRecord>(Part::Modules).len(),
        }
    }
}

impl core::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Plan({} bytes)", self.bytes.len())
    }
}

impl Resource<'_> {
    /// The import that it is, if it is imported.
    pub fn import(self) -> Option<ImportIndex> {
        match self.origin {
            ResourceOrigin::Imported(import) => Some(import),
            ResourceOrigin::Defined(_) => None,
        }
    }
}

#[inline]
fn checked(number: u32, count: usize, error: Error) -> Result<u32, Error> {
    if (number as usize) < count { Ok(number) } else { Err(error) }
}

#[cold]
fn not_a_plan() -> Error {
    Error::new(ErrorKind::NotAPlan, "this is not the plan of a component".into())
}

/// The number of a value that calls have.
fn context_slot(number: u32) -> Result<u32, Error> {
    if (number as usize) < CONTEXT_SLOTS {
        Ok(number)
    } else {
        Err(Error::damaged("a trampoline has a value that calls have not"))
    }
}
