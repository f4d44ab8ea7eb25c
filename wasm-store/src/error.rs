//! The error type of the API: any error, with layers of context around it.
//!
//! The shape is that of the `anyhow` crate, which code written against Wasmtime expects: a single
//! type into which every error converts, and from which its layers can be taken again.

mod chain;
mod context;
mod gc_heap;
mod macros;
mod object;
#[cfg(feature = "anyhow")]
mod other;
mod pool;
mod thrown;
mod trap;

use std::any::{Any, TypeId};
use std::backtrace::Backtrace;
use std::error::Error as StdError;
use std::fmt;

pub use chain::Chain;
pub use context::Context;
pub use gc_heap::GcHeapOutOfMemory;
#[doc(hidden)]
pub use macros::__private;
use object::{ContextObject, MessageObject, Object, PlainObject};
#[cfg(feature = "anyhow")]
pub use other::ToWasmtimeResult;
pub use pool::PoolConcurrencyLimitError;

pub use thrown::ThrownException;
pub use trap::Trap;
pub(crate) use trap::{CastFault, MemoryFault};

pub use crate::{bail, ensure, format_err};

/// A result whose error is [`Error`] unless another type is given.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A success whose error would be [`Error`], for closures in which nothing else says so.
///
/// ```
/// let parse = |text: &str| {
///     let number: u32 = text.parse()?;
///     wasm_store::error::Ok(number)
/// };
/// assert_eq!(parse("12").unwrap(), 12);
/// ```
///
/// # Errors
///
/// None.
#[allow(non_snake_case, reason = "it stands where the variant of that name does")]
pub fn Ok<T>(value: T) -> Result<T> {
    Result::Ok(value)
}

/// Any error, with context.
///
/// Displaying it writes the outermost message; displaying it with `{:#}` writes the whole chain in
/// one line, and `{:?}` writes it as a list.
///
/// ```
/// use wasm_store::{Error, Trap};
///
/// let error = Error::new(Trap::IntegerDivisionByZero).context("in the tax computation");
/// assert_eq!(error.to_string(), "in the tax computation");
/// assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivisionByZero));
/// ```
pub struct Error {
    object: Box<dyn Object>,
}

impl Error {
    /// An error made of a value of an error type, which [`Error::downcast_ref`] finds again.
    #[cold]
    pub fn new<E>(error: E) -> Self
    where
        E: StdError + Send + Sync + 'static,
    {
        Self { object: Box::new(PlainObject(error)) }
    }

    /// An error made of a message.
    #[cold]
    pub fn msg<M>(message: M) -> Self
    where
        M: fmt::Display + fmt::Debug + Send + Sync + 'static,
    {
        Self { object: Box::new(MessageObject(message)) }
    }

    /// An error made of a boxed one. [`Error::downcast_ref`] finds the box (`Box<dyn
    /// std::error::Error + Send + Sync>`), and not what is in it.
    #[cold]
    pub fn from_boxed(error: Box<dyn StdError + Send + Sync + 'static>) -> Self {
        Self { object: Box::new(object::BoxedObject(error)) }
    }

    /// This error with a layer of context around it.
    #[cold]
    pub fn context<C>(self, context: C) -> Self
    where
        C: fmt::Display + fmt::Debug + Send + Sync + 'static,
    {
        Self { object: Box::new(ContextObject { context, inner: self }) }
    }

    /// This error and its causes, from the outermost to the first.
    pub fn chain(&self) -> Chain<'_> {
        Chain::new(self.object.as_std())
    }

    /// The first cause.
    pub fn root_cause(&self) -> &(dyn StdError + 'static) {
        self.chain().last().expect("a chain has at least the error itself")
    }

    /// Whether the error, or a layer of its context, is of the given type.
    pub fn is<E>(&self) -> bool
    where
        E: fmt::Display + fmt::Debug + Send + Sync + 'static,
    {
        self.downcast_ref::<E>().is_some()
    }

    /// The value of the given type that the error, or a layer of its context, was made of.
    pub fn downcast_ref<E>(&self) -> Option<&E>
    where
        E: fmt::Display + fmt::Debug + Send + Sync + 'static,
    {
        let found = self.object.find(TypeId::of::<E>()).and_then(<dyn Any>::downcast_ref);
        #[cfg(feature = "anyhow")]
        let found = found.or_else(|| self.as_anyhow()?.downcast_ref());
        found
    }

    /// The value of the given type that the error, or a layer of its context, was made of, to be
    /// changed.
    pub fn downcast_mut<E>(&mut self) -> Option<&mut E>
    where
        E: fmt::Display + fmt::Debug + Send + Sync + 'static,
    {
        #[cfg(feature = "anyhow")]
        if self.object.find(TypeId::of::<E>()).is_none() {
            return self.as_anyhow_mut()?.downcast_mut();
        }
        self.object.find_mut(TypeId::of::<E>())?.downcast_mut()
    }

    /// Takes the value of the given type out of the error.
    ///
    /// # Errors
    ///
    /// The error itself, if it was made of something else.
    pub fn downcast<E>(self) -> Result<E, Self>
    where
        E: fmt::Display + fmt::Debug + Send + Sync + 'static,
    {
        if !self.object.owns(TypeId::of::<E>()) {
            #[cfg(feature = "anyhow")]
            if self.as_anyhow().is_some_and(|error| error.is::<E>()) {
                return self.downcast::<anyhow::Error>()?.downcast().map_err(Self::from_anyhow);
            }
            return Err(self);
        }
        let found = self.object.take(TypeId::of::<E>());
        match found.and_then(|found| found.downcast().ok()) {
            Some(value) => Ok(*value),
            None => Err(Self::msg("the requested value was taken out of this error")),
        }
    }

    /// The backtrace of Rust code of where the error was made. Errors capture none, so that its
    /// status is always `Disabled`; that of Wasm is a
    /// [`WasmBacktrace`](crate::WasmBacktrace), which [`downcast_ref`](Self::downcast_ref) finds.
    pub fn backtrace(&self) -> &Backtrace {
        static NONE: Backtrace = Backtrace::disabled();
        &NONE
    }

    /// This error as a boxed standard error.
    pub fn into_boxed_dyn_error(self) -> Box<dyn StdError + Send + Sync + 'static> {
        self.object.into_std()
    }

    fn as_std(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.object.as_std()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return fmt::Debug::fmt(self.as_std(), f);
        }
        wasm_types::report::list(self.as_std(), f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_std())?;
        wasm_types::report::causes(self.as_std(), f)
    }
}

impl<E> From<E> for Error
where
    E: StdError + Send + Sync + 'static,
{
    #[cold]
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl From<Error> for Box<dyn StdError + Send + Sync + 'static> {
    fn from(error: Error) -> Self {
        error.into_boxed_dyn_error()
    }
}

impl From<Error> for Box<dyn StdError + Send + 'static> {
    fn from(error: Error) -> Self {
        error.into_boxed_dyn_error()
    }
}

impl From<Error> for Box<dyn StdError + 'static> {
    fn from(error: Error) -> Self {
        error.into_boxed_dyn_error()
    }
}

impl std::ops::Deref for Error {
    type Target = dyn StdError + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        self.as_std()
    }
}

impl AsRef<dyn StdError> for Error {
    fn as_ref(&self) -> &(dyn StdError + 'static) {
        self.as_std()
    }
}

impl AsRef<dyn StdError + Send + Sync> for Error {
    fn as_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.as_std()
    }
}

#[cfg(test)]
mod tests;
