//! An artifact in executable memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustix::fs::FileType;
use wasm_artifact::Artifact;
use wasm_types::DefinedFuncIndex;

use crate::error::Error;
use crate::host::check_host;
use crate::images::{ImageSource, copy_images};
use crate::mapping::Mapping;
use crate::registry::Registration;

/// An artifact in executable memory, found by addresses in its code as long as it lives.
///
/// It is always in an [`Arc`], is unmapped when the last one goes, and can be shared by any number of
/// threads, engines and stores.
#[derive(Debug)]
pub struct Loaded {
    // The order is that of dropping: first nobody can look it up any more, then the reader goes,
    // then what it reads.
    _registration: Registration,
    /// Not really `'static`: it reads `_mapping`, and only leaves this type with its lifetime.
    artifact: Arc<Artifact<'static>>,
    _mapping: Mapping,
    text: Range<usize>,
    images: Images,
}

/// The file that the images of memories can be mapped from.
#[derive(Debug)]
enum Images {
    /// The artifact's own file, if it has images.
    File(Option<OwnedFd>),
    /// A copy that is made when it is first asked for; `None` if there are no images or the system
    /// does not allow for such a file.
    Copy(OnceLock<Option<OwnedFd>>),
}

impl Loaded {
    /// Loads the artifact in a file: maps it, checks it against this host, and makes its code
    /// executable. The number of system calls and of touched pages does not depend on the size of
    /// the module.
    ///
    /// # Safety
    ///
    /// The machine code in the file is run as it is, so that the file must come from this
    /// project's compiler or be as trustworthy. Nobody may change the file, or cut it off, while it is
    /// loaded; replacing it by renaming another one over it is fine.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or mapped, is something else than an artifact, is damaged, or was
    /// not compiled for this host.
    pub unsafe fn from_file(path: impl AsRef<Path>) -> Result<Arc<Self>, Error> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| Error::io("open the file", error));
        let file = file.map_err(|error| error.in_file(path))?;
        // SAFETY: the caller guarantees the same.
        unsafe { Self::from_fd(file.into()) }.map_err(|error| error.in_file(path))
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
        let status =
            rustix::fs::fstat(&file).map_err(|error| Error::io("look at the file", error))?;
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
            // A mapping cannot be empty; parsing says what is wrong.
            Artifact::parse(&[])?;
        }
        // SAFETY: the caller guarantees that the file does not change.
        let mapping = unsafe { Mapping::of_file(file.as_fd(), len) }
            .map_err(|error| Error::io("map the file", error))?;
        // SAFETY: the caller vouches for the code.
        unsafe { Self::from_mapping(mapping, Some(file)) }
    }

    /// Loads an artifact from bytes, such as a compiler has just made: copies them to a mapping of
    /// their own, and goes on as for a file.
    ///
    /// # Safety
    ///
    /// The machine code in the bytes is run as it is, so that they must come from this project's
    /// compiler or be as trustworthy.
    ///
    /// # Errors
    ///
    /// If there is no memory, the bytes are something else than an artifact, are damaged, or were not
    /// compiled for this host.
    pub unsafe fn from_bytes(bytes: &[u8]) -> Result<Arc<Self>, Error> {
        // What is no artifact is not worth a mapping; nor is what follows one.
        let bytes = Artifact::parse(bytes)?.bytes();
        let mapping = Mapping::of_bytes(bytes).map_err(|error| Error::io("map the code", error))?;
        // SAFETY: the caller vouches for the code.
        unsafe { Self::from_mapping(mapping, None) }
    }

    /// # Safety
    ///
    /// The code must be trustworthy.
    unsafe fn from_mapping(mapping: Mapping, file: Option<OwnedFd>) -> Result<Arc<Self>, Error> {
        // SAFETY: what reads the bytes is dropped before the mapping: here because it is declared
        // later, in the result because of the order of its fields.
        let bytes = unsafe { mapping.bytes() };
        let artifact = Artifact::parse(bytes)?;
        check_host(&artifact)?;
        // Parsing has checked that the text lies within the bytes and starts at a page.
        let start = artifact.text_file_offset() as usize;
        let len = artifact.text().len();
        if len > 0 {
            let range = start..start + len;
            let result = mapping.make_executable(range);
            result.map_err(|error| Error::io("make the code executable", error))?;
        }
        let base = mapping.base().addr() + start;
        let text = base..base + len;
        let images = match file {
            Some(file) => Images::File(artifact.has_memory_images().then_some(file)),
            None => Images::Copy(OnceLock::new()),
        };
        let artifact = Arc::new(artifact);
        Ok(Arc::new_cyclic(|this| Self {
            // SAFETY: the registration is the first field to be dropped, and the artifact's bytes
            // are valid until the last one is.
            _registration: unsafe {
                Registration::new(text.clone(), Arc::clone(&artifact), this.clone())
            },
            artifact,
            _mapping: mapping,
            text,
            images,
        }))
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

    /// The address of an offset in the text. Whether it lies in the text is the caller's to know.
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
    /// images, or the system does not allow for such a file: the contents are then to be copied.
    pub fn image_source(&self) -> Option<ImageSource<'_>> {
        match &self.images {
            Images::File(file) => {
                file.as_ref().map(|file| ImageSource { fd: file.as_fd(), skipped: 0 })
            }
            Images::Copy(copy) => {
                let make = || {
                    let wanted = self.artifact.has_memory_images();
                    wanted.then(|| copy_images(&self.artifact).ok()).flatten()
                };
                let (skipped, _) = self.artifact.memory_images();
                let file = copy.get_or_init(make).as_ref()?;
                Some(ImageSource { fd: file.as_fd(), skipped })
            }
        }
    }
}
