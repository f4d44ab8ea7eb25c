//! Errors of the crate `anyhow`, in both directions (feature `anyhow`).

use std::any::{Any, TypeId};
use std::error::Error as StdError;

use super::object::Object;
use super::{Error, Result};

/// An error of the crate `anyhow`, with all that is in it.
struct AnyhowObject(anyhow::Error);

impl Object for AnyhowObject {
    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    fn into_std(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self.0.into_boxed_dyn_error()
    }

    fn find(&self, ty: TypeId) -> Option<&dyn Any> {
        (ty == TypeId::of::<anyhow::Error>()).then_some(&self.0 as &dyn Any)
    }

    fn find_mut(&mut self, ty: TypeId) -> Option<&mut dyn Any> {
        (ty == TypeId::of::<anyhow::Error>()).then_some(&mut self.0 as &mut dyn Any)
    }

    fn owns(&self, ty: TypeId) -> bool {
        ty == TypeId::of::<anyhow::Error>()
    }

    fn take(self: Box<Self>, _: TypeId) -> Option<Box<dyn Any>> {
        Some(Box::new(self.0))
    }

    fn into_anyhow(self: Box<Self>) -> anyhow::Error {
        self.0
    }
}

impl Error {
    /// An error made of one of the crate `anyhow` (feature `anyhow`). Its chain is the same, and
    /// [`Error::downcast_ref`] finds in it what its own function of that name finds, and the
    /// `anyhow::Error` itself.
    ///
    /// ```
    /// use wasm_store::Error;
    ///
    /// let error = Error::from_anyhow(anyhow::Error::msg("no such file").context("can't start"));
    /// assert_eq!(format!("{error:#}"), "can't start: no such file");
    /// ```
    #[cold]
    pub fn from_anyhow(error: anyhow::Error) -> Self {
        Self { object: Box::new(AnyhowObject(error)) }
    }

    /// The error of the crate `anyhow` that this one, or what its context is around, was made of.
    pub(super) fn as_anyhow(&self) -> Option<&anyhow::Error> {
        self.object.find(TypeId::of::<anyhow::Error>())?.downcast_ref()
    }

    /// As [`as_anyhow`](Self::as_anyhow), to be changed.
    pub(super) fn as_anyhow_mut(&mut self) -> Option<&mut anyhow::Error> {
        self.object.find_mut(TypeId::of::<anyhow::Error>())?.downcast_mut()
    }
}

/// With all layers of its context, so that `anyhow` finds in it what [`Error::downcast_ref`] finds.
impl From<Error> for anyhow::Error {
    #[cold]
    fn from(error: Error) -> Self {
        error.object.into_anyhow()
    }
}

/// Makes a [`Result`] of one of the crate `anyhow` (feature `anyhow`).
///
/// ```
/// use wasm_store::ToWasmtimeResult as _;
///
/// fn read() -> anyhow::Result<u32> {
///     anyhow::bail!("no such file")
/// }
///
/// fn start() -> wasm_store::Result<u32> {
///     Ok(read().to_wasmtime_result()? + 1)
/// }
///
/// assert!(start().unwrap_err().is::<anyhow::Error>());
/// ```
pub trait ToWasmtimeResult<T> {
    /// The same result, with an error made by [`Error::from_anyhow`].
    ///
    /// # Errors
    ///
    /// The error there was.
    fn to_wasmtime_result(self) -> Result<T>;
}

impl<T> ToWasmtimeResult<T> for anyhow::Result<T> {
    fn to_wasmtime_result(self) -> Result<T> {
        self.map_err(Error::from_anyhow)
    }
}

impl<T> ToWasmtimeResult<T> for Result<T> {
    fn to_wasmtime_result(self) -> Result<T> {
        self
    }
}

impl super::__private::FromAnyhow for anyhow::Error {
    fn kind(&self) -> super::__private::AnyhowKind {
        super::__private::AnyhowKind
    }
}

impl super::__private::AnyhowKind {
    /// What [`format_err!`](crate::format_err) makes of an error of `anyhow`.
    #[doc(hidden)]
    #[cold]
    #[must_use]
    pub fn make(self, error: anyhow::Error) -> Error {
        Error::from_anyhow(error)
    }
}
