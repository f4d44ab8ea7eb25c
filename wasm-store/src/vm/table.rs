//! Tables.

#![allow(unsafe_code)]

mod elements;

use std::ptr::{self, NonNull};

use wasm_types::TableType;

use super::context::{NULL_FUNC_REF, TableRecord};
use super::gc::Tracer;
use super::instance::VmInstance;
use super::room::{Room, Wanted};
use super::store::StoreHost;
use crate::Error;
use elements::Elements;

/// The most elements a table may have, as in other engines: 10 million for its minimum and growth.
const LIMIT: u64 = 10_000_000;

/// The size of an element, in bytes.
const SLOT: usize = size_of::<u64>();

/// How many bytes a table of this many elements takes.
pub(crate) fn table_bytes(elements: u64) -> usize {
    usize::try_from(elements).unwrap_or(usize::MAX).saturating_mul(SLOT)
}

/// When a table is reset, room for more than this many elements beyond its size is given back.
const MUCH: usize = 4096;

/// A table, and where compiled code finds it.
#[derive(Debug)]
pub(crate) struct VmTable {
    /// The elements as compiled code sees them (see [`wasm_types::abi::table`]). How many there is
    /// room for is kept there; only their address is in the record.
    slots: Elements,
    ty: TableType,
    record: NonNull<TableRecord>,
    /// The instance that knows what elements stand for that are not filled in yet. `None` for
    /// tables of the host, which have no such elements.
    owner: Option<NonNull<VmInstance>>,
    /// The number of the table in its owner.
    index: u32,
    /// Whether an element may be other than at the start because the host or a builtin wrote it.
    changed: bool,
    /// Whether its instance takes it along to the next store.
    pub(super) kept: bool,
    /// How many elements it may grow to, whatever its type says.
    limit: u64,
}

/// Whether a table of this type holds references to functions.
pub(super) fn holds_functions(ty: &TableType) -> bool {
    ty.element.heap.is_of_functions()
}

impl VmTable {
    /// A new table of the minimum size. With an owner, the elements of a table of functions are
    /// filled in on first use; else all are `init`.
    ///
    /// # Safety
    ///
    /// Record and owner stay valid as long as the table.
    pub(super) unsafe fn new(
        ty: TableType,
        record: NonNull<TableRecord>,
        owner: Option<(NonNull<VmInstance>, u32)>,
        init: u64,
    ) -> Result<Self, Error> {
        if ty.minimum > LIMIT {
            return Err(Error::msg(format!(
                "a table of {} elements is larger than the limit of {LIMIT}",
                ty.minimum
            )));
        }
        let lazy = owner.is_some() && holds_functions(&ty);
        let value = if lazy { 0 } else { slot_of(&ty, init) };
        let mut table = Self {
            slots: Elements::new(ty.minimum as usize, value, !holds_functions(&ty))?,
            ty,
            record,
            owner: owner.map(|(owner, _)| owner),
            index: owner.map_or(0, |(_, index)| index),
            changed: false,
            kept: false,
            limit: LIMIT,
        };
        table.publish();
        Ok(table)
    }

    /// Sets a limit to what the table may grow to.
    pub(super) fn limit_to(&mut self, elements: u64) {
        self.limit = LIMIT.min(elements);
    }

    /// Makes a table that an instance defines what it was before its elements were set. `ran` says
    /// whether code ran that may have changed it. Returns how many bytes it takes.
    pub(super) fn reset(&mut self, ran: bool) -> usize {
        if ran || self.changed {
            let value = if holds_functions(&self.ty) { 0 } else { null_slot(&self.ty) };
            self.slots.reset(self.ty.minimum as usize, value, MUCH);
            self.publish();
            self.changed = false;
        }
        self.bytes()
    }

    /// How much memory its elements take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.bytes()
    }

    /// Publishes to compiled code where the elements are.
    fn publish(&mut self) {
        let record = TableRecord { base: self.slots.base(), length: self.slots.len() as u64 };
        // SAFETY: the record is valid, as promised when the table was made.
        unsafe { self.record.write(record) };
    }

    /// Where compiled code finds the table.
    pub(super) fn record(&self) -> NonNull<TableRecord> {
        self.record
    }

    /// The instance that defines it; `None` for a table of the host.
    pub(super) fn owner(&self) -> Option<NonNull<VmInstance>> {
        self.owner
    }

    /// Shows the tracer where the elements are references into the heap.
    ///
    /// # Safety
    ///
    /// The tracer is that of the store's heap.
    pub(super) unsafe fn trace(&mut self, tracer: &mut Tracer<'_>) {
        if holds_functions(&self.ty) {
            return;
        }
        let (is_minor, moves) = (tracer.is_minor(), tracer.moves());
        // SAFETY: the elements are references, each in the first half of its place.
        let each = |slot: &mut u64| unsafe { tracer.place(ptr::from_mut(slot).cast()) };
        if is_minor {
            self.slots.each_written(each);
        } else {
            self.slots.as_mut_slice().iter_mut().for_each(each);
        }
        if moves {
            self.slots.forget_written();
        }
    }

    /// All elements as compiled code sees them. In a table of functions, 0 stands for one that is
    /// not filled in yet.
    pub(super) fn slots(&self) -> &[u64] {
        self.slots.as_slice()
    }

    /// Makes room for this many elements, so that putting them back can't fail. Changes nothing
    /// else, also on failure.
    pub(super) fn make_room(&mut self, len: usize) -> Result<(), Error> {
        let room = self.slots.try_reserve(len.saturating_sub(self.slots.len()));
        // The elements may have moved.
        self.publish();
        room.map_err(|error| {
            Error::msg(format!("a table can't have its size of {len} elements back: {error}"))
        })
    }

    /// Restores the table to these elements, for which it has room.
    pub(super) fn put_back(&mut self, slots: &[u64]) {
        debug_assert!(slots.len() <= self.slots.capacity());
        self.changed = true;
        let as_long = self.slots.len() == slots.len();
        if !as_long {
            self.slots.resize(slots.len(), 0);
        }
        self.slots.as_mut_slice().copy_from_slice(slots);
        self.slots.mark(0..slots.len());
        if !as_long {
            self.publish();
        }
    }

    /// Replaces each element that is not zero.
    pub(super) fn translate(&mut self, mut translated: impl FnMut(u64) -> u64) {
        for slot in self.slots.as_mut_slice().iter_mut().filter(|slot| **slot != 0) {
            *slot = translated(*slot);
        }
        self.slots.mark(0..self.slots.len());
    }

    /// The type it was declared with.
    pub(crate) fn ty(&self) -> TableType {
        self.ty
    }

    /// The current size in elements.
    pub(crate) fn size(&self) -> u64 {
        self.slots.len() as u64
    }

    /// The current size in bytes.
    pub(crate) fn byte_size(&self) -> usize {
        self.slots.len() * SLOT
    }

    /// An element as a reference, 0 for null; `None` out of bounds.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged where it says what the element is. The functions below fail for
    /// the same reason.
    pub(crate) fn get(&mut self, index: u64) -> Result<Option<u64>, wasm_artifact::Error> {
        let slot = self.slot(index)?;
        Ok(slot.map(|slot| if slot == null_slot(&self.ty) { 0 } else { slot }))
    }

    /// An element as compiled code sees it. It is filled in if it was not yet. `None` out of
    /// bounds.
    pub(super) fn slot(&mut self, index: u64) -> Result<Option<u64>, wasm_artifact::Error> {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(&slot) = self.slots().get(place) else { return Ok(None) };
        if slot != 0 || !holds_functions(&self.ty) {
            return Ok(Some(slot));
        }
        let func = match &mut self.owner {
            // SAFETY: the owner lives as long as the table. Making a reference to one of its
            // functions touches no table.
            Some(owner) => unsafe { owner.as_mut().lazy_element(self.index, place)? },
            None => None,
        };
        let slot = func.map_or(null_slot(&self.ty), |func| func.as_ptr() as u64);
        self.slots.as_mut_slice()[place] = slot;
        self.changed = true;
        Ok(Some(slot))
    }

    /// Sets an element; false out of bounds.
    pub(crate) fn set(&mut self, index: u64, value: u64) -> bool {
        let slot = slot_of(&self.ty, value);
        self.changed = true;
        match self.range(index, 1) {
            Some(range) => {
                self.slots.as_mut_slice()[range.start] = slot;
                self.slots.mark(range);
                true
            }
            None => false,
        }
    }

    /// Sets `len` elements from `start`; false, with nothing changed, out of bounds.
    pub(crate) fn fill(&mut self, start: u64, value: u64, len: u64) -> bool {
        let slot = slot_of(&self.ty, value);
        self.changed = true;
        match self.range(start, len) {
            Some(range) => {
                self.slots.as_mut_slice()[range.clone()].fill(slot);
                self.slots.mark(range);
                true
            }
            None => false,
        }
    }

    /// Sets elements from `start` to the given references; false, with nothing changed, out of
    /// bounds.
    pub(super) fn write(&mut self, start: u64, values: impl ExactSizeIterator<Item = u64>) -> bool {
        let Some(range) = self.range(start, values.len() as u64) else { return false };
        self.changed = true;
        let slots = &mut self.slots.as_mut_slice()[range.clone()];
        for (slot, value) in slots.iter_mut().zip(values) {
            *slot = slot_of(&self.ty, value);
        }
        self.slots.mark(range);
        true
    }

    /// Copies elements between tables, which may be one; false, with nothing changed, out of
    /// bounds.
    ///
    /// # Safety
    ///
    /// Both tables are valid, and nothing borrows them.
    pub(crate) unsafe fn copy(
        to: NonNull<VmTable>,
        from: NonNull<VmTable>,
        to_start: u64,
        from_start: u64,
        len: u64,
    ) -> Result<bool, wasm_artifact::Error> {
        // SAFETY: as the caller promises; only one of the two is borrowed at a time.
        unsafe {
            let Some(source) = (*from.as_ptr()).range(from_start, len) else { return Ok(false) };
            let Some(target) = (*to.as_ptr()).range(to_start, len) else { return Ok(false) };
            for place in source.clone() {
                // An element that is not filled in yet would mean something else in another table
                // or at another index.
                (*from.as_ptr()).slot(place as u64)?;
            }
            (*to.as_ptr()).changed = true;
            let slots = &mut (*to.as_ptr()).slots;
            if to == from {
                slots.as_mut_slice().copy_within(source, target.start);
            } else {
                let values = &(*from.as_ptr()).slots()[source];
                slots.as_mut_slice()[target.clone()].copy_from_slice(values);
            }
            slots.mark(target);
        }
        Ok(true)
    }

    /// Grows by a number of elements. Returns the old size, or `None` if that can't be done or the
    /// host does not allow it; then `why`, if given, is set to the reason. An error comes from the
    /// host and ends the computation.
    pub(crate) fn grow(
        &mut self,
        delta: u64,
        init: u64,
        host: Option<&mut dyn StoreHost>,
        room: Room,
        why: Option<&mut String>,
    ) -> Result<Option<u64>, Error> {
        let old = self.size();
        if delta == 0 {
            return Ok(Some(old));
        }
        let wanted = old.saturating_add(delta);
        let as_usize = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let mut host = host;
        if let Some(host) = &mut host {
            let maximum = self.ty.maximum.map(as_usize);
            if !host.table_growing(as_usize(old), as_usize(wanted), maximum)? {
                if let Some(why) = why {
                    *why = host.refusal();
                }
                return Ok(None);
            }
        }
        let maximum = self.ty.maximum.unwrap_or(u64::MAX).min(self.limit);
        let grown = if wanted <= maximum {
            room.check(delta as usize * SLOT, Wanted::Table).and_then(|()| {
                let made = self.slots.try_reserve(delta as usize);
                made.map_err(|error| Error::msg(format!("the table can't grow: {error}")))
            })
        } else {
            Err(Error::msg(format!("{wanted} elements are wanted, the maximum is {maximum}"))
                .context("Table maximum size exceeded"))
        };
        if let (Err(error), Some(why)) = (&grown, why) {
            *why = format!("{error:#}");
        }
        match (grown, host) {
            (Ok(()), _) => {
                self.changed = true;
                self.slots.resize(wanted as usize, slot_of(&self.ty, init));
                self.publish();
                Ok(Some(old))
            }
            (Err(error), Some(host)) => {
                host.table_grow_failed(error)?;
                Ok(None)
            }
            (Err(_), None) => Ok(None),
        }
    }

    /// What the host is asked before the table grows by a number of elements.
    #[cfg(feature = "async")]
    pub(crate) fn growing(&self, delta: u64) -> super::suspend::Growing {
        let as_usize = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        super::suspend::Growing {
            is_table: true,
            current: as_usize(self.size()),
            desired: as_usize(self.size().saturating_add(delta)),
            maximum: self.ty.maximum.map(as_usize),
        }
    }

    fn range(&self, start: u64, len: u64) -> Option<std::ops::Range<usize>> {
        let end = start.checked_add(len).filter(|end| *end <= self.size())?;
        Some(start as usize..end as usize)
    }
}

/// What stands for null in a table of the given type.
pub(super) fn null_slot(ty: &TableType) -> u64 {
    if holds_functions(ty) { (&raw const NULL_FUNC_REF) as u64 } else { 0 }
}

/// A reference as a table of the given type holds it.
fn slot_of(ty: &TableType, value: u64) -> u64 {
    if value == 0 { null_slot(ty) } else { value }
}
