//! From one encoding to another: what adapters between components call.
//!
//! Sources and destinations are bytes. Lengths count units of the encoding: bytes, or two of them.

use wasm_component::UTF16_TAG;
use wasm_store::{Result, format_err};

use super::{units, write_utf16};

/// How much was read and written, in units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    pub(crate) read: usize,
    pub(crate) written: usize,
}

fn valid_utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| format_err!("invalid utf8 encoding"))
}

/// The characters of a string in UTF-16, each with the place behind it, in units.
fn characters(bytes: &[u8]) -> impl Iterator<Item = Result<(char, usize)>> + '_ {
    let mut place = 0;
    char::decode_utf16(units(bytes)).map(move |found| {
        let found = found.map_err(|_| format_err!("invalid utf16 encoding"))?;
        place += found.len_utf16();
        Ok((found, place))
    })
}

/// UTF-8 to UTF-8. There is room for all of it.
pub(crate) fn utf8_to_utf8(from: &[u8], to: &mut [u8]) -> Result<()> {
    let text = valid_utf8(from)?;
    copy(text.as_bytes(), to);
    Ok(())
}

/// UTF-16 to UTF-16, and whether all of it is in Latin-1. There is room for all of it.
pub(crate) fn utf16_to_utf16(from: &[u8], to: &mut [u8]) -> Result<bool> {
    let mut latin1 = true;
    for found in characters(from) {
        latin1 &= u32::from(found?.0) < 0x100;
    }
    copy(from, to);
    Ok(latin1)
}

/// Latin-1 to Latin-1. There is room for all of it.
pub(crate) fn latin1_to_latin1(from: &[u8], to: &mut [u8]) {
    copy(from, to);
}

fn copy(from: &[u8], to: &mut [u8]) {
    let len = from.len().min(to.len());
    to[..len].copy_from_slice(&from[..len]);
}

/// Latin-1 to UTF-16. There is room for all of it.
pub(crate) fn latin1_to_utf16(from: &[u8], to: &mut [u8]) {
    let (to, _) = to.as_chunks_mut::<2>();
    for (byte, to) in from.iter().zip(to) {
        *to = u16::from(*byte).to_le_bytes();
    }
}

/// UTF-8 to UTF-16, and how many units were written.
pub(crate) fn utf8_to_utf16(from: &[u8], to: &mut [u8]) -> Result<usize> {
    Ok(write_utf16(valid_utf8(from)?, to))
}

/// UTF-16 to UTF-8, as far as there is room, in whole characters.
pub(crate) fn utf16_to_utf8(from: &[u8], to: &mut [u8]) -> Result<Progress> {
    let mut progress = Progress { read: 0, written: 0 };
    for found in characters(from) {
        let (found, read) = found?;
        let end = progress.written + found.len_utf8();
        let Some(room) = to.get_mut(progress.written..end) else { break };
        found.encode_utf8(room);
        progress = Progress { read, written: end };
    }
    Ok(progress)
}

/// Latin-1 to UTF-8, as far as there is room, in whole characters.
pub(crate) fn latin1_to_utf8(from: &[u8], to: &mut [u8]) -> Progress {
    let mut progress = Progress { read: 0, written: 0 };
    for byte in from {
        let found = char::from(*byte);
        let end = progress.written + found.len_utf8();
        let Some(room) = to.get_mut(progress.written..end) else { break };
        found.encode_utf8(room);
        progress = Progress { read: progress.read + 1, written: end };
    }
    progress
}

/// UTF-16 to Latin-1 or UTF-16, for a string that is probably not in Latin-1, and its length with
/// the tag. There is room for all of it in UTF-16.
pub(crate) fn utf16_to_compact_probably_utf16(from: &[u8], to: &mut [u8]) -> Result<u32> {
    let len = from.len() / 2;
    let tag = if utf16_to_utf16(from, to)? { 0 } else { UTF16_TAG };
    if tag == 0 {
        for place in 0..len.min(to.len() / 2) {
            to[place] = to[2 * place];
        }
    }
    // A string has less units than its tag says.
    Ok(len as u32 | tag)
}

/// UTF-8 to Latin-1, up to the first character that is none.
pub(crate) fn utf8_to_latin1(from: &[u8], to: &mut [u8]) -> Result<Progress> {
    let text = valid_utf8(from)?;
    let mut progress = Progress { read: 0, written: 0 };
    for (found, to) in text.chars().zip(to) {
        let Ok(byte) = u8::try_from(found) else { break };
        *to = byte;
        progress.read += found.len_utf8();
        progress.written += 1;
    }
    Ok(progress)
}

/// UTF-16 to Latin-1, up to the first unit that is none.
pub(crate) fn utf16_to_latin1(from: &[u8], to: &mut [u8]) -> Progress {
    let mut len = 0;
    for (unit, to) in units(from).zip(to) {
        let Ok(byte) = u8::try_from(unit) else { break };
        *to = byte;
        len += 1;
    }
    Progress { read: len, written: len }
}

/// The rest of a string in UTF-8 that is not in Latin-1 after all, whose first characters are in
/// the room as that many bytes of Latin-1. Returns the length of all of it in units, without a tag.
pub(crate) fn utf8_to_compact_utf16(from: &[u8], to: &mut [u8], so_far: usize) -> Result<usize> {
    let text = valid_utf8(from)?;
    inflate(to, so_far);
    Ok(so_far + to.get_mut(2 * so_far..).map_or(0, |to| write_utf16(text, to)))
}

/// The same for the rest of a string in UTF-16.
pub(crate) fn utf16_to_compact_utf16(from: &[u8], to: &mut [u8], so_far: usize) -> Result<usize> {
    inflate(to, so_far);
    utf16_to_utf16(from, to.get_mut(2 * so_far..).unwrap_or_default())?;
    Ok(so_far + from.len() / 2)
}

/// Makes units of UTF-16 of that many bytes of Latin-1, in their place.
pub(crate) fn inflate(room: &mut [u8], len: usize) {
    if room.len() / 2 < len {
        return;
    }
    for place in (0..len).rev() {
        room[2 * place] = room[place];
        room[2 * place + 1] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    proptest! {
        #[test]
        fn every_direction_keeps_the_text(text in ".{0,30}") {
            let wide = utf16(&text);
            let mut to = vec![0; wide.len() + 8];
            prop_assert_eq!(utf8_to_utf16(text.as_bytes(), &mut to).unwrap(), wide.len() / 2);
            prop_assert_eq!(&to[..wide.len()], wide.as_slice());

            let mut to = vec![0; text.len()];
            let done = utf16_to_utf8(&wide, &mut to).unwrap();
            prop_assert_eq!(done, Progress { read: wide.len() / 2, written: text.len() });
            prop_assert_eq!(to.as_slice(), text.as_bytes());

            // First Latin-1, then UTF-16 for the rest.
            let mut to = vec![0; 2 * text.len()];
            let done = utf8_to_latin1(text.as_bytes(), &mut to).unwrap();
            if done.read < text.len() {
                let rest = &text.as_bytes()[done.read..];
                let len = utf8_to_compact_utf16(rest, &mut to, done.written).unwrap();
                prop_assert_eq!(&to[..2 * len], wide.as_slice());
            } else {
                let found: String = to[..done.written].iter().copied().map(char::from).collect();
                prop_assert_eq!(&found, &text);
            }

            let mut to = vec![0; wide.len()];
            let done = utf16_to_latin1(&wide, &mut to);
            let rest = &wide[2 * done.read..];
            if !rest.is_empty() {
                let len = utf16_to_compact_utf16(rest, &mut to, done.written).unwrap();
                prop_assert_eq!(&to[..2 * len], wide.as_slice());
            }

            let mut to = vec![0; wide.len()];
            let len = utf16_to_compact_probably_utf16(&wide, &mut to).unwrap();
            if len & UTF16_TAG == 0 {
                let latin1 = &to[..len as usize];
                let mut back = vec![0; 2 * latin1.len()];
                latin1_to_utf16(latin1, &mut back);
                prop_assert_eq!(back, wide);
                let mut back = vec![0; 2 * latin1.len()];
                let done = latin1_to_utf8(latin1, &mut back);
                prop_assert_eq!(&back[..done.written], text.as_bytes());
            } else {
                prop_assert_eq!(to, wide);
            }
        }

        #[test]
        fn any_bytes_and_any_room_are_no_panic(
            from in proptest::collection::vec(any::<u8>(), 0..20),
            room in 0_usize..20,
            so_far in 0_usize..20,
        ) {
            let from = &from[..from.len() & !1];
            let to = || vec![0; room];
            let _ = utf8_to_utf8(from, &mut to());
            let _ = utf16_to_utf16(from, &mut to());
            let _ = utf16_to_utf8(from, &mut to());
            let _ = latin1_to_utf8(from, &mut to());
            let _ = utf8_to_latin1(from, &mut to());
            let _ = utf16_to_latin1(from, &mut to());
            let _ = utf8_to_compact_utf16(from, &mut to(), so_far);
            let _ = utf16_to_compact_utf16(from, &mut to(), so_far);
            let _ = utf16_to_compact_probably_utf16(from, &mut vec![0; from.len()]);
        }
    }

    #[test]
    fn what_has_no_room_is_left() -> Result<()> {
        let mut to = [0; 3];
        let done = utf16_to_utf8(&utf16("abö"), &mut to)?;
        assert_eq!(done, Progress { read: 2, written: 2 });
        assert_eq!(latin1_to_utf8(b"ab\xf6", &mut to), Progress { read: 2, written: 2 });
        Ok(())
    }

    #[test]
    fn what_is_invalid_is_refused() {
        let mut to = [0; 8];
        let text = |result: Result<()>| result.unwrap_err().to_string();
        assert_eq!(text(utf8_to_utf8(b"\xff", &mut to)), "invalid utf8 encoding");
        let lone = 0xd800_u16.to_le_bytes();
        assert_eq!(text(utf16_to_utf16(&lone, &mut to).map(drop)), "invalid utf16 encoding");
        assert_eq!(text(utf16_to_utf8(&lone, &mut to).map(drop)), "invalid utf16 encoding");
    }
}
