//! How the error types of this project show themselves and their causes.
//!
//! An error's `Display` says what went wrong in its own words, and not again what
//! [`source`](Error::source) returns: code that walks the causes prints each once. `{:#}` writes
//! all of them in one line, and `Debug`, which is what a `main` that returns an error prints,
//! writes them as a list.

use alloc::string::ToString;
use core::error::Error;
use core::fmt;

/// Writes an error as its `Debug`: what it says, and its causes below it.
///
/// ```
/// use std::fmt;
///
/// struct Unreadable(fmt::Error);
///
/// impl fmt::Display for Unreadable {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("the file can't be read")?;
///         wasm_types::report::causes(self, f)
///     }
/// }
///
/// impl fmt::Debug for Unreadable {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         wasm_types::report::list(self, f)
///     }
/// }
///
/// impl std::error::Error for Unreadable {
///     fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
///         Some(&self.0)
///     }
/// }
///
/// let error = Unreadable(fmt::Error);
/// let cause = "an error occurred when formatting an argument";
/// assert_eq!(format!("{error}"), "the file can't be read");
/// assert_eq!(format!("{error:#}"), format!("the file can't be read: {cause}"));
/// assert_eq!(format!("{error:?}"), format!("the file can't be read\n\nCaused by:\n    {cause}"));
/// ```
///
/// # Errors
///
/// As the formatter.
pub fn list(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut next = error.source();
    let single = next.is_some_and(|cause| cause.source().is_none());
    if next.is_some() {
        f.write_str("\n\nCaused by:")?;
    }
    let mut number = 0;
    while let Some(cause) = next {
        // Lines after the first are brought under the first, so that a backtrace stays readable.
        let text = cause.to_string().replace('\n', "\n       ");
        if single {
            write!(f, "\n    {text}")?;
        } else {
            write!(f, "\n    {number}: {text}")?;
        }
        number += 1;
        next = cause.source();
    }
    Ok(())
}

/// Writes the causes of an error in its line, if the formatter is that of `{:#}`: the last that its
/// `Display` does.
///
/// # Errors
///
/// As the formatter.
pub fn causes(error: &dyn Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut next = error.source().filter(|_| f.alternate());
    while let Some(cause) = next {
        write!(f, ": {cause}")?;
        next = cause.source();
    }
    Ok(())
}
