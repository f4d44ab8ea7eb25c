//! The machine's edge: instance contexts, Wasm stacks, calls in and out, traps, mappings.
//!
//! Everything that compiled code reads or writes is laid out here, after the one definition in
//! [`wasm_types::abi`]. The modules above build the public API on it and hold no assembly, no
//! signal handler and no mapping of their own.
//!
//! | module | holds |
//! |---|---|
//! | `value` | the union of all values, as arrays of arguments hold it |
//! | `layout` | which argument of a signature travels in which register |
//! | `context` | the records that compiled code and thunks read |
//! | `thunks` | the assembly that changes stacks |
//! | `call` | calls into Wasm |
//! | `host` | calls out of Wasm, through arrays of arguments |
//! | `stack` | Wasm stacks and their free list |
//! | `thread` | what each thread needs: the store that runs on it, its signal stack |
//! | `signals` | faults that become traps |
//! | `unwind` | why Wasm was left, and the frames it was left from |
//! | `memory`, `table` | linear memories and tables |
//! | `room` | how much the code of a store may still have of both |
//! | `memory_pool` | reservations that wait for the next memory |
//! | `engine` | what the stores of an engine share |
//! | `idle`, `recycle` | instances that wait for the next store, and how they are reset |
//! | `written` | which pages of a mapping were written |
//! | `snapshot` | the state of instances: taken, and put back |
//! | `sizes` | sizes of imports that code takes for granted, and what becomes of instances when they are not met |
//! | `fork` | instances made with the state of others |
//! | `interruption` | stopping running code: by deadlines, timeouts and on demand |
//! | `instance` | an instance context and what it owns |
//! | `instantiate` | making one |
//! | `cycles` | the processor's time stamp counter |
//! | `rebind` | host functions that are bound already: which, and other shims for them, for call hooks |
//! | `function_hook` | the builtins of functions that tell when they are called |
//! | `builtins` | what compiled code calls the store for |
//! | `sync` | what lists that threads share are made of |
//! | `store` | all of the above that one store owns |

mod builtins;
mod call;
mod const_eval;
mod context;
#[cfg(feature = "observe")]
mod cycles;
mod engine;
mod fork;
mod fuel;
mod function_hook;
mod host;
mod idle;
mod instance;
mod instantiate;
mod interruption;
mod layout;
mod mapping;
mod memory;
mod memory_pool;
mod module;
#[cfg(feature = "call-hook")]
pub(crate) mod rebind;
mod recycle;
mod room;
mod room_for;
mod signals;
mod sizes;
mod snapshot;
mod stack;
mod store;
mod sync;
mod table;
mod thread;
mod thunks;
mod unwind;
mod value;
mod written;

pub(crate) use call::{call_array, enter_registers};
pub(crate) use context::{FuncRef, HostDef, HostRecord, VMStoreContext};
#[cfg(feature = "observe")]
pub(crate) use cycles::time_stamp;
pub(crate) use engine::{PoolLimits, VmEngine};
pub(crate) use fork::Plan;
#[cfg(feature = "function-hook")]
pub(crate) use function_hook::{FunctionMoment, Tell, stack_in_use};
pub(crate) use idle::IdleLimits;
pub(crate) use instance::VmInstance;
pub(crate) use instantiate::VmImport;
pub(crate) use interruption::{Interrupts, Reason, Timeout, Verdict};
pub(crate) use layout::FuncTypeRecord;
pub(crate) use memory::VmMemory;
pub(crate) use module::VmModule;
#[cfg(feature = "call-hook")]
pub(crate) use rebind::HostImport;
pub(crate) use room::{Room, Wanted};
pub(crate) use snapshot::{Source, VmOutside, VmState};
pub(crate) use store::{StoreHost, VmStore};
pub(crate) use table::{VmTable, table_bytes};
pub(crate) use thunks::raise;
pub(crate) use unwind::{RawFrame, TrapInfo, Unwind, backtrace};
pub(crate) use value::ValRaw;
