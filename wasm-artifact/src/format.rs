//! The format: the header, the directory of tables and the fixed-size records of each table.
//!
//! An artifact is an ELF file whose first note (at [`NOTE_OFFSET`], right after a fixed number of
//! program headers) holds a [`Header`] and the directory. The directory is the one truth for
//! readers of this crate; ELF sections and symbols describe the same bytes to other tools and are
//! not read. All numbers in the note and in the tables are little-endian and unaligned, whatever
//! the target; ELF's own structures have the byte order of the target.
//!
//! What may change without a new [`FORMAT_VERSION`]: tables with new ids (readers skip those they
//! do not know), a longer header (its length is recorded), new flag bits that may be ignored.

use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The version of the format that this crate writes and reads. It is separate from the version of
/// the crate: it changes only when an older reader could not read a newer artifact correctly, or
/// the other way round.
pub const FORMAT_VERSION: u32 = 2;

/// How many program headers an artifact has: fixed, so that the note's place is.
pub(crate) const PROGRAM_HEADERS: usize = 5;
/// Where the note stands: after the ELF header and the program headers.
pub(crate) const NOTE_OFFSET: usize = 64 + PROGRAM_HEADERS * 56;
/// The note's own header: sizes of name and description, type, and the name.
pub(crate) const NOTE_HEADER_SIZE: usize = 12 + NOTE_NAME.len();
/// The owner of the note, padded to four bytes.
pub(crate) const NOTE_NAME: &[u8; 8] = b"wasm-rt\0";
/// The type of the note.
#[cfg(feature = "write")]
pub(crate) const NOTE_TYPE: u32 = u32::from_be_bytes(*b"wasm");
/// The first bytes of the header.
pub(crate) const MAGIC: [u8; 8] = *b"\0wasmelf";
/// Where the header stands.
pub(crate) const HEADER_OFFSET: usize = NOTE_OFFSET + NOTE_HEADER_SIZE;

/// No index: "none" wherever an index is optional.
pub(crate) const NONE: u32 = u32::MAX;

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub(crate) $field: $ty,)*
        }
    };
}

record! {
    /// A string in [`Part::Strings`].
    StrRef { offset: U32, len: U32, }
}

record! {
    /// A range of [`Part::ConstOps`], in bytes; `start` is [`NONE`] for no expression at all.
    ConstRef { start: U32, len: U32, }
}

record! {
    /// The head of the note's description.
    Header {
        magic: [u8; 8],
        format_version: U32,
        abi_version: U32,
        /// The size of this header; the directory follows it.
        header_size: U32,
        /// How many entries the directory has.
        directory_len: U32,
        /// The size of the whole file, to recognise truncation.
        file_size: U64,
        features: U64,
        memory_reservation: U64,
        memory_guard_size: U64,
        memory_reservation_for_growth: U64,
        stack_guard_size: U32,
        /// See the constants in [`tunable_bits`].
        tunable_bits: U32,
        producer: StrRef,
        target: StrRef,
        /// The alignment of text and images in the file.
        page_size: U32,
        /// See the constants in [`flags`].
        flags: U32,
        imported_functions: U32,
        imported_tables: U32,
        imported_memories: U32,
        imported_globals: U32,
        imported_tags: U32,
        start: U32,
        /// Code offsets in the trap table and the address map are shifted right by this much.
        code_shift: U32,
        traps: U32,
        addresses: U32,
        /// Goes into every checksum of a block, so that a block of another artifact is noticed.
        salt: U64,
        /// What the checksums of blocks are about: everything but the header, the directory, these
        /// checksums, and the parts that are mapped by themselves.
        summed_offset: U64,
        summed_len: U64,
        /// With [`tunable_bits::FUEL`], what operators cost.
        fuel_costs: U64,
        /// For later: zero.
        reserved: [U32; 7],
        /// The checksum of the header up to here, and of the directory.
        sum: U64,
        /// Last, since it is not part of what is summed: sealing changes nothing else.
        seal: SealRecord,
    }
}

record! {
    /// Who vouches for the artifact: all zero if nobody does.
    SealRecord {
        /// See [`seal_kind`].
        kind: U32,
        /// For later: zero.
        reserved: U32,
        /// Which key it was sealed with.
        key_id: [u8; 32],
        /// The signature or authentication code over the whole file, in which these bytes count
        /// as zero. What is shorter is followed by zeros.
        tag: [u8; 64],
    }
}

/// Values of [`SealRecord::kind`].
pub(crate) mod seal_kind {
    #[cfg(any(feature = "write", feature = "inspect", feature = "mac"))]
    pub(crate) const NONE: u32 = 0;
    /// An Ed25519 signature.
    #[cfg(any(feature = "inspect", feature = "mac"))]
    pub(crate) const ED25519: u32 = 1;
    /// A keyed BLAKE3 hash.
    #[cfg(any(feature = "inspect", feature = "mac"))]
    pub(crate) const BLAKE3_MAC: u32 = 2;
}

/// Where the seal stands in every artifact.
#[cfg(feature = "mac")]
pub(crate) const SEAL_OFFSET: usize = HEADER_OFFSET + core::mem::offset_of!(Header, seal);

/// Bits of [`Header::tunable_bits`]; bits 8 to 15 hold the optimisation level, bits 16 and 17 who
/// may look at internals. Readers refuse what has bits that they do not know.
pub(crate) mod tunable_bits {
    pub(crate) const SPECTRE_MITIGATION: u32 = 1;
    pub(crate) const RELAXED_SIMD_DETERMINISTIC: u32 = 2;
    pub(crate) const NAN_CANONICALIZATION: u32 = 4;
    pub(crate) const INTERRUPTION: u32 = 8;
    pub(crate) const FUEL: u32 = 16;
    pub(crate) const INTERRUPTION_CALLBACKS: u32 = 32;
    pub(crate) const FUEL_YIELDS: u32 = 64;
    pub(crate) const GATHERS_PROFILE: u32 = 128;
    pub(crate) const GUEST_DEBUG: u32 = 1 << 19;
    pub(crate) const OPT_LEVEL_SHIFT: u32 = 8;
    pub(crate) const INTERNALS_SHIFT: u32 = 16;
    /// What is compiled is a component: see [`Part::Modules`](super::Part::Modules).
    pub(crate) const COMPONENT: u32 = 1 << 18;
    /// All that mean something.
    pub(crate) const KNOWN: u32 = SPECTRE_MITIGATION
        | RELAXED_SIMD_DETERMINISTIC
        | NAN_CANONICALIZATION
        | INTERRUPTION
        | FUEL
        | INTERRUPTION_CALLBACKS
        | FUEL_YIELDS
        | GATHERS_PROFILE
        | GUEST_DEBUG
        | 0xff << OPT_LEVEL_SHIFT
        | 3 << INTERNALS_SHIFT
        | COMPONENT;
}

/// Bits of [`Header::flags`].
pub(crate) mod flags {
    /// Each type is a recursive group of its own; the table of groups is left out.
    pub(crate) const TRIVIAL_REC_GROUPS: u32 = 1;
    /// The functions' code is in the order of the functions; the table of the order is left out.
    pub(crate) const CODE_IN_ORDER: u32 = 2;
    /// The module has debugging information that is not in the artifact.
    pub(crate) const WITHOUT_DEBUG_SECTIONS: u32 = 4;
}

record! {
    /// An entry of the directory. Entries are in the order of their offsets and do not overlap.
    DirectoryEntry { id: U32, reserved: U32, offset: U64, len: U64, }
}

record! {
    /// A type. `params` and `results` count codes from `start` on in [`Part::TypeCodes`]; for a
    /// structure or an array `params` counts the fields.
    TypeRecord { flags: U32, supertype: U32, start: U32, params: U32, results: U32, }
}

/// Bits of [`TypeRecord::flags`]: the low byte is the kind.
pub(crate) mod type_flags {
    pub(crate) const FUNC: u32 = 0;
    pub(crate) const STRUCT: u32 = 1;
    pub(crate) const ARRAY: u32 = 2;
    pub(crate) const CONT: u32 = 3;
    pub(crate) const FINAL: u32 = 1 << 8;
}

record! {
    /// A recursive group.
    RecGroupRecord { start: U32, len: U32, }
}

record! {
    /// What an import or export stands for: see [`entity_kind`].
    EntityRecord { kind: U32, index: U32, }
}

/// Values of [`EntityRecord::kind`].
pub(crate) mod entity_kind {
    pub(crate) const FUNC: u32 = 0;
    pub(crate) const TABLE: u32 = 1;
    pub(crate) const MEMORY: u32 = 2;
    pub(crate) const GLOBAL: u32 = 3;
    pub(crate) const TAG: u32 = 4;
}

record! {
    /// An import.
    ImportRecord { module: StrRef, name: StrRef, entity: EntityRecord, }
}

record! {
    /// An export.
    ExportRecord { name: StrRef, entity: EntityRecord, }
}

record! {
    /// The type of a table or a memory. `element` is a value type code, for a memory the
    /// logarithm of the page size.
    LimitsRecord { minimum: U64, maximum: U64, element: U32, flags: U32, }
}

/// Bits of [`LimitsRecord::flags`].
pub(crate) mod limits_flags {
    pub(crate) const HAS_MAXIMUM: u32 = 1;
    pub(crate) const INDEX64: u32 = 2;
    pub(crate) const SHARED: u32 = 4;
}

record! {
    /// The type of a global.
    GlobalRecord { content: U32, mutable: U32, }
}

record! {
    /// An element segment. `items` start in [`Part::FuncLists`] or, with
    /// [`segment_flags::EXPRESSIONS`], in [`Part::ExprLists`].
    ElementRecord { flags: U32, table: U32, offset: ConstRef, ty: U32, start: U32, len: U32, }
}

record! {
    /// A data segment. Its bytes stand in [`Part::DataBytes`] or, with
    /// [`segment_flags::IN_IMAGE`], in [`Part::Images`].
    DataRecord { flags: U32, memory: U32, offset: ConstRef, start: U64, len: U64, }
}

/// Bits of [`ElementRecord::flags`] and [`DataRecord::flags`]: the low two bits are the kind.
pub(crate) mod segment_flags {
    pub(crate) const PASSIVE: u32 = 0;
    pub(crate) const DECLARED: u32 = 1;
    pub(crate) const ACTIVE: u32 = 2;
    pub(crate) const KIND: u32 = 3;
    /// An active segment whose contents are already part of an image.
    pub(crate) const IN_IMAGE: u32 = 4;
    /// The items are expressions.
    pub(crate) const EXPRESSIONS: u32 = 8;
}

record! {
    /// The initial contents of a defined table: `len` functions from `start` on in
    /// [`Part::FuncLists`], the first of them for the element `first`. No image if `first` is
    /// [`NONE`].
    TableImageRecord { first: U32, start: U32, len: U32, }
}

record! {
    /// The initial contents of a defined memory: `len` bytes from `start` on in
    /// [`Part::Images`], for the addresses from `memory_offset` on. No image if `len` is zero.
    MemoryImageRecord { memory_offset: U64, start: U64, len: U64, }
}

record! {
    /// A setting of the instruction set.
    IsaFlagRecord { name: StrRef, value: StrRef, }
}

record! {
    /// The code of a defined function.
    CodeRecord { offset: U32, len: U32, }
}

record! {
    /// A block of a delta-coded table: its first key, and where its bytes start.
    BlockRecord { first: U32, position: U32, }
}

/// How many entries a block of a delta-coded table has; the last one may have fewer.
pub(crate) const BLOCK_LEN: u32 = 64;

record! {
    /// A function that keeps its instance context in its frame.
    FrameSlotRecord { func: U32, below_frame_pointer: U32, }
}

record! {
    /// Something that a function keeps in its frame for native debuggers: a local, or [`NONE`] for
    /// where the base of the first memory is.
    KeptValueRecord { func: U32, local: U32, below_frame_pointer: U32, size: U32, }
}

record! {
    /// An instruction that traps with another amount of fuel taken than was used: `ahead` is a
    /// signed number.
    FuelRecord { offset: U32, ahead: U32, }
}

record! {
    /// A call during which references stay in the frame of the caller, by where it returns to. They
    /// are `len` entries from `start` on in [`Part::FrameReferences`].
    StackMapRecord { offset: U32, start: U32, len: U32, }
}

record! {
    /// A function that stands in place of a call of it: see `wasm_types::InlinedFunction`. `caller`
    /// is the number of another record before this one, or [`NONE`].
    InlinedFunctionRecord { func: U32, call: U32, caller: U32, }
}

record! {
    /// From an offset of the text on, code is of a function that stands in place of a call: the
    /// number of its record, or [`NONE`].
    InlinedRangeRecord { offset: U32, function: U32, }
}

record! {
    /// How a function keeps values in its frame: see `wasm_types::FunctionFrame`. What is in the
    /// three tables goes from where it starts up to where that of the next record does.
    FrameRecord {
        body: U32,
        numbers_below: U32,
        references_below: U32,
        references: U32,
        locals: U32,
        operands: U32,
        points: U32,
    }
}

record! {
    /// The top of an operand stack: see `wasm_types::FrameOperand`.
    FrameOperandRecord { below: U32, kind: U32, }
}

record! {
    /// An operator at which code can be stopped: see `wasm_types::FramePoint`.
    FramePointRecord { pc: U32, top: U32, }
}

record! {
    /// A call from which exceptions are caught: see `wasm_types::CatchSite`. Its handlers are in
    /// [`Part::CatchHandlers`], from `handlers` on up to those of the next record.
    CatchSiteRecord {
        return_offset: U32,
        stack_below_frame: U32,
        context_below_frame: U32,
        handlers: U32,
    }
}

record! {
    /// Where an exception goes on: one of a tag, or with [`NONE`] any.
    CatchHandlerRecord { tag: U32, target: U32, }
}

record! {
    /// Something in the text beside the functions: see [`text_item_kind`].
    TextItemRecord { kind: U32, index: U32, offset: U32, len: U32, }
}

/// Values of [`TextItemRecord::kind`], and what the index is of.
pub(crate) mod text_item_kind {
    /// The elements of a table.
    pub(crate) const TABLE: u32 = 0;
    /// What calls an imported function.
    pub(crate) const IMPORT_THUNK: u32 = 1;
}

record! {
    /// A section of debugging information: `len` bytes from `start` on in [`Part::DebugBytes`]. The
    /// record without a name is about the code section: where its contents start in the binary.
    DebugSectionRecord { name: StrRef, start: U64, len: U64, }
}

record! {
    /// A module of a component: where its artifact starts among the bytes of [`Part::Modules`], and
    /// how many bytes are its own. The places of its text and images are further on in the file.
    ModuleRecord { start: U64, len: U64, }
}

/// The alignment of a module's text in that of a component: enough for any of its functions, and
/// for the constants between them.
pub(crate) const MODULE_TEXT_ALIGN: u64 = 64;

record! {
    /// A function's name: it ends with a zero byte before the next record's `offset` in
    /// [`Part::SymbolStrings`]. A last record with the function [`NONE`] marks the end.
    FunctionNameRecord { func: U32, offset: U32, }
}

record! {
    /// The name of something that is not a function: see [`name_kind`]. Sorted by kind, index and
    /// field.
    OtherNameRecord { kind: U32, index: U32, name: StrRef, }
}

/// Values of [`OtherNameRecord::kind`].
pub(crate) mod name_kind {
    pub(crate) const MODULE: u32 = 0;
    pub(crate) const TABLE: u32 = 1;
    pub(crate) const MEMORY: u32 = 2;
    pub(crate) const GLOBAL: u32 = 3;
    pub(crate) const ELEMENT: u32 = 4;
    pub(crate) const DATA: u32 = 5;
    pub(crate) const TYPE: u32 = 6;
    pub(crate) const TAG: u32 = 7;
    /// Of a structure, whose type is the index. The number of the field is in the bits of the kind
    /// from [`FIELD_SHIFT`] on.
    pub(crate) const FIELD: u32 = 8;
    pub(crate) const FIELD_SHIFT: u32 = 8;

    /// The kind of a name of a field.
    pub(crate) const fn of_field(field: u32) -> u32 {
        FIELD | field << FIELD_SHIFT
    }

    /// The kind without the number of a field, and that number.
    pub(crate) const fn parts(kind: u32) -> (u32, u32) {
        (kind & ((1 << FIELD_SHIFT) - 1), kind >> FIELD_SHIFT)
    }
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $section:literal;)*) => {
        /// The tables of an artifact. The numbers stand in artifacts and never change meaning.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u32)]
        pub(crate) enum Part {
            $($(#[$doc])* $name = $id,)*
        }

        impl Part {
            /// Every table, in the order of the file.
            #[cfg(feature = "write")]
            pub(crate) const ALL: &[Part] = &[$(Part::$name,)*];

            /// The table's name, of the shape of an ELF section's; not all have a section of their
            /// own.
            pub(crate) const fn section_name(self) -> &'static str {
                match self {
                    $(Part::$name => $section,)*
                }
            }

            /// The table with the given id.
            pub(crate) const fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Part::$name),)*
                    _ => None,
                }
            }
        }
    };
}

tables! {
    /// The checksum of each block of the tables: see [`crate::checksums`].
    Checksums = 0, ".wasm.sums";
    /// Bytes of strings.
    Strings = 1, ".wasm.strings";
    /// [`TypeRecord`]s.
    Types = 2, ".wasm.types";
    /// Codes of value and field types.
    TypeCodes = 3, ".wasm.type_codes";
    /// [`RecGroupRecord`]s.
    RecGroups = 4, ".wasm.rec_groups";
    /// [`ImportRecord`]s.
    Imports = 5, ".wasm.imports";
    /// [`ExportRecord`]s, in the order of the module.
    Exports = 6, ".wasm.exports";
    /// Numbers of exports, sorted by their names.
    ExportOrder = 7, ".wasm.export_order";
    /// The type of each function, imported and defined.
    FunctionTypes = 8, ".wasm.function_types";
    /// [`LimitsRecord`]s of tables.
    Tables = 9, ".wasm.tables";
    /// [`LimitsRecord`]s of memories.
    Memories = 10, ".wasm.memories";
    /// [`GlobalRecord`]s.
    Globals = 11, ".wasm.globals";
    /// The type of each tag.
    Tags = 12, ".wasm.tags";
    /// [`ConstRef`]s of defined tables.
    TableInits = 13, ".wasm.table_inits";
    /// [`ConstRef`]s of defined globals.
    GlobalInits = 14, ".wasm.global_inits";
    /// Operators of constant expressions.
    ConstOps = 15, ".wasm.const_ops";
    /// [`ElementRecord`]s.
    Elements = 16, ".wasm.elements";
    /// Function indices: elements of segments and of table images.
    FuncLists = 17, ".wasm.func_lists";
    /// [`ConstRef`]s: elements of segments.
    ExprLists = 18, ".wasm.expr_lists";
    /// [`DataRecord`]s.
    Data = 19, ".wasm.data";
    /// Bytes of data segments that are in no image.
    DataBytes = 20, ".wasm.data_bytes";
    /// [`TableImageRecord`]s of defined tables.
    TableImages = 21, ".wasm.table_images";
    /// [`MemoryImageRecord`]s of defined memories.
    MemoryImages = 22, ".wasm.memory_images";
    /// Functions that can be referred to, sorted.
    Escaping = 23, ".wasm.escaping";
    /// [`IsaFlagRecord`]s.
    IsaFlags = 24, ".wasm.isa_flags";
    /// [`StrRef`]s: the extensions of the instruction set that the code uses, sorted.
    Extensions = 25, ".wasm.extensions";
    /// [`CodeRecord`]s of defined functions.
    Code = 26, ".wasm.code";
    /// The frame size of each defined function.
    FrameSizes = 27, ".wasm.frame_sizes";
    /// Numbers of defined functions, sorted by the offset of their code.
    CodeOrder = 28, ".wasm.code_order";
    /// [`BlockRecord`]s of the trap table.
    TrapBlocks = 29, ".wasm.trap_blocks";
    /// Delta-coded entries of the trap table.
    TrapBytes = 30, ".wasm.traps";
    /// [`BlockRecord`]s of the address map.
    AddressBlocks = 31, ".wasm.address_blocks";
    /// Delta-coded entries of the address map.
    AddressBytes = 32, ".wasm.addresses";
    /// [`FrameSlotRecord`]s, sorted by function.
    FrameSlots = 33, ".wasm.frame_slots";
    /// [`FunctionNameRecord`]s, sorted by function.
    FunctionNames = 34, ".wasm.function_names";
    /// [`OtherNameRecord`]s.
    OtherNames = 35, ".wasm.other_names";
    /// ELF symbols.
    Symbols = 36, ".symtab";
    /// Names of functions and symbols, each followed by a zero byte.
    SymbolStrings = 37, ".strtab";
    /// [`TextItemRecord`]s, sorted by offset.
    TextItems = 38, ".wasm.text_items";
    /// Functions that report when they are entered and left, sorted.
    HookedFunctions = 41, ".wasm.hooked_functions";
    /// [`FuelRecord`]s, sorted by offset.
    Fuel = 42, ".wasm.fuel";
    /// [`StackMapRecord`]s, sorted by offset.
    StackMaps = 43, ".wasm.stack_maps";
    /// Where references are in frames, in bytes below the frame pointer.
    FrameReferences = 44, ".wasm.frame_references";
    /// [`CatchSiteRecord`]s, sorted by where the calls return to.
    CatchSites = 45, ".wasm.catch_sites";
    /// [`CatchHandlerRecord`]s.
    CatchHandlers = 46, ".wasm.catch_handlers";
    /// Where the counters of code are that gathers a profile: a `CounterMap` of the crate
    /// `wasm-types` as bytes.
    Counters = 52, ".wasm.counters";
    /// What stands for the profile that the code was compiled with: 16 bytes.
    Profile = 53, ".wasm.profile";
    /// How a component is put together from modules, in the form of the crate `wasm-component`.
    Plan = 47, ".wasm.plan";
    /// [`ModuleRecord`]s of a component.
    ModuleTable = 48, ".wasm.module_table";
    /// The modules of a component: artifacts, each with a header, a directory, tables and checksums
    /// of its own, but with its text and its images in those of the component.
    Modules = 49, ".wasm.modules";
    /// [`InlinedFunctionRecord`]s, each after that of its caller.
    InlinedFunctions = 50, ".wasm.inlined_functions";
    /// [`InlinedRangeRecord`]s, sorted by offset.
    InlinedRanges = 51, ".wasm.inlined_ranges";
    /// [`DebugSectionRecord`]s.
    DebugSections = 56, ".wasm.debug_sections";
    /// Debugging information of the module: the contents of its sections.
    DebugBytes = 57, ".wasm.debug_bytes";
    /// [`KeptValueRecord`]s, sorted by function.
    KeptValues = 58, ".wasm.kept_values";
    /// [`FrameRecord`]s of defined functions, and one more for where everything ends, if the code
    /// can be debugged.
    Frames = 59, ".wasm.frames";
    /// The kinds of locals: `FrameValueKind`s of the crate `wasm-types`.
    FrameLocals = 60, ".wasm.frame_locals";
    /// [`FrameOperandRecord`]s.
    FrameOperands = 61, ".wasm.frame_operands";
    /// [`FramePointRecord`]s, sorted by place in the binary.
    FramePoints = 62, ".wasm.frame_points";
    /// The Wasm binary, if the code can be debugged.
    Bytecode = 63, ".wasm.bytecode";
    /// Initial contents of memories.
    Images = 39, ".wasm.images";
    /// Machine code. Last in the file, so that what of the mapping becomes executable is its end:
    /// that divides it only once.
    Text = 40, ".text";
}

impl Part {
    /// Whether the table starts at a page, to be mapped by itself.
    pub(crate) const fn page_aligned(self) -> bool {
        matches!(self, Part::Text | Part::Images)
    }

    /// Whether checksums are about the table.
    pub(crate) const fn summed(self) -> bool {
        !matches!(self, Part::Checksums | Part::Modules | Part::Text | Part::Images)
    }
}
