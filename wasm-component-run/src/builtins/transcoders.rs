//! Transcoders: strings from one memory to another, called by adapters.

use wasm_component::{AdapterTrap, Transcode};
use wasm_store::{Memory, Result, StoreContextMut};

use crate::strings::transcode;
use crate::strings::transcode::Progress;
use crate::trap;

/// Runs a transcoder with its parameters, and writes its results in their place.
pub(super) fn run<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    op: Transcode,
    from: &Memory,
    to: &Memory,
    slots: &mut [u64],
) -> Result<()> {
    let param = |place: usize| slots.get(place).copied().unwrap_or(0) as u32;
    let call =
        Call { op, from: param(0), units: param(1), to: param(2), rest: [param(3), param(4)] };
    let results = match from.data_and_other_mut(to, &mut *store) {
        Some((from, to)) => call.run(from, to)?,
        // Both are one memory: what is read is copied first.
        None => {
            let memory = to.data_mut(store);
            let source = call.source(memory)?.to_vec();
            call.run_from(&source, memory)?
        }
    };
    for (slot, result) in slots.iter_mut().zip(results) {
        *slot = u64::from(result);
    }
    Ok(())
}

struct Call {
    op: Transcode,
    from: u32,
    units: u32,
    to: u32,
    rest: [u32; 2],
}

/// The bytes of a unit.
fn widths(op: Transcode) -> (u64, u64) {
    match op {
        Transcode::CopyUtf8
        | Transcode::CopyLatin1
        | Transcode::Latin1ToUtf8
        | Transcode::Utf8ToLatin1 => (1, 1),
        Transcode::CopyUtf16
        | Transcode::Utf16ToCompactUtf16
        | Transcode::Utf16ToCompactProbablyUtf16 => (2, 2),
        Transcode::Latin1ToUtf16 | Transcode::Utf8ToUtf16 | Transcode::Utf8ToCompactUtf16 => (1, 2),
        Transcode::Utf16ToUtf8 | Transcode::Utf16ToLatin1 => (2, 1),
    }
}

/// The range of a memory, which is checked.
fn range(start: u32, bytes: u64, width: u64, memory: usize) -> Result<std::ops::Range<usize>> {
    if !u64::from(start).is_multiple_of(width) {
        return Err(trap::of_adapter(AdapterTrap::UnalignedPointer));
    }
    match usize::try_from(u64::from(start) + bytes) {
        Ok(end) if end <= memory => Ok(start as usize..end),
        _ => Err(trap::of_adapter(AdapterTrap::StringOutOfBounds)),
    }
}

impl Call {
    fn source<'a>(&self, memory: &'a [u8]) -> Result<&'a [u8]> {
        let (width, _) = widths(self.op);
        let range = range(self.from, u64::from(self.units) * width, width, memory.len())?;
        Ok(memory.get(range).unwrap_or_default())
    }

    fn run(&self, from: &[u8], to: &mut [u8]) -> Result<[u32; 2]> {
        self.run_from(self.source(from)?, to)
    }

    fn run_from(&self, from: &[u8], to: &mut [u8]) -> Result<[u32; 2]> {
        let (_, width) = widths(self.op);
        let [room, latin1] = self.rest;
        let bytes = match self.op {
            Transcode::Utf16ToUtf8
            | Transcode::Latin1ToUtf8
            | Transcode::Utf8ToCompactUtf16
            | Transcode::Utf16ToCompactUtf16 => u64::from(room),
            _ => u64::from(self.units) * width,
        };
        let range = range(self.to, bytes, width, to.len())?;
        let to = to.get_mut(range).unwrap_or_default();
        let latin1 = latin1 as usize;
        if matches!(self.op, Transcode::Utf8ToCompactUtf16 | Transcode::Utf16ToCompactUtf16)
            && latin1 > to.len() / 2
        {
            return Err(trap::of_adapter(AdapterTrap::StringOutOfBounds));
        }
        let none = [0, 0];
        // Lengths are those of ranges of memories with 32-bit addresses.
        let one = |len: usize| [len as u32, 0];
        let two = |Progress { read, written }| [read as u32, written as u32];
        Ok(match self.op {
            Transcode::CopyUtf8 => transcode::utf8_to_utf8(from, to).map(|()| none)?,
            Transcode::CopyUtf16 => transcode::utf16_to_utf16(from, to).map(|_| none)?,
            Transcode::CopyLatin1 => {
                transcode::latin1_to_latin1(from, to);
                none
            }
            Transcode::Latin1ToUtf16 => {
                transcode::latin1_to_utf16(from, to);
                none
            }
            Transcode::Utf8ToUtf16 => one(transcode::utf8_to_utf16(from, to)?),
            Transcode::Utf16ToUtf8 => two(transcode::utf16_to_utf8(from, to)?),
            Transcode::Latin1ToUtf8 => two(transcode::latin1_to_utf8(from, to)),
            Transcode::Utf8ToLatin1 => two(transcode::utf8_to_latin1(from, to)?),
            Transcode::Utf16ToLatin1 => two(transcode::utf16_to_latin1(from, to)),
            Transcode::Utf8ToCompactUtf16 => {
                one(transcode::utf8_to_compact_utf16(from, to, latin1)?)
            }
            Transcode::Utf16ToCompactUtf16 => {
                one(transcode::utf16_to_compact_utf16(from, to, latin1)?)
            }
            Transcode::Utf16ToCompactProbablyUtf16 => {
                [transcode::utf16_to_compact_probably_utf16(from, to)?, 0]
            }
        })
    }
}
