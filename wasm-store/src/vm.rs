//! The machine's edge: instance contexts, Wasm stacks, calls in and out, traps, mappings.
//!
//! Everything that compiled code reads or writes is laid out here, after the one definition in
//! [`wasm_types::abi`]. The modules above build the public API on it and hold no assembly, no
//! signal handler and no mapping of their own.
//!
//! This room names nothing above it but [`crate::Error`] and the error of a full heap.
//!
//! | module | holds |
//! |---|---|
//! | `arch` | all that knows a register: the assembly that changes stacks, the layout of calls |
//! | `sys` | all that knows the kernel: mappings, pages that were written, signals, threads, the process and its children, the thread that waits for descriptors |
//! | `value` | the union of all values, as arrays of arguments hold it |
//! | `context` | the records that compiled code and thunks read |
//! | `type_record` | what the engine knows of a type: its supertypes, and how it is called or laid out |
//! | `call` | calls into Wasm |
//! | `suspend` | calls that may be left while they wait, and gone on with |
//! | `host` | calls out of Wasm, through arrays of arguments |
//! | `stack` | Wasm stacks and their free list |
//! | `unwind` | why Wasm was left, and the frames it was left from |
//! | `memory`, `table` | linear memories and tables |
//! | `atomics`, `parking` | the builtins that wait for places in shared memories, and who waits |
//! | `gc` | the garbage-collected heap |
//! | `room` | how much the code of a store may still have of both |
//! | `room_for` | allocations that fail instead of ending the process |
//! | `engine` | what the stores of an engine share |
//! | `reuse` | instances and reservations that wait for the next store, and how they are reset |
//! | `state` | the state of instances: taken, put back, given to others; sizes that code takes for granted |
//! | `exceptions`, `tag` | throwing: the way to a handler, and what exceptions are told apart by |
//! | `interruption` | stopping running code: by deadlines, timeouts and on demand |
//! | `fuel` | what code may still spend |
//! | `counters` | what code counts that gathers a profile |
//! | `module` | what the instances of a module share |
//! | `instance` | an instance context and what it owns |
//! | `instantiate` | making one |
//! | `const_eval` | values of constant expressions |
//! | `rebind` | host functions that are already bound, and other shims for them, for call hooks |
//! | `function_hook` | the builtins that notify function hooks |
//! | `debugging` | where code stops that can be debugged, and who is told |
//! | `builtins` | what compiled code calls the store for |
//! | `sync` | locks and atomics of what threads share |
//! | `store` | all of the above that one store owns |

mod arch;
mod atomics;
mod builtin_caller;
mod builtins;
mod call;
mod const_eval;
mod context;
mod continuations;
mod counters;
mod debugging;
mod engine;
mod exceptions;
mod fuel;
mod function_hook;
mod gc;
mod host;
mod in_use;
mod instance;
mod instantiate;
mod interruption;
mod memory;
mod module;
mod parking;
#[cfg(feature = "call-hook")]
pub(crate) mod rebind;
mod reuse;
mod room;
mod room_for;
mod stack;
mod state;
mod store;
mod store_host;
#[cfg(feature = "async")]
mod suspend;
mod sync;
mod sys;
mod table;
mod tag;
mod type_record;
mod unwind;
mod value;

#[cfg(feature = "observe")]
pub(crate) use arch::time_stamp;
pub(crate) use call::{call_array, call_import, enter_registers};
pub(crate) use context::{FuncRef, HostDef, HostRecord, VMStoreContext};
#[cfg(feature = "debug")]
pub(crate) use debugging::{
    DebugFuture, DebugMoment, ExecutionVersion, FramesView, instance_of, value_in,
};
pub(crate) use engine::{GcSettings, PoolLimits, VmEngine};
pub(crate) use exceptions::{Exceptions, Thrown, leave_host};
#[cfg(feature = "function-hook")]
pub(crate) use function_hook::{FunctionMoment, Notify, NotifyFns, stack_in_use};
pub(crate) use gc::{
    FailedCast, HAS_OBJECTS, HostValue, NoRoom, ObjectType, OfType, Root, host_value_bytes,
};
pub(crate) use in_use::{Counted, PoolUsage};
pub(crate) use instance::VmInstance;
pub(crate) use instantiate::VmImport;
pub(crate) use interruption::{Decision, Interrupts, Reason, Timeout, Verdict};
pub(crate) use memory::{
    AtomicPlace, MemoryBytes, MemoryProvider, VmMemory, VmSharedMemory, WantedMemory,
};
pub(crate) use module::{CollectedType, ModuleImports, VmModule};
#[cfg(feature = "async")]
pub(crate) use parking::Parked;
pub(crate) use parking::Waited;
#[cfg(feature = "call-hook")]
pub(crate) use rebind::HostImport;
pub(crate) use reuse::ReuseLimits;
pub(crate) use room::{Room, Wanted};
pub(crate) use state::{Plan, Source, VmOutside, VmState};
pub(crate) use store::{StoreHost, VmStore};
#[cfg(feature = "async")]
pub(crate) use suspend::{
    Asking, Growing, MOST_QUESTIONS, Once, Pending, StartShim, Started, WaitingCall, boxed,
    context_of, postponed, wait_in_registers,
};
pub(crate) use sys::pagemap::reports_written_pages;
#[cfg(feature = "async")]
pub(crate) use sys::reactor::{Alarm, Watch};
pub(crate) use table::{VmTable, table_bytes};
pub(crate) use tag::VmTag;
pub(crate) use type_record::{
    ArrayTypeRecord, ContTypeRecord, FuncTypeRecord, StructTypeRecord, TypeRecord,
};
pub(crate) use unwind::{RawFrame, TrapInfo, Unwind, backtrace};
pub(crate) use value::ValRaw;
