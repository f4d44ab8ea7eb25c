//! Patterns for names that no function has.

use std::slice;

use wasm_runtime::{Escaped, NamePattern};
use wasm_types::{demangle, suggestions};

use crate::exit::message;

/// How many names that contain the pattern's text are shown.
const SHOWN: usize = 3;

/// Warns of patterns that match no name, and shows similar names. Such a pattern is most often
/// misspelt, and without a warning it would look as if the program called nothing.
pub(crate) fn warn_of_idle(option: &str, patterns: &[NamePattern], names: &[String]) {
    for pattern in patterns {
        let matches = |name: &String| NamePattern::any_matches(slice::from_ref(pattern), name);
        if !names.iter().any(matches) {
            let text = pattern.to_string();
            let plain: Vec<String> = names.iter().map(|name| demangle(name).into_owned()).collect();
            let near = near_names(&text, &plain);
            let text = Escaped::new(&text);
            message(format_args!("warning: {option}: no function is called `{text}`{near}"));
        }
    }
}

/// The names that are similar to a pattern.
fn near_names(pattern: &str, names: &[String]) -> String {
    let plain: String = pattern.chars().filter(|c| !matches!(c, '*' | '?' | '\\')).collect();
    let lower = plain.to_lowercase();
    let has = |name: &&String| !lower.is_empty() && name.to_lowercase().contains(&lower);
    // The shortest is the most similar.
    let mut with: Vec<_> =
        names.iter().filter(has).map(|name| (name.chars().count(), name.clone())).collect();
    if with.is_empty() {
        return suggestions::misses(&plain, names.iter().map(String::as_str));
    }
    with.sort();
    with.truncate(SHOWN);
    suggestions::suggest(with)
}

#[cfg(test)]
mod tests {
    use super::near_names;

    #[test]
    fn names_with_the_text_come_before_misspellings() {
        let names = ["parse_header", "parse_body", "main", "func[3]"].map(String::from);
        assert_eq!(near_names("parse", &names), ": did you mean `parse_body` or `parse_header`?");
        assert_eq!(near_names("PARSE_B?", &names), ": did you mean `parse_body`?");
        assert_eq!(near_names("mian*", &names), ": did you mean `main`?");
        assert_eq!(near_names("*", &names[..0]), "");
        assert_eq!(near_names("zebra", &names), "");
    }
}
