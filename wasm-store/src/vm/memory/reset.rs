//! Resets a memory for the next instance of its module.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use wasm_artifact::MemoryImage;
use wasm_loader::Loaded;

use super::image::{Image, MOST_COPIED};
use super::{VmMemory, bytes};
use crate::Error;
use crate::vm::sys::mapping::HOST_PAGE;
use crate::vm::sys::pagemap::{Scan, for_each_written};

impl VmMemory {
    /// Makes a memory that a module defines what it was before anything was written: it has its
    /// first size and the module's image or else zeros, and nothing beyond is accessible. `ran`
    /// says whether code ran that may have written to it. `keep` is how many bytes of written pages
    /// may stay in memory. Returns how many bytes do stay; `None` if the memory can't be used again
    /// because it was moved, is shared or the program's, or shows something else.
    ///
    /// # Errors
    ///
    /// If the system fails to reset it, or the artifact is damaged. The memory can't be used again
    /// then.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes; it is the module's memory of this number, of those
    /// defined.
    pub(in crate::vm) unsafe fn reset_to_image(
        &mut self,
        module: &Arc<Loaded>,
        number: u32,
        ran: bool,
        keep: usize,
    ) -> Result<Option<usize>, Error> {
        if self.moved || self.shown.is_some() || !self.is_mapped_here() {
            return Ok(None);
        }
        if !ran && !self.touched.load(Ordering::Relaxed) {
            return Ok(Some(self.resident));
        }
        let defined = wasm_types::DefinedMemoryIndex::new(number);
        let image = module.artifact().memory_image(defined).map_err(Error::new)?;
        let has_it = self.image.as_ref().is_some_and(|image| image.key.is_of(module, number));
        if has_it != image.is_some() {
            return Ok(None);
        }
        // What was copied for want of a file would be copied each time, and stay resident.
        let is_large = |image: &Image| image.is_copied && image.range.len() > MOST_COPIED;
        if self.image.as_ref().is_some_and(is_large) {
            return Ok(None);
        }
        // SAFETY: as the caller promises.
        unsafe { self.reset(image.as_ref(), keep)? };
        Ok(Some(self.resident))
    }

    /// Makes the memory zero, or equal to the image that it starts with.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes. The image is the memory's own. If there is none, nothing
    /// is mapped but zeros.
    pub(super) unsafe fn reset(
        &mut self,
        image: Option<&MemoryImage<'_>>,
        keep: usize,
    ) -> Result<(), Error> {
        let start = self.mapping.base();
        let accessible = self.accessible;
        // From here on, pages are given back to the system.
        let mut rest = accessible;
        let mut kept = 0;
        let scan = for_each_written(start, accessible, |range| {
            let room = (keep - kept) / HOST_PAGE * HOST_PAGE;
            let end = range.end.min(range.start.saturating_add(room));
            kept += end - range.start;
            // SAFETY: the pages are accessible, and nothing borrows them.
            unsafe { restore(start, range.start..end, image) };
            if end < range.end {
                rest = end;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if scan == Scan::Unknown {
            (rest, kept) = (0, 0);
        }
        self.mapping.forget(rest, accessible)?;
        if let (Some(image), Some(Image { range, is_copied: true, .. })) = (image, &self.image)
            && rest < range.end
        {
            // SAFETY: the image is in the memory, whose bytes nothing borrows.
            unsafe { restore(start, rest.max(range.start)..range.end, Some(image)) };
            kept += range.end - rest.max(range.start);
        }
        let len = bytes(&self.ty, self.ty.minimum).unwrap_or(0);
        let initial = len.next_multiple_of(HOST_PAGE);
        if initial < accessible {
            self.mapping.make_inaccessible(initial, accessible)?;
            self.accessible = initial;
        }
        self.resident = kept;
        self.set_len(len)?;
        self.touched.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// Copies the image's part of a range to a memory, and zeros where the image has nothing.
///
/// # Safety
///
/// The memory's bytes in the range can be written, and nothing borrows them.
unsafe fn restore(start: *mut u8, range: Range<usize>, image: Option<&MemoryImage<'_>>) {
    let (offset, from) =
        image.map_or((0, &[][..]), |image| (image.memory_offset as usize, image.bytes));
    let from_end = offset.saturating_add(from.len());
    let middle = offset.clamp(range.start, range.end)..from_end.clamp(range.start, range.end);
    // SAFETY: as the caller promises; all three parts are within the range, and the middle within
    // the image.
    unsafe {
        start.add(range.start).write_bytes(0, middle.start - range.start);
        if !middle.is_empty() {
            let source = from[middle.start - offset..middle.end - offset].as_ptr();
            start.add(middle.start).copy_from_nonoverlapping(source, middle.len());
        }
        start.add(middle.end).write_bytes(0, range.end - middle.end);
    }
}
