//! Text from elsewhere, as it can be shown: what would steer a terminal, begin a line or hide
//! something is escaped.

use alloc::string::ToString;
use core::fmt;

/// A text that comes from a module, an artifact or a script, and is shown to people: its `Display`
/// has escapes such as `\n` and `\u{1b}` in place of characters that do something instead of being
/// seen.
///
/// Whoever writes a module chooses the names in it. As they are, they could move the cursor, begin
/// lines that look like somebody else's, or turn around the direction of what follows. Escaped are
/// control characters, the separators of lines and paragraphs, marks of direction, and all that
/// Unicode has without a width and without a form of its own (among it the joiners of some
/// scripts). All else is left: letters of every script, spaces, quotes and backslashes.
///
/// Everything of this project that writes names as text does it with this type; what is read by
/// programs has the names as they are, where the format can hold them.
///
/// ```
/// use wasm_types::Escaped;
///
/// assert_eq!(Escaped::new("größe::<T>").to_string(), "größe::<T>");
/// assert_eq!(Escaped::new("a\u{1b}[2J\nb").to_string(), r"a\u{1b}[2J\nb");
/// assert_eq!(Escaped::new("user\u{202e}nimda").to_string(), r"user\u{202e}nimda");
/// // Where a text has lines of its own, such as the message of a parser.
/// assert_eq!(Escaped::lines("a\n\tb\r").to_string(), "a\n\tb\\r");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Escaped<'a> {
    text: &'a str,
    /// Whether line feeds and tabulators stay.
    lines: bool,
}

impl<'a> Escaped<'a> {
    /// A text that is to be shown within a line, such as a name.
    pub fn new(text: &'a str) -> Self {
        Self { text, lines: false }
    }

    /// A text that may have several lines: line feeds and tabulators stay.
    pub fn lines(text: &'a str) -> Self {
        Self { text, lines: true }
    }

    fn escapes(&self, c: char) -> bool {
        !(self.lines && matches!(c, '\n' | '\t')) && is_unseen(c)
    }

    fn write_to(&self, to: &mut impl fmt::Write) -> fmt::Result {
        let mut rest = self.text;
        while let Some(place) = rest.find(|c| self.escapes(c)) {
            let (plain, after) = rest.split_at(place);
            to.write_str(plain)?;
            let mut after = after.chars();
            if let Some(c) = after.next() {
                write!(to, "{}", c.escape_default())?;
            }
            rest = after.as_str();
        }
        to.write_str(rest)
    }
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.contains(|c| self.escapes(c)) {
            return f.pad(self.text);
        }
        if f.width().is_some() || f.precision().is_some() {
            // The width is that of what is shown.
            let mut shown = alloc::string::String::new();
            self.write_to(&mut shown)?;
            return f.pad(&shown);
        }
        self.write_to(f)
    }
}

impl From<Escaped<'_>> for alloc::string::String {
    fn from(escaped: Escaped<'_>) -> Self {
        escaped.to_string()
    }
}

/// Whether a character does something instead of being seen.
///
/// These are the control characters, the separators of lines and paragraphs, those with the
/// property `Bidi_Control` or `Default_Ignorable_Code_Point`, and marks of annotations (Unicode
/// 17).
fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;

    /// Every character once: what is escaped is ASCII that can be seen, and what is not stays.
    #[test]
    fn every_character_is_seen_or_escaped() {
        let mut escaped = 0;
        for c in '\0'..=char::MAX {
            let text = String::from(c);
            let shown = Escaped::new(&text).to_string();
            if shown == text {
                // What the standard library knows not to be printable is no letter, mark, number or
                // sign.
                assert!(!c.is_control(), "{c:?}");
            } else {
                escaped += 1;
                assert!(shown.bytes().all(|byte| byte.is_ascii_graphic()), "{shown}");
                assert!(!c.is_alphanumeric() || matches!(c, '\u{115f}'..='\u{ffa0}'), "{c:?}");
                assert_ne!(c, ' ');
            }
        }
        assert_eq!(escaped, 4096 + 65 + 83);
    }

    #[test]
    fn what_is_known_to_deceive_is_escaped() {
        // Trojan Source (CVE-2021-42574), terminals, line separators, names that look alike.
        for c in "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\
                  \u{61c}\u{1b}\u{9b}\u{7f}\0\r\n\u{85}\u{2028}\u{2029}\u{200b}\u{200c}\u{200d}\u{feff}\
                  \u{2060}\u{ad}\u{e0041}\u{fe0f}"
            .chars()
        {
            let name = format!("a{c}b");
            let shown = Escaped::new(&name).to_string();
            assert!(shown.starts_with("a\\") && shown.ends_with('b'), "{shown}");
            assert!(!shown.contains(c));
        }
        for text in ["größe", "名前", "имя", "שם", "اسم", "नाम", "a b\u{a0}c", "👍", r#""\'`"#]
        {
            assert_eq!(Escaped::new(text).to_string(), text);
        }
    }

    #[test]
    fn widths_are_those_of_what_is_shown() {
        assert_eq!(format!("{:<6}|", Escaped::new("ab")), "ab    |");
        assert_eq!(format!("{:<6}|", Escaped::new("a\n")), "a\\n   |");
        assert_eq!(format!("{:>9}|", Escaped::new("\u{1b}x")), "  \\u{1b}x|");
    }
}
