//! An ELF file that describes code where it was loaded, for debuggers to read from memory.
//!
//! The file has no code in it: debuggers read the code from where it runs. The artifact itself
//! can't be used, since its addresses are offsets.

use std::io;

use super::functions::functions;
use super::gdb_lines;
use crate::error::Error;
use crate::loaded::Loaded;

const HEADER_SIZE: usize = 64;
const SECTION_HEADER_SIZE: usize = 64;
const SYMBOL_SIZE: usize = 24;

/// The offsets of the machine and its flags in the header of an ELF file.
const MACHINE: usize = 18;
const MACHINE_FLAGS: usize = 48;

// Types and flags of the ELF specification.
const ET_EXEC: u16 = 2;
const SHT_PROGBITS: u32 = 1;
const SHT_SYMTAB: u32 = 2;
const SHT_STRTAB: u32 = 3;
const SHT_NOBITS: u32 = 8;
const SHF_ALLOC: u64 = 2;
const SHF_EXECINSTR: u64 = 4;
const LOCAL_FUNCTION: u8 = 2;

/// The sections after the empty first one, with the offsets of their names in [`SECTION_NAMES`].
/// Those with debugging information come between the last two.
const SECTION_NAMES: &[u8] = b"\0.text\0.symtab\0.strtab\0.shstrtab\0";
const TEXT_NAME: u32 = 1;
const SYMBOLS_NAME: u32 = 7;
const STRINGS_NAME: u32 = 15;
const SECTION_NAMES_NAME: u32 = 23;
const TEXT: u16 = 1;
const STRINGS: u32 = 3;
const SECTIONS: u16 = 5;

/// Numbers in the byte order of the host, which is that of the code.
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_ne_bytes())
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_ne_bytes())
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_ne_bytes())
    }

    fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    fn section(&mut self, section: &Section) {
        self.u32(section.name).u32(section.kind).u64(section.flags).u64(section.address);
        self.u64(section.offset).u64(section.size).u32(section.link).u32(section.info);
        self.u64(section.align).u64(section.entry_size);
    }
}

/// A section header.
#[derive(Default)]
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    align: u64,
    entry_size: u64,
}

/// The file: headers of sections, symbols, and their names.
pub(super) fn image(loaded: &Loaded) -> Result<Vec<u8>, Error> {
    let functions = functions(loaded)?;
    let mut strings = vec![0];
    // The first symbol of an ELF file is empty.
    let mut symbols = Bytes(vec![0; SYMBOL_SIZE]);
    for function in &functions {
        let name = u32::try_from(strings.len()).map_err(|_| {
            Error::io("list the functions for debuggers", io::ErrorKind::FileTooLarge)
        })?;
        strings.extend_from_slice(function.name.as_bytes());
        strings.push(0);
        symbols.u32(name).raw(&[LOCAL_FUNCTION, 0]).u16(TEXT);
        symbols.u64(function.address as u64).u64(function.code.len() as u64);
    }

    let debug = gdb_lines::sections(loaded, &functions);
    // There is one for each kind of them.
    let sections = SECTIONS + debug.len() as u16;
    let mut names = SECTION_NAMES.to_vec();
    let symbols_offset = HEADER_SIZE + usize::from(sections) * SECTION_HEADER_SIZE;
    let strings_offset = symbols_offset + symbols.0.len();
    let debug_offset = strings_offset + strings.len();
    let names_offset = debug_offset + debug.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let mut out = Bytes(Vec::with_capacity(names_offset + names.len()));
    header(&mut out, loaded, sections);
    out.section(&Section::default());
    let text = loaded.text();
    out.section(&Section {
        name: TEXT_NAME,
        kind: SHT_NOBITS,
        flags: SHF_ALLOC | SHF_EXECINSTR,
        address: text.start as u64,
        offset: symbols_offset as u64,
        size: text.len() as u64,
        align: 16,
        ..Section::default()
    });
    out.section(&Section {
        name: SYMBOLS_NAME,
        kind: SHT_SYMTAB,
        offset: symbols_offset as u64,
        size: symbols.0.len() as u64,
        link: STRINGS,
        // The number of local symbols: all are local.
        info: functions.len() as u32 + 1,
        align: 8,
        entry_size: SYMBOL_SIZE as u64,
        ..Section::default()
    });
    out.section(&Section {
        name: STRINGS_NAME,
        kind: SHT_STRTAB,
        offset: strings_offset as u64,
        size: strings.len() as u64,
        align: 1,
        ..Section::default()
    });
    let mut offset = debug_offset;
    for (name, bytes) in &debug {
        out.section(&Section {
            name: names.len() as u32,
            kind: SHT_PROGBITS,
            offset: offset as u64,
            size: bytes.len() as u64,
            align: 1,
            ..Section::default()
        });
        names.extend_from_slice(name.as_bytes());
        names.push(0);
        offset += bytes.len();
    }
    out.section(&Section {
        name: SECTION_NAMES_NAME,
        kind: SHT_STRTAB,
        offset: names_offset as u64,
        size: names.len() as u64,
        align: 1,
        ..Section::default()
    });
    out.raw(&symbols.0).raw(&strings);
    debug.iter().for_each(|(_, bytes)| _ = out.raw(bytes));
    out.raw(&names);
    Ok(out.0)
}

/// The header of the file. The fields that identify the machine are those of the artifact, which
/// was compiled for this host.
fn header(out: &mut Bytes, loaded: &Loaded, sections: u16) {
    let artifact = loaded.artifact().bytes();
    let of_artifact = |start: usize, len: usize| artifact.get(start..start + len);
    let order = if cfg!(target_endian = "big") { 2 } else { 1 };
    out.raw(b"\x7fELF").raw(&[2, order, 1]).raw(&[0; 9]).u16(ET_EXEC);
    out.raw(of_artifact(MACHINE, 2).unwrap_or(&[0; 2])).u32(1);
    // No entry point and no program headers.
    out.u64(0).u64(0).u64(HEADER_SIZE as u64);
    out.raw(of_artifact(MACHINE_FLAGS, 4).unwrap_or(&[0; 4]));
    out.u16(HEADER_SIZE as u16).u16(0).u16(0);
    out.u16(SECTION_HEADER_SIZE as u16).u16(sections).u16(sections - 1);
}
