//! Loading what a trust policy accepts (feature `sign`), without a promise by the caller.
//!
//! What is verified must be what is run. So the file is not mapped, since anybody who may write it
//! could change the pages afterwards. It is read into memory of this process alone, which is made
//! read-only, then verified, then made executable. Initial contents of memories come from the same
//! copy.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustix::io::{pread, retry_on_intr};
use wasm_artifact::sign::TrustPolicy;
use wasm_artifact::{Artifact, ComponentArtifact};

use crate::component::LoadedComponent;
use crate::error::Error;
use crate::loaded::{Images, Loaded, file_len, in_file};
use crate::mapping::Mapping;

impl Loaded {
    /// Loads the artifact in a file if the policy trusts it.
    ///
    /// This is safe, whoever may write the file, before, meanwhile and afterwards. The file is read
    /// once, into memory that belongs only to this process, and what was read is what is verified
    /// and run. The documentation of [`wasm_artifact::sign`] says what trust covers, and what it
    /// does not.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or changes its size meanwhile, is not exactly an artifact, is not
    /// trusted ([`Error::verify_error`]), or was not compiled for this host.
    pub fn verified_from_file(
        path: impl AsRef<Path>,
        policy: &TrustPolicy,
    ) -> Result<Arc<Self>, Error> {
        in_file(path.as_ref(), |file| Self::verified_from_fd(file, policy))
    }

    /// Loads the artifact in an open file if the policy trusts it. The file is read from its start,
    /// and closed.
    ///
    /// # Errors
    ///
    /// As for [`verified_from_file`](Self::verified_from_file).
    pub fn verified_from_fd(file: OwnedFd, policy: &TrustPolicy) -> Result<Arc<Self>, Error> {
        Self::verified(read_file(&file)?, policy)
    }

    /// Loads an artifact from bytes if the policy trusts it: copies them, and verifies and runs the
    /// copy.
    ///
    /// # Errors
    ///
    /// If there is no memory, the bytes are not exactly an artifact, are not trusted
    /// ([`Error::verify_error`]), or were not compiled for this host.
    pub fn verified_from_bytes(bytes: &[u8], policy: &TrustPolicy) -> Result<Arc<Self>, Error> {
        // Bytes that are not an artifact need no mapping, and a mapping cannot be empty.
        Artifact::parse(bytes)?;
        let mapping = Mapping::of_bytes(bytes).map_err(|error| Error::io("map the code", error))?;
        Self::verified(mapping, policy)
    }

    /// `mapping` is memory of this process alone, not of a file.
    fn verified(mapping: Mapping, policy: &TrustPolicy) -> Result<Arc<Self>, Error> {
        // SAFETY: the bytes are no longer used when the mapping is dropped.
        policy.verify(unsafe { mapping.bytes() })?;
        // SAFETY: the caller's policy vouches for the code. Nobody has written it since: the
        // mapping has been read-only from before it was verified.
        unsafe { Self::from_mapping(mapping, sealed_images()) }
    }
}

impl LoadedComponent {
    /// Loads the artifact of a component in a file if the policy trusts it: see
    /// [`Loaded::verified_from_file`].
    ///
    /// # Errors
    ///
    /// As for [`Loaded::verified_from_file`], and if the artifact is that of a module.
    pub fn verified_from_file(
        path: impl AsRef<Path>,
        policy: &TrustPolicy,
    ) -> Result<Arc<Self>, Error> {
        in_file(path.as_ref(), |file| Self::verified_from_fd(file, policy))
    }

    /// Loads the artifact of a component in an open file if the policy trusts it.
    ///
    /// # Errors
    ///
    /// As for [`verified_from_file`](Self::verified_from_file).
    pub fn verified_from_fd(file: OwnedFd, policy: &TrustPolicy) -> Result<Arc<Self>, Error> {
        Self::verified(read_file(&file)?, policy)
    }

    /// Loads the artifact of a component from bytes if the policy trusts it: copies them, and
    /// verifies and runs the copy.
    ///
    /// # Errors
    ///
    /// As for [`Loaded::verified_from_bytes`], and if the artifact is that of a module.
    pub fn verified_from_bytes(bytes: &[u8], policy: &TrustPolicy) -> Result<Arc<Self>, Error> {
        ComponentArtifact::parse(bytes)?;
        let mapping = Mapping::of_bytes(bytes).map_err(|error| Error::io("map the code", error))?;
        Self::verified(mapping, policy)
    }

    /// `mapping` is memory of this process alone, not of a file.
    fn verified(mapping: Mapping, policy: &TrustPolicy) -> Result<Arc<Self>, Error> {
        // SAFETY: the bytes are no longer used when the mapping is dropped.
        policy.verify(unsafe { mapping.bytes() })?;
        // SAFETY: as for modules.
        unsafe { Self::from_mapping(mapping, None, sealed_images) }
    }
}

fn sealed_images() -> Images {
    Images::Copy { file: OnceLock::new(), sealed: true }
}

/// The content of a file, in memory of this process alone.
fn read_file(file: &OwnedFd) -> Result<Mapping, Error> {
    let len = file_len(file)?;
    Mapping::filled(len, |buffer| read_exactly(file, buffer))
        .map_err(|error| Error::io("read the file", error))
}

/// Fills the buffer from the start of the file, which must have exactly as many bytes.
fn read_exactly(file: &OwnedFd, buffer: &mut [u8]) -> io::Result<()> {
    let changed = |how: &str| io::Error::other(format!("it {how} while it was read"));
    let mut done = 0;
    while done < buffer.len() {
        let read = retry_on_intr(|| pread(file.as_fd(), &mut buffer[done..], done as u64))?;
        if read == 0 {
            return Err(changed("became shorter"));
        }
        done += read;
    }
    match retry_on_intr(|| pread(file.as_fd(), &mut [0], done as u64))? {
        0 => Ok(()),
        _ => Err(changed("became longer")),
    }
}
