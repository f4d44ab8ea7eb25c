//! The entries of a unit one after the other, without those that nobody wants.

use gimli::{Attribute, Result};

use crate::budget::Budget;
use crate::sections::Reader;
use crate::units::Unit;

/// An entry of a unit.
pub(super) struct Found<'s, 'a> {
    /// Where it is in the section.
    pub(super) offset: usize,
    pub(super) tag: gimli::DwTag,
    pub(super) has_children: bool,
    pub(super) attributes: &'s [Attribute<Reader<'a>>],
}

/// Who looks at entries.
pub(super) trait Visitor<'a> {
    /// Sees an entry, and says whether it is wanted. Of one that is not, those in it are not seen.
    fn entry(&mut self, found: &Found<'_, 'a>) -> bool;

    /// The entries in the last one that is open were all seen.
    fn end(&mut self);
}

/// Goes through a unit that starts at an offset. Whatever is wrong with it, each entry that was
/// seen and has others in it is ended.
pub(super) fn walk<'a>(
    unit: &Unit<'a, '_>,
    start: usize,
    budget: &mut Budget,
    visitor: &mut dyn Visitor<'a>,
) {
    let mut open = 0;
    // What is not well-formed, or too much, is left out.
    let _ = walk_open(unit, start, budget, visitor, &mut open);
    (0..open).for_each(|_| visitor.end());
}

fn walk_open<'a>(
    unit: &Unit<'a, '_>,
    start: usize,
    budget: &mut Budget,
    visitor: &mut dyn Visitor<'a>,
    open: &mut usize,
) -> Result<()> {
    let mut entries = unit.header.entries_raw(unit.abbreviations, None)?;
    let mut attributes = Vec::new();
    // The depth of the entry that is not wanted.
    let mut skipped: Option<isize> = None;
    while !entries.is_empty() {
        let (offset, depth) = (entries.next_offset().0, entries.next_depth());
        let Some(kind) = entries.read_abbreviation()? else {
            match skipped {
                Some(of) => skipped = (depth > of + 1).then_some(of),
                None if *open > 0 => {
                    *open -= 1;
                    visitor.end();
                }
                // What comes after the root is not part of it.
                None => return Ok(()),
            }
            continue;
        };
        budget.take(kind.attributes().len())?;
        if skipped.is_some() {
            entries.skip_attributes(kind.attributes())?;
            continue;
        }
        if *open == 0 && depth > 0 {
            return Ok(());
        }
        attributes.clear();
        for attribute in kind.attributes() {
            attributes.push(entries.read_attribute(*attribute)?);
        }
        let has_children = kind.has_children();
        let tag = kind.tag();
        let found = Found { offset: start + offset, tag, has_children, attributes: &attributes };
        match (visitor.entry(&found), has_children) {
            (true, true) => *open += 1,
            (false, true) => skipped = Some(depth),
            (_, false) => {}
        }
        if *open == 0 && skipped.is_none() {
            // A root without anything in it.
            return Ok(());
        }
    }
    Ok(())
}
