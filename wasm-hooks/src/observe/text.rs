//! Names as text that people and tools read line by line.

use std::string::String;

use wasm_types::Escaped;

/// A text, [escaped](Escaped). The author of a module chooses the names in it. On a terminal,
/// control characters in names could move the cursor or hide lines; in a file they could begin new
/// lines.
pub(super) fn plain(text: &str) -> String {
    Escaped::new(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            plain("a\u{1b}[2J\r\n\tb\u{9b}c\u{7f}\0"),
            r"a\u{1b}[2J\r\n\tb\u{9b}c\u{7f}\u{0}"
        );
        assert_eq!(plain("größe::<T>"), "größe::<T>");
    }
}
