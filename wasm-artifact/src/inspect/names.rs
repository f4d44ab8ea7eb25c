//! Names: those of the name section, and the symbols that other tools read.

use core::fmt;

use wasm_types::FuncIndex;

use super::show::dump;
use super::view::View;
use crate::format::{
    DebugSectionRecord, FunctionNameRecord, NONE, OtherNameRecord, Part, name_kind,
};

/// The size of an ELF symbol, and where its value and its size stand in it.
const SYMBOL_SIZE: usize = 24;
const VALUE: usize = 8;
const SIZE: usize = 16;

pub(super) fn function_names(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for record in view.rows::<FunctionNameRecord>(Part::FunctionNames) {
        match record.func.get() {
            // It only says where the last name ends.
            NONE => {}
            func => writeln!(f, "  {}", view.function(FuncIndex::new(func)))?,
        }
    }
    Ok(())
}

pub(super) fn other_names(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for record in view.rows::<OtherNameRecord>(Part::OtherNames) {
        let (index, name) = (record.index.get(), view.string(record.name));
        let (kind, field) = name_kind::parts(record.kind.get());
        match kind {
            name_kind::MODULE => writeln!(f, "  module {name:?}")?,
            name_kind::TABLE => writeln!(f, "  table {index} {name:?}")?,
            name_kind::MEMORY => writeln!(f, "  memory {index} {name:?}")?,
            name_kind::GLOBAL => writeln!(f, "  global {index} {name:?}")?,
            name_kind::ELEMENT => writeln!(f, "  element segment {index} {name:?}")?,
            name_kind::DATA => writeln!(f, "  data segment {index} {name:?}")?,
            name_kind::TYPE => writeln!(f, "  type {index} {name:?}")?,
            name_kind::TAG => writeln!(f, "  tag {index} {name:?}")?,
            name_kind::FIELD => writeln!(f, "  field {field} of type {index} {name:?}")?,
            _ => writeln!(f, "  something unknown ({kind}) {index} {name:?}")?,
        }
    }
    Ok(())
}

pub(super) fn symbols(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let strings = view.bytes(Part::SymbolStrings);
    // ELF's own structures have the byte order of the target.
    let big_endian = view.artifact.bytes().get(5) == Some(&2);
    let number = |bytes: &[u8]| {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    };
    // The first symbol of an ELF file is empty.
    for symbol in view.bytes(Part::Symbols).chunks_exact(SYMBOL_SIZE).skip(1) {
        let name = strings.get(number(&symbol[..4]) as usize..).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let (value, size) = (number(&symbol[VALUE..SIZE]), number(&symbol[SIZE..]));
        writeln!(f, "  {value:#010x} {size:>8} bytes  {:?}", Text(name))?;
    }
    Ok(())
}

pub(super) fn symbol_strings(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut place = 0;
    for name in view.bytes(Part::SymbolStrings).split(|byte| *byte == 0) {
        if !name.is_empty() {
            writeln!(f, "  {place} {:?}", Text(name))?;
        }
        place += name.len() + 1;
    }
    Ok(())
}

/// Bytes that are text where they are not damaged.
struct Text<'a>(&'a [u8]);

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match core::str::from_utf8(self.0) {
            Ok(text) => write!(f, "{text:?}"),
            Err(_) => write!(f, "\"{}\"", self.0.escape_ascii()),
        }
    }
}

pub(super) fn debug_sections(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for record in view.rows::<DebugSectionRecord>(Part::DebugSections) {
        match view.string(record.name) {
            "" => writeln!(f, "  code at {:#x} in the module", record.start.get())?,
            name => writeln!(f, "  {name:?} {} bytes", record.len.get())?,
        }
    }
    Ok(())
}

pub(super) fn debug_bytes(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    dump(view, f, view.bytes(Part::DebugBytes))
}
