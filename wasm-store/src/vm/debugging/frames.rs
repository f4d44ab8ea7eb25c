//! The frames of code that waits for the host, as a debugger sees them.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_artifact::{Artifact, FrameRef};
use wasm_types::{
    DefinedFuncIndex, FRAME_PLACE_SIZE, FRAME_REFERENCE_KIND, FrameValueKind, FuncIndex,
};

use crate::Error;
use crate::vm::context::VMContext;
use crate::vm::instance::VmInstance;
use crate::vm::stack::StackHead;
use crate::vm::store::VmStore;
use crate::vm::unwind::{RawFrame, backtrace_with_exits};
use crate::vm::value::ValRaw;

/// The frames of code of a store that waits for the host.
#[derive(Debug)]
pub(crate) struct FramesView {
    /// Innermost first.
    pub(crate) frames: Vec<RawFrame>,
    /// The places of those that have left Wasm, one of each entry.
    pub(crate) exits: Vec<usize>,
    top: Option<Top>,
}

/// Where the innermost frame is: its stack, its place there, and the words in that place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Top {
    stack: *const StackHead,
    place: *const usize,
    words: [usize; 2],
}

// SAFETY: the pointers are only compared.
unsafe impl Send for Top {}
// SAFETY: as above.
unsafe impl Sync for Top {}

impl FramesView {
    /// Whether a frame is at an operator, and not in a call that it makes.
    pub(crate) fn is_stopped(store: &VmStore, frame: &RawFrame) -> bool {
        store.debugging.stopped.iter().any(|stopped| stopped.is(frame))
    }

    /// Those of a store at this moment.
    pub(crate) fn of(store: &VmStore) -> Self {
        let mut exits = Vec::new();
        // SAFETY: the store is borrowed, so that it either runs nothing or waits for the host.
        let frames = unsafe { backtrace_with_exits(store.context(), None, &mut exits) };
        Self { frames, exits, top: Top::of(store) }
    }

    /// Whether the innermost frame of the store is still the one that it was. If no code has gone
    /// on either, all frames are those that they were.
    pub(crate) fn has_top_of(&self, store: &VmStore) -> bool {
        self.top.is_some() && self.top == Top::of(store)
    }
}

impl Top {
    /// `None` without any frame.
    fn of(store: &VmStore) -> Option<Self> {
        let store = store.context();
        // SAFETY: the context lives, and the thunk that has left Wasm has pushed a frame.
        unsafe {
            if (*store).host_sp.is_null() {
                return None;
            }
            let place: *const usize = (*store).wasm_sp.cast();
            let words = [*place, *place.add(1)];
            Some(Self { stack: (*store).current, place, words })
        }
    }
}

/// The instance that a frame's function belongs to.
///
/// # Safety
///
/// The frame is one of those that a store has now, of the function.
pub(crate) unsafe fn instance_of(
    artifact: &Artifact<'_>,
    func: DefinedFuncIndex,
    frame: RawFrame,
) -> Option<NonNull<VmInstance>> {
    let func = FuncIndex::new(artifact.counts().imported_functions + func.as_u32());
    let below = artifact.frame_slot(func)?;
    // SAFETY: the artifact says that the function keeps its context there.
    unsafe {
        let place = std::ptr::with_exposed_provenance::<*mut VMContext>(frame.fp - below as usize);
        let context = NonNull::new(*place)?;
        NonNull::new(context.as_ref().instance)
    }
}

/// The value of a local or an operand.
///
/// # Errors
///
/// If there is no reference of that kind in the place.
///
/// # Safety
///
/// The frame is one of those that a store has now, of the function with those places, and has as
/// many.
pub(crate) unsafe fn value_in(
    places: &FrameRef<'_>,
    frame: RawFrame,
    place: u32,
    kind: FrameValueKind,
) -> Result<ValRaw, Error> {
    let offset = (place * FRAME_PLACE_SIZE) as usize;
    // SAFETY: as the caller promises; both rows are in the frame.
    unsafe {
        if !kind.is_reference() {
            let start = frame.fp - places.numbers_below() as usize;
            let place = std::ptr::with_exposed_provenance::<ValRaw>(start + offset);
            return Ok(place.read_unaligned());
        }
        let start = frame.fp - places.references_below() as usize;
        let is_there = place < places.references() && {
            let kind_place = start + offset + FRAME_REFERENCE_KIND as usize;
            *std::ptr::with_exposed_provenance::<u32>(kind_place) == u32::from(kind as u8)
        };
        if !is_there {
            return Err(Error::msg("the value is not known at this place of the code"));
        }
        let place = start + offset;
        Ok(ValRaw::from_u64(match kind.is_collected() {
            true => u64::from(*std::ptr::with_exposed_provenance::<u32>(place)),
            false => *std::ptr::with_exposed_provenance::<u64>(place),
        }))
    }
}

/// Adds the places in a frame that hold references into the heap.
///
/// # Errors
///
/// If the artifact is damaged where it says where they are.
///
/// # Safety
///
/// The frame is one of those that a store has now, at this offset of the artifact's code.
pub(in crate::vm) unsafe fn references_in(
    artifact: &Artifact<'_>,
    offset: u32,
    frame: &RawFrame,
    references: &mut Vec<*mut u32>,
) -> Result<(), wasm_artifact::Error> {
    let Some(func) = artifact.function_at(offset) else { return Ok(()) };
    let Some(places) = artifact.frame(func)? else { return Ok(()) };
    let start = frame.fp - places.references_below() as usize;
    for place in 0..places.references() {
        let place = start + (place * FRAME_PLACE_SIZE) as usize;
        let kind = place + FRAME_REFERENCE_KIND as usize;
        // SAFETY: as the caller promises, the places are in the frame.
        let kind = unsafe { *std::ptr::with_exposed_provenance::<u32>(kind) };
        let kind = u8::try_from(kind).ok().and_then(FrameValueKind::from_u8);
        if kind.is_some_and(FrameValueKind::is_collected) {
            references.push(std::ptr::with_exposed_provenance_mut(place));
        }
    }
    Ok(())
}
