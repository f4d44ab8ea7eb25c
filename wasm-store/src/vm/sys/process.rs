//! Which process this is, and what it knows of itself that a forked child must not inherit.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use super::mapping::HOST_PAGE;

/// Words that the system clears in a child: in each process they start as zero.
#[derive(Debug)]
pub(super) struct Own {
    /// The process's descriptor of its own page tables, as [`pagemap`](super::pagemap) has it.
    pub(super) pagemap: AtomicI32,
    /// The number of the process, once it was needed.
    number: AtomicU32,
}

/// The words of this process. `None` if the system does not clear memory in children, or has no
/// memory left.
pub(super) fn own() -> Option<&'static Own> {
    static PAGE: OnceLock<Option<&'static Own>> = OnceLock::new();
    *PAGE.get_or_init(|| {
        // SAFETY: a new mapping at an address of the kernel's choice, which is never unmapped, is
        // as large as a page, and zero, which is a value of the type.
        unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let page = libc::mmap(ptr::null_mut(), HOST_PAGE, access, flags, -1, 0);
            if page == libc::MAP_FAILED {
                return None;
            }
            if libc::madvise(page, HOST_PAGE, libc::MADV_WIPEONFORK) != 0 {
                libc::munmap(page, HOST_PAGE);
                return None;
            }
            Some(&*page.cast::<Own>())
        }
    })
}

const _: () = assert!(size_of::<Own>() <= HOST_PAGE);

/// The number of the process. The system is queried once for each process, if it clears memory in
/// children: calls need the number, so this must be fast.
pub(in crate::vm) fn id() -> u32 {
    let Some(own) = own() else { return std::process::id() };
    match own.number.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            own.number.store(id, Ordering::Relaxed);
            id
        }
        id => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_have_numbers_of_their_own() {
        assert_eq!(id(), std::process::id());
        // SAFETY: the child only compares numbers and ends.
        unsafe {
            let child = libc::fork();
            assert!(child >= 0, "a process can be forked");
            if child == 0 {
                libc::_exit(i32::from(id() != std::process::id() || id() == 0));
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            assert_eq!(status, 0);
        }
        assert_eq!(id(), std::process::id());
    }
}
