//! The tables of lines.

use gimli::{AttributeValue, ColumnType, LineProgramHeader};

use crate::sections::{Dwarf, Reader};
use crate::units::Unit;

/// The longest path that is shown, in bytes.
const LONGEST_PATH: usize = 4096;

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct LinePlace {
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

/// The table of lines of a unit.
pub(crate) struct Lines<'a, 'unit> {
    dwarf: &'unit Dwarf<'a>,
    unit: &'unit Unit<'a, 'unit>,
    program: gimli::IncompleteLineProgram<Reader<'a>>,
}

impl<'a, 'unit> Lines<'a, 'unit> {
    /// `None` if the unit has none, or one that can't be read.
    pub(crate) fn of(dwarf: &'unit Dwarf<'a>, unit: &'unit Unit<'a, 'unit>) -> Option<Self> {
        let directory = unit.directory.and_then(|directory| unit.string(dwarf, directory));
        let name = unit.name.and_then(|name| unit.string(dwarf, name));
        let address_size = unit.header.address_size();
        let program = dwarf.debug_line.program(unit.lines?, address_size, directory, name).ok()?;
        Some(Self { dwarf, unit, program })
    }

    /// The place of an address.
    pub(crate) fn find(&self, address: u64) -> Option<LinePlace> {
        let mut rows = self.program.clone().rows();
        let mut last: Option<gimli::LineRow> = None;
        // Sequences of what the linker has left out start at 0, where no code is.
        let mut is_dead = true;
        while let Ok(Some((header, row))) = rows.next_row() {
            if let Some(last) = last
                && !is_dead
                && (last.address()..row.address()).contains(&address)
            {
                let column = match last.column() {
                    ColumnType::LeftEdge => None,
                    ColumnType::Column(column) => number(column.get()),
                };
                return Some(LinePlace {
                    file: self.path(header, last.file_index()),
                    line: last.line().and_then(|line| number(line.get())),
                    column,
                });
            }
            if last.is_none() {
                is_dead = row.address() == 0;
            }
            last = (!row.end_sequence()).then_some(*row);
        }
        None
    }

    /// Calls a function for each row that is about code: with the addresses up to the next row, and
    /// the path of its file if that was not asked for before.
    ///
    /// # Errors
    ///
    /// If that is more than there should be.
    #[cfg(feature = "translate")]
    pub(crate) fn rows(
        &self,
        budget: &mut crate::budget::Budget,
        mut see: impl FnMut(std::ops::Range<u64>, &gimli::LineRow, &dyn Fn() -> Option<String>),
    ) -> gimli::Result<()> {
        let header = self.program.header();
        budget.take(header.file_names().len() + header.include_directories().len())?;
        let mut rows = self.program.clone().rows();
        let mut last: Option<gimli::LineRow> = None;
        let mut is_dead = true;
        while let Some((header, row)) = rows.next_row()? {
            budget.take(0)?;
            if let Some(last) = last
                && !is_dead
                && last.address() < row.address()
            {
                let path = || self.path(header, last.file_index());
                see(last.address()..row.address(), &last, &path);
            }
            if last.is_none() {
                is_dead = row.address() == 0;
            }
            last = (!row.end_sequence()).then_some(*row);
        }
        Ok(())
    }

    /// The path of the file with this number.
    pub(crate) fn file(&self, number: u64) -> Option<String> {
        self.path(self.program.header(), number)
    }

    /// The path of a file, with the directory of the compilation before it if it is relative.
    fn path(&self, header: &LineProgramHeader<Reader<'a>>, number: u64) -> Option<String> {
        let file = header.file(number)?;
        let mut path = String::new();
        let mut push = |part: AttributeValue<Reader<'a>>| {
            let part = self.unit.string(self.dwarf, part)?;
            let part = part.slice().get(..LONGEST_PATH).unwrap_or(part.slice());
            let part = String::from_utf8_lossy(part);
            if part.starts_with('/') {
                path.clear();
            } else if !path.is_empty() && !path.ends_with('/') {
                path.push('/');
            }
            path.push_str(&part);
            Some(())
        };
        if let Some(directory) = self.unit.directory {
            push(directory);
        }
        // Directory number 0 is that of the compilation, which is in the path already.
        if (file.directory_index() != 0 || self.unit.directory.is_none())
            && let Some(directory) = file.directory(header)
        {
            push(directory);
        }
        push(file.path_name())?;
        Some(path)
    }
}

/// A number as it is shown; 0 is none.
pub(crate) fn number(value: u64) -> Option<u32> {
    u32::try_from(value).ok().filter(|value| *value != 0)
}
