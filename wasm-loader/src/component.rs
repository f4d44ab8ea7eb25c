//! The artifact of a component in executable memory.
#![allow(unsafe_code)]

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use wasm_artifact::ComponentArtifact;

use crate::error::Error;
use crate::host::check_host;
use crate::loaded::{Backing, Images, Loaded, Whole, in_file, make_executable, map_file};
use crate::mapping::Mapping;

/// The artifact of a component in executable memory: one mapping, whose modules are each like a
/// [`Loaded`] of its own.
///
/// It is in an [`Arc`] and can be shared as [`Loaded`] can. The bytes are unmapped when it and all
/// of its modules are dropped.
#[derive(Debug)]
pub struct LoadedComponent {
    modules: Vec<Arc<Loaded>>,
    /// Not really `'static`: it reads `_whole`, which is dropped after it, and leaves this type
    /// only with the lifetime of `self`.
    artifact: ComponentArtifact<'static>,
    _whole: Arc<Whole>,
}

impl LoadedComponent {
    /// Loads the artifact in a file: maps it, checks it against this host, and makes its code
    /// executable. The number of system calls depends neither on the size of the component nor on
    /// the number of its modules.
    ///
    /// # Safety
    ///
    /// As for [`Loaded::from_file`].
    ///
    /// # Errors
    ///
    /// As for [`Loaded::from_file`], and if the artifact is that of a module.
    pub unsafe fn from_file(path: impl AsRef<Path>) -> Result<Arc<Self>, Error> {
        // SAFETY: the caller guarantees the same.
        in_file(path.as_ref(), |file| unsafe { Self::from_fd(file) })
    }

    /// Loads the artifact in an open file.
    ///
    /// # Safety
    ///
    /// As for [`Loaded::from_file`].
    ///
    /// # Errors
    ///
    /// As for [`from_file`](Self::from_file).
    pub unsafe fn from_fd(file: OwnedFd) -> Result<Arc<Self>, Error> {
        // SAFETY: the caller guarantees that the file does not change.
        let mapping = unsafe { map_file(&file)? };
        // SAFETY: the caller vouches for the code.
        unsafe { Self::from_mapping(mapping, Some(file), Images::copy) }
    }

    /// Loads an artifact from bytes, for example those that a compiler has just made. Copies them
    /// to a mapping of their own, and continues as for a file.
    ///
    /// # Safety
    ///
    /// As for [`Loaded::from_bytes`].
    ///
    /// # Errors
    ///
    /// As for [`Loaded::from_bytes`], and if the artifact is that of a module.
    pub unsafe fn from_bytes(bytes: &[u8]) -> Result<Arc<Self>, Error> {
        // Bytes that are not an artifact need no mapping; neither do bytes that follow one.
        let bytes = ComponentArtifact::parse(bytes)?.whole().bytes();
        let mapping = Mapping::of_bytes(bytes).map_err(|error| Error::io("map the code", error))?;
        // SAFETY: the caller vouches for the code.
        unsafe { Self::from_mapping(mapping, None, Images::copy) }
    }

    /// Loads what a mapping has: of a file, or else with copies of the images of memories.
    ///
    /// # Safety
    ///
    /// The code must be trustworthy.
    pub(crate) unsafe fn from_mapping(
        mut mapping: Mapping,
        file: Option<OwnedFd>,
        copies: fn() -> Images,
    ) -> Result<Arc<Self>, Error> {
        // SAFETY: the readers of the bytes are dropped before the mapping: here because they are
        // declared later, in the result because of the order of its fields, and in modules because
        // each of them keeps the mapping.
        let bytes = unsafe { mapping.bytes() };
        let artifact = ComponentArtifact::parse(bytes)?;
        // Parsing has checked that its modules require nothing else.
        check_host(artifact.whole())?;
        // It has also checked that the text lies within the bytes and starts at a page, and that
        // those of modules lie within it.
        let start = artifact.whole().text_file_offset() as usize;
        let len = artifact.whole().text().len();
        if len > 0 {
            make_executable(&mut mapping, start..start + len)?;
        }
        let is_file = file.is_some();
        let has_images = artifact.modules().iter().any(|module| module.has_memory_images());
        let whole = Arc::new(Whole { _mapping: mapping, file: file.filter(|_| has_images) });
        let modules = artifact.modules().iter().map(|module| {
            let images = if is_file { Images::Shared(Arc::clone(&whole)) } else { copies() };
            let backing = Backing::Shared(Arc::clone(&whole));
            // SAFETY: the module reads the mapping, whose code is executable and trustworthy.
            unsafe { Loaded::assemble(module.clone(), backing, images) }
        });
        let modules = modules.collect();
        Ok(Arc::new(Self { modules, artifact, _whole: whole }))
    }

    /// The artifact, read in place from the mapping.
    pub fn artifact(&self) -> &ComponentArtifact<'_> {
        &self.artifact
    }

    /// The modules, in the order in which the plan counts them.
    pub fn modules(&self) -> &[Arc<Loaded>] {
        &self.modules
    }
}
