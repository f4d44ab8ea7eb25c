//! Components from artifacts: the one place where somebody answers for machine code.

#![allow(unsafe_code, reason = "passes on what the caller promises")]

use std::path::Path;
use std::ptr::NonNull;

use wasm_store::{Bundle, Engine, Result};

use super::Component;

impl Component {
    /// Loads an artifact from memory.
    ///
    /// # Errors
    ///
    /// If it is no artifact of a component, or does not fit this machine or the engine's settings.
    ///
    /// # Safety
    ///
    /// The bytes were made by this project's compiler ([`Component::serialize`],
    /// [`Engine::precompile_component`]), and nobody has changed them: code in them runs.
    pub unsafe fn deserialize(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Component> {
        // SAFETY: as the caller promises.
        let bundle = unsafe { Bundle::deserialize(engine, bytes.as_ref())? };
        Self::from_bundle(engine, bundle)
    }

    /// As [`deserialize`](Self::deserialize), with bytes that lie anywhere in memory. They are
    /// copied, so that they need not stay there.
    ///
    /// # Errors
    ///
    /// As for [`deserialize`](Self::deserialize).
    ///
    /// # Safety
    ///
    /// As for [`deserialize`](Self::deserialize); and the memory can be read.
    pub unsafe fn deserialize_raw(engine: &Engine, memory: NonNull<[u8]>) -> Result<Component> {
        // SAFETY: as the caller promises.
        unsafe { Self::deserialize(engine, memory.as_ref()) }
    }

    /// Loads an artifact from a file, which is mapped.
    ///
    /// # Errors
    ///
    /// As for [`deserialize`](Self::deserialize), and if the file can't be read.
    ///
    /// # Safety
    ///
    /// As for [`deserialize`](Self::deserialize); and nobody changes the file while the component
    /// is in use.
    pub unsafe fn deserialize_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component> {
        // SAFETY: as the caller promises.
        let bundle = unsafe { Bundle::deserialize_file(engine, path.as_ref())? };
        Self::from_bundle(engine, bundle)
    }

    /// Allows the component to have the access to the host's memory that it was compiled to have
    /// (`CodeBuilder::expose_unsafe_intrinsics` of `wasm-runtime`). Without it, instances of such a
    /// component that was loaded as an artifact are errors: so an artifact that is damaged can't
    /// claim to be one.
    ///
    /// # Safety
    ///
    /// What the component reads and writes by these functions is memory that it may read and write,
    /// and the data of each store in which it is instantiated is of the type that it expects. The
    /// artifact is as the compiler has made it.
    pub unsafe fn allow_unsafe_intrinsics(&self) {
        self.0.intrinsics.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
