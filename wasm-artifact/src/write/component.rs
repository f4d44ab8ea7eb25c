//! Writing the artifacts of components: compiled modules become parts of one file.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use wasm_types::{Tunables, WasmFeatures};
use zerocopy::FromBytes;

use super::layout::{Content, Parts, lay_out};
use super::pools::small;
use super::symbols::Symbol;
use super::{WriteOptions, Writer, header};
use crate::checksums;
use crate::elf::{self, Target};
use crate::error::Error;
use crate::format::{
    DirectoryEntry, HEADER_OFFSET, Header, MODULE_TEXT_ALIGN, ModuleRecord, NOTE_OFFSET, Part,
    tunable_bits,
};
use crate::read::Artifact;

/// The alignment of a module's own bytes.
const MODULE_ALIGN: usize = 8;

/// Lays out a compiled component as an artifact.
///
/// `plan` says how the component is put together, in the form of the crate `wasm-component`.
/// `modules` are the artifacts of its modules, in the order in which the plan counts them, all for
/// the given target and compiled with the given settings. Write them without ELF symbols: those of
/// the component are about all modules.
///
/// # Errors
///
/// If a module is not an artifact, or for another target or with other settings; if the target is
/// not one that ELF files are written for; or if a part is too large for 32-bit offsets.
pub fn write_component(
    plan: &[u8],
    modules: &[impl AsRef<[u8]>],
    target: &str,
    tunables: &Tunables,
    options: &WriteOptions,
) -> Result<Vec<u8>, Error> {
    let machine = Target::from_triple(target)?;
    let page_size = options.page_size.unwrap_or(machine.page_size);
    let modules = modules
        .iter()
        .map(|bytes| Artifact::parse(bytes.as_ref()))
        .collect::<Result<Vec<_>, Error>>()?;
    for module in &modules {
        if module.target() != target
            || module.tunables() != *tunables
            || module.page_size() != page_size
            || module.unknown_settings() != 0
        {
            return Err(Error::invalid_input(
                "its modules were not compiled for the target and with the settings of the component",
            ));
        }
    }

    let (text, images) = (Pieces::texts(&modules), Pieces::images(&modules, page_size.into()));
    small(text.len as usize, "it has more than 4 GiB of code")?;
    let mut proposals = WasmFeatures::empty();
    let mut extensions = BTreeSet::new();
    for module in &modules {
        proposals |= module.features();
        for name in module.extensions() {
            extensions.insert(name?);
        }
    }

    let mut writer = Writer::default();
    let target_name = writer.strings.add(target)?;
    let producer = writer.strings.add(options.producer())?;
    let flags: Vec<_> =
        modules.first().map(|module| module.isa_flags().collect()).unwrap_or_default();
    writer.add_isa(flags.into_iter(), extensions.into_iter())?;
    let symbols = if options.symbols { writer.add_symbols(&modules, &text)? } else { Vec::new() };
    let (own, records) = own_bytes(&modules);
    writer.add(Part::Plan, plan.to_vec());
    writer.add(Part::ModuleTable, records.clone());
    writer.add(Part::Modules, own);

    let header = header(tunables, proposals);
    let mut out = lay_out(Parts {
        target: machine,
        page_size,
        header: Header {
            producer,
            target: target_name,
            page_size: page_size.into(),
            tunable_bits: (header.tunable_bits.get() | tunable_bits::COMPONENT).into(),
            ..header
        },
        tables: writer.tables,
        text: &text,
        images: &images,
        symbols,
    });
    let places = Artifact::parse_any(&out)?.shared_places();
    for ((record, text), images) in records.iter().zip(&text.pieces).zip(&images.pieces) {
        let start = places.modules + record.start.get();
        if let Some(module) = out.get_mut(start as usize..) {
            // Both come after all modules. What is empty has no place.
            let distance = |shared: u64, offset: u64| (shared + offset).wrapping_sub(start);
            let text = distance(places.text, text.0);
            place(module, record.len.get(), text, distance(places.images, images.0));
        }
    }
    Ok(out)
}

/// Where the parts that modules share start in the file.
struct Places {
    modules: u64,
    images: u64,
    text: u64,
}

impl Artifact<'_> {
    fn shared_places(&self) -> Places {
        let start = |name: Part| {
            let name = name.section_name();
            self.sections().find(|section| section.name == name).map_or(0, |it| it.offset)
        };
        let (modules, images, text) =
            (start(Part::Modules), start(Part::Images), start(Part::Text));
        Places { modules, images, text }
    }

    /// How many bytes at the start are the module's own, whatever text and images it has: ELF's
    /// headers, the note, and the tables.
    fn own_len(&self) -> usize {
        let end = self.sections().filter(|section| {
            let mapped = [Part::Text, Part::Images].map(Part::section_name);
            !mapped.contains(&section.name)
        });
        let end = end.map(|section| section.offset + section.len).max();
        end.map_or(self.bytes().len(), |end| end as usize)
    }
}

/// The modules' own bytes one behind the other, and where each of them is.
fn own_bytes(modules: &[Artifact<'_>]) -> (Vec<u8>, Vec<ModuleRecord>) {
    let (mut bytes, mut records) = (Vec::new(), Vec::new());
    for module in modules {
        bytes.resize(usize::next_multiple_of(bytes.len(), MODULE_ALIGN), 0);
        let (start, len) = (bytes.len(), module.own_len());
        bytes.extend(module.bytes().iter().take(len));
        // What ELF's headers say is true of the module by itself. Here, those of the component
        // describe its bytes.
        if let Some(headers) = bytes.get_mut(start + elf::FILE_HEADER_SIZE..start + NOTE_OFFSET) {
            headers.fill(0);
        }
        for range in elf::TABLES_IN_HEADER {
            if let Some(field) = bytes.get_mut(start + range.start..start + range.end) {
                field.fill(0);
            }
        }
        records.push(ModuleRecord { start: (start as u64).into(), len: (len as u64).into() });
    }
    (bytes, records)
}

/// Changes a module's header and directory so that its text and images, which start at the given
/// distances from its own start, are found. Its tables, and what their checksums are made of, stay
/// as they are.
fn place(module: &mut [u8], own_len: u64, text: u64, images: u64) {
    let Some((header, rest)) =
        module.get_mut(HEADER_OFFSET..).and_then(|bytes| Header::mut_from_prefix(bytes).ok())
    else {
        return;
    };
    let size = header.directory_len.get() as usize * size_of::<DirectoryEntry>();
    let Some(directory) =
        rest.get_mut(..size).and_then(|bytes| <[DirectoryEntry]>::mut_from_bytes(bytes).ok())
    else {
        return;
    };
    let mut end = own_len;
    for entry in &mut *directory {
        match Part::from_id(entry.id.get()) {
            Some(Part::Text) => entry.offset = text.into(),
            Some(Part::Images) => entry.offset = images.into(),
            _ => {}
        }
        end = end.max(entry.offset.get() + entry.len.get());
    }
    header.file_size = end.into();
    header.sum = checksums::of_header(header, directory).into();
}

/// Bytes of several modules, each at its offset from the start of what they are in.
struct Pieces<'a> {
    pieces: Vec<(u64, &'a [u8])>,
    len: u64,
}

impl<'a> Pieces<'a> {
    fn texts(modules: &[Artifact<'a>]) -> Self {
        Self::aligned(modules.iter().map(Artifact::text), MODULE_TEXT_ALIGN)
    }

    fn images(modules: &[Artifact<'a>], page_size: u64) -> Self {
        Self::aligned(modules.iter().map(|module| module.memory_images().1), page_size)
    }

    fn aligned(all: impl Iterator<Item = &'a [u8]>, align: u64) -> Self {
        let mut len = 0;
        let pieces = all.map(|bytes| {
            // What is empty has no place, and takes no room.
            let start = if bytes.is_empty() { len } else { u64::next_multiple_of(len, align) };
            len = start + bytes.len() as u64;
            (start, bytes)
        });
        let pieces = pieces.collect();
        Self { pieces, len }
    }
}

impl Content for Pieces<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn write(&self, out: &mut Vec<u8>) {
        let base = out.len();
        for (start, bytes) in &self.pieces {
            out.resize(base + *start as usize, 0);
            out.extend_from_slice(bytes);
        }
    }
}

impl Writer {
    /// The symbols of all modules, with their names.
    fn add_symbols(
        &mut self,
        modules: &[Artifact<'_>],
        text: &Pieces<'_>,
    ) -> Result<Vec<Symbol>, Error> {
        const TOO_LARGE: &str = "it has more than 4 GiB of names";
        let mut pool = alloc::vec![0u8];
        let mut symbols = Vec::new();
        for (module, (start, _)) in modules.iter().zip(&text.pieces) {
            for symbol in module.symbols() {
                let symbol = symbol?;
                let name = small(pool.len(), TOO_LARGE)?;
                pool.extend_from_slice(symbol.name.as_bytes());
                pool.push(0);
                symbols.push(Symbol {
                    info: elf::STT_FUNC_LOCAL,
                    name,
                    // All of the text has less than 4 GiB.
                    offset: *start as u32 + symbol.code.offset,
                    len: symbol.code.len,
                });
            }
        }
        if !symbols.is_empty() {
            self.add(Part::SymbolStrings, pool);
        }
        Ok(symbols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_pieces_take_no_room() {
        let pieces = Pieces::aligned([&b"abc"[..], b"", b"de", b""].into_iter(), 64);
        assert_eq!(pieces.len, 66);
        let starts: Vec<_> = pieces.pieces.iter().map(|(start, _)| *start).collect();
        assert_eq!(starts, [0, 3, 64, 66]);
        let mut out = alloc::vec![7];
        pieces.write(&mut out);
        assert_eq!(out.len(), 67);
        assert_eq!((&out[1..4], &out[65..]), (&b"abc"[..], &b"de"[..]));
        assert!(out[4..65].iter().all(|byte| *byte == 0));
    }
}
