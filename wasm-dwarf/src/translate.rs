//! Debugging information of machine code that was made of a module, for native debuggers.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, FileId, LineProgram, LineString, Sections,
};
use gimli::{Encoding, Format, LineEncoding, NativeEndian};

use crate::budget::Budget;
use crate::functions;
use crate::lines::Lines;
use crate::sections::{self, Section};
use crate::units::Units;

/// A function of a module as machine code.
#[derive(Clone, Debug)]
pub struct Code<'a> {
    /// Where it is in memory.
    pub address: u64,
    /// How many bytes it has.
    pub len: u64,
    /// Its name, if the module's debugging information has none.
    pub name: &'a str,
    /// What its instructions come from, in order: offsets from the start of the code, and offsets
    /// into the contents of the module's code section. Each is valid up to the next.
    pub places: Vec<(u64, Option<u64>)>,
}

/// Makes debugging information of machine code out of that of the module: names of functions, and
/// lines. Machine code that is not in the source, or of which nothing is known, has line 0.
///
/// The result is the sections of an ELF file by their names, such as `.debug_line`, with addresses
/// as they are, in the byte order of this machine. It is empty if no function has a line.
pub fn translate(section: Section<'_, '_>, code: &[Code<'_>]) -> Vec<(&'static str, Vec<u8>)> {
    let source = Source::read(section);
    let encoding = Encoding { address_size: 8, format: Format::Dwarf32, version: 4 };
    let text = |text: &str| LineString::String(text.into());
    let program =
        LineProgram::new(encoding, LineEncoding::default(), text(ROOT), None, text(NAME), None);
    let mut made = DwarfUnit::new(encoding);
    made.unit.line_program = program;
    let mut files = HashMap::new();
    let mut has_lines = false;
    let mut all: Option<Range<u64>> = None;
    let root = made.unit.root();
    for function in code {
        let end = function.address.saturating_add(function.len);
        let known = all.unwrap_or(function.address..end);
        all = Some(known.start.min(function.address)..known.end.max(end));
        let (lines, first) = source.add_lines(&mut made.unit.line_program, &mut files, function);
        has_lines |= lines;
        let name = first.and_then(|first| source.function(first)).unwrap_or(function.name);
        let entry = made.unit.add(root, gimli::DW_TAG_subprogram);
        let entry = made.unit.get_mut(entry);
        entry.set(gimli::DW_AT_name, AttributeValue::String(without_zeros(name)));
        entry.set(gimli::DW_AT_external, AttributeValue::Flag(true));
        set_range(entry, function.address..end);
    }
    let (Some(all), true) = (all, has_lines) else { return Vec::new() };
    let entry = made.unit.get_mut(root);
    entry.set(gimli::DW_AT_name, AttributeValue::String(NAME.into()));
    entry.set(gimli::DW_AT_comp_dir, AttributeValue::String(ROOT.into()));
    entry.set(gimli::DW_AT_language, AttributeValue::Language(gimli::DW_LANG_C99));
    set_range(entry, all);
    let mut sections = Sections::new(EndianVec::new(NativeEndian));
    let mut found = Vec::new();
    let written = made.write(&mut sections).and_then(|()| {
        sections.for_each(|id, bytes| {
            if !bytes.slice().is_empty() {
                found.push((id.name(), bytes.slice().to_vec()));
            }
            Ok(())
        })
    });
    // What is too large for the format is as if there were none.
    if written.is_ok() { found } else { Vec::new() }
}

/// Paths in the source have their directories.
const ROOT: &str = "/";

/// What the one unit is called.
const NAME: &str = "wasm";

fn set_range(entry: &mut gimli::write::DebuggingInformationEntry, code: Range<u64>) {
    let start = AttributeValue::Address(Address::Constant(code.start));
    entry.set(gimli::DW_AT_low_pc, start);
    entry.set(gimli::DW_AT_high_pc, AttributeValue::Udata(code.end - code.start));
}

fn without_zeros(text: &str) -> Vec<u8> {
    text.bytes().filter(|byte| *byte != 0).collect()
}

/// A row of a table of lines.
struct Row {
    code: Range<u64>,
    file: usize,
    line: u64,
    column: u64,
    is_statement: bool,
}

/// What the module's debugging information says.
#[derive(Default)]
struct Source {
    /// By address.
    rows: Vec<Row>,
    files: Vec<String>,
    /// By address.
    functions: Vec<(Range<u64>, String)>,
}

impl Source {
    fn read(section: Section<'_, '_>) -> Self {
        let dwarf = sections::dwarf(section);
        let units = Units::read(&dwarf);
        let mut budget = Budget::of_bytes(sections::size(&dwarf));
        let mut source = Self::default();
        let mut seen = HashSet::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for number in 0..units.places().len() {
            let _ = units.in_unit(&dwarf, number, &mut budget, |unit, budget| {
                source.functions.extend(functions::names(&units, &dwarf, unit, budget));
                // Several units may have one table.
                let is_new = unit.lines.is_some_and(|lines| seen.insert(lines.0));
                let Some(lines) = Lines::of(&dwarf, unit).filter(|_| is_new) else { return };
                // By their numbers in this table.
                let mut known: HashMap<u64, Option<usize>> = HashMap::new();
                // What is not well-formed, or too much, is left out.
                let _ = lines.rows(budget, |code, row, path| {
                    let file = known.entry(row.file_index()).or_insert_with(|| {
                        let path = path().filter(|path| is_path(path))?;
                        Some(*numbers.entry(path).or_insert_with_key(|path| {
                            source.files.push(path.clone());
                            source.files.len() - 1
                        }))
                    });
                    let Some(file) = *file else { return };
                    source.rows.push(Row {
                        code,
                        file,
                        line: row.line().map_or(0, |line| line.get()),
                        column: match row.column() {
                            gimli::ColumnType::LeftEdge => 0,
                            gimli::ColumnType::Column(column) => column.get(),
                        },
                        is_statement: row.is_stmt(),
                    });
                });
            });
        }
        source.rows.sort_by_key(|row| row.code.start);
        source.functions.sort_by_key(|(code, _)| code.start);
        source
    }

    fn row(&self, address: u64) -> Option<&Row> {
        let after = self.rows.partition_point(|row| row.code.start <= address);
        self.rows[..after].last().filter(|row| row.code.contains(&address))
    }

    fn function(&self, address: u64) -> Option<&str> {
        let after = self.functions.partition_point(|(code, _)| code.start <= address);
        let found = self.functions[..after].last().filter(|(code, _)| code.contains(&address));
        found.map(|(_, name)| name.as_str())
    }

    /// Adds the lines of a function. Says whether it has any, and the first place that it has in
    /// the module.
    fn add_lines(
        &self,
        program: &mut LineProgram,
        files: &mut HashMap<usize, FileId>,
        function: &Code<'_>,
    ) -> (bool, Option<u64>) {
        let mut last: Option<(Option<*const Row>, u64)> = None;
        let mut has_lines = false;
        let mut first = None;
        for &(offset, place) in &function.places {
            first = first.or(place);
            let row = place.and_then(|place| self.row(place));
            let same = last.is_some_and(|(known, _)| known == row.map(std::ptr::from_ref));
            let in_order = last.is_none_or(|(_, before)| before < offset);
            if same || !in_order || offset >= function.len || (row.is_none() && last.is_none()) {
                continue;
            }
            if last.is_none() {
                program.begin_sequence(Some(Address::Constant(function.address)));
            }
            last = Some((row.map(std::ptr::from_ref), offset));
            if let Some(row) = row {
                let file = *files.entry(row.file).or_insert_with(|| {
                    let directory = program.default_directory();
                    let path = LineString::String(self.files[row.file].as_str().into());
                    program.add_file(path, directory, None)
                });
                program.row().file = file;
                has_lines = true;
            }
            let made = program.row();
            made.address_offset = offset;
            made.line = row.map_or(0, |row| row.line);
            made.column = row.map_or(0, |row| row.column);
            made.is_statement = row.is_some_and(|row| row.is_statement);
            program.generate_row();
        }
        if last.is_some() {
            program.end_sequence(function.len);
        }
        (has_lines, first)
    }
}

/// Whether a path can stand in the tables.
fn is_path(path: &str) -> bool {
    !path.is_empty() && !path.contains('\0')
}
