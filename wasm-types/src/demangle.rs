//! Names of functions as their programmers wrote them.

#[cfg(not(feature = "demangle"))]
mod disabled;
#[cfg(feature = "demangle")]
mod enabled;

use alloc::borrow::Cow;

#[cfg(not(feature = "demangle"))]
use disabled as demangling;
#[cfg(feature = "demangle")]
use enabled as demangling;

/// The name of a function as it stands in the source: what compilers of Rust and C++ have made of
/// it, to tell functions of one name apart, is undone. Other names, and those that are too long to
/// be worth it, stay as they are; so do all without the feature `demangle`.
///
/// Rust's hashes are left out, and so are the types that C++ functions return: a name is for
/// people, and several functions of a module can have the same. Like the name that it was made of,
/// it is to be shown [escaped](crate::Escaped).
///
/// ```
/// let name = wasm_types::demangle("_ZN4core9panicking5panic17h0123456789abcdefE");
/// # #[cfg(feature = "demangle")]
/// assert_eq!(name, "core::panicking::panic");
/// assert_eq!(wasm_types::demangle("main"), "main");
/// ```
pub fn demangle(name: &str) -> Cow<'_, str> {
    demangling::demangle(name).map_or(Cow::Borrowed(name), Cow::Owned)
}
