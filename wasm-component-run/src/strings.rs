//! Strings in the memories of guests: the three encodings, to and from Rust's strings.
//!
//! Everything here works on bytes and checks them; what is out of bounds of a memory was found out
//! by the caller.

use std::borrow::Cow;

use wasm_component::{MAX_STRING_BYTE_LENGTH, StringEncoding, UTF16_TAG};
use wasm_store::{Result, bail, format_err};

/// How a string lies in a memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) bytes: usize,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Utf8,
    Utf16,
    Latin1,
}

impl Place {
    /// The place of a string with the given pointer and length.
    ///
    /// # Errors
    ///
    /// If the pointer is not aligned, or the string is not in the memory.
    #[inline]
    pub(crate) fn new(
        encoding: StringEncoding,
        pointer: u32,
        len: u32,
        memory: usize,
    ) -> Result<Self> {
        let (form, units, width, align) = match encoding {
            StringEncoding::Utf8 => (Form::Utf8, len, 1, 1),
            StringEncoding::Utf16 => (Form::Utf16, len, 2, 2),
            StringEncoding::CompactUtf16 if len & UTF16_TAG == 0 => (Form::Latin1, len, 1, 2),
            StringEncoding::CompactUtf16 => (Form::Utf16, len ^ UTF16_TAG, 2, 2),
        };
        if !pointer.is_multiple_of(align) {
            bail!("string pointer not aligned to {align}");
        }
        let (start, bytes) = (u64::from(pointer), u64::from(units) * width);
        let out_of_bounds = || format_err!("string pointer/length out of bounds of memory");
        if start + bytes > memory as u64 {
            return Err(out_of_bounds());
        }
        let size = |value| usize::try_from(value).map_err(|_| out_of_bounds());
        Ok(Self { start: size(start)?, bytes: size(bytes)?, form })
    }

    /// The string, without a copy if it can be.
    ///
    /// # Errors
    ///
    /// If it is not valid in its encoding.
    #[inline]
    pub(crate) fn decode<'a>(&self, memory: &'a [u8]) -> Result<Cow<'a, str>> {
        let Some(bytes) = memory.get(self.start..self.start + self.bytes) else {
            bail!("string pointer/length out of bounds of memory");
        };
        Ok(match self.form {
            Form::Utf8 => Cow::Borrowed(std::str::from_utf8(bytes)?),
            Form::Latin1 if bytes.is_ascii() => Cow::Borrowed(std::str::from_utf8(bytes)?),
            Form::Latin1 => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
            Form::Utf16 => Cow::Owned(decode_utf16(bytes)?),
        })
    }
}

/// The units of a string in UTF-16. An odd byte at the end is none.
fn units(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let (units, _) = bytes.as_chunks::<2>();
    units.iter().copied().map(u16::from_le_bytes)
}

fn decode_utf16(bytes: &[u8]) -> Result<String> {
    // A unit takes one to three bytes of UTF-8; most text is short of that.
    let mut text = String::with_capacity(bytes.len() / 2);
    for found in char::decode_utf16(units(bytes)) {
        text.push(found?);
    }
    Ok(text)
}

/// Where a string is written to: a memory that can give more room.
pub(crate) trait Destination {
    /// Makes room, or gives other room in place of what there is.
    fn realloc(&mut self, old: usize, old_size: usize, align: u32, size: usize) -> Result<usize>;

    /// Room that was given.
    fn room(&mut self, start: usize, size: usize) -> Result<&mut [u8]>;
}

/// Writes a string in the given encoding, and returns its pointer and its length in units, which is
/// tagged where the encoding has it.
///
/// # Errors
///
/// If it is too long, or there is no room.
#[inline]
pub(crate) fn lower(
    to: &mut impl Destination,
    encoding: StringEncoding,
    text: &str,
) -> Result<(u32, u32)> {
    let (pointer, len) = match encoding {
        StringEncoding::Utf8 => {
            check_size(text.len(), text)?;
            let pointer = to.realloc(0, 0, 1, text.len())?;
            to.room(pointer, text.len())?.copy_from_slice(text.as_bytes());
            (pointer, text.len())
        }
        StringEncoding::Utf16 => lower_utf16(to, text)?,
        StringEncoding::CompactUtf16 => return lower_compact(to, text),
    };
    Ok((number(pointer)?, number(len)?))
}

fn lower_utf16(to: &mut impl Destination, text: &str) -> Result<(usize, usize)> {
    let worst = check_size(text.len().saturating_mul(2), text)?;
    let mut pointer = to.realloc(0, 0, 2, worst)?;
    let written = 2 * write_utf16(text, to.room(pointer, worst)?);
    if written < worst {
        pointer = to.realloc(pointer, worst, 2, written)?;
    }
    Ok((pointer, written / 2))
}

/// Writes Latin-1 until a character is none, and then goes over to UTF-16.
fn lower_compact(to: &mut impl Destination, text: &str) -> Result<(u32, u32)> {
    check_size(text.len(), text)?;
    let size = text.len();
    let mut pointer = to.realloc(0, 0, 2, size)?;
    let room = to.room(pointer, size)?;
    let (mut len, mut rest) = (0, None);
    for (place, found) in text.char_indices() {
        let (Ok(byte), Some(to)) = (u8::try_from(found), room.get_mut(len)) else {
            rest = Some(place);
            break;
        };
        *to = byte;
        len += 1;
    }
    let Some(rest) = rest.and_then(|place| text.get(place..)) else {
        if len < size {
            pointer = to.realloc(pointer, size, 2, len)?;
        }
        return Ok((number(pointer)?, number(len)?));
    };
    let worst = check_size(size.saturating_mul(2), text)?;
    pointer = to.realloc(pointer, size, 2, worst)?;
    let room = to.room(pointer, worst)?;
    inflate(room, len);
    len += room.get_mut(2 * len..).map_or(0, |room| write_utf16(rest, room));
    if 2 * len < worst {
        pointer = to.realloc(pointer, worst, 2, 2 * len)?;
    }
    Ok((number(pointer)?, number(len)? | UTF16_TAG))
}

/// Writes as many units as there is room for, and returns how many.
pub(crate) fn write_utf16(text: &str, room: &mut [u8]) -> usize {
    let (room, _) = room.as_chunks_mut::<2>();
    let mut written = 0;
    for (unit, to) in text.encode_utf16().zip(room) {
        *to = unit.to_le_bytes();
        written += 1;
    }
    written
}

fn check_size(bytes: usize, text: &str) -> Result<usize> {
    if bytes > MAX_STRING_BYTE_LENGTH as usize {
        bail!("string length of {} too large to copy into wasm", text.len());
    }
    Ok(bytes)
}

fn number(size: usize) -> Result<u32> {
    u32::try_from(size).map_err(|_| format_err!("{size:#x} is beyond a memory of 32 bits"))
}

/// Makes units of UTF-16 of that many bytes of Latin-1, in their place.
fn inflate(room: &mut [u8], len: usize) {
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

    /// A memory whose room is never used again.
    #[derive(Default)]
    struct Heap(Vec<u8>);

    impl Destination for Heap {
        fn realloc(
            &mut self,
            old: usize,
            old_size: usize,
            align: u32,
            size: usize,
        ) -> Result<usize> {
            if size < old_size {
                return Ok(old);
            }
            let start = self.0.len().next_multiple_of(align as usize);
            self.0.resize(start + size, 0xaa);
            self.0.copy_within(old..old + old_size, start);
            Ok(start)
        }

        fn room(&mut self, start: usize, size: usize) -> Result<&mut [u8]> {
            Ok(&mut self.0[start..start + size])
        }
    }

    const ALL: [StringEncoding; 3] =
        [StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::CompactUtf16];

    proptest! {
        #[test]
        fn what_is_written_is_read(text in ".{0,40}", before in 0_usize..5) {
            for encoding in ALL {
                let mut heap = Heap(vec![0; before]);
                let (pointer, len) = lower(&mut heap, encoding, &text).unwrap();
                let place = Place::new(encoding, pointer, len, heap.0.len()).unwrap();
                prop_assert_eq!(place.decode(&heap.0).unwrap(), text.as_str());
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..20),
            pointer in 0_u32..24,
            len in 0_u32..24,
            tag in any::<bool>(),
        ) {
            for encoding in ALL {
                let len = if tag { len | UTF16_TAG } else { len };
                if let Ok(place) = Place::new(encoding, pointer, len, bytes.len()) {
                    let _ = place.decode(&bytes);
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let place = |encoding, pointer, len| Place::new(encoding, pointer, len, 16);
        let text = |result: Result<Place>| result.unwrap_err().to_string();
        assert_eq!(text(place(StringEncoding::Utf16, 1, 1)), "string pointer not aligned to 2");
        for (encoding, pointer, len) in [
            (StringEncoding::Utf8, 16, 1),
            (StringEncoding::Utf8, u32::MAX, 0),
            (StringEncoding::Utf16, 8, 5),
            (StringEncoding::CompactUtf16, 8, 9),
            (StringEncoding::CompactUtf16, 8, 5 | UTF16_TAG),
        ] {
            let found = text(place(encoding, pointer, len));
            assert_eq!(found, "string pointer/length out of bounds of memory");
        }
        assert!(place(StringEncoding::Utf8, 16, 0).is_ok());
    }
}
