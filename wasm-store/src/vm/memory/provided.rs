//! Linear memories whose bytes the program provides.
//!
//! Nothing is mapped in them here, and nothing protected: what they hold is only copied. So images
//! are copied into them, they are not used again by other instances, and there is no page below
//! them by which code could be stopped.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;

use wasm_types::MemoryType;

use super::{VmMemory, bytes, reservation_for};
use crate::Error;
use crate::vm::context::MemoryRecord;
use crate::vm::engine::VmEngine;
use crate::vm::sys::mapping::Mapping;

/// The bytes of a linear memory that the program provides. What is promised of them is what
/// [`LinearMemory`](crate::LinearMemory) says.
pub(crate) trait MemoryBytes: Send + Sync {
    /// How many are accessible.
    fn byte_size(&self) -> usize;

    /// How many there may be before they have to move.
    fn byte_capacity(&self) -> usize;

    /// Makes so many accessible.
    fn grow_to(&mut self, len: usize) -> Result<(), Error>;

    /// The first one.
    fn base(&self) -> *mut u8;
}

/// What is to be provided, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedMemory {
    pub(crate) ty: MemoryType,
    pub(crate) minimum: usize,
    pub(crate) maximum: Option<usize>,
    pub(crate) reservation: usize,
    pub(crate) guard: usize,
}

/// Who provides the memories of an engine.
pub(crate) trait MemoryProvider: Send + Sync {
    /// A memory, all zero, of the minimum size.
    fn provide(&self, wanted: WantedMemory) -> Result<Box<dyn MemoryBytes>, Error>;
}

/// A memory that was provided.
pub(super) struct Provided(Box<dyn MemoryBytes>);

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provided").field("size", &self.0.byte_size()).finish_non_exhaustive()
    }
}

/// The alignment that atomic accesses and those of vectors count on.
const ALIGNMENT: usize = 16;

impl Provided {
    pub(super) fn base(&self) -> *mut u8 {
        self.0.base()
    }

    /// Grows, in place if it may not move.
    fn grow_to(&mut self, len: usize, may_move: bool) -> Result<(), Error> {
        if !may_move && len > self.0.byte_capacity() {
            return Err(Error::msg(
                "the memory's capacity is used up, and it may not move (`Config::memory_may_move`)",
            ));
        }
        let before = self.0.base();
        self.0.grow_to(len)?;
        self.check(len)?;
        if !may_move && self.0.base() != before {
            return Err(Error::msg(
                "a memory that the program provides has moved, which it may not \
                 (`LinearMemory::byte_capacity`)",
            ));
        }
        Ok(())
    }

    /// How many of the first bytes are there after growing has failed: all, as promised, or fewer
    /// if what can be seen says so.
    fn left(&self, len: usize) -> usize {
        if self.is_placed() { self.0.byte_size().min(len) } else { 0 }
    }

    fn is_placed(&self) -> bool {
        let base = self.0.base();
        !base.is_null() && base.addr().is_multiple_of(ALIGNMENT)
    }

    /// Checks what can be seen of a promise.
    fn check(&self, len: usize) -> Result<(), Error> {
        let (size, base) = (self.0.byte_size(), self.0.base());
        if size != len {
            return Err(Error::msg(format!(
                "a memory that the program provides has {size} bytes in place of {len} \
                 (`LinearMemory::byte_size`)"
            )));
        }
        if !self.is_placed() {
            return Err(Error::msg(format!(
                "a memory that the program provides is at {base:p}, which is no multiple of {ALIGNMENT} \
                 (`LinearMemory::as_ptr`)"
            )));
        }
        Ok(())
    }
}

impl VmMemory {
    /// As [`new`](Self::new), with the bytes of a provider.
    ///
    /// # Safety
    ///
    /// The record stays valid as long as the memory.
    pub(super) unsafe fn of_provider(
        provider: &dyn MemoryProvider,
        ty: MemoryType,
        engine: &VmEngine,
        record: NonNull<MemoryRecord>,
    ) -> Result<Self, Error> {
        let tunables = &engine.tunables;
        let (len, _) = reservation_for(&ty, engine, |len| len)?;
        let wanted = WantedMemory {
            ty,
            minimum: len,
            maximum: ty.maximum.and_then(|pages| bytes(&ty, pages)),
            reservation: tunables.memory_reservation as usize,
            guard: tunables.memory_guard_size as usize,
        };
        let provided = Provided(provider.provide(wanted)?);
        provided.check(len)?;
        let mut memory = Self::unmapped(ty, record);
        memory.is_static = tunables.memory_is_static(&ty);
        memory.may_move = engine.memories_may_move;
        memory.limit = engine.memory_limit();
        memory.provided = Some(provided);
        memory.publish(len);
        Ok(memory)
    }

    /// Grows a memory that is provided. Wherever the bytes are afterwards, the record says so: also
    /// when they are not as many as were asked for, and when the provider panics.
    pub(super) fn grow_provided(&mut self, len: usize) -> Result<(), Error> {
        let (old_len, may_move) = (self.byte_size(), self.may_move && !self.is_static);
        // Until the provider has returned, nobody knows where the bytes are.
        self.given_up = true;
        self.publish(0);
        let Some(provided) = &mut self.provided else { return Ok(()) };
        let grown = provided.grow_to(len, may_move);
        let now = if grown.is_ok() { len } else { provided.left(old_len) };
        self.given_up = false;
        self.publish(now);
        grown
    }

    /// A memory without a mapping.
    pub(super) fn unmapped(ty: MemoryType, record: NonNull<MemoryRecord>) -> Self {
        Self {
            mapping: Mapping::empty(),
            accessible: 0,
            ty,
            is_static: false,
            guard: 0,
            growth: 0,
            may_move: false,
            image: None,
            shown: None,
            limit: usize::MAX,
            touched: std::sync::atomic::AtomicBool::new(false),
            moved: false,
            resident: 0,
            kept: false,
            given_up: false,
            shared: None,
            provided: None,
            record,
        }
    }

    /// Whether its pages are this crate's own, to map over and to give back.
    pub(in crate::vm) fn is_mapped_here(&self) -> bool {
        self.shared.is_none() && self.provided.is_none()
    }
}
