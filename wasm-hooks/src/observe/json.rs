//! JSON, as far as profiles need it (RFC 8259).

use std::fmt::Write as _;
use std::string::String;

use super::text::plain;

/// Writes a string with its quotes.
pub(super) fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if is_plain(other) => out.push(other),
            unseen => {
                for unit in unseen.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Whether a character is printable. JSON allows others too, but readers of the file could not see
/// them.
fn is_plain(character: char) -> bool {
    let mut bytes = [0; 4];
    let text = &*character.encode_utf8(&mut bytes);
    character.is_ascii_graphic() || character == ' ' || plain(text) == text
}

/// Writes an array. `write` writes each element.
pub(super) fn array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (number, value) in items.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        item(out, value);
    }
    out.push(']');
}

/// Writes an array of numbers; `None` is `null`.
pub(super) fn numbers<N: std::fmt::Display>(
    out: &mut String,
    items: impl IntoIterator<Item = Option<N>>,
) {
    array(out, items, |out, number| {
        let _ = match number {
            Some(number) => write!(out, "{number}"),
            None => write!(out, "null"),
        };
    });
}

/// Writes an array that has the same element throughout.
pub(super) fn repeated(out: &mut String, element: &str, count: usize) {
    array(out, 0..count, |out, _| out.push_str(element));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut out = String::new();
        string(&mut out, "a\"b\\c\n\t\u{1}ü\u{202e}\u{9b}\u{e0041}");
        assert_eq!(out, r#""a\"b\\c\n\t\u0001ü\u202e\u009b\udb40\udc41""#);
    }

    #[test]
    fn arrays_have_commas_in_between() {
        let mut out = String::new();
        numbers(&mut out, [Some(1), None, Some(3)]);
        repeated(&mut out, "0", 2);
        numbers::<u32>(&mut out, []);
        assert_eq!(out, "[1,null,3][0,0][]");
    }
}
