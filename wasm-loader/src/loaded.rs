//! An artifact in executable memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::slice;
use std::sync::{Arc, OnceLock, Weak};

use rustix::buffer::spare_capacity;
use rustix::fs::FileType;
use rustix::io::retry_on_intr;
use wasm_artifact::{Artifact, text_range};
use wasm_types::DefinedFuncIndex;

use crate::code_map::{self, Registration};
use crate::error::Error;
use crate::host::check_host;
use crate::images::{ImageSource, copy_images};
use crate::mapping::Mapping;

/// An artifact in executable memory. As long as it lives, the registry finds it by addresses in its
/// code.
///
/// It is always in an [`Arc`], is unmapped when the last one is dropped, and can be shared by any
/// number of threads, engines and stores.
#[derive(Debug)]
pub struct Loaded {
    // Fields are dropped in this order: first nobody can look the code up any more, then the reader
    // goes, then the bytes that it reads.
    _registration: Registration,
    /// Not really `'static`: it reads `_backing`, and leaves this type only with the lifetime of
    /// `self`.
    artifact: Arc<Artifact<'static>>,
    _backing: Backing,
    text: Range<usize>,
    images: Images,
}

/// The bytes that an artifact reads.
#[derive(Debug)]
pub(crate) enum Backing {
    /// They are its own.
    Own(#[allow(dead_code, reason = "is only kept")] Mapping),
    /// They were read from its file, and only its code is mapped.
    Read {
        #[allow(dead_code, reason = "is only kept")]
        code: Mapping,
        #[allow(dead_code, reason = "is only kept")]
        bytes: Vec<u8>,
    },
    /// They are those of a component, which it is a module of.
    Shared(#[allow(dead_code, reason = "is only kept")] Arc<Whole>),
}

/// What the modules of a component share.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) _mapping: Mapping,
    /// The file, if it was mapped from one and memories have images in it.
    pub(crate) file: Option<OwnedFd>,
}

/// The file that the images of memories can be mapped from.
#[derive(Debug)]
pub(crate) enum Images {
    /// The file of a component.
    Shared(Arc<Whole>),
    /// The artifact's own file, if it has images.
    File(Option<OwnedFd>),
    /// A copy that is made on first use; `None` if there are no images or the system does not allow
    /// such a file.
    Copy {
        file: OnceLock<Option<OwnedFd>>,
        /// Whether it must be a file that nobody can change, not even through another descriptor.
        sealed: bool,
    },
}

impl Images {
    pub(crate) fn copy() -> Self {
        Self::Copy { file: OnceLock::new(), sealed: false }
    }
}

/// How many bytes of a file are read before it is mapped: they include header and directory.
const HEAD: usize = 2048;

/// How many bytes a file may have to be read instead of mapped, but for its code. To read so few
/// takes less than to have the first of them mapped by a fault, and to make others executable
/// afterwards.
const READ_WHOLE: usize = 16 << 10;

/// How many bytes of a file the kernel maps at once, as a rule, at the first fault.
const MAPPED_BY_A_FAULT: usize = 64 << 10;

pub(crate) fn make_executable(mapping: &mut Mapping, text: Range<usize>) -> Result<(), Error> {
    mapping.make_executable(text).map_err(|error| Error::io("make the code executable", error))
}

impl Loaded {
    /// Loads the artifact in a file: maps it, checks it against this host, and makes its code
    /// executable. The number of system calls and of touched pages does not depend on the size of
    /// the module. Of a file of up to 16 KiB only the code is mapped; the rest is read.
    ///
    /// # Safety
    ///
    /// The machine code in the file is run as it is. So the file must come from this project's
    /// compiler or be as trustworthy. Nobody may change the file, or truncate it, while it is
    /// loaded; replacing it by renaming another one over it is fine.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or mapped, is something else than an artifact, is damaged, or was
    /// not compiled for this host.
    pub unsafe fn from_file(path: impl AsRef<Path>) -> Result<Arc<Self>, Error> {
        // SAFETY: the caller guarantees the same.
        in_file(path.as_ref(), |file| unsafe { Self::from_fd(file) })
    }

    /// Loads the artifact in an open file.
    ///
    /// # Safety
    ///
    /// As for [`from_file`](Self::from_file).
    ///
    /// # Errors
    ///
    /// As for [`from_file`](Self::from_file).
    pub unsafe fn from_fd(file: OwnedFd) -> Result<Arc<Self>, Error> {
        let len = file_len(&file)?;
        // SAFETY: the caller guarantees that the file does not change, and vouches for the code.
        let read = if len <= READ_WHOLE { unsafe { read_whole(&file, len) } } else { None };
        if let Some((artifact, backing)) = read {
            let images = Images::File(artifact.has_memory_images().then_some(file));
            // SAFETY: the two belong together, and the code is executable and trustworthy.
            return Ok(unsafe { Self::assemble(artifact, backing, images) });
        }
        // SAFETY: the caller guarantees that the file does not change.
        let mapping = unsafe { map(&file, len, len > MAPPED_BY_A_FAULT)? };
        // SAFETY: the caller vouches for the code.
        unsafe { Self::from_mapping(mapping, Images::File(Some(file))) }
    }

    /// Loads an artifact from bytes, for example those that a compiler has just made. Copies them
    /// to a mapping of their own, and continues as for a file.
    ///
    /// # Safety
    ///
    /// The machine code in the bytes is run as it is. So the bytes must come from this project's
    /// compiler or be as trustworthy.
    ///
    /// # Errors
    ///
    /// If there is no memory, the bytes are something else than an artifact, are damaged, or were
    /// not compiled for this host.
    pub unsafe fn from_bytes(bytes: &[u8]) -> Result<Arc<Self>, Error> {
        // Bytes that are not an artifact need no mapping; neither do bytes that follow one.
        let bytes = Artifact::parse(bytes)?.bytes();
        let mapping = Mapping::of_bytes(bytes).map_err(|error| Error::io("map the code", error))?;
        // SAFETY: the caller vouches for the code.
        unsafe { Self::from_mapping(mapping, Images::copy()) }
    }

    /// # Safety
    ///
    /// The code must be trustworthy.
    pub(crate) unsafe fn from_mapping(
        mut mapping: Mapping,
        images: Images,
    ) -> Result<Arc<Self>, Error> {
        // SAFETY: the reader of the bytes is dropped before the mapping: here because it is
        // declared later, in the result because of the order of its fields.
        let bytes = unsafe { mapping.bytes() };
        let artifact = Artifact::parse(bytes)?;
        check_host(&artifact)?;
        // Parsing has checked that the text lies within the bytes and starts at a page.
        let start = artifact.text_file_offset() as usize;
        let len = artifact.text().len();
        if len > 0 {
            make_executable(&mut mapping, start..start + len)?;
        }
        let images = match images {
            Images::File(file) => Images::File(file.filter(|_| artifact.has_memory_images())),
            other => other,
        };
        // SAFETY: the artifact was read from the mapping, whose code is executable.
        Ok(unsafe { Self::assemble(artifact, Backing::Own(mapping), images) })
    }

    /// An artifact whose code is executable.
    ///
    /// # Safety
    ///
    /// What the artifact reads is in `backing`. The code is trustworthy.
    pub(crate) unsafe fn assemble(
        artifact: Artifact<'static>,
        backing: Backing,
        images: Images,
    ) -> Arc<Self> {
        let text = artifact.text().as_ptr_range();
        let text = text.start.addr()..text.end.addr();
        let artifact = Arc::new(artifact);
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            // SAFETY: the registration is the first field to be dropped, and the artifact's bytes
            // are valid until what they are in is dropped, which is later.
            _registration: unsafe {
                Registration::new(text.clone(), Arc::clone(&artifact), Weak::<Self>::clone(this))
            },
            artifact,
            _backing: backing,
            text,
            images,
        })
    }

    /// The artifact, read in place from the mapping.
    #[inline]
    pub fn artifact(&self) -> &Artifact<'_> {
        &self.artifact
    }

    /// The addresses of the machine code.
    #[inline]
    pub fn text(&self) -> Range<usize> {
        self.text.clone()
    }

    /// The address of an offset in the text. The caller must know that the offset lies in the text.
    #[inline]
    pub fn text_ptr(&self, offset: u32) -> *const u8 {
        let start = self.artifact.text().as_ptr();
        start.wrapping_add(offset as usize)
    }

    /// Whether an address lies in the machine code.
    #[inline]
    pub fn contains(&self, pc: usize) -> bool {
        self.text.contains(&pc)
    }

    /// The offset in the text of an address that lies in it.
    #[inline]
    pub fn text_offset(&self, pc: usize) -> Option<u32> {
        self.contains(pc).then(|| (pc - self.text.start) as u32)
    }

    /// The entry of a defined function.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged, or has no such function.
    #[inline]
    pub fn function_ptr(&self, func: DefinedFuncIndex) -> Result<*const u8, wasm_artifact::Error> {
        Ok(self.text_ptr(self.artifact.function_code(func)?.offset))
    }

    /// The file from which the initial contents of memories can be mapped. `None` if there are no
    /// images, or the system does not allow such a file: then the contents must be copied.
    pub fn image_source(&self) -> Option<ImageSource<'_>> {
        match &self.images {
            Images::File(file) => {
                file.as_ref().map(|file| ImageSource { fd: file.as_fd(), skipped: 0 })
            }
            Images::Shared(whole) => {
                whole.file.as_ref().map(|file| ImageSource { fd: file.as_fd(), skipped: 0 })
            }
            Images::Copy { file, sealed } => {
                let make = || {
                    let wanted = self.artifact.has_memory_images();
                    wanted.then(|| copy_images(&self.artifact, *sealed).ok()).flatten()
                };
                let (skipped, _) = self.artifact.memory_images();
                let file = file.get_or_init(make).as_ref()?;
                Some(ImageSource { fd: file.as_fd(), skipped })
            }
        }
    }
}

/// Reads the artifact in a small file and maps its code. `None` if there is anything in the way:
/// the usual way of loading finds out what it is.
///
/// # Safety
///
/// Nobody may change the file, or truncate it, as long as the code is mapped. The artifact must not
/// be used any longer than what it reads, which is beside it.
unsafe fn read_whole(file: &OwnedFd, len: usize) -> Option<(Artifact<'static>, Backing)> {
    let mut bytes = Vec::with_capacity(len);
    let count = retry_on_intr(|| rustix::io::pread(file, spare_capacity(&mut bytes), 0)).ok()?;
    if count != len {
        return None;
    }
    // SAFETY: the bytes are not changed any more, and stay where they are if their owner moves. The
    // caller drops the reader first.
    let read: &'static [u8] = unsafe { slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
    let artifact = Artifact::parse(read).ok()?;
    check_host(&artifact).ok()?;
    let text = artifact.text();
    if text.is_empty() {
        return None;
    }
    // SAFETY: the caller guarantees that the file does not change. Parsing has checked that the
    // text starts at a page and lies within the file.
    let code = unsafe { Mapping::of_code(file.as_fd(), artifact.text_file_offset(), text.len()) };
    let code = code.ok()?;
    // SAFETY: as for what was read.
    let artifact = artifact.with_text(unsafe { code.bytes() })?;
    Some((artifact, Backing::Read { code, bytes }))
}

/// Maps a file, and makes the code in it executable.
///
/// # Safety
///
/// Nobody may change the file, or truncate it, as long as the mapping exists.
pub(crate) unsafe fn map_file(file: &OwnedFd) -> Result<Mapping, Error> {
    let len = file_len(file)?;
    // SAFETY: as the caller promises.
    unsafe { map(file, len, true) }
}

/// Maps a file of that length, not zero. Makes the code in it executable if that is wanted before
/// the mapping is read.
///
/// # Safety
///
/// As for [`map_file`].
unsafe fn map(file: &OwnedFd, len: usize, ahead: bool) -> Result<Mapping, Error> {
    // SAFETY: as the caller promises.
    let mut mapping = unsafe { Mapping::of_file(file.as_fd(), len) }
        .map_err(|error| Error::io("map the file", error))?;
    if !ahead {
        // The fault that brings the header brings the code, too.
        return Ok(mapping);
    }
    // It takes half the time to change the protection of pages that were not touched yet. So the
    // position of the code must be known without touching the mapping.
    let mut head = [0; HEAD];
    let count = retry_on_intr(|| rustix::io::pread(file, &mut head, 0))
        .map_err(|error| Error::io("read the file", error))?;
    let text = text_range(&head[..count]).filter(|text| text.end <= len as u64);
    if let Some(text) = text {
        make_executable(&mut mapping, text.start as usize..text.end as usize)?;
    }
    Ok(mapping)
}

/// The loaded artifact whose code an address is in. Not for signal handlers: if it is the last to
/// let go of the result, that unmaps it.
pub fn find(pc: usize) -> Option<Arc<Loaded>> {
    code_map::owner_at(pc)?.downcast().ok()
}

/// Opens a file to load what is in it. Errors name the file.
pub(crate) fn in_file<L>(
    path: &Path,
    load: impl FnOnce(OwnedFd) -> Result<L, Error>,
) -> Result<L, Error> {
    let file = File::open(path).map_err(|error| Error::io("open the file", error));
    file.and_then(|file| load(file.into())).map_err(|error| error.in_file(path))
}

/// The size of a regular file, in bytes; not zero.
pub(crate) fn file_len(file: &OwnedFd) -> Result<usize, Error> {
    let status = rustix::fs::fstat(file).map_err(|error| Error::io("look at the file", error))?;
    let kind = FileType::from_raw_mode(status.st_mode);
    if kind != FileType::RegularFile {
        let error = match kind {
            FileType::Directory => io::ErrorKind::IsADirectory.into(),
            _ => io::Error::other("it is not a regular file: read it and load the bytes"),
        };
        return Err(Error::io("load it", error));
    }
    let len = usize::try_from(status.st_size).unwrap_or_default();
    if len == 0 {
        // A mapping cannot be empty; parsing reports what is wrong.
        Artifact::parse(&[])?;
    }
    Ok(len)
}
