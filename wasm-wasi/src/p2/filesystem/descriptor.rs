//! The resources `descriptor` and `directory-entry-stream`.

use crate::WasiCtx;
use crate::abi::{Errno, FileType};
use crate::ctx::{self, Listing, Object};
use crate::p2::state::Held;
use std::sync::Arc;

/// The resource `descriptor`: a file or a directory.
#[derive(Debug)]
pub struct Descriptor {
    inner: ctx::Descriptor,
    held: Arc<Held>,
}

/// A file that a descriptor shares with the streams that were made of it.
#[derive(Clone, Debug)]
pub(super) struct SharedFile {
    pub(super) file: Arc<cap_std::fs::File>,
    /// Whether it is a regular file: then the host reads and writes it without waiting for others.
    pub(super) is_regular: bool,
    _held: Arc<Held>,
}

impl Descriptor {
    pub(super) fn new(inner: ctx::Descriptor, held: Held) -> Self {
        Self { inner, held: Arc::new(held) }
    }

    pub(super) const fn inner(&self) -> &ctx::Descriptor {
        &self.inner
    }

    /// The file, for a stream.
    ///
    /// # Errors
    ///
    /// [`Errno::Badf`] if it is a directory.
    pub(super) fn share(&self) -> Result<SharedFile, Errno> {
        match &self.inner.object {
            Object::File(file, file_type) => Ok(SharedFile {
                file: Arc::clone(file),
                is_regular: *file_type == FileType::RegularFile,
                _held: Arc::clone(&self.held),
            }),
            _ => Err(Errno::Badf),
        }
    }
}

impl WasiCtx {
    /// Room for one more descriptor of the host.
    ///
    /// # Errors
    ///
    /// [`Errno::MFile`]
    pub(crate) fn hold_descriptor(&self) -> Result<Held, Errno> {
        self.p2.hold(self.table.limit()).ok_or(Errno::MFile)
    }
}

/// The resource `directory-entry-stream`: a directory that is being read.
pub struct ReaddirIterator {
    listing: Listing,
    /// The cookie of the next entry.
    next: u64,
    _held: Held,
}

impl ReaddirIterator {
    pub(super) fn new(directory: &cap_std::fs::Dir, held: Held) -> Result<Self, Errno> {
        // What comes first, the directory itself and its parent, is not listed.
        let listing = Listing::open(directory)?;
        Ok(Self { listing, next: Listing::AFTER_DOTS, _held: held })
    }

    pub(super) fn next(&mut self) -> Result<Option<(String, FileType)>, Errno> {
        let Some(entry) = self.listing.from(self.next)?.first().cloned() else { return Ok(None) };
        self.listing.given(1);
        self.next = entry.next;
        Ok(Some((entry.name, entry.file_type)))
    }
}

impl std::fmt::Debug for ReaddirIterator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReaddirIterator").field("next", &self.next).finish_non_exhaustive()
    }
}
