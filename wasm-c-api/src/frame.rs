//! Frames of backtraces (`wasm_frame_t`), which hold copies of what they say.

#![allow(unsafe_code)]

use wasm_runtime::{Error, FrameInfo, WasmBacktrace};

use crate::object::Object;
use crate::vec::{CBytes, CVec, vec_family};

/// `wasm_frame_t`.
#[derive(Clone)]
pub(crate) struct Frame {
    func_index: u32,
    func_offset: usize,
    module_offset: usize,
    func_name: Option<CBytes>,
    module_name: Option<CBytes>,
}

/// `wasm_frame_vec_t`.
pub(crate) type Frames = CVec<Option<Box<Frame>>>;

impl From<&FrameInfo> for Frame {
    fn from(frame: &FrameInfo) -> Self {
        Self {
            func_index: frame.func_index(),
            func_offset: frame.func_offset().unwrap_or(usize::MAX),
            module_offset: frame.module_offset().unwrap_or(usize::MAX),
            func_name: frame.func_name().map(CBytes::from),
            module_name: frame.module().name().map(CBytes::from),
        }
    }
}

/// The frames of the backtrace of an error, the innermost first; none if it has no backtrace.
pub(crate) fn frames_of(error: &Error) -> Frames {
    let trace = error.downcast_ref::<WasmBacktrace>();
    let frames = trace.map_or(&[][..], WasmBacktrace::frames);
    frames.iter().map(|frame| Some(Box::new(frame.into()))).collect::<Vec<_>>().into()
}

vec_family!(Option<Box<Frame>>: wasm_frame_vec_new_empty wasm_frame_vec_new_uninitialized
    wasm_frame_vec_new wasm_frame_vec_copy wasm_frame_vec_delete);

#[unsafe(no_mangle)]
extern "C" fn wasm_frame_delete(frame: Option<Box<Frame>>) {
    drop(frame);
}

#[unsafe(no_mangle)]
extern "C" fn wasm_frame_copy(frame: &Frame) -> Box<Frame> {
    Box::new(frame.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasm_frame_func_index(frame: &Frame) -> u32 {
    frame.func_index
}

#[unsafe(no_mangle)]
extern "C" fn wasm_frame_func_offset(frame: &Frame) -> usize {
    frame.func_offset
}

#[unsafe(no_mangle)]
extern "C" fn wasm_frame_module_offset(frame: &Frame) -> usize {
    frame.module_offset
}

/// Backtraces know modules, not instances.
#[unsafe(no_mangle)]
extern "C" fn wasm_frame_instance(_frame: &Frame) -> Option<Box<Object>> {
    None
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_frame_func_name(frame: &Frame) -> Option<&CBytes> {
    frame.func_name.as_ref()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_frame_module_name(frame: &Frame) -> Option<&CBytes> {
    frame.module_name.as_ref()
}
