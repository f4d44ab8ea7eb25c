//! Nothing is debugged.

use std::ptr::NonNull;

use wasm_artifact::Artifact;

use crate::Error;
use crate::vm::context::VMStoreContext;
use crate::vm::instance::VmInstance;
use crate::vm::store::VmStore;

/// What a store knows of being debugged: nothing.
#[derive(Debug, Default)]
pub(in crate::vm) struct Debugging;

impl Debugging {
    pub(in crate::vm) fn adopt(&self, _: NonNull<VmInstance>) {}
}

/// Nobody looks at code, so it is of no interest when it goes on.
#[cfg(feature = "async")]
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Stretch;

impl VmStore {
    pub(crate) fn code_goes_on(&mut self) {}
}

#[cfg(feature = "async")]
impl VmStore {
    pub(in crate::vm) fn stretch(&self) -> Stretch {
        Stretch
    }

    pub(in crate::vm) fn set_stretch(&mut self, stretch: Stretch) -> Stretch {
        stretch
    }
}

/// Where an instance's code stops: nowhere.
#[derive(Debug)]
pub(in crate::vm) struct InstanceStops;

impl InstanceStops {
    #[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
    pub(in crate::vm) fn new(_: &Artifact<'_>) -> Result<Self, Error> {
        Ok(Self)
    }

    pub(in crate::vm) fn address(&self) -> Option<*const u8> {
        None
    }
}

pub(in crate::vm) fn before_leaving(_: *mut VMStoreContext) {}

pub(in crate::vm) fn before_unwinding(
    _: *mut VMStoreContext,
    error: Option<Error>,
) -> Option<Error> {
    error
}
