//! The binary form of a plan: a header, a directory, and tables of records of fixed size.
//!
//! All numbers are little-endian and unaligned. Records name others by their place in a table, and
//! text by its place in [`Part::Strings`]. Nothing is decoded when a plan is opened: each reader
//! looks at the records that it needs, and checks what they refer to.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The version of the form. It changes when an older reader could not read newer plans correctly,
/// or the other way round.
pub const PLAN_VERSION: u32 = 3;
/// The first bytes.
pub(crate) const MAGIC: [u8; 8] = *b"\0wasmpln";
/// No index, wherever one is optional.
pub(crate) const NONE: u32 = u32::MAX;

/// The tables, by their place in the directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// UTF-8 text.
    Strings,
    /// [`TypeRecord`]s.
    Types,
    /// [`ChildRecord`]s.
    Children,
    /// [`FuncTypeRecord`]s.
    FuncTypes,
    /// Bytes: [`FlatType`](crate::FlatType)s of types, and core types of module types.
    Flats,
    /// [`ResourceRecord`]s.
    Resources,
    /// [`ItemRecord`]s: what is imported and exported, as two trees.
    Items,
    /// [`U32`]s: the items that [`ImportIndex`](crate::ImportIndex)es stand for.
    Imports,
    /// [`OptionsRecord`]s.
    Options,
    /// [`LoweringRecord`]s.
    Lowerings,
    /// [`TrampolineRecord`]s.
    Trampolines,
    /// [`CoreDefRecord`]s.
    CoreDefs,
    /// [`ArgRecord`]s.
    Args,
    /// [`InitializerRecord`]s.
    Initializers,
    /// [`ModuleRecord`]s.
    Modules,
    /// [`ModuleTypeRecord`]s.
    ModuleTypes,
    /// [`CoreItemRecord`]s.
    CoreItems,
    /// [`NoteRecord`]s.
    Notes,
}

/// How many parts there are.
pub(crate) const PARTS: usize = Part::Notes as usize + 1;

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, Debug,
            FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
        )]
        #[repr(C)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $ty,)*
        }
    };
}

record! {
    /// A text.
    StrRef { start: U32, len: U32, }
}

record! {
    /// Neighbouring records of another table.
    RangeRef { start: U32, len: U32, }
}

record! {
    /// An [`InterfaceType`](crate::InterfaceType), or none.
    TypeRef { kind: U32, index: U32, }
}

record! {
    /// What the component says of an import or export, or of something in one, beside its name.
    NoteRecord {
        /// What is said, and of what: see [`note`].
        flags: U32,
        /// The names that lead there, with [`note::SEPARATOR`] in between.
        path: StrRef,
        implements: StrRef,
        external_id: StrRef,
    }
}

/// What is said in a [`NoteRecord`].
pub(crate) mod note {
    /// It is of an export; otherwise of an import.
    pub(crate) const EXPORT: u32 = 1;
    pub(crate) const IMPLEMENTS: u32 = 2;
    pub(crate) const EXTERNAL_ID: u32 = 4;
    /// Stands in no name.
    pub(crate) const SEPARATOR: char = '\n';
}

record! {
    /// Where a part lies, in bytes from the start.
    PartRecord { start: U32, len: U32, }
}

record! {
    /// The start of a plan.
    Header {
        magic: [u8; 8],
        version: U32,
        /// How many bytes the plan has.
        size: U32,
        /// How many core instances initializers make.
        core_instances: U32,
        /// How many component instances there are.
        component_instances: U32,
        /// How many slots there are.
        memories: U32,
        reallocs: U32,
        post_returns: U32,
        /// The root's imports and exports in the table of items.
        imports: RangeRef,
        exports: RangeRef,
        directory: [PartRecord; PARTS],
    }
}

record! {
    /// A type with an index. Its kind is that of the [`TypeRef`]s that name it.
    TypeRecord {
        kind: U32,
        size: U32,
        align: U32,
        /// How many types lie within each other: more than in every type that it consists of.
        depth: U32,
        /// How many core values it is passed as.
        flat_count: U32,
        /// Those core types, if they are few enough to be passed so; else empty.
        flats: RangeRef,
        /// Fields, cases or labels; or element types; in their order.
        children: RangeRef,
        /// For variants: the size of the discriminant, and where the payload begins. For lists of
        /// fixed length: the length.
        extra: [U32; 2],
    }
}

record! {
    /// A field, case, label or parameter.
    ChildRecord {
        name: StrRef,
        ty: TypeRef,
        /// Of fields and parameters: where it lies in the record.
        offset: U32,
    }
}

record! {
    /// A function type.
    FuncTypeRecord {
        params: RangeRef,
        result: TypeRef,
        /// Of the parameters as a tuple.
        params_size: U32,
        params_align: U32,
        params_flat_count: U32,
        params_flats: RangeRef,
    }
}

/// Whether a resource is imported ([`ResourceRecord::origin`]).
pub(crate) mod origin {
    pub(crate) const IMPORTED: u32 = 0;
    pub(crate) const DEFINED: u32 = 1;
}

record! {
    /// A resource.
    ResourceRecord {
        origin: U32,
        /// The import, or the component instance that defines it.
        index: U32,
        /// A name for people: of the first import or export. Empty if there is none.
        name: StrRef,
    }
}

/// The kinds of [`ItemRecord`]s.
pub(crate) mod item {
    /// `a`: import, `b`: type.
    pub(crate) const IMPORTED_FUNC: u32 = 0;
    /// `a`: core definition, `b`: type, `c`: options.
    pub(crate) const LIFTED_FUNC: u32 = 1;
    /// `a`: import, `b`: type.
    pub(crate) const IMPORTED_MODULE: u32 = 2;
    /// `a`: module, `b`: type.
    pub(crate) const STATIC_MODULE: u32 = 3;
    /// `a`, `b`: range of items.
    pub(crate) const INSTANCE: u32 = 4;
    /// `a`, `b`: interface type.
    pub(crate) const TYPE: u32 = 5;
    /// `a`: resource.
    pub(crate) const RESOURCE: u32 = 6;
}

record! {
    /// Something that is imported or exported. Neighbours are sorted by name.
    ItemRecord {
        name: StrRef,
        kind: U32,
        a: U32,
        b: U32,
        c: U32,
        /// The instance that it is in, [`NONE`](super::NONE) at the root.
        parent: U32,
        /// Counted from the first of its neighbours: which of them was declared as this one is
        /// placed.
        declared: U32,
    }
}

record! {
    /// Canonical options.
    OptionsRecord { instance: U32, encoding: U32, memory: U32, realloc: U32, post_return: U32, }
}

record! {
    /// A function of the host that is lowered.
    LoweringRecord { import: U32, ty: U32, options: U32, }
}

/// The kinds of [`TrampolineRecord`]s.
pub(crate) mod trampoline {
    pub(crate) const LOWER_IMPORT: u32 = 0;
    pub(crate) const RESOURCE_NEW: u32 = 1;
    pub(crate) const RESOURCE_REP: u32 = 2;
    pub(crate) const RESOURCE_DROP: u32 = 3;
    pub(crate) const RESOURCE_TRANSFER_OWN: u32 = 4;
    pub(crate) const RESOURCE_TRANSFER_BORROW: u32 = 5;
    pub(crate) const RESOURCE_ENTER_CALL: u32 = 6;
    pub(crate) const RESOURCE_EXIT_CALL: u32 = 7;
    pub(crate) const TRAP: u32 = 9;
    pub(crate) const UNAVAILABLE: u32 = 10;
    pub(crate) const CONTEXT_GET: u32 = 11;
    pub(crate) const CONTEXT_SET: u32 = 12;
    pub(crate) const BACKPRESSURE_INC: u32 = 13;
    pub(crate) const BACKPRESSURE_DEC: u32 = 14;
    pub(crate) const INTRINSIC: u32 = 15;
}

record! {
    /// A core function that the runtime provides.
    TrampolineRecord { kind: U32, a: U32, b: U32, c: U32, }
}

/// The kinds of [`CoreDefRecord`]s.
pub(crate) mod core_def {
    pub(crate) const INSTANCE_FLAGS: u32 = 0;
    pub(crate) const TRAMPOLINE: u32 = 1;
    /// Exports: this and the number of their kind.
    pub(crate) const EXPORT: u32 = 2;
}

record! {
    /// A core item.
    CoreDefRecord { kind: U32, index: U32, name: StrRef, }
}

record! {
    /// What an import of a core module gets.
    ArgRecord { module: StrRef, name: StrRef, def: CoreDefRecord, }
}

/// The kinds of [`InitializerRecord`]s.
pub(crate) mod initializer {
    /// `a`: instance, `b`: module, `args`.
    pub(crate) const INSTANTIATE_MODULE: u32 = 0;
    /// `a`: instance, `b`: import, `args`.
    pub(crate) const INSTANTIATE_IMPORTED_MODULE: u32 = 1;
    /// `a`: lowering.
    pub(crate) const LOWER_IMPORT: u32 = 2;
    /// `a`: slot, `b`: core definition.
    pub(crate) const EXTRACT_MEMORY: u32 = 3;
    /// `a`: slot, `b`: core definition.
    pub(crate) const EXTRACT_REALLOC: u32 = 4;
    /// `a`: slot, `b`: core definition.
    pub(crate) const EXTRACT_POST_RETURN: u32 = 5;
    /// `a`: resource, `b`: component instance, start of `args`: destructor.
    pub(crate) const DEFINE_RESOURCE: u32 = 6;
}

record! {
    /// A step of the instantiation.
    InitializerRecord { kind: U32, a: U32, b: U32, args: RangeRef, }
}

/// What a module is for ([`ModuleRecord::role`]).
pub(crate) mod role {
    pub(crate) const OWN: u32 = 0;
    pub(crate) const ADAPTER: u32 = 1;
}

record! {
    /// A core module that is compiled with the component.
    ModuleRecord { role: U32, name: StrRef, }
}

record! {
    /// A type of core modules.
    ModuleTypeRecord { imports: RangeRef, exports: RangeRef, }
}

record! {
    /// An import or export of a module type.
    CoreItemRecord {
        module: StrRef,
        name: StrRef,
        kind: U32,
        /// See [`limit_bits`].
        bits: U32,
        /// Of memories, the logarithm.
        page_size: U32,
        minimum: U64,
        maximum: U64,
        /// Parameters of functions and tags, the elements of tables, the content of globals.
        types: RangeRef,
        results: RangeRef,
    }
}

/// The bits of [`CoreItemRecord::bits`].
pub(crate) mod limit_bits {
    pub(crate) const HAS_MAXIMUM: u32 = 1 << 0;
    pub(crate) const IS_64: u32 = 1 << 1;
    pub(crate) const SHARED: u32 = 1 << 2;
    pub(crate) const MUTABLE: u32 = 1 << 3;
    pub(crate) const ALL: u32 = (1 << 4) - 1;
}

impl StrRef {
    /// No text.
    #[cfg(feature = "write")]
    pub(crate) const EMPTY: Self = Self { start: U32::ZERO, len: U32::ZERO };
}

impl RangeRef {
    /// No records.
    #[cfg(feature = "write")]
    pub(crate) const EMPTY: Self = Self { start: U32::ZERO, len: U32::ZERO };

    /// The records of a table that this names.
    #[inline]
    pub(crate) fn of<T>(self, table: &[T]) -> Option<&[T]> {
        let start = self.start.get() as usize;
        table.get(start..start.checked_add(self.len.get() as usize)?)
    }
}
