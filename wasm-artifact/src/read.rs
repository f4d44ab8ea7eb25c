//! Reading artifacts in place.
//!
//! [`Artifact::parse`] checks the header and where every table lies; that costs the same for every
//! artifact. What a table says is checked where it is read, so that a damaged artifact gives an
//! error or a harmless value, never a panic.

mod code;
mod component;
mod debug_sections;
mod declarations;
mod entities;
mod exceptions;
mod frames;
mod header;
mod inlined;
mod names;
mod segments;
mod stack_maps;
mod table;
mod types;

pub use component::ComponentArtifact;
pub use entities::{ExportRef, ImportRef};
pub use exceptions::CatchSiteRef;
pub use frames::{FrameRef, StopRange};
pub use header::text_range;
use header::{checksums, find_header, range, within};
pub use segments::{
    DataRef, DataRefKind, DataUse, ElementRef, ElementRefKind, ExprList, FuncList, ItemsRef,
    MemoryImage, TableImage,
};

use alloc::format;
use core::fmt;

use wasm_types::abi::{ContextCounts, ContextLayout};
use wasm_types::{Internals, OptLevel, Tunables, WasmFeatures};
use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

use crate::checksums::{self, Checksums};
use crate::const_expr::ConstExprRef;
use crate::error::{Error, ErrorKind};
use crate::format::{
    BlockRecord, CatchHandlerRecord, CatchSiteRecord, CodeRecord, ConstRef, DataRecord,
    DebugSectionRecord, DirectoryEntry, ElementRecord, ExportRecord, FrameOperandRecord,
    FramePointRecord, FrameRecord, FrameSlotRecord, FuelRecord, FunctionNameRecord, GlobalRecord,
    HEADER_OFFSET, Header, ImportRecord, InlinedFunctionRecord, InlinedRangeRecord, IsaFlagRecord,
    KeptValueRecord, LimitsRecord, MODULE_TEXT_ALIGN, MemoryImageRecord, ModuleRecord, NONE,
    OtherNameRecord, Part, RecGroupRecord, StackMapRecord, StrRef, TableImageRecord,
    TextItemRecord, TypeRecord, tunable_bits,
};
pub(crate) use table::Table;

/// A compiled module, read in place from the bytes of an artifact.
#[derive(Clone)]
pub struct Artifact<'a> {
    bytes: &'a [u8],
    header: &'a Header,
    directory: &'a [DirectoryEntry],
    tables: Tables<'a>,
    checksums: Checksums<'a>,
    text_file_offset: u64,
    images_file_offset: u64,
    is_part: bool,
}

/// How many of each an artifact has. Index spaces count imported items too.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Types of the type section.
    pub types: u32,
    /// Functions.
    pub functions: u32,
    /// Functions that are imported.
    pub imported_functions: u32,
    /// Tables.
    pub tables: u32,
    /// Tables that are imported.
    pub imported_tables: u32,
    /// Memories.
    pub memories: u32,
    /// Memories that are imported.
    pub imported_memories: u32,
    /// Globals.
    pub globals: u32,
    /// Globals that are imported.
    pub imported_globals: u32,
    /// Tags.
    pub tags: u32,
    /// Tags that are imported.
    pub imported_tags: u32,
    /// Imports.
    pub imports: u32,
    /// Exports.
    pub exports: u32,
    /// Element segments.
    pub elements: u32,
    /// Data segments.
    pub data: u32,
    /// Functions that can be referred to other than by a direct call.
    pub escaping_functions: u32,
}

/// A table of the artifact, for tools.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SectionInfo {
    /// Its name. Those of code, images and symbols are the names of ELF sections; the other tables
    /// share one section, `.wasm.tables`.
    pub name: &'static str,
    /// Where it starts in the artifact, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub len: u64,
}

macro_rules! table_views {
    ($($field:ident: $ty:ty = $table:ident;)*) => {
        /// The tables, as rows of records over the bytes.
        #[derive(Clone, Copy, Default)]
        struct Tables<'a> {
            $($field: Table<'a, $ty>,)*
        }

        impl<'a> Tables<'a> {
            /// Sets a table; `None` if the bytes are not a whole number of rows.
            fn set(&mut self, table: Part, bytes: &'a [u8]) -> Option<()> {
                match table {
                    $(Part::$table => self.$field = Table::new(bytes)?,)*
                    // For other tools only.
                    Part::Symbols => {}
                    // It is not for reading, but for checking what is read.
                    Part::Checksums => {}
                    // Each module is opened by itself.
                    Part::Modules => {}
                }
                Some(())
            }
        }
    };
}

table_views! {
    strings: u8 = Strings;
    types: TypeRecord = Types;
    type_codes: U32 = TypeCodes;
    rec_groups: RecGroupRecord = RecGroups;
    imports: ImportRecord = Imports;
    exports: ExportRecord = Exports;
    export_order: U32 = ExportOrder;
    function_types: U32 = FunctionTypes;
    tables: LimitsRecord = Tables;
    memories: LimitsRecord = Memories;
    globals: GlobalRecord = Globals;
    tags: U32 = Tags;
    table_inits: ConstRef = TableInits;
    global_inits: ConstRef = GlobalInits;
    const_ops: u8 = ConstOps;
    elements: ElementRecord = Elements;
    func_lists: U32 = FuncLists;
    expr_lists: ConstRef = ExprLists;
    data: DataRecord = Data;
    data_bytes: u8 = DataBytes;
    table_images: TableImageRecord = TableImages;
    memory_images: MemoryImageRecord = MemoryImages;
    escaping: U32 = Escaping;
    isa_flags: IsaFlagRecord = IsaFlags;
    extensions: StrRef = Extensions;
    code: CodeRecord = Code;
    frame_sizes: U32 = FrameSizes;
    code_order: U32 = CodeOrder;
    trap_blocks: BlockRecord = TrapBlocks;
    trap_bytes: u8 = TrapBytes;
    address_blocks: BlockRecord = AddressBlocks;
    address_bytes: u8 = AddressBytes;
    frame_slots: FrameSlotRecord = FrameSlots;
    kept_values: KeptValueRecord = KeptValues;
    inlined_functions: InlinedFunctionRecord = InlinedFunctions;
    inlined_ranges: InlinedRangeRecord = InlinedRanges;
    hooked_functions: U32 = HookedFunctions;
    fuel: FuelRecord = Fuel;
    stack_maps: StackMapRecord = StackMaps;
    frame_references: U32 = FrameReferences;
    catch_sites: CatchSiteRecord = CatchSites;
    catch_handlers: CatchHandlerRecord = CatchHandlers;
    counters: u8 = Counters;
    profile: u8 = Profile;
    frames: FrameRecord = Frames;
    frame_locals: u8 = FrameLocals;
    frame_operands: FrameOperandRecord = FrameOperands;
    frame_points: FramePointRecord = FramePoints;
    bytecode: u8 = Bytecode;
    function_names: FunctionNameRecord = FunctionNames;
    other_names: OtherNameRecord = OtherNames;
    symbol_strings: u8 = SymbolStrings;
    text_items: TextItemRecord = TextItems;
    debug_sections: DebugSectionRecord = DebugSections;
    debug_bytes: u8 = DebugBytes;
    plan: u8 = Plan;
    module_table: ModuleRecord = ModuleTable;
    text: u8 = Text;
    images: u8 = Images;
}

impl<'a> Artifact<'a> {
    /// Opens an artifact: checks its header, and that every table lies within the bytes, aligned
    /// and apart from the others. The cost does not depend on the size of the module.
    ///
    /// The target's byte order, instruction set and so on are not compared with this machine:
    /// artifacts for any target can be read anywhere.
    ///
    /// # Errors
    ///
    /// If the bytes are something else (the error says what), too short, of another format version,
    /// damaged, or the artifact of a component, which [`ComponentArtifact::parse`] opens.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let artifact = Self::parse_any(bytes)?;
        if artifact.is_component() {
            return Err(Error::new(
                ErrorKind::OtherKind,
                "this is a compiled component, and a compiled module was expected: load it with \
                 `component::Component::deserialize` or `deserialize_file`, which need the feature \
                 `component`"
                    .into(),
            ));
        }
        Ok(artifact)
    }

    /// Opens an artifact of a module or of a component.
    pub(crate) fn parse_any(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::parse_at(bytes, 0)
    }

    /// Whether it is the artifact of a component, which as a module has nothing in it.
    pub(crate) fn is_component(&self) -> bool {
        self.header.tunable_bits.get() & tunable_bits::COMPONENT != 0
    }

    /// Opens the artifact that starts at an offset in a file: at 0, or further on if it is a module
    /// of a component, whose text may then start at any cache line.
    fn parse_at(file: &'a [u8], base: u64) -> Result<Self, Error> {
        let bytes = usize::try_from(base).ok().and_then(|base| file.get(base..));
        let bytes = bytes.ok_or_else(|| Error::damaged("the place of a module"))?;
        let header = find_header(bytes)?;
        let file_size = header.file_size.get();
        if (bytes.len() as u64) < file_size {
            let found = bytes.len();
            return Err(Error::new(
                ErrorKind::Truncated,
                format!(
                    "the artifact is cut off: it has {found} of {file_size} bytes; copy or compile \
                     it again"
                ),
            ));
        }
        // Whatever follows the artifact in its file is not part of it.
        let bytes = usize::try_from(file_size).ok().and_then(|size| bytes.get(..size));
        let bytes = bytes.ok_or_else(|| Error::damaged("the size in the header"))?;
        let page_size = header.page_size.get();
        if !page_size.is_power_of_two() || header.code_shift.get() > 3 {
            return Err(Error::damaged_at("the header", HEADER_OFFSET));
        }

        let start = HEADER_OFFSET as u64 + u64::from(header.header_size.get());
        let size = size_of::<DirectoryEntry>() as u64 * u64::from(header.directory_len.get());
        let directory: &[DirectoryEntry] = range(bytes, start, size)
            .and_then(|bytes| <[DirectoryEntry]>::ref_from_bytes(bytes).ok())
            .ok_or_else(|| Error::damaged_at("the directory of tables", HEADER_OFFSET))?;
        if checksums::of_header(header, directory) != header.sum.get() {
            return Err(Error::damaged_at("the header", HEADER_OFFSET));
        }
        let checksums = checksums(bytes, header, directory)
            .ok_or_else(|| Error::damaged_at("the checksums", HEADER_OFFSET))?;
        let mut artifact = Self {
            bytes,
            header,
            directory,
            tables: Tables::default(),
            checksums,
            text_file_offset: 0,
            images_file_offset: 0,
            is_part: base != 0,
        };
        let mut end = start + size;
        let mut seen = 0u64;
        for entry in directory {
            let (offset, len) = (entry.offset.get(), entry.len.get());
            let table = range(bytes, offset, len)
                .filter(|_| offset >= end)
                .ok_or_else(|| Error::damaged_at("the place of a table", HEADER_OFFSET))?;
            end = offset + len;
            let Some(id) = Part::from_id(entry.id.get()) else { continue };
            if seen & 1 << id as u32 != 0 {
                return Err(Error::damaged_at("a table is there twice", HEADER_OFFSET));
            }
            seen |= 1 << id as u32;
            if id.summed() && !within(offset, len, header) {
                return Err(Error::damaged_at("a table has no checksums", HEADER_OFFSET));
            }
            let align = match id {
                Part::Text if base != 0 => MODULE_TEXT_ALIGN,
                _ if id.page_aligned() => u64::from(page_size),
                _ => 1,
            };
            if !(base + offset).is_multiple_of(align) {
                return Err(Error::damaged_at("the alignment of a table", HEADER_OFFSET));
            }
            match id {
                Part::Text => artifact.text_file_offset = base + offset,
                Part::Images => artifact.images_file_offset = base + offset,
                _ => {}
            }
            if artifact.tables.set(id, table).is_none() {
                return Err(Error::damaged_table(id.section_name()));
            }
        }
        artifact.check_counts()?;
        artifact.string(header.target)?;
        artifact.string(header.producer)?;
        Ok(artifact)
    }

    /// Checks that tables that count the same things have the same length, and that the counts of
    /// imports are not larger than those of everything.
    fn check_counts(&self) -> Result<(), Error> {
        let tables = &self.tables;
        // Indices are 32-bit numbers everywhere.
        let limit = u32::MAX as usize;
        let within = |imported: u32, all: usize| imported as usize <= all && all < limit;
        let defines = |imported: u32, all: usize, defined: usize| {
            (imported as usize).checked_add(defined) == Some(all)
        };
        let header = self.header;
        let ok = within(header.imported_functions.get(), tables.function_types.len())
            && within(header.imported_tables.get(), tables.tables.len())
            && within(header.imported_memories.get(), tables.memories.len())
            && within(header.imported_globals.get(), tables.globals.len())
            && within(header.imported_tags.get(), tables.tags.len())
            && within(0, tables.types.len())
            && within(0, tables.imports.len())
            && within(0, tables.exports.len())
            && within(0, tables.elements.len())
            && within(0, tables.data.len())
            && within(0, tables.escaping.len())
            && within(0, tables.module_table.len())
            && within(0, tables.text.len())
            && tables.export_order.len() == tables.exports.len()
            && defines(
                header.imported_functions.get(),
                tables.function_types.len(),
                tables.code.len(),
            )
            && defines(header.imported_tables.get(), tables.tables.len(), tables.table_inits.len())
            && defines(
                header.imported_globals.get(),
                tables.globals.len(),
                tables.global_inits.len(),
            );
        if ok { Ok(()) } else { Err(Error::damaged_at("the counts in the header", HEADER_OFFSET)) }
    }

    /// The bytes of the artifact. If it is a module of a component, those of others are among them.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether it is a module of a component, whose bytes are worth nothing without those of the
    /// component.
    pub fn is_part_of_component(&self) -> bool {
        self.is_part
    }

    /// The version of the format: [`FORMAT_VERSION`](crate::FORMAT_VERSION), since others are not
    /// read.
    pub fn format_version(&self) -> u32 {
        self.header.format_version.get()
    }

    /// The version of the run-time ABI that the code was compiled for.
    pub fn abi_version(&self) -> u32 {
        self.header.abi_version.get()
    }

    /// The program that made the artifact.
    pub fn producer(&self) -> &'a str {
        self.string(self.header.producer).unwrap_or_default()
    }

    /// The target that the code was compiled for, as a triple.
    pub fn target(&self) -> &'a str {
        self.string(self.header.target).unwrap_or_default()
    }

    /// The settings of the instruction set that the code was compiled with, as names and values.
    pub fn isa_flags(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + '_ {
        // They are only for people: what is damaged is empty.
        (0..self.tables.isa_flags.len()).map(|index| {
            let string = |place| self.string(place).unwrap_or_default();
            let flag = self.tables.isa_flags.get(index, &self.checksums);
            flag.map_or(("", ""), |flag| (string(flag.name), string(flag.value)))
        })
    }

    /// The extensions of the instruction set that the code uses, sorted: the names of the flags
    /// that allow for them, such as `has_avx2`.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn extensions(&self) -> impl ExactSizeIterator<Item = Result<&'a str, Error>> + '_ {
        (0..self.tables.extensions.len()).map(|index| {
            let place = self.tables.extensions.get(index, &self.checksums);
            self.string(*place.ok_or_else(|| Error::damaged("the list of extensions"))?)
        })
    }

    /// Settings of the code that this version knows nothing of, as bits of the header: zero if
    /// there are none. What such code takes for granted is not known.
    pub fn unknown_settings(&self) -> u32 {
        self.header.tunable_bits.get() & !tunable_bits::KNOWN
    }

    /// The settings that the host must provide for.
    pub fn tunables(&self) -> Tunables {
        let header = self.header;
        let bits = header.tunable_bits.get();
        let mut tunables = Tunables::new();
        tunables.memory_reservation = header.memory_reservation.get();
        tunables.memory_guard_size = header.memory_guard_size.get();
        tunables.memory_reservation_for_growth = header.memory_reservation_for_growth.get();
        tunables.stack_guard_size = header.stack_guard_size.get();
        tunables.spectre_mitigation = bits & tunable_bits::SPECTRE_MITIGATION != 0;
        tunables.relaxed_simd_deterministic = bits & tunable_bits::RELAXED_SIMD_DETERMINISTIC != 0;
        tunables.nan_canonicalization = bits & tunable_bits::NAN_CANONICALIZATION != 0;
        tunables.interruption = bits & tunable_bits::INTERRUPTION != 0;
        tunables.interruption_callbacks = bits & tunable_bits::INTERRUPTION_CALLBACKS != 0;
        tunables.fuel_costs = (bits & tunable_bits::FUEL != 0).then_some(header.fuel_costs.get());
        tunables.fuel_yields = bits & tunable_bits::FUEL_YIELDS != 0;
        tunables.gathers_profile = bits & tunable_bits::GATHERS_PROFILE != 0;
        tunables.guest_debug = bits & tunable_bits::GUEST_DEBUG != 0;
        tunables.opt_level = match bits >> tunable_bits::OPT_LEVEL_SHIFT & 0xff {
            0 => OptLevel::None,
            1 => OptLevel::Speed,
            _ => OptLevel::SpeedAndSize,
        };
        // What is not known yet is taken for the strictest.
        tunables.internals = match bits >> tunable_bits::INTERNALS_SHIFT & 3 {
            1 => Internals::Readable,
            2 => Internals::Writable,
            _ => Internals::Sealed,
        };
        tunables
    }

    /// The proposals that the module uses when it was compiled.
    pub fn features(&self) -> WasmFeatures {
        WasmFeatures::from_bits_retain(self.header.features.get())
    }

    /// The alignment of text and images in the artifact, in bytes: a power of two.
    pub fn page_size(&self) -> u32 {
        self.header.page_size.get()
    }

    /// How many of each the module has.
    pub fn counts(&self) -> Counts {
        let (tables, header) = (&self.tables, self.header);
        Counts {
            types: tables.types.len() as u32,
            functions: tables.function_types.len() as u32,
            imported_functions: header.imported_functions.get(),
            tables: tables.tables.len() as u32,
            imported_tables: header.imported_tables.get(),
            memories: tables.memories.len() as u32,
            imported_memories: header.imported_memories.get(),
            globals: tables.globals.len() as u32,
            imported_globals: header.imported_globals.get(),
            tags: tables.tags.len() as u32,
            imported_tags: header.imported_tags.get(),
            imports: tables.imports.len() as u32,
            exports: tables.exports.len() as u32,
            elements: tables.elements.len() as u32,
            data: tables.data.len() as u32,
            escaping_functions: tables.escaping.len() as u32,
        }
    }

    /// Where everything stands in the context of an instance of the module.
    ///
    /// # Errors
    ///
    /// If an instance would be larger than a context can be.
    pub fn context_layout(&self) -> Result<ContextLayout, Error> {
        let counts = self.counts();
        let split = |imported: u32, all: u32| (imported, all - imported);
        let layout = ContextLayout::from_counts(ContextCounts {
            functions: counts.imported_functions,
            memories: split(counts.imported_memories, counts.memories),
            tables: split(counts.imported_tables, counts.tables),
            globals: split(counts.imported_globals, counts.globals),
            types: counts.types,
            func_refs: counts.escaping_functions,
            tags: counts.tags,
        })
        .ok_or_else(|| Error::damaged("more imports and definitions than an instance can have"))?;
        Ok(layout.of_code(&self.tunables()))
    }

    /// The machine code of all functions.
    pub fn text(&self) -> &'a [u8] {
        self.tables.text.unsummed()
    }

    /// The artifact with its machine code in another place than the rest of its bytes, for loaders
    /// that map it by itself. It has to be the same; `None` if it does not even have the same
    /// length.
    #[must_use]
    pub fn with_text(mut self, text: &'a [u8]) -> Option<Self> {
        if text.len() != self.text().len() {
            return None;
        }
        self.tables.text = Table::new(text)?;
        Some(self)
    }

    /// Where the machine code starts in the file of the artifact: a multiple of the page size, or
    /// if it is a module of a component, of 64.
    pub fn text_file_offset(&self) -> u64 {
        self.text_file_offset
    }

    /// The tables that are not empty, in the order of the file: for tools.
    pub fn sections(&self) -> impl Iterator<Item = SectionInfo> + '_ {
        self.directory.iter().map(|entry| SectionInfo {
            name: Part::from_id(entry.id.get()).map_or("(unknown)", Part::section_name),
            offset: entry.offset.get(),
            len: entry.len.get(),
        })
    }

    fn string(&self, place: StrRef) -> Result<&'a str, Error> {
        self.tables
            .strings
            .range(place.offset.get().into(), place.len.get().into(), &self.checksums)
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .ok_or_else(|| Error::damaged("a string"))
    }

    fn const_expr(&self, place: ConstRef) -> Result<ConstExprRef<'a>, Error> {
        self.tables
            .const_ops
            .range(place.start.get().into(), place.len.get().into(), &self.checksums)
            .map(ConstExprRef::new)
            .ok_or_else(|| Error::damaged("the place of a constant expression"))
    }

    fn optional_const_expr(&self, place: ConstRef) -> Result<Option<ConstExprRef<'a>>, Error> {
        if place.start.get() == NONE { Ok(None) } else { self.const_expr(place).map(Some) }
    }

    /// Whether some of the artifact's bytes are what was written, as far as checksums say.
    #[cfg(feature = "inspect")]
    pub(crate) fn is_intact(&self, part: &[u8]) -> bool {
        self.checksums.check(part)
    }
}

impl fmt::Debug for Artifact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact")
            .field("target", &self.target())
            .field("producer", &self.producer())
            .field("counts", &self.counts())
            .field("text", &self.tables.text.len())
            .finish_non_exhaustive()
    }
}
