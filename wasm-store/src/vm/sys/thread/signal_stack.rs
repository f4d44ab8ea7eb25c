//! A stack for signals for each thread: a fault on the guard of a Wasm stack can't be handled on
//! that stack.
//!
//! The stack lives as long as the thread, beyond its thread-local data: destructors of such data
//! may call Wasm. It belongs to a *key* of the system's thread library. The destructors of keys
//! come last, and are called again for what other such destructors have made.
//!
//! **Others take it out of use without notice.** The standard library gives each of its threads a
//! stack for signals that is too small for us. Before it destroys the thread-local data it disables
//! *whatever stack is in use*, and unmaps its own. Querying the system at each entry would take
//! longer than the entry. So when our stack replaces one that is too small, a word of the old
//! stack, which nobody needs any more, becomes the *witness*: it gets a value that nothing else
//! has. Each entry reads it. If the word has changed or is unmapped, the entry checks its stack
//! again.

use std::ptr;
use std::sync::OnceLock;

use crate::Error;
use crate::vm::sys::mapping::HOST_PAGE;

/// The size of a signal stack beyond what the kernel puts there, in bytes. Our handler takes
/// little. Handlers that were installed before may want to print something.
const ROOM: usize = 64 << 10;

/// How much of that somebody else's stack must have to be good enough for us.
const LEAST_ROOM: usize = 12 << 10;

/// An upper bound for what the kernel puts on a signal stack, in bytes, if it does not report one:
/// less than 3 KiB without AVX-512.
const LEAST_FRAME: usize = 4 << 10;

/// Gives the thread a signal stack, unless it has a good one. Returns the witness, if one is
/// needed; it holds the given value.
///
/// # Errors
///
/// If the system has no memory for it.
pub(super) fn provide(value: usize) -> Result<Option<*const usize>, Error> {
    let key = key()?;
    let mut current = unused();
    // SAFETY: plain system calls. The key is never deleted. The word that is written is at the end
    // of a signal stack that is in use, where the kernel would begin to write at the next signal.
    // Our stack has replaced it by then.
    unsafe {
        libc::sigaltstack(ptr::null(), &mut current);
        let mut own = libc::pthread_getspecific(key);
        let has_one = current.ss_flags & libc::SS_DISABLE == 0;
        if has_one && (current.ss_sp == own || current.ss_size >= frame_size() + LEAST_ROOM) {
            return Ok(None);
        }
        if own.is_null() {
            own = map()?;
            if libc::pthread_setspecific(key, own) != 0 {
                libc::munmap(lowest(own), mapping_size());
                return Err(failed("the thread library keeps no data for the thread"));
            }
        }
        let new = libc::stack_t { ss_sp: own, ss_flags: 0, ss_size: size() };
        if libc::sigaltstack(&new, ptr::null_mut()) != 0 {
            return Err(failed(std::io::Error::last_os_error()));
        }
        if !has_one {
            return Ok(None);
        }
        let end = current.ss_sp.addr() + current.ss_size;
        let place = (end & !(align_of::<usize>() - 1)) - size_of::<usize>();
        let witness = current.ss_sp.with_addr(place).cast::<usize>();
        witness.write(value);
        Ok(Some(witness.cast_const()))
    }
}

fn failed(why: impl std::fmt::Display) -> Error {
    Error::msg(format!(
        "this thread could not be given a stack for signals, which it takes to handle traps: {why}"
    ))
}

/// The key. Its value is the start of the thread's signal stack, if it is one of ours.
fn key() -> Result<libc::pthread_key_t, Error> {
    static KEY: OnceLock<Result<libc::pthread_key_t, i32>> = OnceLock::new();
    let made = KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the destructor is for what is kept under the key.
        match unsafe { libc::pthread_key_create(&mut key, Some(destroy)) } {
            0 => Ok(key),
            errno => Err(errno),
        }
    });
    made.map_err(|errno| failed(std::io::Error::from_raw_os_error(errno)))
}

/// Unmaps the signal stack of a thread that ends.
unsafe extern "C" fn destroy(own: *mut libc::c_void) {
    super::is_not_ready();
    let mut current = unused();
    // SAFETY: the mapping belongs to the key. It is taken out of use before it is unmapped, unless
    // something else has replaced it.
    unsafe {
        libc::sigaltstack(ptr::null(), &mut current);
        if current.ss_sp == own {
            libc::sigaltstack(&unused(), ptr::null_mut());
        }
        libc::munmap(lowest(own), mapping_size());
    }
}

/// The value that stands for no stack.
fn unused() -> libc::stack_t {
    libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 }
}

/// The most that the kernel puts on a signal stack of this machine, in bytes.
fn frame_size() -> usize {
    // SAFETY: this reads what the kernel has passed to the process.
    let reported = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) };
    (reported as usize).max(LEAST_FRAME)
}

/// The size of a signal stack, in bytes, without the guard below it.
fn size() -> usize {
    (frame_size() + ROOM).next_multiple_of(HOST_PAGE)
}

fn mapping_size() -> usize {
    HOST_PAGE + size()
}

/// The start of the mapping that contains a signal stack.
fn lowest(stack: *mut libc::c_void) -> *mut libc::c_void {
    stack.wrapping_byte_sub(HOST_PAGE)
}

/// A new signal stack, with a guard below it.
fn map() -> Result<*mut libc::c_void, Error> {
    // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
    unsafe {
        let memory = libc::mmap(
            ptr::null_mut(),
            mapping_size(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if memory == libc::MAP_FAILED {
            return Err(failed(std::io::Error::last_os_error()));
        }
        if libc::mprotect(memory, HOST_PAGE, libc::PROT_NONE) != 0 {
            let error = std::io::Error::last_os_error();
            libc::munmap(memory, mapping_size());
            return Err(failed(error));
        }
        Ok(memory.wrapping_byte_add(HOST_PAGE))
    }
}
