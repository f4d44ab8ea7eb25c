//! Names of Rust (both schemes) and of C++ (the Itanium ABI).
//!
//! Whoever writes a module chooses the names in it. A short name can stand for a long one, as it
//! can refer to parts of itself several times: what is made of it has a limit, beyond which it
//! stays as it is.

use alloc::string::String;
use core::fmt::{self, Write};

use cpp_demangle::{BorrowedSymbol, DemangleOptions};

/// Longer names stay as they are, in bytes.
const LONGEST: usize = 8 << 10;

/// What is made of a name has no more bytes than this.
const MOST: usize = 32 << 10;

/// The name in the source, if this is one of a kind that is known.
pub(super) fn demangle(name: &str) -> Option<String> {
    // Most names that are none are told by their first bytes.
    if !(name.starts_with("_Z") || name.starts_with("_R")) || name.len() > LONGEST {
        return None;
    }
    rust(name).or_else(|| cpp(name))
}

fn rust(name: &str) -> Option<String> {
    let demangled = rustc_demangle::try_demangle(name).ok()?;
    let mut out = Limited::default();
    // Without the hash, and in the newer scheme without the hashes of crates.
    write!(out, "{demangled:#}").ok()?;
    Some(out.text)
}

fn cpp(name: &str) -> Option<String> {
    let symbol = BorrowedSymbol::new(name.as_bytes()).ok()?;
    let mut out = Limited::default();
    symbol.structured_demangle(&mut out, &DemangleOptions::new().no_return_type()).ok()?;
    Some(out.text)
}

/// A text that is written until it is too long.
#[derive(Default)]
struct Limited {
    text: String,
}

impl Write for Limited {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.text.len() + part.len() > MOST {
            return Err(fmt::Error);
        }
        self.text.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn names_of_rust_and_cpp_are_known() {
        for (mangled, plain) in [
            ("_ZN3std2io5stdio6_print17h6f5c1e0b2a3d4e5fE", "std::io::stdio::_print"),
            (
                "_ZN5alloc7raw_vec19RawVec$LT$T$C$A$GT$8grow_one17h0123456789abcdefE",
                "alloc::raw_vec::RawVec<T,A>::grow_one",
            ),
            ("_RNvCsgStHSCytQ6I_7mycrate3foo", "mycrate::foo"),
            ("_ZN5space3fooEibc", "space::foo(int, bool, char)"),
            (
                "_ZNSt6vectorIiSaIiEE9push_backERKi",
                "std::vector<int, std::allocator<int> >::push_back(int const&)",
            ),
            ("_Z3maxIiET_S0_S0_", "max<int>(int, int)"),
        ] {
            assert_eq!(demangle(mangled).as_deref(), Some(plain));
        }
    }

    #[test]
    fn other_names_stay_as_they_are() {
        for name in
            ["", "main", "_Z", "_R", "_ZN", "_Znot", "__wasm_call_ctors", "é_Z3foov", "_Z3fooé"]
        {
            assert_eq!(demangle(name), None, "{name}");
        }
    }

    /// `_Z1fI…E` with a parameter that has the one before it twice, and so on.
    #[test]
    fn what_grows_without_bounds_stays_as_it_is() {
        let mut cpp = "_Z1fP1a".to_string();
        for depth in 0..60 {
            let before = substitution(depth);
            cpp.push_str(&format!("PF{before}{before}E"));
        }
        assert_eq!(demangle(&cpp), None);
        // A lot, but not too much.
        assert!(demangle("_Z1fP1aPFS0_S0_EPFS2_S2_E").is_some());
        let long = format!("_ZN{LONGEST}{}E", "a".repeat(LONGEST));
        assert_eq!(demangle(&long), None);
    }

    /// The substitution for the pointer that was made in a step: each step makes two entries of the
    /// table.
    fn substitution(step: usize) -> String {
        let number = 2 * step;
        let digit = |value: usize| char::from_digit(value as u32, 36).unwrap().to_ascii_uppercase();
        if number < 36 {
            format!("S{}_", digit(number))
        } else {
            format!("S{}{}_", digit(number / 36), digit(number % 36))
        }
    }
}
