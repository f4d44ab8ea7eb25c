//! Interrupt pages for code without a memory that it could read below: stores take them, and give
//! them back.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::sync::{Mutex, PoisonError};

use super::set_readable;
use crate::Error;
use crate::vm::sys::mapping::{HOST_PAGE, Mapping};

/// How many pages are mapped at once.
const CHUNK: usize = 16;

/// A page of bytes that is always readable. The bytes are formally writable, though nobody writes
/// them, so that they take no room in the program's file.
struct ReadablePage(UnsafeCell<[u8; HOST_PAGE]>);

// SAFETY: only compiled code reads the bytes, and nobody writes them.
unsafe impl Sync for ReadablePage {}

static READABLE_PAGE: ReadablePage = ReadablePage(UnsafeCell::new([0; HOST_PAGE]));

/// The address right above a page that is always readable, for code that is never interrupted.
pub(in crate::vm) fn readable_page() -> *const u8 {
    READABLE_PAGE.0.get().cast::<u8>().wrapping_add(HOST_PAGE)
}

/// The pages of an engine.
#[derive(Debug, Default)]
pub(in crate::vm) struct Pages {
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    free: Vec<usize>,
    /// Each page is followed by one that is writable. So it remains a mapping of its own, whether
    /// it is readable or not, and the system needs no memory to change that.
    chunks: Vec<Mapping>,
    /// How many pages of the last chunk were given out.
    used: usize,
}

impl Pages {
    /// Takes the address of a page that no store has, and that is accessible.
    pub(in crate::vm) fn take(&self) -> Result<usize, Error> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = list.free.pop() {
            return Ok(page);
        }
        if list.chunks.is_empty() || list.used == CHUNK {
            let len = 2 * CHUNK * HOST_PAGE;
            let mut chunk = Mapping::reserve(len, "interruption")?;
            chunk.make_accessible(0, len)?;
            list.chunks.push(chunk);
            list.used = 0;
        }
        let chunk = list.chunks.last().expect("there is one by now");
        let page = chunk.base().addr() + 2 * HOST_PAGE * list.used;
        // SAFETY: nobody has the page yet, and nothing was written to it.
        unsafe { set_readable(page, true)? };
        list.used += 1;
        Ok(page)
    }

    /// Takes a page back that is accessible.
    pub(in crate::vm) fn put(&self, page: usize) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).free.push(page);
    }
}
