//! Which extensions of the instruction set finished code uses.
//!
//! An artifact records what its code uses, not what it was allowed to use, so that it runs on every
//! machine that can run it. For x86-64, with the feature `exact-extensions`, the machine code
//! itself is read (`x86.rs`). Everywhere else all extensions that were allowed count as used: the
//! settings whose names start with `has_`, as far as they are on. The other settings of an
//! instruction set choose between sequences that all machines run.

#[cfg(feature = "exact-extensions")]
mod x86;

#[cfg(feature = "exact-extensions")]
mod enabled;
#[cfg(feature = "exact-extensions")]
pub(crate) use enabled::Scanner;

#[cfg(not(feature = "exact-extensions"))]
mod disabled;
#[cfg(not(feature = "exact-extensions"))]
pub(crate) use disabled::Scanner;

use cranelift_codegen::isa::TargetIsa;

/// What the names of settings that allow for an extension start with.
const PREFIX: &str = "has_";

/// A set of extensions: bits that are places in [`Scanner::NAMES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Extensions(u32);

/// The names of the settings that allow for what the functions of a module use, sorted. A function
/// of which it is not known stands for all extensions that are allowed.
pub(crate) fn names(
    isa: &dyn TargetIsa,
    functions: impl IntoIterator<Item = Option<Extensions>>,
) -> Vec<String> {
    let mut functions = functions.into_iter();
    let union =
        functions.try_fold(Extensions::default(), |all, one| Some(Extensions(all.0 | one?.0)));
    let mut names = match union {
        Some(used) => {
            let used = |place: &usize| used.0 & 1 << *place != 0;
            (0..Scanner::NAMES.len())
                .filter(used)
                .map(|place| Scanner::NAMES[place].into())
                .collect()
        }
        None => allowed(isa),
    };
    names.sort_unstable();
    names
}

/// The names of all settings that allow for an extension, as far as they are on.
fn allowed(isa: &dyn TargetIsa) -> Vec<String> {
    let flags = isa.isa_flags().into_iter();
    flags
        .filter(|flag| flag.name.starts_with(PREFIX) && flag.as_bool() == Some(true))
        .map(|flag| flag.name.into())
        .collect()
}
