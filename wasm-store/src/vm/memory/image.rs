//! The initial contents of a memory: mapped or copied.

use std::ops::Range;
use std::ptr;
use std::sync::Arc;

use wasm_artifact::MemoryImage;
use wasm_loader::Loaded;

use super::VmMemory;
use crate::Error;
use crate::vm::reuse::memories::ImageKey;
use crate::vm::sys::mapping::HOST_PAGE;

/// Images of up to so many bytes are copied. To map one takes two system calls, when the memory is
/// made and when it is emptied, and a fault for each page that is written then, which together take
/// longer than copying these.
pub(super) const MOST_COPIED: usize = 16 << 10;

/// The image that a memory starts with.
#[derive(Debug)]
pub(super) struct Image {
    /// What it is, for the next memory that needs the same.
    pub(super) key: ImageKey,
    /// Where it lies, in bytes.
    pub(super) range: Range<usize>,
    /// Whether it was copied. If not, its file is mapped: the memory shows it where it was not
    /// written.
    pub(super) is_copied: bool,
}

impl VmMemory {
    /// Gives a new memory its initial contents, the image of a module's memory of this number, of
    /// those defined: maps pages of the module's file, private and writable, or copies what is
    /// little.
    ///
    /// # Safety
    ///
    /// Nothing borrows the memory's bytes, and the module's file does not change.
    pub(in crate::vm) unsafe fn set_image(
        &mut self,
        image: &MemoryImage<'_>,
        module: &Arc<Loaded>,
        number: u32,
    ) -> Result<(), Error> {
        let key = ImageKey::new(module, number);
        let start = image.memory_offset as usize;
        let range = start..start.saturating_add(image.bytes.len());
        let lies_outside = || Error::msg("the memory image does not lie within its memory");
        let is_mapped = self.is_mapped_here() && range.len() > MOST_COPIED;
        let Some(source) = is_mapped.then(|| module.image_source()).flatten() else {
            // Images are whole pages of the host, and memories need not be.
            let end = if self.is_mapped_here() { self.accessible } else { self.byte_size() };
            if range.end > end {
                return Err(lies_outside());
            }
            // SAFETY: the range is in the memory, which nothing borrows.
            unsafe {
                let to = self.base_to_read().cast_mut().add(start);
                ptr::copy_nonoverlapping(image.bytes.as_ptr(), to, image.bytes.len());
            }
            // What the program provides is not used again.
            self.image = self.is_mapped_here().then_some(Image { key, range, is_copied: true });
            return Ok(());
        };
        let whole_pages = start.is_multiple_of(HOST_PAGE) && range.end.is_multiple_of(HOST_PAGE);
        if range.end > self.accessible || !whole_pages {
            return Err(lies_outside());
        }
        let file = Some((source.fd(), source.offset(image)));
        self.replace(range.clone(), file).map_err(|errno| {
            Error::msg(format!("could not map the initial image of a memory: {errno}"))
        })?;
        self.image = Some(Image { key, range, is_copied: false });
        Ok(())
    }
}
