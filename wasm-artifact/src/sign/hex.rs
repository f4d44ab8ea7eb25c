//! 32 bytes as hexadecimal digits, and back.

use core::fmt;

/// What is not 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ParseHexError {
    problem: Problem,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Problem {
    Length(usize),
    Digit { place: usize },
}

impl fmt::Display for ParseHexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Length(found) => {
                write!(f, "64 hexadecimal digits are wanted, and these are {found} characters")
            }
            Problem::Digit { place } => {
                write!(f, "64 hexadecimal digits are wanted, and character {place} is none")
            }
        }
    }
}

impl fmt::Debug for ParseHexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl core::error::Error for ParseHexError {}

/// Writes the digits, in lower case.
pub(super) fn write(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads 64 digits, of either case.
pub(super) fn parse(text: &str) -> Result<[u8; 32], ParseHexError> {
    let error = |problem| ParseHexError { problem };
    if text.len() != 64 {
        return Err(error(Problem::Length(text.chars().count())));
    }
    let mut bytes = [0; 32];
    for (place, digit) in text.bytes().enumerate() {
        let value = char::from(digit).to_digit(16);
        let value = value.ok_or(error(Problem::Digit { place: place + 1 }))?;
        bytes[place / 2] = bytes[place / 2] << 4 | value as u8;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    struct Shown([u8; 32]);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(&self.0, f)
        }
    }

    #[test]
    fn there_and_back() {
        let bytes = core::array::from_fn(|i| (i * 37) as u8);
        let text = Shown(bytes).to_string();
        assert!(text.starts_with("00254a6f94"), "{text}");
        assert_eq!(parse(&text), Ok(bytes));
        assert_eq!(parse(&text.to_uppercase()), Ok(bytes));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(parse("").unwrap_err().to_string().contains("are 0 characters"));
        assert!(parse(&"0".repeat(63)).unwrap_err().to_string().contains("63"));
        let text = format!("{}g0", "0".repeat(62));
        assert!(parse(&text).unwrap_err().to_string().contains("character 63"));
        // A sign is no digit, and a character of several bytes is one character.
        assert!(parse(&format!("+{}", "0".repeat(63))).is_err());
        assert!(parse(&"é".repeat(32)).is_err());
        assert!(parse(&"é".repeat(33)).unwrap_err().to_string().contains("33"));
    }
}
