//! Results of host functions, of whatever error type.

use std::any::Any;
use std::error::Error as StdError;

use wasm_store::{Error, Result};

/// Makes a result with this project's error of one with another, as `anyhow` has.
pub trait IntoResult<T> {
    /// The result.
    ///
    /// # Errors
    ///
    /// If it was one.
    fn into_result(self) -> Result<T>;
}

impl<T, E> IntoResult<T> for Result<T, E>
where
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    #[inline]
    fn into_result(self) -> Result<T> {
        self.map_err(into_error)
    }
}

#[cold]
fn into_error<E: Into<Box<dyn StdError + Send + Sync>> + 'static>(error: E) -> Error {
    let mut slot = Some(error);
    // Most are this project's already, and stay as they are.
    let own = (&mut slot as &mut dyn Any).downcast_mut::<Option<Error>>().and_then(Option::take);
    match (own, slot) {
        (Some(own), _) => own,
        (None, Some(error)) => Error::from_boxed(error.into()),
        (None, None) => Error::msg("an error was lost"),
    }
}
