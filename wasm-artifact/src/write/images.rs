//! Which active segments become part of an image, so that instantiation need not write them.
//!
//! Instantiation writes active element segments, then active data segments, each in order, and
//! stops with a trap at the first that does not fit. Segments before the trap have taken effect,
//! and those after it have not, which others can see if functions got into an imported table.
//! Hence a segment goes into an image only if no earlier segment can trap, and if everything
//! earlier on the same memory or table is in the image too.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use wasm_types::{
    ConstExpr, ConstOp, DataKind, ElementItems, ElementKind, ElementSegment, MemoryType, Module,
    TableType,
};
use zerocopy::little_endian::U32;

use super::layout::Content;
use crate::format::NONE;

/// An image may be this many times as large as its segments' bytes or elements.
const MAX_GROWTH: u64 = 4;
/// What an image may have in any case: bytes of a memory, elements of a table.
const SMALL_MEMORY: u64 = 64 << 10;
const SMALL_TABLE: u64 = 1 << 10;
/// The images of all memories together may have this part of the module's size beyond that: then
/// the zeros between segments hardly make the artifact larger.
const PART_OF_MODULE: u64 = 4;

/// The images of a module.
pub(super) struct Images {
    /// For each defined memory, its image.
    pub(super) memories: Vec<Option<MemoryPlan>>,
    /// For each defined table, its image.
    pub(super) tables: Vec<Option<TablePlan>>,
    /// For each data segment, where it starts among the images' bytes if it is in one.
    pub(super) data: Vec<Option<u64>>,
    /// For each element segment, whether it is in an image.
    pub(super) elements: Vec<bool>,
    /// The size of all images of memories together.
    pub(super) len: u64,
}

/// The image of a memory.
pub(super) struct MemoryPlan {
    /// Where it starts in the memory.
    pub(super) memory_offset: u64,
    /// Where it starts among the images' bytes.
    pub(super) start: u64,
    pub(super) len: u64,
}

/// The image of a table.
pub(super) struct TablePlan {
    /// The first element.
    pub(super) first: u32,
    /// The functions from there on.
    pub(super) funcs: Vec<U32>,
}

impl Images {
    pub(super) fn plan(module: &Module, wasm_len: usize, page_size: u32, wanted: bool) -> Self {
        let mut images = Self {
            memories: Vec::new(),
            tables: Vec::new(),
            data: alloc::vec![None; module.data.len()],
            elements: alloc::vec![false; module.elements.len()],
            len: 0,
        };
        let memories = module.memories.len() - module.num_imported_memories as usize;
        images.memories.resize_with(memories, || None);
        images.tables.resize_with(module.table_inits.len(), || None);
        if wanted {
            let may_trap = images.plan_tables(module);
            if !may_trap {
                images.plan_memories(
                    module,
                    wasm_len as u64 / PART_OF_MODULE,
                    u64::from(page_size),
                );
            }
        }
        images
    }

    /// Plans the images of tables; says whether an element segment may trap.
    fn plan_tables(&mut self, module: &Module) -> bool {
        let mut drafts: Vec<_> = (0..module.table_inits.len())
            .map(|defined| TableDraft {
                open: table_may_have_image(module, defined),
                parts: Vec::new(),
            })
            .collect();
        let mut may_trap = false;
        for (number, segment) in module.elements.iter().enumerate() {
            let ElementKind::Active { table, offset } = &segment.kind else { continue };
            let place =
                module.tables.get(table.index()).and_then(|ty| table_place(ty, offset, segment));
            let draft = table.as_u32().checked_sub(module.num_imported_tables);
            let draft = draft.and_then(|defined| drafts.get_mut(defined as usize));
            match (place, draft) {
                (None, _) => {
                    may_trap = true;
                    break;
                }
                (Some(place), Some(draft)) if draft.open => {
                    let items = &segment.items;
                    draft.open = has_plain_functions(items);
                    if draft.open {
                        draft.parts.push(Part { number, place, items });
                    }
                }
                _ => {}
            }
        }
        for (plan, draft) in self.tables.iter_mut().zip(drafts) {
            *plan = draft.finish();
            if plan.is_some() {
                draft_numbers(&draft.parts).for_each(|number| self.elements[number] = true);
            }
        }
        may_trap
    }

    /// Plans the images of memories, which may have `spare` bytes together beyond what each may
    /// have.
    fn plan_memories(&mut self, module: &Module, mut spare: u64, page_size: u64) {
        let mut drafts: Vec<_> = self
            .memories
            .iter()
            .zip(&module.memories[module.num_imported_memories as usize..])
            // Images are made of whole pages of the host, and so must the memory be.
            .map(|(_, ty)| MemoryDraft { open: ty.has_default_pages(), ..MemoryDraft::default() })
            .collect();
        for (number, segment) in module.data.iter().enumerate() {
            let DataKind::Active { memory, offset } = &segment.kind else { continue };
            let len = segment.range.len() as u64;
            let place =
                module.memories.get(memory.index()).and_then(|ty| memory_place(ty, offset, len));
            let Some(place) = place else { break };
            let draft = memory.as_u32().checked_sub(module.num_imported_memories);
            if let Some(draft) = draft.and_then(|defined| drafts.get_mut(defined as usize)) {
                draft.open = draft.open && draft.add(number, place);
            }
        }
        for (plan, draft) in self.memories.iter_mut().zip(drafts) {
            let Some((first, end)) = draft.span() else { continue };
            let memory_offset = first / page_size * page_size;
            let len = (end - memory_offset).next_multiple_of(page_size);
            let bytes: u64 = draft.parts().map(|(start, (end, _))| end - start).sum();
            let most = bytes.saturating_mul(MAX_GROWTH).saturating_add(SMALL_MEMORY);
            let Some(left) = spare.checked_sub(len.saturating_sub(most)) else { continue };
            spare = left;
            for (start, (_, number)) in draft.parts() {
                self.data[number] = Some(self.len + (start - memory_offset));
            }
            for number in draft.empty {
                self.data[number] = Some(self.len);
            }
            *plan = Some(MemoryPlan { memory_offset, start: self.len, len });
            self.len += len;
        }
    }

    /// The bytes of all images of memories.
    pub(super) fn of<'a>(&'a self, module: &'a Module, wasm: &'a [u8]) -> MemoryBytes<'a> {
        MemoryBytes { images: self, module, wasm }
    }
}

/// The bytes of all images of memories, which are written straight to the file.
pub(super) struct MemoryBytes<'a> {
    images: &'a Images,
    module: &'a Module,
    wasm: &'a [u8],
}

impl Content for MemoryBytes<'_> {
    fn len(&self) -> u64 {
        self.images.len
    }

    fn write(&self, out: &mut Vec<u8>) {
        let base = out.len();
        out.resize(base + self.images.len as usize, 0);
        for (segment, start) in self.module.data.iter().zip(&self.images.data) {
            let (Some(start), Some(bytes)) = (start, self.wasm.get(segment.range.clone())) else {
                continue;
            };
            let start = base + *start as usize;
            out[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
}

fn draft_numbers(parts: &[Part<'_>]) -> impl Iterator<Item = usize> {
    parts.iter().map(|part| part.number)
}

/// The segments that the image of a table is made of.
struct TableDraft<'a> {
    /// Whether further segments may be added.
    open: bool,
    parts: Vec<Part<'a>>,
}

struct Part<'a> {
    number: usize,
    place: Range<u32>,
    items: &'a ElementItems,
}

impl TableDraft<'_> {
    fn finish(&self) -> Option<TablePlan> {
        let filled = || self.parts.iter().filter(|part| !part.place.is_empty());
        let first = filled().map(|part| part.place.start).min()?;
        let end = filled().map(|part| part.place.end).max()?;
        let count: u64 = filled().map(|part| u64::from(part.place.end - part.place.start)).sum();
        if u64::from(end - first) > count.saturating_mul(MAX_GROWTH).saturating_add(SMALL_TABLE) {
            return None;
        }
        let mut funcs = alloc::vec![U32::new(NONE); (end - first) as usize];
        for part in filled() {
            let start = (part.place.start - first) as usize;
            let places = &mut funcs[start..start + part.items.len()];
            match part.items {
                ElementItems::Functions(items) => {
                    for (place, func) in places.iter_mut().zip(items) {
                        *place = func.as_u32().into();
                    }
                }
                ElementItems::Expressions(exprs) => {
                    for (place, expr) in places.iter_mut().zip(exprs) {
                        *place = plain_function(expr).unwrap_or(NONE).into();
                    }
                }
            }
        }
        Some(TablePlan { first, funcs })
    }
}

/// The segments that the image of a memory is made of.
#[derive(Default)]
struct MemoryDraft {
    /// Whether further segments may be added.
    open: bool,
    /// Those that each come after all before them, as nearly all do: where they start, where they
    /// end, and their numbers.
    in_order: Vec<SegmentPart>,
    /// The others, by where they start.
    others: BTreeMap<u64, (u64, usize)>,
    /// Segments with no bytes, which change nothing.
    empty: Vec<usize>,
}

/// The start of a segment, its end, and its number.
type SegmentPart = (u64, (u64, usize));

impl MemoryDraft {
    /// Adds a segment, unless it overlaps an earlier one: its bytes could then not be distinguished
    /// from the other's.
    fn add(&mut self, number: usize, place: Range<u64>) -> bool {
        if place.is_empty() {
            self.empty.push(number);
            return true;
        }
        let others = self.others.range(..place.end).next_back();
        if others.is_some_and(|(_, (end, _))| *end > place.start) {
            return false;
        }
        let before = self.in_order.partition_point(|(start, _)| *start < place.end);
        let last = before.checked_sub(1).map(|last| self.in_order[last]);
        if last.is_some_and(|(_, (end, _))| end > place.start) {
            return false;
        }
        if before == self.in_order.len() {
            self.in_order.push((place.start, (place.end, number)));
        } else {
            self.others.insert(place.start, (place.end, number));
        }
        true
    }

    /// The segments that have bytes, in no particular order.
    fn parts(&self) -> impl Iterator<Item = SegmentPart> {
        self.in_order.iter().copied().chain(self.others.iter().map(|(start, rest)| (*start, *rest)))
    }

    /// Where the first segment starts, and where the last one ends.
    fn span(&self) -> Option<(u64, u64)> {
        let first = self.parts().map(|(start, _)| start).min()?;
        let end = self.parts().map(|(_, (end, _))| end).max()?;
        Some((first, end))
    }
}

/// Whether a defined table holds functions and starts with nulls.
fn table_may_have_image(module: &Module, defined: usize) -> bool {
    let Some(ty) = module.tables.get(module.num_imported_tables as usize + defined) else {
        return false;
    };
    let holds_functions = ty.element.heap.is_of_functions();
    let starts_null = match module.table_inits.get(defined) {
        Some(Some(init)) => matches!(init.ops(), [ConstOp::RefNull(_)]),
        _ => true,
    };
    holds_functions && starts_null
}

/// Where a segment stands in its table, if it is certain to fit.
fn table_place(ty: &TableType, offset: &ConstExpr, segment: &ElementSegment) -> Option<Range<u32>> {
    let start = offset.as_address()?;
    let end = start.checked_add(segment.items.len() as u64).filter(|end| *end <= ty.minimum)?;
    // Tables of that many elements are beyond every limit of the implementation.
    Some(u32::try_from(start).ok()?..u32::try_from(end).ok().filter(|end| *end < NONE)?)
}

/// Where a segment stands in its memory, if it is certain to fit.
fn memory_place(ty: &MemoryType, offset: &ConstExpr, len: u64) -> Option<Range<u64>> {
    let start = offset.as_address()?;
    let size = ty.bytes_of(ty.minimum).unwrap_or(u64::MAX);
    let end = start.checked_add(len).filter(|end| *end <= size)?;
    Some(start..end)
}

/// Whether each element is a function or null.
fn has_plain_functions(items: &ElementItems) -> bool {
    match items {
        ElementItems::Functions(_) => true,
        ElementItems::Expressions(exprs) => exprs.iter().all(|expr| plain_function(expr).is_some()),
    }
}

/// The number of a function, or that of null, if an expression is one of these.
fn plain_function(expr: &ConstExpr) -> Option<u32> {
    match expr.ops() {
        [ConstOp::RefFunc(func)] => Some(func.as_u32()),
        [ConstOp::RefNull(_)] => Some(NONE),
        _ => None,
    }
}
