//! Arguments that hold paths, which need not be Unicode.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The parts before and after the first separator.
pub(crate) fn split_once<'t>(text: &'t OsStr, separator: &str) -> Option<(&'t OsStr, &'t OsStr)> {
    let bytes = text.as_bytes();
    let mut windows = bytes.windows(separator.len());
    let at = windows.position(|window| window == separator.as_bytes())?;
    let (before, after) = (&bytes[..at], &bytes[at + separator.len()..]);
    Some((OsStr::from_bytes(before), OsStr::from_bytes(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_separator_counts() {
        let split = |text: &'static [u8]| {
            let (before, after) = split_once(OsStr::from_bytes(text), "::")?;
            Some((before.as_bytes(), after.as_bytes()))
        };
        assert_eq!(split(b"\xff:a::b::c"), Some((&b"\xff:a"[..], &b"b::c"[..])));
        assert_eq!(split(b"::"), Some((&b""[..], &b""[..])));
        assert_eq!(split(b"a:b"), None);
        assert_eq!(split(b""), None);
    }
}
