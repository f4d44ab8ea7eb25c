//! The records that compiled code and thunks read and write, field by field as
//! [`wasm_types::abi`] lays them out.

#![allow(unsafe_code)]

use std::mem::{offset_of, size_of};
use std::ptr::NonNull;

use wasm_types::abi;

use super::instance::VmInstance;
use super::stack::{StackBounds, StackHead, WasmStack};
use super::store::VmStore;
use super::type_record::FuncTypeRecord;
use super::unwind::Unwind;
use super::value::ValRaw;

/// The head of an instance context; the rest follows at the offsets of its `ContextLayout`.
#[derive(Debug)]
#[repr(C, align(16))]
pub(crate) struct VMContext {
    pub(crate) magic: u64,
    pub(crate) store: *mut VMStoreContext,
    pub(crate) builtins: *const [*const u8; abi::Builtin::ALL.len()],
    pub(crate) null_func_ref: *const FuncRef,
    pub(crate) interrupt_page: *const u8,
    pub(crate) fuel: *mut i64,
    pub(crate) instance: *mut VmInstance,
    pub(crate) heap: *mut u8,
}

const _: () = {
    assert!(size_of::<VMContext>() == abi::context::SIZE as usize);
    assert!(offset_of!(VMContext, store) == abi::context::STORE as usize);
    assert!(offset_of!(VMContext, builtins) == abi::context::BUILTINS as usize);
    assert!(offset_of!(VMContext, null_func_ref) == abi::context::NULL_FUNC_REF as usize);
    assert!(offset_of!(VMContext, interrupt_page) == abi::context::INTERRUPT_PAGE as usize);
    assert!(offset_of!(VMContext, fuel) == abi::context::FUEL as usize);
    assert!(offset_of!(VMContext, instance) == abi::context::INSTANCE as usize);
    assert!(offset_of!(VMContext, store) == offset_of!(HostRecord, store));
    assert!(offset_of!(FuncRef, code) == abi::func_ref::CODE as usize);
    assert!(offset_of!(FuncRef, context) == abi::func_ref::CONTEXT as usize);
    assert!(offset_of!(FuncRef, type_id) == abi::func_ref::TYPE_ID as usize);
    assert!(offset_of!(FuncRef, flags) == abi::func_ref::NUMBER as usize);
    assert!(offset_of!(FuncRef, ty) == abi::func_ref::TYPE as usize);
    assert!(size_of::<FuncRef>() == abi::func_ref::SIZE as usize);
    assert!(offset_of!(ImportRecord, code) == abi::import::CODE as usize);
    assert!(offset_of!(ImportRecord, context) == abi::import::CONTEXT as usize);
    assert!(offset_of!(ImportRecord, func_ref) == abi::import::FUNC_REF as usize);
    assert!(offset_of!(ImportRecord, host) == abi::import::HOST as usize);
    assert!(size_of::<ImportRecord>() == abi::import::SIZE as usize);
    assert!(size_of::<MemoryRecord>() == abi::memory::SIZE as usize);
    assert!(offset_of!(MemoryRecord, length) == abi::memory::LENGTH as usize);
    assert!(offset_of!(MemoryImport, memory) == abi::memory_import::MEMORY as usize);
    assert!(size_of::<TableRecord>() == abi::table::SIZE as usize);
    assert!(offset_of!(TableRecord, length) == abi::table::LENGTH as usize);
    assert!(offset_of!(TableImport, owner) == abi::table_import::OWNER as usize);
};

/// What a function reference points to.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct FuncRef {
    pub(crate) code: *const u8,
    pub(crate) context: *mut u8,
    pub(crate) type_id: u32,
    pub(crate) flags: u32,
    pub(crate) ty: *const FuncTypeRecord,
}

// SAFETY: the only shared value of this type is the constant that stands for null, whose pointers
// are null and are never followed; all others belong to one store.
unsafe impl Sync for FuncRef {}

impl FuncRef {
    /// The bit of functions of the host: the record is the head of a [`HostFunc`]. The other bits
    /// are the function's number in objects, or zero.
    pub(crate) const HOST: u32 = 1;

    /// What stands for null in tables of functions.
    pub(crate) const NULL: FuncRef = FuncRef {
        code: std::ptr::null(),
        context: std::ptr::null_mut(),
        type_id: abi::NO_TYPE_ID,
        flags: 0,
        ty: std::ptr::null(),
    };

    /// Whether the function is one of the host.
    pub(crate) fn is_host(&self) -> bool {
        self.flags & Self::HOST != 0
    }

    /// Whether the function is one of the host that may wait. The code says so, since all bits of
    /// the flags but one are the function's number in objects.
    #[cfg(feature = "async")]
    pub(crate) fn waits(&self) -> bool {
        use super::arch::{host_waiting, host_waiting_registers};
        let codes = [host_waiting as *const u8, host_waiting_registers as *const u8];
        self.is_host() && codes.contains(&self.code)
    }

    /// The function's type.
    ///
    /// # Safety
    ///
    /// The record must be that of a function (not the null record) of a store whose engine lives.
    pub(crate) unsafe fn type_record(&self) -> &FuncTypeRecord {
        // SAFETY: every function's record is made with the engine's record of its type.
        unsafe { &*self.ty }
    }
}

/// The record that stands for null in tables of functions, the same in every store.
pub(crate) static NULL_FUNC_REF: FuncRef = FuncRef::NULL;

/// What a host function's thunk gets for a context, and hands to the shim.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HostRecord {
    /// The function's type. Where an instance context has its magic number, which no pointer is.
    pub(crate) ty: *const FuncTypeRecord,
    /// The store. At the same offset as in an instance context.
    pub(crate) store: *mut VMStoreContext,
    /// What the thunk calls: the shim for registers, or the one for arrays.
    pub(crate) shim: *const u8,
    /// The shim's own data: the closure.
    pub(crate) data: *const (),
    /// The instance that imports the function; null where it is called through a reference.
    pub(crate) instance: *mut VMContext,
}

impl HostRecord {
    /// The instance that is calling, if Wasm is.
    ///
    /// # Safety
    ///
    /// To be called from a shim, with the record that it was given.
    pub(crate) unsafe fn caller_instance(&self) -> Option<NonNull<VmInstance>> {
        // SAFETY: the record's store lives while it runs, and an instance as long as its store.
        unsafe {
            let context = match NonNull::new(self.instance) {
                Some(context) => context,
                None => super::unwind::calling_context(self.store)?,
            };
            NonNull::new(context.as_ref().instance)
        }
    }
}

/// The shim that takes an array: parameters in, results out; false if it failed, with the failure
/// stored.
pub(crate) type ArrayShim = unsafe extern "C" fn(*mut HostRecord, *mut ValRaw) -> bool;

/// A host function before it is part of a store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostDef {
    /// The function's type.
    pub(crate) ty: NonNull<FuncTypeRecord>,
    /// The shim that takes its arguments in registers, where they fit: an
    /// `extern "C" fn(*mut HostRecord, …) -> R`, which on failure does not return. That of a
    /// function that may wait returns any value if it does
    /// ([`wait_in_registers`](super::suspend::wait_in_registers)).
    pub(crate) registers: Option<*const u8>,
    /// The shim that takes an array.
    pub(crate) array: ArrayShim,
    /// The shim that starts the function, if it is one that may wait. It takes an array.
    #[cfg(feature = "async")]
    pub(crate) start: Option<super::suspend::StartShim>,
    /// The shims' own data.
    pub(crate) data: *const (),
}

impl HostDef {
    /// The code for compiled callers, and the shim that it calls.
    pub(crate) fn thunk_and_shim(&self) -> (*const u8, *const u8) {
        #[cfg(feature = "async")]
        if let Some(start) = self.start {
            return match self.registers {
                Some(shim) => (super::arch::host_waiting_registers as *const u8, shim),
                None => (super::arch::host_waiting as *const u8, start as *const u8),
            };
        }
        match self.registers {
            Some(shim) => (super::arch::host_registers as *const u8, shim),
            None => (super::arch::host_array as *const u8, self.array as *const u8),
        }
    }
}

/// A host function as part of a store: what references to it point to.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct HostFunc {
    /// First, so that a reference leads here.
    pub(crate) func_ref: FuncRef,
    /// The context of calls through references.
    pub(crate) record: HostRecord,
    /// For calls from the host.
    pub(crate) array: ArrayShim,
    /// The same, if the function may wait.
    #[cfg(feature = "async")]
    pub(crate) start: Option<super::suspend::StartShim>,
}

/// The record of an imported function.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ImportRecord {
    pub(crate) code: *const u8,
    pub(crate) context: *mut u8,
    /// Null for a host function that has no reference so far.
    pub(crate) func_ref: *mut FuncRef,
    pub(crate) host: HostRecord,
}

/// The record of a memory, in the context of the instance that defines it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct MemoryRecord {
    pub(crate) base: *mut u8,
    pub(crate) length: u64,
}

/// The record of an imported memory.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct MemoryImport {
    pub(crate) base: *mut u8,
    pub(crate) memory: *mut MemoryRecord,
}

/// The record of a table, in the context of the instance that defines it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct TableRecord {
    pub(crate) base: *mut u64,
    pub(crate) length: u64,
}

/// The record of an imported table.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct TableImport {
    pub(crate) table: *mut TableRecord,
    pub(crate) owner: *mut VMContext,
}

/// What thunks, signal handler and host share about a store. Compiled code never reads it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct VMStoreContext {
    /// Where the next entry to Wasm starts on the Wasm stack: its top, or while Wasm calls the
    /// host, the frame pointer of the frame it left from. Null until the store has a stack.
    pub(crate) wasm_sp: *mut u8,
    /// The innermost entry's frame on the host stack: calls to the host continue below it. Null
    /// while there is none.
    pub(crate) host_sp: *mut u8,
    /// The code that the entry thunk is to call.
    pub(crate) entry_code: *const u8,
    /// How the entry thunk returned: [`UNWOUND`](super::unwind::UNWOUND) for a failure.
    pub(crate) outcome: u8,
    /// The value of `outcome` for a call that did not fail.
    pub(crate) returned: u8,
    /// The trap that the signal handler recorded, if a trap ended the call.
    pub(crate) trap: super::unwind::PendingTrap,
    /// The failure that the host stored, if one ended the call.
    pub(crate) failure: Option<Unwind>,
    /// The store's own Wasm stack.
    pub(crate) base: StackHead,
    /// The stack that Wasm runs on: [`base`](Self::base), unless that is a continuation.
    pub(crate) current: *mut StackHead,
    /// The stack, if there is one.
    pub(crate) stack: Option<WasmStack>,
    /// The fuel that is left: instance contexts point to it.
    pub(crate) fuel: i64,
    /// The store.
    pub(crate) vm: *mut VmStore,
    /// The API's store: for shims.
    pub(crate) host_data: *mut (),
    /// The address right above the page that code without a memory reads to find out whether to
    /// stop.
    pub(crate) interrupt_page: *const u8,
    /// The hook that is notified when functions are entered and left.
    pub(crate) function_hook: super::function_hook::Notify,
    /// The exceptions that were thrown, if any ever were.
    pub(crate) exceptions: Option<Box<super::exceptions::Exceptions>>,
}

impl VMStoreContext {
    /// Says that no continuation runs.
    ///
    /// # Safety
    ///
    /// The context lives, and stays where it is.
    pub(crate) unsafe fn runs_nothing(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).current = &raw mut (*this.as_ptr()).base }
    }

    /// Where the stack lies that Wasm runs on.
    #[inline(always)]
    pub(crate) fn bounds(&self) -> StackBounds {
        // SAFETY: the stack that Wasm runs on lives.
        unsafe { (*self.current).bounds }
    }
}
