//! The interface by which debuggers learn about code that is made while a program runs.
//!
//! It is described in GDB's manual, in the chapter "JIT Compilation Interface", and LLDB has it
//! too. It is a list of ELF files in memory, and a function that is called when the list changes.
//! The debugger has a breakpoint in that function. There is one such list in a process, whichever
//! code adds to it; hence the fixed names.
#![allow(unsafe_code)]

use std::arch::global_asm;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use super::gdb_image::image;
use crate::error::Error;
use crate::loaded::Loaded;

/// An element of the list, as debuggers read it.
#[repr(C)]
struct Entry {
    next: *mut Entry,
    prev: *mut Entry,
    image: *const u8,
    image_size: u64,
}

/// The list, as debuggers read it.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}

const ACTION_NONE: u32 = 0;
const ACTION_REGISTER: u32 = 1;
const ACTION_UNREGISTER: u32 = 2;

// Weak, so that another compiler in the same program can define them too: then both use the same
// ones.
#[cfg(target_arch = "s390x")]
macro_rules! return_instruction {
    () => {
        "br %r14"
    };
}
#[cfg(not(target_arch = "s390x"))]
macro_rules! return_instruction {
    () => {
        "ret"
    };
}
global_asm!(
    ".pushsection .text.__jit_debug_register_code,\"ax\",%progbits",
    ".balign 16",
    ".weak __jit_debug_register_code",
    ".type __jit_debug_register_code,%function",
    "__jit_debug_register_code:",
    return_instruction!(),
    ".size __jit_debug_register_code, . - __jit_debug_register_code",
    ".popsection",
    ".pushsection .data.__jit_debug_descriptor,\"aw\",%progbits",
    ".balign 8",
    ".weak __jit_debug_descriptor",
    ".type __jit_debug_descriptor,%object",
    "__jit_debug_descriptor:",
    ".4byte 1",
    ".4byte 0",
    ".8byte 0",
    ".8byte 0",
    ".size __jit_debug_descriptor, . - __jit_debug_descriptor",
    ".popsection",
);

unsafe extern "C" {
    fn __jit_debug_register_code();
    static mut __jit_debug_descriptor: Descriptor;
}

/// Held by the thread that changes the list.
static WRITER: Mutex<()> = Mutex::new(());

/// Keeps code known to debuggers, and loaded, until it is dropped.
pub struct GdbRegistration {
    entry: NonNull<Entry>,
    /// What the entry points to.
    _image: Box<[u8]>,
    loaded: Arc<Loaded>,
}

// SAFETY: the entry is only accessed by the holder of the lock, and the image is never changed.
unsafe impl Send for GdbRegistration {}
// SAFETY: as above.
unsafe impl Sync for GdbRegistration {}

/// Makes the functions known to GDB and LLDB: breakpoints, backtraces and disassembly show their
/// names. This works whether a debugger is there already or comes later, and until the result is
/// dropped. It does not work in a program that was stripped of its symbols: debuggers find the list
/// by two of these.
///
/// # Errors
///
/// If the artifact is damaged, or its names are too long for an ELF file's symbols.
pub fn gdb(loaded: &Arc<Loaded>) -> Result<GdbRegistration, Error> {
    let image = image(loaded)?.into_boxed_slice();
    let entry = Box::new(Entry {
        next: ptr::null_mut(),
        prev: ptr::null_mut(),
        image: image.as_ptr(),
        image_size: image.len() as u64,
    });
    let entry = NonNull::from(Box::leak(entry));
    let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let list = &raw mut __jit_debug_descriptor;
    // SAFETY: the lock is held, so that nobody else changes the list or an entry of it. The entries
    // in the list are not freed before they are taken out.
    unsafe {
        let first = (*list).first;
        (*entry.as_ptr()).next = first;
        if let Some(first) = first.as_mut() {
            first.prev = entry.as_ptr();
        }
        (*list).first = entry.as_ptr();
        notify(ACTION_REGISTER, entry.as_ptr());
    }
    Ok(GdbRegistration { entry, _image: image, loaded: Arc::clone(loaded) })
}

impl Drop for GdbRegistration {
    fn drop(&mut self) {
        let entry = self.entry.as_ptr();
        let _writer = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
        let list = &raw mut __jit_debug_descriptor;
        // SAFETY: as above. The entry was made by a box, and after this nothing points to it.
        unsafe {
            let (next, prev) = ((*entry).next, (*entry).prev);
            match prev.as_mut() {
                Some(prev) => prev.next = next,
                None => (*list).first = next,
            }
            if let Some(next) = next.as_mut() {
                next.prev = prev;
            }
            notify(ACTION_UNREGISTER, entry);
            drop(Box::from_raw(entry));
        }
    }
}

/// Notifies a debugger of what has happened to an entry.
///
/// # Safety
///
/// The lock is held, and the entry is valid.
unsafe fn notify(action: u32, entry: *mut Entry) {
    let list = &raw mut __jit_debug_descriptor;
    // SAFETY: the lock is held. The function is the one above, or another compiler's, which is the
    // same: it does nothing. Volatile, since nothing in this program reads what the debugger reads.
    unsafe {
        (&raw mut (*list).relevant).write_volatile(entry);
        (&raw mut (*list).action).write_volatile(action);
        __jit_debug_register_code();
        (&raw mut (*list).action).write_volatile(ACTION_NONE);
        (&raw mut (*list).relevant).write_volatile(ptr::null_mut());
    }
}

impl fmt::Debug for GdbRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GdbRegistration").field("text", &self.loaded.text()).finish_non_exhaustive()
    }
}
