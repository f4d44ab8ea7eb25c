//! Patterns for the names of functions.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use wasm_types::Escaped;

/// A pattern for names: text in which `*` stands for any characters, even none, and `?` for exactly
/// one. After a backslash, these characters and the backslash itself stand for themselves, as is
/// needed for names such as `<*const T>::read`.
///
/// ```
/// use wasm_hooks::NamePattern;
///
/// # fn main() -> Result<(), wasm_hooks::NamePatternError> {
/// let pattern: NamePattern = "alloc::*::push".parse()?;
/// assert!(pattern.matches("alloc::vec::Vec<T>::push"));
/// assert!(!pattern.matches("alloc::vec::Vec<T>::pop"));
/// # Ok(())
/// # }
/// ```
///
/// A function can have several names. [`matches_function`](NamePattern::matches_function) says
/// which of them count.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NamePattern {
    text: String,
}

impl NamePattern {
    /// A pattern.
    ///
    /// # Errors
    ///
    /// If it is empty, or ends with a backslash that is followed by nothing.
    pub fn new(text: &str) -> Result<Self, NamePatternError> {
        if text.is_empty() {
            return Err(NamePatternError { kind: ErrorKind::Empty });
        }
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character == '\\' && characters.next().is_none() {
                return Err(NamePatternError { kind: ErrorKind::Unfinished(text.to_string()) });
            }
        }
        Ok(Self { text: text.to_string() })
    }

    /// The pattern that matches every name.
    pub fn any() -> Self {
        Self { text: "*".to_string() }
    }

    /// The pattern that matches this name, and no other.
    ///
    /// # Errors
    ///
    /// If the name is empty.
    pub fn exactly(name: &str) -> Result<Self, NamePatternError> {
        let mut text = String::with_capacity(name.len());
        for character in name.chars() {
            if matches!(character, '*' | '?' | '\\') {
                text.push('\\');
            }
            text.push(character);
        }
        Self::new(&text)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole name matches. In the worst case this takes time in proportion to the
    /// product of the lengths.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (self.text.chars(), name.chars());
        // Where to continue if what follows the last `*` does not match: then `*` stands for one
        // character more.
        let mut retry: Option<(core::str::Chars<'_>, core::str::Chars<'_>)> = None;
        loop {
            let (mut next_pattern, mut next_rest) = (pattern.clone(), rest.clone());
            let matched = match (next_pattern.next(), next_rest.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    retry = Some((next_pattern.clone(), rest.clone()));
                    pattern = next_pattern;
                    continue;
                }
                (Some('?'), Some(_)) => true,
                (Some('\\'), Some(found)) => next_pattern.next() == Some(found),
                (Some(wanted), Some(found)) => wanted == found,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if matched {
                (pattern, rest) = (next_pattern, next_rest);
                continue;
            }
            let Some((after, mut from)) = retry.take() else { return false };
            if from.next().is_none() {
                return false;
            }
            (pattern, rest) = (after.clone(), from.clone());
            retry = Some((after, from));
        }
    }

    /// Whether a function matches one of some patterns. All its names count: the one in the name
    /// section and those that it is exported by. With feature `demangle`, each name counts as it is
    /// and as it stands in Rust and C++ sources ([`wasm_types::demangle`]). A function without any
    /// name is called `func[N]`, where `N` is its index.
    pub fn matches_function<'n>(
        patterns: &[NamePattern],
        index: u32,
        names: impl IntoIterator<Item = &'n str>,
    ) -> bool {
        let matches = |name: &str| Self::any_matches(patterns, name);
        let mut named = false;
        for name in names {
            named = true;
            if matches(name) {
                return true;
            }
        }
        !named && matches(&unnamed_function(index))
    }

    /// Whether a name matches one of some patterns, as it is or as it stands in the source.
    pub fn any_matches(patterns: &[NamePattern], name: &str) -> bool {
        let matches = |name: &str| patterns.iter().any(|pattern| pattern.matches(name));
        if matches(name) {
            return true;
        }
        match wasm_types::demangle(name) {
            Cow::Borrowed(_) => false,
            Cow::Owned(demangled) => matches(&demangled),
        }
    }
}

/// The name for a function without one: `func[N]`, where `N` is its index.
pub fn unnamed_function(index: u32) -> String {
    alloc::format!("func[{index}]")
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for NamePattern {
    type Err = NamePatternError;

    fn from_str(text: &str) -> Result<Self, NamePatternError> {
        Self::new(text)
    }
}

/// Why a text is not a [`NamePattern`].
#[derive(Clone, PartialEq, Eq)]
pub struct NamePatternError {
    kind: ErrorKind,
}

#[derive(Clone, PartialEq, Eq)]
enum ErrorKind {
    Empty,
    Unfinished(String),
}

impl fmt::Display for NamePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Empty => {
                f.write_str("an empty pattern matches no function: `*` matches all of them")
            }
            ErrorKind::Unfinished(text) => write!(
                f,
                "the pattern `{}` ends with a backslash, which takes the meaning from the \
                 character after it: write `\\\\` for a backslash",
                Escaped::new(text)
            ),
        }
    }
}

impl fmt::Debug for NamePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl core::error::Error for NamePatternError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamePattern {
        NamePattern::new(text).unwrap()
    }

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        for (text, good, bad) in [
            ("main", &["main"][..], &["", "mai", "mains", "xmain"][..]),
            ("*", &["", "a", "a::b"], &[]),
            ("a*", &["a", "ab", "a*"], &["", "ba"]),
            ("*z", &["z", "zz", "az"], &["", "za"]),
            ("a*b*c", &["abc", "a1b2c", "abbc", "abcbc"], &["ab", "acb", "abcb"]),
            ("*ab*ab*", &["abab", "xabyabz", "aabab"], &["ab", "abba"]),
            ("??", &["ab", "ää"], &["", "a", "abc"]),
            ("f?*", &["fo", "foo"], &["f"]),
            ("**a", &["a", "ba"], &["b"]),
            (r"\*x", &["*x"], &["ax", r"\*x"]),
            (r"a\\b", &[r"a\b"], &["ab"]),
            (r"\?", &["?"], &["a"]),
        ] {
            for name in good {
                assert!(pattern(text).matches(name), "`{text}` and `{name}`");
            }
            for name in bad {
                assert!(!pattern(text).matches(name), "`{text}` and `{name}`");
            }
        }
    }

    #[test]
    fn a_pattern_that_is_hard_to_match_takes_no_time() {
        let text = "*a".repeat(30) + "b";
        assert!(!pattern(&text).matches(&"a".repeat(3000)));
    }

    #[test]
    fn a_function_matches_by_any_of_its_names() {
        let patterns = [pattern("run"), pattern("func[7]")];
        let matches = |index, names: &[&str]| {
            NamePattern::matches_function(&patterns, index, names.iter().copied())
        };
        assert!(matches(0, &["run"]));
        assert!(matches(0, &["inner", "run"]));
        assert!(!matches(0, &["inner"]));
        assert!(matches(7, &[]));
        assert!(!matches(8, &[]));
        // A function with a name does not match by its number.
        assert!(!matches(7, &["inner"]));
    }

    #[cfg(feature = "demangle")]
    #[test]
    fn names_match_as_they_are_and_as_they_stand_in_the_source() {
        let mangled = "_ZN5alloc7raw_vec8grow_one17h0123456789abcdefE";
        for text in ["alloc::*", "alloc::raw_vec::grow_one", "_ZN5alloc*", mangled] {
            assert!(NamePattern::matches_function(&[pattern(text)], 1, [mangled]), "{text}");
        }
        for text in ["alloc", "std::*", "*h0123456789abcdef"] {
            assert!(!NamePattern::matches_function(&[pattern(text)], 1, [mangled]), "{text}");
        }
    }

    #[test]
    fn exact_patterns_mean_the_characters_themselves() {
        for name in ["<*const T>::read", r"a\b", "why?", "plain"] {
            let pattern = NamePattern::exactly(name).unwrap();
            assert!(pattern.matches(name));
            assert!(!pattern.matches("<xconst T>::read"));
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert!(NamePattern::new("").unwrap_err().to_string().contains('*'));
        assert!(NamePattern::new(r"a\").unwrap_err().to_string().contains("backslash"));
        assert!(NamePattern::new(r"a\\").is_ok());
        assert_eq!("a*".parse::<NamePattern>().unwrap().to_string(), "a*");
    }
}
