//! JSON, as far as profiles need it (RFC 8259).

use std::fmt::Write as _;
use std::string::String;

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
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

/// Writes an array of what is written one after the other.
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
        string(&mut out, "a\"b\\c\n\t\u{1}ü");
        assert_eq!(out, r#""a\"b\\c\n\t\u0001ü""#);
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
