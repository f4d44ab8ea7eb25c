//! Frames of Wasm that waits for the host.
//!
//! A handle is the address of a frame and of the code that it is at, and all frames that there
//! were then. If code has gone on since, it is of no use. If it has not, but there are other frames
//! within it, it is looked for among those that there are now. So one that has gone is never read,
//! whatever is in its place, and a deep stack is looked at once for all handles.

#![allow(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use wasm_artifact::FrameRef;
use wasm_types::{DefinedFuncIndex, FrameValueKind};

use super::ModulePC;
use crate::error::{Error, Result};
use crate::items::{Instance, Module, Val};
use crate::store::{AsContextMut, StoreContextMut, StoreId, StoreInner, StoreOpaque};
use crate::vm::{ExecutionVersion, FramesView, RawFrame, instance_of, value_in};

/// A function of Wasm that waits: for the host, for a function that it has called, or for its
/// debugger.
///
/// It is valid until code of the store goes on, and not longer, also if the function still waits
/// then.
#[derive(Clone)]
pub struct FrameHandle {
    /// All frames of the store.
    view: Arc<FramesView>,
    /// Its place among them.
    place: usize,
    store: StoreId,
    version: ExecutionVersion,
}

impl fmt::Debug for FrameHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameHandle")
            .field("frame", &self.frame())
            .field("place", &self.place)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// What is known of a frame that there is.
struct Known<'a> {
    module: &'a Module,
    func: DefinedFuncIndex,
    places: FrameRef<'a>,
    /// `None` at a place that is no operator.
    pc: Option<u32>,
}

impl Known<'_> {
    /// The kinds of the operands.
    fn operands(&self) -> Result<Vec<FrameValueKind>> {
        let Some(pc) = self.pc else { return Ok(Vec::new()) };
        let operands = self.module.artifact().frame_operands(self.places, pc);
        Ok(operands.map_err(Error::new)?.unwrap_or_default())
    }

    fn locals(&self) -> Result<Vec<FrameValueKind>> {
        self.module.artifact().frame_locals(self.places).map_err(Error::new)
    }
}

/// What is known of a frame; `None` if it is none of a function that can be debugged.
fn known(store: &StoreOpaque, frame: RawFrame) -> Option<Known<'_>> {
    let module = store.modules.iter().find(|module| module.loaded().contains(frame.pc))?;
    let offset = module.loaded().text_offset(frame.pc)?;
    let artifact = module.artifact();
    let func = artifact.function_at(offset)?;
    let places = artifact.frame(func).ok()??;
    Some(Known { module, func, places, pc: artifact.address_map().lookup(offset) })
}

impl FrameHandle {
    /// The innermost frame of each entry to Wasm, the innermost entry first.
    pub(super) fn exits(store: &StoreOpaque) -> Vec<Self> {
        let view = Arc::new(FramesView::of(&store.vm));
        let starts = view.exits.iter().copied();
        let ends = starts.clone().skip(1).chain([view.frames.len()]);
        let entries = starts.zip(ends);
        entries.filter_map(|(start, end)| Self::first(store, &view, start..end)).collect()
    }

    /// The first of some frames that is one of a function.
    fn first(
        store: &StoreOpaque,
        view: &Arc<FramesView>,
        mut places: std::ops::Range<usize>,
    ) -> Option<Self> {
        let place = places.find(|place| known(store, view.frames[*place]).is_some())?;
        let version = store.vm.execution_version();
        Some(Self { view: Arc::clone(view), place, store: store.id(), version })
    }

    fn frame(&self) -> RawFrame {
        self.view.frames[self.place]
    }

    /// Whether the handle can be used with this store.
    pub fn is_valid(&self, mut store: impl AsContextMut) -> bool {
        self.view(store.as_context_mut().0).is_ok()
    }

    /// The frame of the function that has called this one; `None` if the host has.
    ///
    /// # Errors
    ///
    /// If the handle is not valid any more, or is of another store. So do the following.
    pub fn parent(&self, mut store: impl AsContextMut) -> Result<Option<FrameHandle>> {
        let store = store.as_context_mut();
        let view = self.view(store.0)?;
        let next = view.exits.partition_point(|exit| *exit <= self.place);
        let end = view.exits.get(next).copied().unwrap_or(view.frames.len());
        Ok(Self::first(store.0, &view, self.place + 1..end))
    }

    /// The frames of the store, if this one is still among them.
    fn view(&self, store: &StoreOpaque) -> Result<Arc<FramesView>> {
        if self.store == store.id() && self.version == store.vm.execution_version() {
            if self.view.has_top_of(&store.vm) {
                return Ok(Arc::clone(&self.view));
            }
            let view = FramesView::of(&store.vm);
            if view.frames.get(self.place).is_some_and(|frame| frame.is(&self.frame())) {
                return Ok(Arc::new(view));
            }
        }
        Err(Error::msg(
            "the frame handle is not valid any more: the code has gone on, or the frame is one of \
             another store; ask for frames anew each time that the code waits",
        ))
    }

    fn known<'a>(&self, store: &'a StoreOpaque) -> Result<Known<'a>> {
        self.view(store)?;
        known(store, self.frame()).ok_or_else(|| Error::msg("the artifact's frames are damaged"))
    }

    /// The instance that the function belongs to.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent). If the instance could not be made as a whole.
    pub fn instance(&self, mut store: impl AsContextMut) -> Result<Instance> {
        let store = store.as_context_mut();
        let Known { module, func, .. } = self.known(store.0)?;
        // SAFETY: the frame is one of those that the store has now, as was just found out.
        let instance = unsafe { instance_of(module.artifact(), func, self.frame()) };
        // SAFETY: an instance lives as long as its store, which is borrowed.
        let number = instance.map(|instance| unsafe { instance.as_ref() }.user_data());
        let instance = number.and_then(|number| Instance::from_user_data(store.0, number));
        instance.ok_or_else(|| Error::msg("the instance could not be made as a whole"))
    }

    /// The module that the function is of.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    pub fn module<'a, T: 'static>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<Option<&'a Module>> {
        let store: &'a StoreInner<T> = store.into().0;
        Ok(Some(self.known(store)?.module))
    }

    /// The function, by its index among those that the module defines, and the operator that it is
    /// at; or if it waits for a function that it has called, the place behind the call, whose
    /// operands are still there. `None` at a place of the code that comes from no operator.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    pub fn wasm_function_index_and_pc(
        &self,
        mut store: impl AsContextMut,
    ) -> Result<Option<(DefinedFuncIndex, ModulePC)>> {
        let store = store.as_context_mut();
        let Known { module, func, pc, .. } = self.known(store.0)?;
        let Some(pc) = pc else { return Ok(None) };
        let pc = match FramesView::is_stopped(&store.0.vm, &self.frame()) {
            true => pc,
            false => behind_call(module.debug_bytecode().unwrap_or_default(), pc),
        };
        Ok(Some((func, ModulePC::new(pc))))
    }

    /// How many locals the function has, parameters included.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    pub fn num_locals(&self, mut store: impl AsContextMut) -> Result<u32> {
        Ok(self.known(store.as_context_mut().0)?.locals()?.len() as u32)
    }

    /// How many operands there are before the operator that the function is at, its own included.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    pub fn num_stacks(&self, mut store: impl AsContextMut) -> Result<u32> {
        Ok(self.known(store.as_context_mut().0)?.operands()?.len() as u32)
    }

    /// The value of a local.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    ///
    /// # Panics
    ///
    /// If there is no such local.
    pub fn local(&self, mut store: impl AsContextMut, index: u32) -> Result<Val> {
        let store = store.as_context_mut();
        let known = self.known(store.0)?;
        let (locals, places) = (known.locals()?, known.places);
        let Some(kind) = locals.get(index as usize) else {
            panic!("there is no local {index}: the function has {}", locals.len())
        };
        // SAFETY: the frame is one of those that the store has now, of that function, which has the
        // local.
        let raw = unsafe { value_in(&places, self.frame(), index, *kind)? };
        // SAFETY: the place holds a value of the kind, as the compiler has said.
        Ok(unsafe { Val::from_abi(store.0, raw, kind.value_type()) })
    }

    /// The value of an operand, counted from the bottom of the operand stack.
    ///
    /// # Errors
    ///
    /// As for [`parent`](Self::parent).
    ///
    /// # Panics
    ///
    /// If there is no such operand.
    pub fn stack(&self, mut store: impl AsContextMut, index: u32) -> Result<Val> {
        let store = store.as_context_mut();
        let known = self.known(store.0)?;
        let (operands, places) = (known.operands()?, known.places);
        let Some(kind) = operands.get(index as usize) else {
            panic!("there is no operand {index}: the stack has {}", operands.len())
        };
        let place = known.locals()?.len() as u32 + index;
        // SAFETY: as above, for the operand.
        let raw = unsafe { value_in(&places, self.frame(), place, *kind)? };
        // SAFETY: as above.
        Ok(unsafe { Val::from_abi(store.0, raw, kind.value_type()) })
    }
}

/// The place behind a call of a function in a binary; of another operator, its own.
fn behind_call(wasm: &[u8], pc: u32) -> u32 {
    let code = wasm.get(pc as usize..).unwrap_or_default();
    let immediates = match code.first() {
        // `call` and `call_ref`; `call_indirect`.
        Some(0x10 | 0x14) => 1,
        Some(0x11) => 2,
        _ => return pc,
    };
    // Each is a number whose bytes but the last have the highest bit.
    let numbers = code.iter().enumerate().skip(1).filter(|(_, byte)| **byte < 0x80);
    match numbers.map(|(place, _)| place as u32 + 1).nth(immediates - 1) {
        Some(len) => pc + len,
        None => pc,
    }
}
