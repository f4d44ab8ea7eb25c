//! The heap: making objects, writing references into them, and when to collect.
//!
//! At any time the old space has room for everything in the nursery, so that a minor collection
//! never fails half-way. The heap asks its owner before it grows. What a major collection moves is
//! in two places for as long as it runs; that is not counted.

#![allow(unsafe_code)]

use wasm_types::abi::continuation;

use super::host_values::{HostValue, HostValues};
use super::layout::HOST_VALUE_SIZE;
use super::object::{HEADER_SIZE, Header, is_object};
use super::space::{HALF, MAX_NURSERY, Space};
use super::tracer::Tracer;
use super::types::{HOST_VALUE, Types};
use crate::Error;
use crate::vm::continuations::Continuation;

/// How large the nursery is at first, and how much the old space grows at least, in bytes.
const STEP: u32 = 4 << 10;

/// How large the nursery gets by being filled, in bytes. Beyond that it grows only if more than
/// half of what is in it survives.
const NURSERY: u32 = 1 << 20;

/// Larger objects are made in the old space, in bytes; and so are those that take more than a
/// quarter of the nursery, as long as it is small.
const LARGE: u32 = 16 << 10;

/// With less than this in the old space, in bytes, no major collection is made.
const FEW: u32 = 4 << 20;

/// What the old space may grow to before the next major collection, as a multiple of what lived
/// after the last one.
const GROWTH: u32 = 3;

/// Who knows the references to objects that are outside of the heap.
pub(crate) trait Roots {
    /// Finds the places that hold such references, as far as that may fail. Called before each
    /// collection.
    fn find(&mut self) -> Result<(), Error>;
    /// Shows each place that holds such a reference to the tracer.
    fn trace(&mut self, tracer: &mut Tracer<'_>);
    /// Shows each place that holds such a reference and belongs to one of a list of continuations,
    /// which a collection has come to.
    fn trace_continuations(&mut self, _list: *mut Continuation, _tracer: &mut Tracer<'_>) {}
    /// A collection is over, in which the references have changed.
    fn sweep(&mut self, _is_alive: &dyn Fn(u32) -> bool) {}
}

/// Who is asked before the heap grows.
pub(crate) trait Growth {
    /// Whether it may grow; sizes in bytes.
    fn may_grow(&mut self, current: usize, desired: usize) -> Result<bool, Error>;
    /// Notified of a growth that was allowed and failed.
    fn grow_failed(&mut self, error: Error) -> Result<(), Error>;
}

/// Both of the above: what a heap needs to know of the rest of its store.
pub(crate) trait Outside: Roots + Growth {}

impl<T: Roots + Growth> Outside for T {}

/// Why an object can't be made.
#[derive(Debug)]
pub(crate) enum NoRoom {
    /// The heap is full: there is no room for so many bytes.
    Full(u64),
    /// Whoever was asked for more memory has failed.
    Failed(Error),
}

impl From<Error> for NoRoom {
    fn from(error: Error) -> Self {
        NoRoom::Failed(error)
    }
}

/// A garbage-collected heap.
#[derive(Debug)]
pub(crate) struct Heap {
    pub(super) space: Space,
    pub(super) types: Types,
    /// How many functions have numbers, with null.
    pub(super) functions: u32,
    pub(super) values: HostValues,
    /// How many bytes in the old space lead to a major collection.
    major_at: u32,
    /// How many reasons there are not to collect.
    put_off: u32,
    /// Whether everything is moved whenever something could be.
    zeal: bool,
}

impl Heap {
    /// An empty heap, for which only address space is reserved.
    pub(crate) fn new(zeal: bool) -> Result<Self, Error> {
        Ok(Self {
            space: Space::new(zeal)?,
            types: Types::new(),
            functions: 1,
            values: HostValues::default(),
            major_at: FEW,
            put_off: 0,
            zeal,
        })
    }

    /// How many bytes the heap holds.
    pub(crate) fn capacity(&self) -> usize {
        self.space.capacity()
    }

    /// The value of the host that an object stands for; `None` for other objects.
    pub(crate) fn value(&self, object: u32) -> Option<&HostValue> {
        self.values.get(self.value_number(object)?)
    }

    /// As [`value`](Self::value), to be changed.
    pub(crate) fn value_mut(&mut self, object: u32) -> Option<&mut HostValue> {
        self.values.get_mut(self.value_number(object)?)
    }

    fn value_number(&self, object: u32) -> Option<u32> {
        if !is_object(object) {
            return None;
        }
        debug_assert!(self.space.young().contains(&object) || self.space.old.contains(object));
        // SAFETY: references are to objects, and those of this type have a number.
        unsafe {
            let is_value = self.space.header(object).number() == HOST_VALUE;
            is_value.then(|| self.space.word(object + HEADER_SIZE))
        }
    }

    /// Makes an object that stands for a value of the host. If there is no room, the value comes
    /// back.
    pub(crate) fn new_value(
        &mut self,
        outside: &mut dyn Outside,
        value: HostValue,
    ) -> Result<u32, (HostValue, NoRoom)> {
        let object = match self.allocate(outside, HOST_VALUE, HOST_VALUE_SIZE) {
            Ok(object) => object,
            Err(error) => return Err((value, error)),
        };
        let number = self.values.add(value, object, self.space.young().contains(&object));
        // SAFETY: just made, with room for a number.
        unsafe { self.space.set_word(object + HEADER_SIZE, number) };
        Ok(object)
    }

    /// Gives the object of a continuation its record.
    ///
    /// # Safety
    ///
    /// The object is one of a continuation.
    pub(crate) unsafe fn set_continuation(&mut self, object: u32, record: *mut Continuation) {
        // SAFETY: as the caller promises; the place is aligned to 8 bytes, as all objects are.
        unsafe {
            let place = self.space.base().add((object + continuation::RECORD) as usize);
            place.cast::<*mut Continuation>().write(record);
        }
    }

    /// The record of a continuation, which counts as used from now on.
    ///
    /// # Safety
    ///
    /// As for [`set_continuation`](Self::set_continuation).
    pub(crate) unsafe fn take_continuation(&mut self, object: u32) -> *mut Continuation {
        // SAFETY: as above.
        unsafe {
            let place = self.space.base().add((object + continuation::RECORD) as usize);
            place.cast::<*mut Continuation>().replace(std::ptr::null_mut())
        }
    }

    /// How large an object of a type is, with so many elements if it is an array; `None` if it is
    /// larger than any heap.
    pub(crate) fn object_size(&self, number: u32, elements: u32) -> Option<u32> {
        self.types.shape(number).size(elements).filter(|size| *size <= HALF)
    }

    /// Makes a structure, an exception, or an array of so many elements, all of whose bytes are
    /// zero. `number` is that of its type.
    pub(crate) fn new_object(
        &mut self,
        outside: &mut dyn Outside,
        number: u32,
        elements: u32,
    ) -> Result<u32, NoRoom> {
        let Some(size) = self.object_size(number, elements) else {
            return Err(NoRoom::Full(u32::MAX.into()));
        };
        let object = self.allocate(outside, number, size)?;
        // SAFETY: just made.
        unsafe {
            self.space.fill(object + HEADER_SIZE..object + size, 0);
            if self.types.shape(number).is_array() {
                self.space.set_word(object + HEADER_SIZE, elements);
            }
        }
        Ok(object)
    }

    /// Notes that a reference is about to be written into an object: the write barrier.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    pub(crate) unsafe fn before_write(&mut self, object: u32) {
        // SAFETY: as the caller promises.
        unsafe {
            let header = self.space.header(object);
            if !header.is_logged() {
                self.space.set_header(object, header.logged());
                self.space.add_to_log(object);
            }
        }
    }

    /// Puts collections off until [`resume`](Self::resume), which must follow: there are references
    /// that nobody finds.
    pub(crate) fn put_off(&mut self) {
        self.put_off += 1;
    }

    /// Ends what [`put_off`](Self::put_off) began.
    pub(crate) fn resume(&mut self) {
        self.put_off -= 1;
    }

    #[cfg(test)]
    pub(super) fn is_put_off(&self) -> bool {
        self.put_off > 0
    }

    /// Collects everything that nothing refers to, unless collections are put off. The values of
    /// the host among it wait for [`take_dead`](Self::take_dead).
    pub(crate) fn collect(&mut self, outside: &mut dyn Outside) -> Result<(), Error> {
        match self.put_off {
            0 => self.major(outside),
            _ => Ok(()),
        }
    }

    /// Makes room for an object of so many bytes, if that can be done.
    pub(crate) fn make_room(&mut self, outside: &mut dyn Outside, bytes: u64) -> Result<(), Error> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let wanted = bytes.saturating_add(self.space.nursery_size());
        self.grow_old(outside, wanted).map(drop)
    }

    /// At a place where every reference can be found: moves everything, if the heap is set up to
    /// show which references are not found.
    pub(crate) fn safepoint(&mut self, outside: &mut dyn Outside) -> Result<(), Error> {
        if self.zeal { self.collect(outside) } else { Ok(()) }
    }

    /// The values of the host that nothing refers to any more, to be dropped while nothing of the
    /// heap is borrowed: what runs then is not known.
    pub(crate) fn take_dead(&mut self) -> Vec<HostValue> {
        self.values.take_dead()
    }

    /// Room for an object, with its header written.
    fn allocate(
        &mut self,
        outside: &mut dyn Outside,
        number: u32,
        size: u32,
    ) -> Result<u32, NoRoom> {
        self.safepoint(outside)?;
        let room = if size <= LARGE { self.space.take_young(size) } else { None };
        let object = match room {
            Some(object) => object,
            None => self.allocate_slowly(outside, size)?,
        };
        // SAFETY: there is room for an object, and nothing refers to it yet.
        unsafe { self.space.set_header(object, Header::young(number)) };
        Ok(object)
    }

    #[cold]
    fn allocate_slowly(&mut self, outside: &mut dyn Outside, size: u32) -> Result<u32, NoRoom> {
        let full = || NoRoom::Full(size.into());
        let small = LARGE.min(self.space.nursery_size().max(STEP) / 4);
        if size > small || self.put_off > 0 {
            let object = self.allocate_old(outside, size)?;
            // Its first references are written without a look at it.
            // SAFETY: there is room for an object, whose header is written with the bit.
            unsafe { self.space.add_to_log(object) };
            return Ok(object);
        }
        self.minor(outside)?;
        if self.space.old.used() > self.major_at {
            self.major(outside)?;
        }
        self.refill(outside)?;
        if let Some(object) = self.space.take_young(size) {
            return Ok(object);
        }
        self.major(outside)?;
        self.refill(outside)?;
        self.space.take_young(size).ok_or_else(full)
    }

    /// Room for so many bytes of objects in the old space.
    pub(super) fn allocate_old(
        &mut self,
        outside: &mut dyn Outside,
        size: u32,
    ) -> Result<u32, NoRoom> {
        let full = || NoRoom::Full(size.into());
        let nursery = self.space.usable_nursery();
        let wanted = size.checked_add(nursery).ok_or_else(full)?;
        if !self.grow_old(outside, wanted)? {
            if self.put_off > 0 {
                return Err(full());
            }
            self.collect(outside)?;
            // Nothing is in the nursery, which gets what the object leaves.
            self.space.set_usable_nursery(0);
            let fits = self.grow_old(outside, size)?;
            let object = if fits { self.space.old.take(size) } else { None };
            self.hand_out_nursery();
            return object.ok_or_else(full);
        }
        self.space.old.take(size).ok_or_else(full)
    }

    /// Hands out as much of the nursery, which is empty, as would fit into the old space.
    fn refill(&mut self, outside: &mut dyn Outside) -> Result<(), Error> {
        let size = self.space.nursery_size();
        self.grow_old(outside, size.max(STEP))?;
        if self.space.nursery_size() == 0 {
            self.grow_nursery(outside, STEP)?;
        }
        self.hand_out_nursery();
        Ok(())
    }

    fn hand_out_nursery(&mut self) {
        let usable = self.space.nursery_size().min(self.space.old.free());
        self.space.set_usable_nursery(usable);
    }

    fn grow_nursery(&mut self, outside: &mut dyn Outside, size: u32) -> Result<(), Error> {
        let capacity = self.capacity();
        let desired = capacity + (size - self.space.nursery_size()) as usize;
        if outside.may_grow(capacity, desired)?
            && let Err(error) = self.space.grow_nursery(size)
        {
            outside.grow_failed(error)?;
        }
        Ok(())
    }

    /// Makes room for so many bytes in the old space; false if there can't be.
    fn grow_old(&mut self, outside: &mut dyn Outside, bytes: u32) -> Result<bool, Error> {
        let old = self.space.old;
        if old.free() >= bytes {
            return Ok(true);
        }
        let Some(wanted) = old.used().checked_add(bytes).filter(|wanted| *wanted <= HALF) else {
            return Ok(false);
        };
        let wanted = wanted.max(old.used() / 4 * 5).next_multiple_of(STEP).min(HALF);
        let capacity = self.capacity();
        let desired = capacity + (wanted - (old.limit - old.start)) as usize;
        if !outside.may_grow(capacity, desired)? {
            return Ok(false);
        }
        match self.space.set_old_size(wanted) {
            Ok(()) => Ok(true),
            Err(error) => outside.grow_failed(error).map(|()| false),
        }
    }

    /// Moves what lives in the nursery to the old space.
    pub(super) fn minor(&mut self, outside: &mut dyn Outside) -> Result<(), Error> {
        outside.find()?;
        let used = self.space.young().len() as u32;
        let before = self.space.old.used();
        self.move_nursery(outside);
        if cfg!(debug_assertions) {
            self.verify(outside);
        }
        let survived = self.space.old.used() - before;
        let size = self.space.nursery_size();
        let larger = size.saturating_mul(2).min(MAX_NURSERY);
        if larger > size && (size < NURSERY || survived > used / 2) {
            return self.grow_nursery(outside, larger);
        }
        Ok(())
    }

    /// Moves what lives to the other half.
    fn major(&mut self, outside: &mut dyn Outside) -> Result<(), Error> {
        let before = self.space.old.limit - self.space.old.start;
        let most = self.space.old.used() + self.space.young().len() as u32;
        if most == 0 {
            return Ok(());
        }
        outside.find()?;
        let to = self.space.other_half(most)?;
        self.move_all(outside, to);
        if cfg!(debug_assertions) {
            self.verify(outside);
        }
        let live = self.space.old.used();
        let wanted = live.saturating_mul(2).max(live.saturating_add(self.space.nursery_size()));
        self.major_at = live.saturating_mul(GROWTH).max(FEW);
        let resized = self.space.set_old_size(before.min(wanted).max(live));
        self.hand_out_nursery();
        resized
    }
}
