//! The files from which the pages of initial memory images can be mapped.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use wasm_artifact::{Artifact, MemoryImage};

/// A file whose pages a memory can map privately, copy on write, as its initial contents.
#[derive(Clone, Copy, Debug)]
pub struct ImageSource<'a> {
    pub(crate) fd: BorrowedFd<'a>,
    /// Subtracted from an offset in the artifact to get the offset in the file.
    pub(crate) skipped: u64,
}

impl<'a> ImageSource<'a> {
    /// The file.
    pub fn fd(&self) -> BorrowedFd<'a> {
        self.fd
    }

    /// The offset in the file at which an image of the same artifact starts: a multiple of the
    /// artifact's page size, which is a multiple of the host's.
    pub fn offset(&self, image: &MemoryImage<'_>) -> u64 {
        image.file_offset.saturating_sub(self.skipped)
    }
}

/// Copies the images of an artifact to a file without a name. The file is sealed against changes
/// where the system allows that. If it `must_be_sealed`, a system that does not allow it is an
/// error.
pub(crate) fn copy_images(artifact: &Artifact<'_>, must_be_sealed: bool) -> io::Result<OwnedFd> {
    let (_, bytes) = artifact.memory_images();
    let mut file = File::from(unnamed_file()?);
    file.write_all(bytes)?;
    seal(file.as_fd());
    if must_be_sealed && !is_sealed(file.as_fd()) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    Ok(file.into())
}

#[cfg(target_os = "linux")]
fn unnamed_file() -> io::Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("wasm-images", flags) {
        Ok(fd) => Ok(fd),
        // Some sandboxes forbid it.
        Err(_) => temporary_file(),
    }
}

#[cfg(not(target_os = "linux"))]
fn unnamed_file() -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A file in the directory for temporary files, without a name from the start.
#[cfg(target_os = "linux")]
fn temporary_file() -> io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::io::retry_on_intr;
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let directory = std::env::temp_dir();
    Ok(retry_on_intr(|| open(&directory, flags, Mode::RUSR | Mode::WUSR))?)
}

/// Neither contents nor size can change, and the seals can't be removed.
#[cfg(target_os = "linux")]
const SEALS: rustix::fs::SealFlags = {
    use rustix::fs::SealFlags;
    SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::WRITE).union(SealFlags::SEAL)
};

#[cfg(target_os = "linux")]
fn seal(file: BorrowedFd<'_>) {
    // A temporary file cannot be sealed. But nobody else can reach it, except those who may debug
    // this process.
    let _ = rustix::fs::fcntl_add_seals(file, SEALS);
}

#[cfg(not(target_os = "linux"))]
fn seal(_: BorrowedFd<'_>) {}

#[cfg(target_os = "linux")]
fn is_sealed(file: BorrowedFd<'_>) -> bool {
    rustix::fs::fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS))
}

#[cfg(not(target_os = "linux"))]
fn is_sealed(_: BorrowedFd<'_>) -> bool {
    false
}
