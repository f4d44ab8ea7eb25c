//! Backtraces of Wasm code.

#![allow(unsafe_code)]

mod places;
mod symbol;

use std::fmt;
use std::sync::OnceLock;

use wasm_types::{DefinedFuncIndex, Escaped, FuncIndex};

use super::Module;
use crate::store::{AsContext, StoreOpaque};
use crate::vm;
use crate::vm::{RawFrame, Thrown, TrapInfo};
pub(super) use places::SourcePlaces;
pub use symbol::FrameSymbol;

/// The Wasm functions that were running, innermost first: context of the errors of calls.
///
/// ```
/// use wasm_store::{Store, TypedFunc, WasmBacktrace};
///
/// fn run(func: TypedFunc<(), ()>, store: &mut Store<()>) {
///     if let Err(error) = func.call(store, ())
///         && let Some(backtrace) = error.downcast_ref::<WasmBacktrace>()
///     {
///         for frame in backtrace.frames() {
///             println!("{} at {:?}", frame.func_name().unwrap_or("?"), frame.module_offset());
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct WasmBacktrace {
    frames: Vec<FrameInfo>,
    /// How many more frames there were.
    left_out: usize,
}

impl WasmBacktrace {
    /// The backtrace of a store at this moment. It is empty unless Wasm has called the host
    /// function that calls this, and if the engine's settings switch backtraces off.
    pub fn capture(store: impl AsContext) -> WasmBacktrace {
        let store = store.as_context();
        let captured = Self::of_host_call(store.0);
        captured.unwrap_or(WasmBacktrace { frames: Vec::new(), left_out: 0 })
    }

    /// The backtrace of a store at this moment, whatever the engine's settings say.
    pub fn force_capture(store: impl AsContext) -> WasmBacktrace {
        let store = store.as_context();
        // SAFETY: the store is borrowed, so that it either runs nothing or waits for a host
        // function.
        unsafe { Self::whole(store.0, None) }
    }

    /// All frames, whatever the engine's settings say: of the place where Wasm was left, or of Wasm
    /// that waits for a host function.
    ///
    /// # Safety
    ///
    /// Nothing has run on the store's Wasm stack since it was left there.
    pub(crate) unsafe fn whole(store: &StoreOpaque, left_at: Option<(usize, usize)>) -> Self {
        // SAFETY: as the caller promises.
        let frames = unsafe { vm::backtrace(store.vm.context(), left_at) };
        Self::resolve(store, &frames, usize::MAX)
    }

    /// The frames, innermost first.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    /// The backtrace of Wasm that waits for a host function; `None` if backtraces are switched off.
    pub(crate) fn of_host_call(store: &StoreOpaque) -> Option<Self> {
        let limit = store.engine().config().backtrace_frames?.get();
        // SAFETY: the store is borrowed, so that it either runs nothing or waits for a host
        // function.
        let frames = unsafe { vm::backtrace(store.vm.context(), None) };
        Some(Self::resolve(store, &frames, limit))
    }

    /// The backtrace of a trap; `None` if backtraces are switched off.
    ///
    /// # Safety
    ///
    /// Nothing has run on the store's Wasm stack since the trap.
    pub(crate) unsafe fn of_trap(store: &StoreOpaque, trap: &TrapInfo) -> Option<Self> {
        let limit = store.engine().config().backtrace_frames?.get();
        // SAFETY: as the caller promises.
        let frames = unsafe { vm::backtrace(store.vm.context(), Some((trap.pc, trap.fp))) };
        Some(Self::resolve(store, &frames, limit))
    }

    /// The backtrace of an exception; `None` if backtraces are switched off.
    ///
    /// # Safety
    ///
    /// Nothing has run on the store's Wasm stack since it was thrown.
    pub(crate) unsafe fn of_exception(store: &StoreOpaque, thrown: &Thrown) -> Option<Self> {
        let limit = store.engine().config().backtrace_frames?.get();
        // SAFETY: as the caller promises.
        let frames = unsafe { vm::backtrace(store.vm.context(), Some((thrown.pc, thrown.fp))) };
        Some(Self::resolve(store, &frames, limit))
    }

    fn resolve(store: &StoreOpaque, frames: &[RawFrame], limit: usize) -> Self {
        let mut shown = Vec::new();
        let mut left_out = 0;
        // What a deep recursion has is few places again and again.
        let mut counts = [(0, 0); 8];
        for (number, frame) in frames.iter().enumerate() {
            if shown.len() < limit {
                FrameInfo::add(store, frame.pc, &mut shown);
                left_out += shown.len().saturating_sub(limit);
                shown.truncate(limit);
                continue;
            }
            let known = counts.iter().find(|(pc, _)| *pc == frame.pc);
            let (_, count) = known.copied().unwrap_or_else(|| {
                counts[number % 8] = (frame.pc, FrameInfo::count(store, frame.pc));
                counts[number % 8]
            });
            left_out += count;
        }
        Self { frames: shown, left_out }
    }
}

impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("error while executing at wasm backtrace:")?;
        for (number, frame) in self.frames.iter().enumerate() {
            write!(f, "\n  {number:>3}: {frame}")?;
        }
        match self.left_out {
            0 => {}
            1 => f.write_str("\n       … and 1 more frame")?,
            more => write!(f, "\n       … and {more} more frames")?,
        }
        if self.frames.iter().any(|frame| frame.module.could_have_places()) {
            f.write_str(
                "\nnote: using the `WASMTIME_BACKTRACE_DETAILS=1` environment variable may show more debugging information: \
                 modules that are compiled with it keep theirs, and backtraces have places in the source",
            )?;
        }
        Ok(())
    }
}

/// The module whose code is at an address, and where in its text that is.
fn place(store: &StoreOpaque, pc: usize) -> Option<(&Module, u32)> {
    let module = store.modules.iter().find(|module| module.loaded().contains(pc))?;
    Some((module, module.loaded().text_offset(pc)?))
}

/// A frame of a [`WasmBacktrace`]: a function, and a place in it.
#[derive(Clone, Debug)]
pub struct FrameInfo {
    module: Module,
    func_index: u32,
    /// The place in the Wasm binary.
    instruction: Option<u32>,
    /// Where the function starts in the Wasm binary.
    function: Option<u32>,
    /// Found out when they are asked for.
    symbols: OnceLock<Vec<FrameSymbol>>,
}

impl FrameInfo {
    /// Adds the frames of one place in the code: of the functions that stand in place of calls
    /// there, and of the one that has the code.
    fn add(store: &StoreOpaque, pc: usize, frames: &mut Vec<Self>) {
        let Some((module, place)) = place(store, pc) else { return };
        let artifact = module.loaded().artifact();
        let Some(defined) = artifact.function_at(place) else { return };
        let map = artifact.address_map();
        let own = FuncIndex::new(artifact.counts().imported_functions + defined.as_u32());
        let mut instruction = map.lookup(place);
        for inlined in artifact.inlined_at(place) {
            frames.push(Self::new(module, inlined.func, instruction));
            instruction = (!map.is_empty()).then_some(inlined.call);
        }
        frames.push(Self::new(module, own, instruction));
    }

    /// How many frames [`add`](Self::add) adds.
    fn count(store: &StoreOpaque, pc: usize) -> usize {
        let artifact = |(module, place): (&Module, u32)| {
            let artifact = module.loaded().artifact();
            artifact.function_at(place)?;
            Some(1 + artifact.inlined_at(place).count())
        };
        place(store, pc).and_then(artifact).unwrap_or(0)
    }

    fn new(module: &Module, func: FuncIndex, instruction: Option<u32>) -> Self {
        let artifact = module.loaded().artifact();
        let defined = func.as_u32().checked_sub(artifact.counts().imported_functions);
        let code =
            defined.and_then(|defined| artifact.function_code(DefinedFuncIndex::new(defined)).ok());
        Self {
            module: module.clone(),
            func_index: func.as_u32(),
            instruction,
            function: code.and_then(|code| artifact.address_map().lookup(code.offset)),
            symbols: OnceLock::new(),
        }
    }

    /// The index of the function in its module.
    pub fn func_index(&self) -> u32 {
        self.func_index
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The function's name, if the module has a name section with it. It may be mangled, as the
    /// function's compiler has written it.
    pub fn func_name(&self) -> Option<&str> {
        self.module.loaded().artifact().name(FuncIndex::new(self.func_index))
    }

    /// The place of the instruction in the Wasm binary, in bytes, if the artifact has an address
    /// map.
    pub fn module_offset(&self) -> Option<usize> {
        self.instruction.map(|offset| offset as usize)
    }

    /// The place of the instruction in the function, in bytes, if the artifact has an address map.
    pub fn func_offset(&self) -> Option<usize> {
        Some(self.instruction?.checked_sub(self.function?)? as usize)
    }

    /// Places in the source, by the debugging information of the module: the innermost first of
    /// functions that their compiler has put in place of calls. Empty if the module has none, or
    /// was compiled without it ([`Config::wasm_backtrace_details`]).
    ///
    /// They are found out by the first call. Whatever is in the module, that takes no longer than
    /// for another of its size.
    ///
    /// [`Config::wasm_backtrace_details`]: crate::Config::wasm_backtrace_details
    pub fn symbols(&self) -> &[FrameSymbol] {
        self.symbols.get_or_init(|| match self.instruction {
            Some(offset) => self.module.places_of(offset),
            None => Vec::new(),
        })
    }
}

impl fmt::Display for FrameInfo {
    /// Writes place, module and function: `0x1c - app!main`. Below stand the places in the source,
    /// if they are known: `at app.c:7:3`. The names of functions are demangled (feature
    /// `demangle`), and all that a module says is [escaped](wasm_types::Escaped).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(offset) = self.module_offset() {
            write!(f, "{offset:#8x} - ")?;
        }
        write!(f, "{}!", Escaped::new(self.module.name().unwrap_or("<unknown>")))?;
        let own_name = |f: &mut fmt::Formatter<'_>| match self.func_name() {
            Some(name) => write!(f, "{}", Escaped::new(&wasm_types::demangle(name))),
            None => write!(f, "<wasm function {}>", self.func_index),
        };
        let Some((first, others)) = self.symbols().split_first() else { return own_name(f) };
        match first.name() {
            Some(_) => first.write_name(f)?,
            None => own_name(f)?,
        }
        first.write_place(f)?;
        for symbol in others {
            f.write_str("\n              - ")?;
            symbol.write_name(f)?;
            symbol.write_place(f)?;
        }
        Ok(())
    }
}
