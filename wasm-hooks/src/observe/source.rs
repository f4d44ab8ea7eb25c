//! Where functions begin in the source, according to the debugging information of a module. That is
//! DWARF in the custom sections `.debug_*`, with addresses that are offsets into the contents of
//! the code section (<https://yurydelendik.github.io/webassembly-dwarf/>).

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use gimli::{EndianSlice, LittleEndian};

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// Where the functions of a module begin in the source.
#[derive(Clone, Default, Debug)]
pub struct SourceLines {
    files: Vec<String>,
    /// For each function that the module defines: its file, and the line, from 1.
    functions: Vec<Option<(usize, u32)>>,
}

impl SourceLines {
    /// Reads the debugging information of a module in binary form. Without any, no function has a
    /// line.
    ///
    /// # Errors
    ///
    /// If the sections of the module or its debugging information are not well-formed.
    pub fn of_module(wasm: &[u8]) -> Result<Self, SourceLinesError> {
        let sections = Sections::read(wasm).ok_or(SourceLinesError { dwarf: None })?;
        let mut lines =
            Self { files: Vec::new(), functions: std::vec![None; sections.bodies.len()] };
        if sections.custom.contains_key(".debug_line") {
            lines.read_dwarf(&sections).map_err(|error| SourceLinesError { dwarf: Some(error) })?;
        }
        Ok(lines)
    }

    /// The file and the line, from 1, that a function begins at; `None` if that is not known.
    /// `defined` is the number of the function among those that the module defines.
    pub fn function(&self, defined: u32) -> Option<(&str, u32)> {
        let (file, line) = (*self.functions.get(defined as usize)?)?;
        Some((&self.files[file], line))
    }

    /// How many functions have a line.
    pub fn len(&self) -> usize {
        self.functions.iter().flatten().count()
    }

    /// Whether no function has a line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn read_dwarf(&mut self, sections: &Sections<'_>) -> gimli::Result<()> {
        let dwarf = gimli::Dwarf::load(|id| {
            let bytes = sections.custom.get(id.name()).copied().unwrap_or_default();
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        })?;
        let mut numbers: HashMap<String, usize> = HashMap::new();
        // For each function, the lowest address that has a line.
        let mut first: Vec<u64> = std::vec![u64::MAX; self.functions.len()];
        let mut units = dwarf.units();
        while let Some(header) = units.next()? {
            let unit = dwarf.unit(header)?;
            let Some(program) = unit.line_program.clone() else { continue };
            // The names of a unit's files that were needed so far.
            let mut names: HashMap<u64, usize> = HashMap::new();
            let mut rows = program.rows();
            while let Some((header, row)) = rows.next_row()? {
                let (false, Some(line)) = (row.end_sequence(), row.line()) else { continue };
                let Some(function) = sections.body_at(row.address()) else { continue };
                if first[function] <= row.address() {
                    continue;
                }
                let file = match names.get(&row.file_index()) {
                    Some(file) => *file,
                    None => {
                        let Some(entry) = row.file(header) else { continue };
                        let name = path(&dwarf, &unit, header, entry)?;
                        let file = *numbers.entry(name).or_insert_with_key(|name| {
                            self.files.push(name.clone());
                            self.files.len() - 1
                        });
                        names.insert(row.file_index(), file);
                        file
                    }
                };
                first[function] = row.address();
                self.functions[function] =
                    Some((file, u32::try_from(line.get()).unwrap_or(u32::MAX)));
            }
        }
        Ok(())
    }
}

/// The path of a file, with the directory of the compilation before it if it is relative.
fn path(
    dwarf: &gimli::Dwarf<Reader<'_>>,
    unit: &gimli::Unit<Reader<'_>>,
    header: &gimli::LineProgramHeader<Reader<'_>>,
    file: &gimli::FileEntry<Reader<'_>>,
) -> gimli::Result<String> {
    let mut path = String::new();
    let mut push = |part: &str| {
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    };
    if let Some(directory) = &unit.comp_dir {
        push(&directory.to_string_lossy());
    }
    // Directory number 0 is that of the compilation, which is in the path already.
    if (file.directory_index() != 0 || unit.comp_dir.is_none())
        && let Some(directory) = file.directory(header)
    {
        push(&dwarf.attr_string(unit, directory)?.to_string_lossy());
    }
    push(&dwarf.attr_string(unit, file.path_name())?.to_string_lossy());
    Ok(path)
}

/// The sections of a module that matter here.
struct Sections<'a> {
    custom: HashMap<&'a str, &'a [u8]>,
    /// The function bodies, as offsets into the contents of the code section, in order.
    bodies: Vec<Range<u64>>,
}

impl<'a> Sections<'a> {
    /// `None` if the bytes are not a module, as far as they are read here.
    fn read(wasm: &'a [u8]) -> Option<Self> {
        const CUSTOM: u8 = 0;
        const CODE: u8 = 10;
        let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0")?;
        let mut sections = Self { custom: HashMap::new(), bodies: Vec::new() };
        while let Some((id, after)) = rest.split_first() {
            rest = after;
            let contents = take(&mut rest)?;
            match *id {
                CUSTOM => {
                    let mut contents = contents;
                    if let Ok(name) = std::str::from_utf8(take(&mut contents)?) {
                        sections.custom.insert(name, contents);
                    }
                }
                CODE => {
                    let mut left = contents;
                    for _ in 0..number(&mut left)? {
                        let body = take(&mut left)?;
                        let end = (contents.len() - left.len()) as u64;
                        sections.bodies.push(end - body.len() as u64..end);
                    }
                }
                _ => {}
            }
        }
        Some(sections)
    }

    /// The number of the function body that contains an address.
    fn body_at(&self, address: u64) -> Option<usize> {
        let after = self.bodies.partition_point(|body| body.start <= address);
        let number = after.checked_sub(1)?;
        self.bodies[number].contains(&address).then_some(number)
    }
}

/// Takes bytes that are preceded by their length.
fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = number(bytes)? as usize;
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

/// Takes a 32-bit number in LEB128.
fn number(bytes: &mut &[u8]) -> Option<u32> {
    let mut value: u32 = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f) << shift;
        value |= u32::try_from(bits).ok()?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Why the debugging information could not be read.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceLinesError {
    /// What is wrong with the debugging information; `None` if the module itself is not
    /// well-formed.
    dwarf: Option<gimli::Error>,
}

impl fmt::Display for SourceLinesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.dwarf {
            Some(error) => {
                let error = error.to_string();
                write!(f, "the debugging information of the module can't be read: {error}")
            }
            None => f.write_str(
                "the sections of the module can't be read: a module in binary form is wanted",
            ),
        }
    }
}

impl fmt::Debug for SourceLinesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for SourceLinesError {}

#[cfg(test)]
mod tests {
    use gimli::write::{Address, DwarfUnit, EndianVec, LineProgram, LineString, Sections};
    use gimli::{Encoding, Format, LineEncoding};

    use super::*;

    /// Appends a section.
    fn section(wasm: &mut Vec<u8>, id: u8, contents: &[u8]) {
        wasm.push(id);
        // Five bytes are always enough for a length, and allowed.
        let len = contents.len() as u32;
        wasm.extend(
            (0..5).map(|place| (len >> (7 * place)) as u8 & 0x7f | ((place < 4) as u8) << 7),
        );
        wasm.extend_from_slice(contents);
    }

    fn custom(wasm: &mut Vec<u8>, name: &str, contents: &[u8]) {
        let mut bytes = std::vec![name.len() as u8];
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(contents);
        section(wasm, 0, &bytes);
    }

    /// Three functions. Their bodies are at 2..4, 5..8 and 9..11 of the code section, and the first
    /// two have lines.
    fn module() -> Vec<u8> {
        module_in("/src", 4)
    }

    /// The module as compiled in a directory, with a version of DWARF.
    fn module_in(compiled_in: &str, version: u16) -> Vec<u8> {
        let encoding = Encoding { address_size: 4, format: Format::Dwarf32, version };
        let directory = LineString::String(compiled_in.into());
        let mut program = LineProgram::new(
            encoding,
            LineEncoding::default(),
            directory,
            None,
            LineString::String(b"main.c".to_vec()),
            None,
        );
        let lib = program.add_directory(LineString::String(b"lib".to_vec()));
        let main = program.default_directory();
        let main = program.add_file(LineString::String(b"main.c".to_vec()), main, None);
        let helper = program.add_file(LineString::String(b"helper.c".to_vec()), lib, None);
        program.begin_sequence(Some(Address::Constant(2)));
        for (address, file, line) in [(0, main, 10), (1, main, 11), (3, helper, 7), (4, helper, 8)]
        {
            let row = program.row();
            (row.address_offset, row.file, row.line) = (address, file, line);
            program.generate_row();
        }
        program.end_sequence(6);
        let mut dwarf = DwarfUnit::new(encoding);
        dwarf.unit.line_program = program;
        let root = dwarf.unit.root();
        let directory = gimli::write::AttributeValue::String(compiled_in.into());
        dwarf.unit.get_mut(root).set(gimli::DW_AT_comp_dir, directory);
        let mut sections = Sections::new(EndianVec::new(LittleEndian));
        dwarf.write(&mut sections).unwrap();

        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        section(&mut wasm, 10, &[3, 2, 0, 0x0b, 3, 0, 0x01, 0x0b, 2, 0, 0x0b]);
        sections
            .for_each(|id, bytes| {
                if !bytes.slice().is_empty() {
                    custom(&mut wasm, id.name(), bytes.slice());
                }
                Ok::<_, gimli::write::Error>(())
            })
            .unwrap();
        wasm
    }

    #[test]
    fn functions_have_the_line_that_they_begin_at() {
        let lines = SourceLines::of_module(&module()).unwrap();
        assert_eq!(lines.function(0), Some(("/src/main.c", 10)));
        assert_eq!(lines.function(1), Some(("/src/lib/helper.c", 7)));
        assert_eq!(lines.function(2), None);
        assert_eq!(lines.function(3), None);
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_relative_directory_of_the_compilation_stands_once() {
        for version in [4, 5] {
            let lines = SourceLines::of_module(&module_in("build", version)).unwrap();
            assert_eq!(lines.function(0), Some(("build/main.c", 10)), "DWARF {version}");
            assert_eq!(lines.function(1), Some(("build/lib/helper.c", 7)), "DWARF {version}");
        }
    }

    #[test]
    fn a_module_without_debugging_information_has_no_places() {
        let lines = SourceLines::of_module(b"\0asm\x01\0\0\0").unwrap();
        assert!(lines.is_empty() && lines.function(0).is_none());
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_no_panic() {
        let whole = module();
        for len in 0..whole.len() {
            // Some of them end between two sections.
            let _ = SourceLines::of_module(&whole[..len]);
        }
        for place in 8..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            let _ = SourceLines::of_module(&damaged);
        }
        let error = SourceLines::of_module(b"(module)").unwrap_err();
        assert!(error.to_string().contains("binary form"));
    }
}
