//! Names as text that people and tools read line by line.

use std::string::String;

/// A text without control characters, with a space for each. Names are chosen by whoever wrote the module: on a
/// terminal such characters could move the cursor or hide lines, and in a file they could begin lines of their
/// own.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(plain("a\u{1b}[2J\r\n\tb\u{9b}c\u{7f}\0"), "a [2J   b c  ");
        assert_eq!(plain("größe::<T>"), "größe::<T>");
    }
}
