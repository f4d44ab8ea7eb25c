//! What the parts of a report read an artifact with: its tables as they lie in the bytes.
//!
//! Where the artifact's readers say the same, reports use those. They leave out what only they
//! themselves need, such as orders and pools, which is read here.

use core::fmt;

use wasm_types::FuncIndex;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::const_expr::ConstExprRef;
use crate::format::{ConstRef, HEADER_OFFSET, Header, Part, StrRef};
use crate::read::{Artifact, SectionInfo};

/// An artifact, and how it is to be shown.
#[derive(Clone, Copy)]
pub(super) struct View<'r, 'a> {
    pub(super) artifact: &'r Artifact<'a>,
    /// Whether one table was requested: then its bytes are shown, too, where it has nothing else.
    pub(super) alone: bool,
}

impl<'a> View<'_, 'a> {
    /// Where a table starts, and its bytes; `None` if it is not there, which is the same as empty.
    pub(super) fn place(&self, part: Part) -> Option<(u64, &'a [u8])> {
        let name = part.section_name();
        let section = self.artifact.sections().find(|section| section.name == name)?;
        Some((section.offset, self.section(&section)?))
    }

    fn section(&self, section: &SectionInfo) -> Option<&'a [u8]> {
        let start = usize::try_from(section.offset).ok()?;
        let end = start.checked_add(usize::try_from(section.len).ok()?)?;
        self.artifact.bytes().get(start..end)
    }

    /// Whether a table is what was written, as far as checksums say.
    pub(super) fn is_intact(&self, section: &SectionInfo) -> bool {
        self.section(section).is_some_and(|bytes| self.artifact.is_intact(bytes))
    }

    pub(super) fn bytes(&self, part: Part) -> &'a [u8] {
        self.place(part).map_or(&[], |(_, bytes)| bytes)
    }

    /// The records of a table.
    pub(super) fn rows<T: FromBytes + Immutable + KnownLayout + Unaligned>(
        &self,
        part: Part,
    ) -> &'a [T] {
        // Opening the artifact has checked that there is a whole number of them.
        <[T]>::ref_from_bytes(self.bytes(part)).unwrap_or_default()
    }

    /// The header; `None` never, since opening the artifact has read it.
    pub(super) fn header(&self) -> Option<&'a Header> {
        let bytes = self.artifact.bytes().get(HEADER_OFFSET..)?;
        Header::ref_from_prefix(bytes).ok().map(|(header, _)| header)
    }

    /// A string of the pool.
    pub(super) fn string(&self, place: StrRef) -> &'a str {
        let start = place.offset.get() as usize;
        let end = start.saturating_add(place.len.get() as usize);
        let bytes = self.bytes(Part::Strings).get(start..end);
        bytes.and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("(damaged)")
    }

    /// An expression of the pool.
    pub(super) fn const_expr(&self, place: ConstRef) -> Option<ConstExprRef<'a>> {
        let start = place.start.get() as usize;
        let end = start.checked_add(place.len.get() as usize)?;
        self.bytes(Part::ConstOps).get(start..end).map(ConstExprRef::new)
    }

    /// A function by its number, and its name where it has one.
    pub(super) fn function(&self, func: FuncIndex) -> Function<'a> {
        Function { func, name: self.artifact.name(func) }
    }

    /// A defined function by its number among those.
    pub(super) fn defined(&self, number: usize) -> Function<'a> {
        let imported = self.artifact.counts().imported_functions;
        self.function(FuncIndex::new(imported.saturating_add(number as u32)))
    }
}

/// What [`View::function`] makes.
pub(super) struct Function<'a> {
    func: FuncIndex,
    name: Option<&'a str>,
}

impl fmt::Display for Function<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {}", self.func)?;
        match self.name {
            Some(name) => write!(f, " {name:?}"),
            None => Ok(()),
        }
    }
}
