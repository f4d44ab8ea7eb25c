//! Lists of functions: what element segments and the images of tables hold.

use alloc::vec::Vec;

use wasm_types::{ConstExpr, FuncIndex, Module, TableIndex};
use zerocopy::little_endian::U32;

use super::images::Images;

/// The lists, one behind the other.
///
/// A segment that is in the image of a table is the part of the image at its place, unless a later
/// segment overwrites it: then it has no list of its own. So neither has most of a module whose
/// thousand segments fill one table again and again.
pub(super) struct FuncLists<'a> {
    images: &'a Images,
    imported_tables: u32,
    pub(super) lists: Vec<U32>,
    /// For each defined table where its image starts, if that is there already.
    starts: Vec<Option<usize>>,
}

impl<'a> FuncLists<'a> {
    pub(super) fn new(module: &Module, images: &'a Images) -> Self {
        Self {
            images,
            imported_tables: module.num_imported_tables,
            lists: Vec::new(),
            starts: alloc::vec![None; images.tables.len()],
        }
    }

    /// Adds a list; where it starts.
    pub(super) fn add(&mut self, items: &[FuncIndex]) -> usize {
        self.lists.extend(items.iter().map(|func| U32::new(func.as_u32())));
        self.lists.len() - items.len()
    }

    /// Where a segment starts that is in the image of a table.
    pub(super) fn add_of_image(
        &mut self,
        table: TableIndex,
        offset: &ConstExpr,
        items: &[FuncIndex],
    ) -> usize {
        match self.within_image(table, offset, items) {
            Some(start) => start,
            None => self.add(items),
        }
    }

    fn within_image(
        &mut self,
        table: TableIndex,
        offset: &ConstExpr,
        items: &[FuncIndex],
    ) -> Option<usize> {
        let defined = table.as_u32().checked_sub(self.imported_tables)? as usize;
        let plan = self.images.tables.get(defined)?.as_ref()?;
        let first = usize::try_from(offset.as_address()?).ok()?.checked_sub(plan.first as usize)?;
        let part = plan.funcs.get(first..first.checked_add(items.len())?)?;
        // The image is written here, also if this segment is not part of it: most are of the first
        // one on.
        let start = self.image(defined);
        is_equal(part, items).then_some(start + first)
    }

    /// Where the image of a defined table starts; it is added if it is not there yet.
    pub(super) fn image(&mut self, defined: usize) -> usize {
        if let Some(start) = self.starts[defined] {
            return start;
        }
        let start = self.lists.len();
        if let Some(plan) = &self.images.tables[defined] {
            self.lists.extend_from_slice(&plan.funcs);
        }
        self.starts[defined] = Some(start);
        start
    }
}

fn is_equal(part: &[U32], items: &[FuncIndex]) -> bool {
    /// So many are compared with no way out between them, which are vector instructions.
    const TOGETHER: usize = 64;
    let equal = |(a, b): (&[U32], &[FuncIndex])| {
        a.iter().zip(b).fold(true, |equal, (a, b)| equal & (a.get() == b.as_u32()))
    };
    part.chunks(TOGETHER).zip(items.chunks(TOGETHER)).all(equal)
}
