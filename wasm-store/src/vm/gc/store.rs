//! The heap of a store, and where else in the store references are.

#![allow(unsafe_code)]

use std::ptr::{self, NonNull};
use std::sync::Arc;

use wasm_loader::Loaded;
use wasm_types::abi::continuation;

use super::handles::Handles;
use super::heap::{Growth, Heap, NoRoom, Roots};
use super::host_values::HostValue;
use super::object::Header;
use super::tracer::Tracer;
use super::{HAS_OBJECTS, objects_left_out};
use crate::Error;
use crate::vm::continuations::Continuation;
use crate::vm::engine::GcSettings;
use crate::vm::in_use::Counted;
use crate::vm::instance::VmInstance;
use crate::vm::module::CollectedType;
use crate::vm::room::Wanted;
use crate::vm::store::VmStore;
use crate::vm::unwind::{RawFrame, backtrace};
use crate::vm::value::ValRaw;

/// What a store has for garbage collection.
#[derive(Debug)]
pub(crate) struct Gc {
    /// Made with the first object, or the first instance whose module declares types of objects.
    pub(super) heap: Option<Box<Heap>>,
    /// The references that the host keeps.
    pub(crate) handles: Handles,
    /// The globals of the host that hold references.
    globals: Vec<NonNull<ValRaw>>,
    /// References of segments, each in the first half of its place, that come to be where they
    /// belong when all of a segment are made.
    pub(in crate::vm) unplaced: Vec<Vec<u64>>,
    /// How many reasons there are not to collect: references that nobody would find.
    put_off: u32,
    zeal: bool,
    /// Has the heap count as one of the engine's pool.
    counted: Option<Counted>,
}

impl Gc {
    pub(in crate::vm) fn new(settings: GcSettings) -> Self {
        Self {
            heap: None,
            handles: Handles::default(),
            globals: Vec::new(),
            unplaced: Vec::new(),
            put_off: u32::from(!settings.collects),
            zeal: settings.zeal,
            counted: None,
        }
    }

    /// How many bytes the heap holds.
    pub(crate) fn capacity(&self) -> usize {
        self.heap.as_ref().map_or(0, |heap| heap.capacity())
    }

    /// The value of the host that a reference leads to; `None` if it leads to something else.
    pub(crate) fn value(&self, reference: u32) -> Option<&HostValue> {
        self.heap.as_ref()?.value(reference)
    }

    /// As [`value`](Self::value), to be changed.
    pub(crate) fn value_mut(&mut self, reference: u32) -> Option<&mut HostValue> {
        self.heap.as_mut()?.value_mut(reference)
    }

    /// Remembers a global of the host that holds references.
    pub(in crate::vm) fn add_global(&mut self, global: NonNull<ValRaw>) {
        self.globals.push(global);
    }

    /// Whether a global of the host holds references.
    pub(in crate::vm) fn has_global(&self, global: NonNull<ValRaw>) -> bool {
        self.globals.contains(&global)
    }

    /// Puts collections off until [`resume`](Self::resume), which must follow: there are references
    /// that nobody would find. What is made meanwhile takes new room.
    #[inline]
    pub(crate) fn put_off(&mut self) {
        self.put_off += 1;
        if let Some(heap) = &mut self.heap {
            heap.put_off();
        }
    }

    /// Whether collections are put off.
    pub(in crate::vm) fn is_put_off(&self) -> bool {
        self.put_off > 0
    }

    /// Ends what [`put_off`](Self::put_off) began.
    #[inline]
    pub(crate) fn resume(&mut self) {
        self.put_off -= 1;
        if let Some(heap) = &mut self.heap {
            heap.resume();
        }
        if self.put_off == 0 {
            self.handles.end_fixed();
        }
    }

    /// The heap, which there is if there is an object, or a type of objects.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn heap_mut(&mut self) -> Result<&mut Heap, Error> {
        self.heap.as_deref_mut().ok_or_else(|| Error::msg("the store has no objects"))
    }

    /// The heap, if there is one.
    pub(crate) fn heap(&self) -> Option<&Heap> {
        self.heap.as_deref()
    }

    /// Where the heap starts, as it stands in the contexts of instances; null if there is none.
    pub(in crate::vm) fn start(&self) -> *mut u8 {
        self.heap.as_ref().map_or(ptr::null_mut(), |heap| heap.space.base())
    }

    /// The store is dropped: functions have no numbers any more.
    ///
    /// # Safety
    ///
    /// All functions that objects may refer to are still there.
    pub(in crate::vm) unsafe fn end(&mut self) {
        if let Some(heap) = &mut self.heap {
            // SAFETY: as the caller promises.
            unsafe { heap.forget_functions() };
        }
    }
}

impl VmStore {
    /// The heap, which is made if there is none.
    ///
    /// # Errors
    ///
    /// If the machine has no room for it.
    pub(crate) fn make_heap(&mut self) -> Result<&mut Heap, Error> {
        if self.gc.heap.is_none() {
            let mut heap = Box::new(Heap::new(self.gc.zeal)?);
            (0..self.gc.put_off).for_each(|_| heap.put_off());
            let start = heap.space.base();
            self.gc.heap = Some(heap);
            self.gc.counted = self.engine.count_heap();
            for instance in self.instances() {
                // SAFETY: the instances live as long as the store. Their code does not rely on what
                // was there, as none of their modules declares a type of objects.
                unsafe { (*instance.as_ref().vmctx()).heap = start };
            }
        }
        self.gc.heap_mut()
    }

    /// Tells an instance that was just made where the heap is, and which numbers the types of its
    /// module have.
    ///
    /// # Errors
    ///
    /// If there is no room for the heap or the types.
    ///
    /// # Safety
    ///
    /// Nothing borrows the instance, which is one of the store's.
    pub(in crate::vm) unsafe fn enter_types(
        &mut self,
        instance: NonNull<VmInstance>,
    ) -> Result<(), Error> {
        // SAFETY: as the caller promises; the layout has a place for each type.
        unsafe {
            let module = instance.as_ref().module();
            let types = module.collected_types();
            let makes_objects = !types.is_empty() || module.suspends();
            if makes_objects && !HAS_OBJECTS {
                return Err(objects_left_out());
            }
            if let Some(most) = module.most_type_id().filter(|_| !types.is_empty()) {
                let heap = self.make_heap()?;
                heap.expect_types(most + 1, types.len() as u32)?;
                for (index, ty) in types {
                    let number = match ty {
                        CollectedType::Struct(record) => heap.number_of_struct(*record)?,
                        CollectedType::Array(record) => heap.number_of_array(*record)?,
                        CollectedType::Cont => continuation::TYPE,
                    };
                    let place = instance.as_ref().at::<u32>(module.layout.type_id(*index));
                    place.write(Header::young(number).unlogged().bits());
                }
            }
            if module.suspends() {
                // Its code makes objects, whether it declares types of any or not.
                self.make_heap()?;
            }
            (*instance.as_ref().vmctx()).heap = self.gc.start();
        }
        Ok(())
    }

    /// Makes a structure, an exception, or an array of so many elements, all of whose bytes are
    /// zero. `number` is what the heap has for its type.
    pub(crate) fn new_object(&mut self, number: u32, elements: u32) -> Result<u32, NoRoom> {
        let heap = ptr::from_mut(self.make_heap()?);
        // SAFETY: the heap stays where it is, and what it is given uses everything else of the
        // store.
        let made = unsafe { (*heap).new_object(&mut Rest::of(self), number, elements) };
        self.drop_dead();
        made
    }

    /// Makes an object that stands for a value of the host. If there is no room, the value comes
    /// back.
    pub(crate) fn new_value(&mut self, value: HostValue) -> Result<u32, (HostValue, NoRoom)> {
        let heap = match self.make_heap() {
            Ok(heap) => ptr::from_mut(heap),
            Err(error) => return Err((value, error.into())),
        };
        // SAFETY: the heap stays where it is, and what it is given uses everything else of the
        // store.
        let made = unsafe { (*heap).new_value(&mut Rest::of(self), value) };
        self.drop_dead();
        made
    }

    /// Collects everything that nothing refers to, unless collections are put off, and makes room
    /// for an object of so many bytes.
    ///
    /// # Errors
    ///
    /// If the limiter fails, the machine has no room, or the table of references in frames of an
    /// artifact is damaged.
    pub(crate) fn collect(&mut self, bytes: u64) -> Result<(), Error> {
        let Some(heap) = &mut self.gc.heap else { return Ok(()) };
        let heap = ptr::from_mut(&mut **heap);
        // SAFETY: as above.
        unsafe {
            (*heap).collect(&mut Rest::of(self))?;
            (*heap).make_room(&mut Rest::of(self), bytes)?;
        }
        self.drop_dead();
        Ok(())
    }

    /// Makes room for objects of so many bytes, if that can be done.
    ///
    /// # Errors
    ///
    /// If the limiter fails, or the machine has no room.
    #[cfg(feature = "async")]
    pub(crate) fn make_room(&mut self, bytes: u64) -> Result<(), Error> {
        let heap = ptr::from_mut(self.make_heap()?);
        // SAFETY: the heap stays where it is, and what it is given uses everything else of the
        // store.
        unsafe { (*heap).make_room(&mut Rest::of(self), bytes) }
    }

    /// At a place where every reference can be found: moves everything, if the engine is set up so.
    /// Only in builds for debugging, so that others need not ask.
    #[inline(always)]
    pub(crate) fn safepoint(&mut self) -> Result<(), Error> {
        if cfg!(debug_assertions) && self.gc.zeal { self.move_all() } else { Ok(()) }
    }

    /// Collects, and makes no room for what comes: the limiter is not asked.
    pub(crate) fn move_all(&mut self) -> Result<(), Error> {
        let Some(heap) = &mut self.gc.heap else { return Ok(()) };
        let heap = ptr::from_mut(&mut **heap);
        // SAFETY: as above.
        unsafe { (*heap).collect(&mut Rest::of(self))? };
        self.drop_dead();
        Ok(())
    }

    /// Drops the values of the host that nothing refers to any more.
    fn drop_dead(&mut self) {
        let Some(heap) = &mut self.gc.heap else { return };
        let dead = heap.take_dead();
        if !dead.is_empty() {
            self.forget_host_values(dead.iter().map(|value| host_value_bytes(&**value)).sum());
        }
    }
}

/// How many bytes a value takes in the store if Wasm gets a reference to it.
pub(crate) fn host_value_bytes(value: &(dyn std::any::Any + Send + Sync)) -> usize {
    size_of_val(value).saturating_add(size_of::<HostValue>())
}

/// A store without its heap.
pub(super) struct Rest {
    vm: *mut VmStore,
    /// The places in frames of Wasm that hold references, once they are found.
    frames: Option<Vec<*mut u32>>,
}

impl Rest {
    pub(super) fn of(vm: &mut VmStore) -> Self {
        Self { vm, frames: None }
    }
}

impl Roots for Rest {
    fn find(&mut self) -> Result<(), Error> {
        if self.frames.is_none() {
            // SAFETY: the store is borrowed for what makes a collection, so Wasm waits for a
            // builtin or a host function, or does not run.
            self.frames = Some(unsafe {
                (*self.vm).search_continuations(references_in)?;
                let mut places = Vec::new();
                references_in(&backtrace((*self.vm).context(), None), &mut places)?;
                places
            });
        }
        Ok(())
    }

    fn trace(&mut self, tracer: &mut Tracer<'_>) {
        // SAFETY: everything belongs to the store, which is borrowed, and holds references of its
        // heap. The heap itself is not used here.
        unsafe {
            let handles = &raw mut (*self.vm).gc.handles;
            (*handles).trace(tracer);
            let globals = &raw const (*self.vm).gc.globals;
            for global in &*globals {
                tracer.place(global.as_ptr().cast());
            }
            for place in self.frames.iter().flatten() {
                tracer.place(*place);
            }
            let unplaced = &raw mut (*self.vm).gc.unplaced;
            for value in (*unplaced).iter_mut().flatten() {
                tracer.place(ptr::from_mut(value).cast());
            }
            VmStore::trace_continuations((*self.vm).held_continuation(), tracer);
            (*self.vm).trace_items(tracer);
            if let Some(exceptions) = &mut (*(*self.vm).context()).exceptions {
                exceptions.trace(tracer);
            }
        }
    }

    fn trace_continuations(&mut self, list: *mut Continuation, tracer: &mut Tracer<'_>) {
        // SAFETY: what is suspended was searched before the collection.
        unsafe { VmStore::trace_continuations(list, tracer) }
    }

    fn sweep(&mut self, is_alive: &dyn Fn(u32) -> bool) {
        // SAFETY: the store is borrowed. The heap is not used here.
        unsafe { (*self.vm).sweep_continuations(is_alive) }
    }
}

impl Growth for Rest {
    fn may_grow(&mut self, current: usize, desired: usize) -> Result<bool, Error> {
        // SAFETY: the store is borrowed. The host's part of it, which is asked, is not.
        unsafe {
            let more = desired.saturating_sub(current);
            let engine = &(*self.vm).engine;
            if desired as u64 > engine.gc.limit {
                return Ok(false);
            }
            if (*self.vm).room_beside(current).check(more, Wanted::Heap).is_err() {
                return Ok(false);
            }
            match (*self.vm).host() {
                #[cfg(feature = "async")]
                Some(host) => host.heap_growing(current, desired),
                #[cfg(not(feature = "async"))]
                Some(host) => host.memory_growing(current, desired, None),
                None => Ok(true),
            }
        }
    }

    fn grow_failed(&mut self, error: Error) -> Result<(), Error> {
        // SAFETY: as above.
        match unsafe { (*self.vm).host() } {
            Some(host) => host.memory_grow_failed(error),
            None => Ok(()),
        }
    }
}

/// Adds the places in frames of Wasm that hold references. Each function that waits for a call has
/// them where its artifact says.
fn references_in(frames: &[RawFrame], places: &mut Vec<*mut u32>) -> Result<(), Error> {
    let mut last: Option<Arc<Loaded>> = None;
    for frame in frames {
        let loaded = match last.take().filter(|loaded| loaded.contains(frame.pc)) {
            Some(loaded) => loaded,
            None => match wasm_loader::registry::find(frame.pc) {
                Some(loaded) => loaded,
                None => continue,
            },
        };
        let artifact = loaded.artifact();
        if artifact.has_stack_maps()
            && let Some(offset) = loaded.text_offset(frame.pc)
        {
            // The frame is at the last byte of its call.
            for below in artifact.references_in_frame(offset + 1)? {
                let place = frame.fp - below as usize;
                places.push(ptr::with_exposed_provenance_mut(place));
            }
        }
        #[cfg(feature = "debug")]
        if let Some(offset) = loaded.text_offset(frame.pc) {
            // SAFETY: the frames are those that the store has now.
            unsafe { crate::vm::debugging::references_in(artifact, offset, frame, places)? };
        }
        last = Some(loaded);
    }
    Ok(())
}
