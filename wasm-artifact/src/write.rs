//! Writing artifacts.
//!
//! [`write()`] encodes every table on its own, plans which active segments become images, and lays
//! everything out as an ELF file. The bytes depend only on what is given, so that the same input
//! gives the same file.

mod checksums;
mod code;
mod component;
mod debug_sections;
mod declarations;
mod frames;
mod func_lists;
mod images;
mod inlined;
mod layout;
mod pools;
mod stack_maps;
mod symbols;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use wasm_types::abi::ABI_VERSION;
use wasm_types::{CompiledModule, Module, Tunables, WasmFeatures};
use zerocopy::{Immutable, IntoBytes};

use crate::codes::MAX_TYPE_INDEX;
use crate::elf::Target;
use crate::error::Error;
use crate::format::{
    FORMAT_VERSION, Header, IsaFlagRecord, MAGIC, NONE, Part, SealRecord, StrRef, seal_kind,
    tunable_bits,
};
pub use checksums::__write_checksums;
pub use component::write_component;
use images::Images;
use pools::Strings;

/// What to put into an artifact.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct WriteOptions {
    /// ELF symbols, for debuggers, profilers and disassemblers. Default: yes.
    pub symbols: bool,
    /// The map from code to places of the Wasm binary, for backtraces. Default: yes.
    pub address_map: bool,
    /// The names of the name section, for backtraces. Default: yes.
    pub names: bool,
    /// Images of memories and tables in place of active segments, where that is not wasteful:
    /// instantiation then writes nothing. Default: yes.
    pub images: bool,
    /// Debugging information of the module, if it has any, for places in the source. Default: no.
    pub debug_sections: bool,
    /// The alignment of text and images, in bytes, a power of two. Default: the largest page size
    /// that systems for the target commonly have.
    pub page_size: Option<u32>,
    /// The program that makes the artifact. Default: this crate with its version.
    pub producer: Option<String>,
}

impl WriteOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            symbols: true,
            address_map: true,
            names: true,
            images: true,
            debug_sections: false,
            page_size: None,
            producer: None,
        }
    }
}

impl WriteOptions {
    fn producer(&self) -> &str {
        let this_crate = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        self.producer.as_deref().unwrap_or(this_crate)
    }
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Lays out a compiled module as an artifact.
///
/// `wasm` is the binary that `module` was parsed from, for the bytes of data segments.
///
/// # Errors
///
/// If the three do not fit together, the target is not one that ELF files are written for, or a
/// part is too large for 32-bit offsets.
pub fn write(
    module: &Module,
    wasm: &[u8],
    compiled: &CompiledModule,
    options: &WriteOptions,
) -> Result<Vec<u8>, Error> {
    let target = Target::from_triple(&compiled.target)?;
    let page_size = options.page_size.unwrap_or(target.page_size);
    check(module, wasm, compiled, page_size)?;
    let images = Images::plan(module, wasm.len(), page_size, options.images);

    let mut writer = Writer::default();
    // First, as loading reads these before anything else.
    let target_name = writer.strings.add(&compiled.target)?;
    let producer = writer.strings.add(options.producer())?;
    writer.add_declarations(module, wasm, &images)?;
    let code = writer.add_code(compiled, options)?;
    let symbols = writer.add_names(module, compiled, options)?;
    writer.add_debug_sections(module, wasm, options)?;
    writer.add_frames(compiled, wasm)?;
    writer.add_isa(
        compiled.isa_flags.iter().map(|flag| (&*flag.name, &*flag.value)),
        compiled.extensions.iter().map(|name| &**name),
    )?;

    let header = Header {
        producer,
        target: target_name,
        page_size: page_size.into(),
        flags: writer.flags.into(),
        imported_functions: module.num_imported_functions.into(),
        imported_tables: module.num_imported_tables.into(),
        imported_memories: module.num_imported_memories.into(),
        imported_globals: module.num_imported_globals.into(),
        imported_tags: module.num_imported_tags.into(),
        start: module.start.map_or(NONE, |func| func.as_u32()).into(),
        code_shift: code.shift.into(),
        traps: code.traps.into(),
        addresses: code.addresses.into(),
        ..header(&compiled.tunables, compiled.proposals)
    };
    Ok(layout::lay_out(layout::Parts {
        target,
        page_size,
        header,
        tables: writer.tables,
        text: &compiled.text.as_slice(),
        images: &images.of(module, wasm),
        symbols,
    }))
}

/// A header without anything that counts or names things.
fn header(tunables: &Tunables, proposals: WasmFeatures) -> Header {
    let mut bits = (tunables.opt_level as u32) << tunable_bits::OPT_LEVEL_SHIFT;
    bits |= (tunables.internals as u32) << tunable_bits::INTERNALS_SHIFT;
    for (on, bit) in [
        (tunables.spectre_mitigation, tunable_bits::SPECTRE_MITIGATION),
        (tunables.relaxed_simd_deterministic, tunable_bits::RELAXED_SIMD_DETERMINISTIC),
        (tunables.nan_canonicalization, tunable_bits::NAN_CANONICALIZATION),
        (tunables.interruption, tunable_bits::INTERRUPTION),
        (tunables.interruption_callbacks, tunable_bits::INTERRUPTION_CALLBACKS),
        (tunables.fuel_costs.is_some(), tunable_bits::FUEL),
        (tunables.fuel_yields, tunable_bits::FUEL_YIELDS),
        (tunables.gathers_profile, tunable_bits::GATHERS_PROFILE),
        (tunables.guest_debug, tunable_bits::GUEST_DEBUG),
    ] {
        bits |= if on { bit } else { 0 };
    }
    let empty = StrRef { offset: 0.into(), len: 0.into() };
    Header {
        magic: MAGIC,
        format_version: FORMAT_VERSION.into(),
        abi_version: ABI_VERSION.into(),
        header_size: (size_of::<Header>() as u32).into(),
        directory_len: 0.into(),
        file_size: 0.into(),
        features: proposals.bits().into(),
        memory_reservation: tunables.memory_reservation.into(),
        memory_guard_size: tunables.memory_guard_size.into(),
        memory_reservation_for_growth: tunables.memory_reservation_for_growth.into(),
        stack_guard_size: tunables.stack_guard_size.into(),
        tunable_bits: bits.into(),
        producer: empty,
        target: empty,
        page_size: 0.into(),
        flags: 0.into(),
        imported_functions: 0.into(),
        imported_tables: 0.into(),
        imported_memories: 0.into(),
        imported_globals: 0.into(),
        imported_tags: 0.into(),
        start: NONE.into(),
        code_shift: 0.into(),
        traps: 0.into(),
        addresses: 0.into(),
        // The layout fills these in.
        salt: 0.into(),
        summed_offset: 0.into(),
        summed_len: 0.into(),
        fuel_costs: tunables.fuel_costs.unwrap_or(0).into(),
        reserved: [0.into(); 7],
        sum: 0.into(),
        seal: SealRecord {
            kind: seal_kind::NONE.into(),
            reserved: 0.into(),
            key_id: [0; 32],
            tag: [0; 64],
        },
    }
}

/// The records of a table. They are copied once, to their place in the artifact.
type Encoded = Box<dyn AsRecords>;

trait AsRecords {
    fn bytes(&self) -> &[u8];
}

impl<T: IntoBytes + Immutable> AsRecords for Vec<T> {
    fn bytes(&self) -> &[u8] {
        self.as_slice().as_bytes()
    }
}

/// The tables as they are encoded, without those that are written in place by the layout.
#[derive(Default)]
struct Writer {
    tables: Vec<(Part, Encoded)>,
    strings: Strings,
    flags: u32,
}

impl Writer {
    /// Adds a table; an empty one is left out.
    fn add<T: IntoBytes + Immutable + 'static>(&mut self, table: Part, records: Vec<T>) {
        if !records.is_empty() {
            self.tables.push((table, Box::new(records)));
        }
    }

    /// Adds what the code was compiled for, and last the pool of strings.
    fn add_isa<'a>(
        &mut self,
        flags: impl Iterator<Item = (&'a str, &'a str)>,
        extensions: impl Iterator<Item = &'a str>,
    ) -> Result<(), Error> {
        let flags = flags.map(|(name, value)| {
            Ok(IsaFlagRecord { name: self.strings.add(name)?, value: self.strings.add(value)? })
        });
        let flags: Vec<_> = flags.collect::<Result<_, Error>>()?;
        self.add(Part::IsaFlags, flags);
        let extensions = extensions.map(|name| self.strings.add(name));
        let extensions: Vec<_> = extensions.collect::<Result<_, Error>>()?;
        self.add(Part::Extensions, extensions);
        let strings = core::mem::take(&mut self.strings);
        self.add(Part::Strings, strings.into_bytes());
        Ok(())
    }

    fn set_flag_if(&mut self, on: bool, flag: u32) {
        self.flags |= if on { flag } else { 0 };
    }
}

/// Checks what the encoding relies on.
fn check(
    module: &Module,
    wasm: &[u8],
    compiled: &CompiledModule,
    page_size: u32,
) -> Result<(), Error> {
    let defined = |imported: u32, all: usize| all.checked_sub(imported as usize);
    let rules = [
        (
            page_size.is_power_of_two() && page_size <= 1 << 16,
            "the page size is not a power of two up to 64 KiB",
        ),
        (
            defined(module.num_imported_functions, module.functions.len())
                == Some(compiled.functions.len()),
            "it does not have the code of each function that the module defines",
        ),
        (
            defined(module.num_imported_tables, module.tables.len())
                == Some(module.table_inits.len()),
            "the module does not say how each of its tables starts",
        ),
        (
            defined(module.num_imported_globals, module.globals.len())
                == Some(module.global_inits.len()),
            "the module does not say how each of its globals starts",
        ),
        (
            defined(module.num_imported_memories, module.memories.len()).is_some()
                && defined(module.num_imported_tags, module.tags.len()).is_some(),
            "the module imports more than it has",
        ),
        (
            module.data.iter().all(|data| wasm.get(data.range.clone()).is_some()),
            "a data segment does not lie in the binary",
        ),
        (
            compiled.functions.iter().all(|code| {
                u64::from(code.offset) + u64::from(code.len) <= compiled.text.len() as u64
            }),
            "a function's code does not lie in the text",
        ),
        (
            compiled.items.iter().all(|item| {
                u64::from(item.offset) + u64::from(item.len) <= compiled.text.len() as u64
            }) && compiled.items.is_sorted_by_key(|item| item.offset),
            "what stands beside its functions is not sorted, or not in the text",
        ),
        (
            module.escaping_functions.is_sorted_by(|a, b| a < b),
            "its escaping functions are not sorted",
        ),
        (
            compiled.traps.is_sorted_by_key(|trap| trap.offset),
            "its traps are not sorted by their offsets",
        ),
        (
            compiled.address_map.is_sorted_by_key(|entry| entry.offset),
            "its address map is not sorted by the offsets",
        ),
        (
            compiled.frame_slots.is_sorted_by(|a, b| a.func < b.func),
            "its frame slots are not sorted by function",
        ),
        (
            compiled.kept_values.is_sorted_by_key(|kept| (kept.func, kept.local)),
            "its values for debuggers are not sorted by function and local",
        ),
        (
            compiled.inlined_ranges.is_sorted_by(|a, b| a.offset < b.offset)
                && (0..).zip(&compiled.inlined_functions).all(|(number, inlined)| {
                    inlined.caller.is_none_or(|caller: u32| caller < number)
                })
                && compiled.inlined_ranges.iter().all(|range| {
                    let count = compiled.inlined_functions.len();
                    range.function.is_none_or(|function| (function as usize) < count)
                }),
            "its functions in place of calls are not in order",
        ),
        (
            compiled.fuel.is_sorted_by(|a, b| a.offset < b.offset),
            "its places where fuel was taken ahead are not sorted by their offsets",
        ),
        (
            compiled.stack_maps.is_sorted_by(|a, b| a.offset < b.offset),
            "its calls with references in their frames are not sorted by their offsets",
        ),
        (
            compiled.catch_sites.is_sorted_by(|a, b| a.return_offset < b.return_offset),
            "its calls from which exceptions are caught are not sorted",
        ),
        (
            compiled.hooked_functions.is_sorted_by(|a, b| a < b),
            "its hooked functions are not sorted",
        ),
    ];
    if let Some((_, message)) = rules.iter().find(|(holds, _)| !holds) {
        return Err(Error::invalid_input(message));
    }
    // One less than the number that stands for no index.
    let limit = NONE as usize;
    let lengths = [
        (module.types.len() <= MAX_TYPE_INDEX as usize, "it has too many types"),
        (compiled.text.len() < limit, "it has more than 4 GiB of code"),
        (module.functions.len() < limit, "it has too many functions"),
        (module.data.len() < limit, "it has too many data segments"),
        (module.elements.len() < limit, "it has too many element segments"),
    ];
    match lengths.iter().find(|(holds, _)| !holds) {
        Some((_, message)) => Err(Error::too_large(message)),
        None => Ok(()),
    }
}
