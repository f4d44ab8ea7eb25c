//! Compiled code before it is laid out as a file: what a compiler hands to an artifact writer.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::features::WasmFeatures;
use crate::frames::FunctionFrame;
use crate::index::{DefinedFuncIndex, FuncIndex, TableIndex, TagIndex};
use crate::profile::CodeHash;
use crate::trap::TrapCode;
use crate::tunables::Tunables;

/// A setting of the instruction set that the code was compiled with, such as `has_avx2`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IsaFlag {
    /// The name that the code generator gives it.
    pub name: String,
    /// Its value: `true` for a flag that is on, or the text of an enumeration.
    pub value: String,
}

/// Where a function's code stands in the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompiledFunction {
    /// The first byte, from the start of the text.
    pub offset: u32,
    /// How many bytes.
    pub len: u32,
    /// Bytes of Wasm stack that a call takes, with the return address; 0 if not known.
    pub frame_size: u32,
}

/// An instruction that may trap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TrapEntry {
    /// The instruction, from the start of the text.
    pub offset: u32,
    /// Why it traps.
    pub code: TrapCode,
}

/// An instruction that may trap, where more or less fuel was taken than was used up to then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FuelEntry {
    /// The instruction, from the start of the text.
    pub offset: u32,
    /// How much was taken ahead; negative for what is still to be taken.
    pub ahead: i32,
}

/// Code from one place of the Wasm binary: valid up to the next entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressMapEntry {
    /// The first instruction, from the start of the text.
    pub offset: u32,
    /// The operator, as an offset into the Wasm binary; `u32::MAX` where there is none.
    pub wasm_offset: u32,
}

/// A function whose body stands in place of a call of it, in the code of another function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InlinedFunction {
    /// The function that was to be called.
    pub func: FuncIndex,
    /// The call, as an offset into the Wasm binary.
    pub call: u32,
    /// The function that the call is in, if that stands in place of a call itself: its number among
    /// all of them, which is a smaller one. Otherwise the call is in the function that the code is
    /// of.
    pub caller: Option<u32>,
}

/// Code of a function that stands in place of a call: valid up to the next entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InlinedRange {
    /// The first instruction, from the start of the text.
    pub offset: u32,
    /// The number of the function among those that stand in place of calls; `None` where the code
    /// is its function's own.
    pub function: Option<u32>,
}

/// A call inside of constructs that catch exceptions: where control goes on if it throws one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatchSite {
    /// Where the call would return to, from the start of the text.
    pub return_offset: u32,
    /// Bytes from the frame pointer down to the stack pointer during the call.
    pub stack_below_frame: u32,
    /// Bytes from the frame pointer down to the slot that keeps the instance context.
    pub context_below_frame: u32,
    /// The handlers. The first one that takes the exception is where control goes on.
    pub handlers: Vec<CatchHandler>,
}

/// Where control goes on with an exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CatchHandler {
    /// The tag of the exceptions that it takes; `None` for all.
    pub tag: Option<TagIndex>,
    /// The code, from the start of the text.
    pub target: u32,
}

/// A function that keeps its instance context at a fixed place of its frame, so that a host
/// function called through a reference finds out who called it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameSlotEntry {
    /// The function.
    pub func: FuncIndex,
    /// Bytes from the frame pointer down to the slot.
    pub below_frame_pointer: u32,
}

/// Something that a function keeps at a fixed place of its frame, so that native debuggers find
/// variables of the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeptValue {
    /// The function.
    pub func: DefinedFuncIndex,
    /// A local by its number, or with `None` the address of where the base of the module's first
    /// memory is.
    pub local: Option<u32>,
    /// Bytes from the frame pointer down to the value.
    pub below_frame_pointer: u32,
    /// How many bytes the value has.
    pub size: u8,
}

/// A call during which references into the garbage-collected heap stay in the frame of the caller,
/// where they have to be found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StackMapEntry {
    /// Where the call returns to, from the start of the text.
    pub offset: u32,
    /// Where the references are, in bytes from the frame pointer down to each: 4 bytes of its own.
    pub below_frame_pointer: Vec<u32>,
}

/// What stands in the text beside the functions of the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextItemKind {
    /// The elements of a table that nothing changes: 8 bytes each, in the byte order of the target.
    /// First a signed 32-bit integer, the distance of the function's code from the first element,
    /// then a number that stands for the function's type, which only the code of this module knows;
    /// [`NO_TYPE_ID`](crate::abi::NO_TYPE_ID) for null.
    Table(TableIndex),
    /// Code with the type of an imported function, that goes on to the function that is bound to
    /// the import: what an element of such a table leads to.
    ImportThunk(FuncIndex),
}

/// What tools call it: the name of its symbol.
impl fmt::Display for TextItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextItemKind::Table(table) => write!(f, "wasm-table[{table}]"),
            TextItemKind::ImportThunk(func) => write!(f, "wasm-import-thunk[{func}]"),
        }
    }
}

/// Something in the text beside the functions of the module, and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TextItem {
    /// What it is.
    pub kind: TextItemKind,
    /// The first byte, from the start of the text.
    pub offset: u32,
    /// How many bytes.
    pub len: u32,
}

/// A module as machine code: position-independent, with all calls between its functions resolved.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CompiledModule {
    /// The target, as a triple.
    pub target: String,
    /// The settings of the instruction set that the code was compiled with: for people.
    pub isa_flags: Vec<IsaFlag>,
    /// The extensions of the instruction set that the code uses, as the names of the flags that
    /// allow for them (such as `has_avx2`), sorted. Where a compiler does not know, all that it was
    /// allowed to use.
    pub extensions: Vec<String>,
    /// The proposals that the module uses.
    pub proposals: WasmFeatures,
    /// The settings that the run-time must agree on.
    pub tunables: Tunables,
    /// The code of all functions.
    pub text: Vec<u8>,
    /// The defined functions, in the order of their indices.
    pub functions: Vec<CompiledFunction>,
    /// What else stands in the text, sorted by offset, all behind the functions.
    pub items: Vec<TextItem>,
    /// The instructions that may trap, sorted by offset.
    pub traps: Vec<TrapEntry>,
    /// The Wasm places that code comes from, sorted by offset.
    pub address_map: Vec<AddressMapEntry>,
    /// The functions that stand in place of calls, each after the one that it is called by.
    pub inlined_functions: Vec<InlinedFunction>,
    /// Where their code is, sorted by offset. What is before the first entry is code of its own
    /// function.
    pub inlined_ranges: Vec<InlinedRange>,
    /// The functions that keep their context in their frame, sorted by function.
    pub frame_slots: Vec<FrameSlotEntry>,
    /// What functions keep for native debuggers, sorted by function and local, where the one
    /// without a local is the first.
    pub kept_values: Vec<KeptValue>,
    /// The calls during which references into the garbage-collected heap stay in frames, sorted by
    /// offset.
    pub stack_maps: Vec<StackMapEntry>,
    /// Where instructions trap with another amount of fuel taken than was used, sorted by offset.
    /// Empty if the code counts no fuel.
    pub fuel: Vec<FuelEntry>,
    /// The functions that report when they are entered and left, sorted.
    pub hooked_functions: Vec<FuncIndex>,
    /// The calls from which exceptions are caught, sorted by where they return to.
    pub catch_sites: Vec<CatchSite>,
    /// Where the counters are, if the code gathers a profile: a
    /// [`CounterMap`](crate::profile::CounterMap) as bytes. Empty if it has none.
    pub counters: Vec<u8>,
    /// How the defined functions keep values in their frames, in the order of their indices, if the
    /// code can be debugged. Empty if it can't.
    pub frames: Vec<FunctionFrame>,
    /// What stands for the profile that the code was compiled with, if there was one of the module.
    pub profile: Option<CodeHash>,
}
