//! What the module's debugging information says of lines and functions.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use gimli::write::{Address, FileId, LineProgram, LineString};

use super::Code;
use crate::budget::Budget;
use crate::functions;
use crate::lines::Lines;
use crate::sections::{self, Dwarf};
use crate::units::Units;

/// How many rows a prologue may have.
const MOST_OF_PROLOGUE: usize = 64;

/// A row of a table of lines.
pub(super) struct Row {
    code: Range<u64>,
    file: usize,
    line: u32,
    column: u64,
    is_statement: bool,
    ends_prologue: bool,
}

/// A function of the source.
pub(super) struct SourceFunction {
    pub(super) code: Range<u64>,
    /// The number of its unit.
    pub(super) unit: usize,
    /// Its entry in the unit.
    pub(super) entry: usize,
}

/// What the module's debugging information says.
#[derive(Default)]
pub(super) struct Source {
    /// By address.
    rows: Vec<Row>,
    files: Vec<String>,
    /// The numbers of files by their numbers in the table of a unit.
    numbers: HashMap<(usize, u64), usize>,
    /// By address.
    functions: Vec<SourceFunction>,
}

impl Source {
    /// Paths take of a budget of their own.
    pub(super) fn read(dwarf: &Dwarf<'_>, units: &Units, paths: &mut Budget) -> Self {
        let mut budget = Budget::of_bytes(sections::size(dwarf));
        let mut source = Self::default();
        let mut seen = HashSet::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for unit_number in 0..units.places().len() {
            let _ = units.in_unit(dwarf, unit_number, &mut budget, |unit, budget| {
                let found = functions::read(dwarf, unit, budget).into_iter();
                source.functions.extend(found.map(|functions::Function { code, entry }| {
                    SourceFunction { code, unit: unit_number, entry }
                }));
                // Several units may have one table.
                let is_new = unit.lines.is_some_and(|lines| seen.insert(lines.0));
                let Some(lines) = Lines::of(dwarf, unit).filter(|_| is_new) else { return };
                // By their numbers in this table.
                let mut in_table: HashMap<u64, Option<usize>> = HashMap::new();
                // What is not well-formed, or too much, is left out.
                let _ = lines.rows(budget, |code, row, path| {
                    let file = in_table.entry(row.file_index()).or_insert_with(|| {
                        paths.take(0).ok()?;
                        let path = path().filter(|path| is_path(path))?;
                        paths.take(path.len()).ok()?;
                        Some(*known.entry(path).or_insert_with_key(|path| {
                            source.files.push(path.clone());
                            source.files.len() - 1
                        }))
                    });
                    let Some(file) = *file else { return };
                    source.rows.push(Row {
                        code,
                        file,
                        // The library can't write the difference of larger ones.
                        line: row
                            .line()
                            .map_or(0, |line| u32::try_from(line.get()).unwrap_or(u32::MAX)),
                        column: match row.column() {
                            gimli::ColumnType::LeftEdge => 0,
                            gimli::ColumnType::Column(column) => column.get(),
                        },
                        is_statement: row.is_stmt(),
                        ends_prologue: row.prologue_end(),
                    });
                });
                let in_table = in_table.into_iter();
                source.numbers.extend(
                    in_table.filter_map(|(number, file)| Some(((unit_number, number), file?))),
                );
            });
        }
        source.rows.sort_by_key(|row| row.code.start);
        source.functions.sort_by_key(|function| function.code.start);
        source
    }

    fn row(&self, address: u64) -> Option<&Row> {
        let after = self.rows.partition_point(|row| row.code.start <= address);
        self.rows[..after].last().filter(|row| row.code.contains(&address))
    }

    /// The function that has the first instruction of machine code that comes from the module.
    pub(super) fn function(&self, code: &Code<'_>) -> Option<&SourceFunction> {
        let address = code.places.iter().find_map(|(_, place)| *place)?;
        let after = self.functions.partition_point(|function| function.code.start <= address);
        self.functions[..after].last().filter(|function| function.code.contains(&address))
    }

    /// Where the statements of a function begin, if its table of lines says so.
    pub(super) fn prologue_end(&self, function: &SourceFunction) -> Option<u64> {
        let from = self.rows.partition_point(|row| row.code.start < function.code.start);
        let to = self.rows.partition_point(|row| row.code.start < function.code.end);
        // It is one of the first.
        let mut rows = self.rows.get(from..to)?.iter().take(MOST_OF_PROLOGUE);
        rows.find(|row| row.ends_prologue).map(|row| row.code.start)
    }

    /// The number of a file in a table that is made, by its number in the table of a unit.
    pub(super) fn file(&self, unit: usize, number: u64, files: &Files) -> Option<u64> {
        Some(files.0.get(self.numbers.get(&(unit, number))?)?.1)
    }

    /// The file of a row in a table that is made. Its path is written if it is not there yet;
    /// `None` if there is no room for that.
    fn file_of(
        &self,
        row: &Row,
        program: &mut LineProgram,
        files: &mut Files,
        room: &mut Budget,
    ) -> Option<FileId> {
        if let Some((file, _)) = files.0.get(&row.file) {
            return Some(*file);
        }
        let path = self.files.get(row.file)?;
        room.take(path.len()).ok()?;
        let directory = program.default_directory();
        let file = program.add_file(LineString::String(path.as_str().into()), directory, None);
        let number = files.0.len() as u64 + 1;
        files.0.insert(row.file, (file, number));
        Some(file)
    }

    /// Adds the lines of a function. Says whether it has any.
    pub(super) fn add_lines(
        &self,
        program: &mut LineProgram,
        files: &mut Files,
        room: &mut Budget,
        function: &Code<'_>,
    ) -> bool {
        let mut last: Option<(Option<*const Row>, u64)> = None;
        let (mut has_lines, mut has_ended) = (false, false);
        for &(offset, place) in &function.places {
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
            let file = row.and_then(|row| self.file_of(row, program, files, room));
            let row = row.filter(|_| file.is_some());
            if let Some(file) = file {
                program.row().file = file;
                has_lines = true;
            }
            let made = program.row();
            made.address_offset = offset;
            made.line = row.map_or(0, |row| row.line.into());
            made.column = row.map_or(0, |row| row.column);
            made.is_statement = row.is_some_and(|row| row.is_statement);
            // The first instruction that comes from there is the end.
            made.prologue_end = row.is_some_and(|row| row.ends_prologue) && !has_ended;
            has_ended |= made.prologue_end;
            program.generate_row();
        }
        if last.is_some() {
            program.end_sequence(function.len);
        }
        has_lines
    }
}

/// The files of a table that is made, and their numbers in it.
#[derive(Default)]
pub(super) struct Files(HashMap<usize, (FileId, u64)>);

/// Whether a path can stand in the tables.
fn is_path(path: &str) -> bool {
    !path.is_empty() && !path.contains('\0')
}
