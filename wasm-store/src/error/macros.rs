//! The macros that make errors: `format_err!`, `bail!`, `ensure!`.

/// Makes an [`Error`](crate::Error) from a format string, or from an error or message value.
///
/// ```
/// let error = wasm_store::format_err!("{} is not a number", "x");
/// assert_eq!(error.to_string(), "x is not a number");
/// ```
#[macro_export]
macro_rules! format_err {
    ($message:literal $(,)?) => {
        $crate::error::__private::from_arguments(::core::format_args!($message))
    };
    ($format:literal, $($args:tt)*) => {
        $crate::error::__private::from_arguments(::core::format_args!($format, $($args)*))
    };
    ($error:expr $(,)?) => {{
        #[allow(unused_imports)]
        use $crate::error::__private::{FromAnyhow as _, FromError as _, FromMessage as _};
        let error = $error;
        (&error).kind().make(error)
    }};
}

/// Returns early with an error made as by [`format_err!`](crate::format_err).
///
/// ```
/// fn half(n: u32) -> wasm_store::Result<u32> {
///     if n % 2 == 1 {
///         wasm_store::bail!("{n} is odd");
///     }
///     Ok(n / 2)
/// }
/// assert!(half(3).is_err());
/// ```
#[macro_export]
macro_rules! bail {
    ($($args:tt)*) => {
        return ::core::result::Result::Err($crate::format_err!($($args)*))
    };
}

/// Returns early with an error unless a condition holds.
///
/// ```
/// fn half(n: u32) -> wasm_store::Result<u32> {
///     wasm_store::ensure!(n % 2 == 0, "{n} is odd");
///     Ok(n / 2)
/// }
/// assert!(half(3).is_err());
/// ```
#[macro_export]
macro_rules! ensure {
    ($condition:expr $(,)?) => {
        if !$condition {
            $crate::bail!(::core::concat!("condition failed: `", ::core::stringify!($condition), "`"));
        }
    };
    ($condition:expr, $($args:tt)*) => {
        if !$condition {
            $crate::bail!($($args)*);
        }
    };
}

/// The code that the macros expand to. Not part of the API.
///
/// `format_err!(value)` takes an error type where it is one and a message otherwise. Method
/// resolution prefers `FromError`, which is for `E`, over `FromMessage`, which is for `&M` and
/// so needs one more reference.
#[doc(hidden)]
pub mod __private {
    use std::fmt;

    use crate::Error;

    #[cold]
    #[must_use]
    pub fn from_arguments(arguments: fmt::Arguments<'_>) -> Error {
        match arguments.as_str() {
            Some(message) => Error::msg(message),
            None => Error::msg(arguments.to_string()),
        }
    }

    pub struct ErrorKind;

    pub trait FromError: Sized {
        #[inline]
        fn kind(&self) -> ErrorKind {
            ErrorKind
        }
    }

    impl<E: Into<Error>> FromError for E {}

    impl ErrorKind {
        #[cold]
        pub fn make<E: Into<Error>>(self, error: E) -> Error {
            error.into()
        }
    }

    /// For errors of the crate `anyhow`, which are no error types (feature `anyhow`).
    pub trait FromAnyhow: Sized {
        fn kind(&self) -> AnyhowKind;
    }

    pub struct AnyhowKind;

    pub struct MessageKind;

    pub trait FromMessage: Sized {
        #[inline]
        fn kind(&self) -> MessageKind {
            MessageKind
        }
    }

    impl<M: fmt::Display + fmt::Debug + Send + Sync + 'static> FromMessage for &M {}

    impl MessageKind {
        #[cold]
        pub fn make<M: fmt::Display + fmt::Debug + Send + Sync + 'static>(
            self,
            message: M,
        ) -> Error {
            Error::msg(message)
        }
    }
}
