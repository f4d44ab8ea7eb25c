//! Strings: what each pair of encodings takes, with the allocations that the canonical ABI
//! prescribes ([Storing]), which components see.
//!
//! [Storing]:
//! https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#storing

mod copy;
mod runs;
mod units;

use wasm_component::{AdapterTrap, StringEncoding, UTF16_TAG};
use wasm_encoder::BlockType;

use super::body::Local;
use super::copy::Copier;
use super::memory::Bytes;
use crate::error::Error;
use units::Units;

/// [`UTF16_TAG`] as the operand of an instruction.
const TAG: i32 = UTF16_TAG.cast_signed();

/// Why strings trap that are not where they should be.
const OUT_OF_BOUNDS: AdapterTrap = AdapterTrap::StringOutOfBounds;

/// A string in the memory of the source, after it was checked to be there.
#[derive(Clone, Copy)]
struct Source {
    pointer: Local,
    /// The length in units.
    length: Local,
    /// The length in bytes.
    bytes: Local,
    units: Units,
}

/// Where the copy of a string is: an address, and a length as the target's encoding has it.
#[derive(Clone, Copy)]
struct Copied {
    pointer: Local,
    length: Local,
}

impl Copier<'_, '_> {
    /// Copies the string of `length` at `pointer`, and pushes where it is then, and its length.
    pub(super) fn string(&mut self, pointer: Local, length: Local) -> Result<(), Error> {
        let copied = Copied { pointer: self.word(), length: self.word() };
        match self.source.encoding {
            StringEncoding::Utf8 => self.string_of(Units::Utf8, pointer, length, copied)?,
            StringEncoding::Utf16 => self.string_of(Units::Utf16, pointer, length, copied)?,
            StringEncoding::CompactUtf16 => {
                self.body
                    .code()
                    .local_get(length.index)
                    .i32_const(0)
                    .i32_lt_s()
                    .if_(BlockType::Empty)
                    .local_get(length.index)
                    .i32_const(TAG)
                    .i32_xor()
                    .local_set(length.index);
                self.string_of(Units::Utf16, pointer, length, copied)?;
                self.body.code().else_();
                self.string_of(Units::Latin1, pointer, length, copied)?;
                self.body.code().end();
            }
        }
        self.body.push(copied.pointer);
        self.body.push(copied.length);
        Ok(())
    }

    /// Copies a string of those units.
    fn string_of(
        &mut self,
        units: Units,
        pointer: Local,
        length: Local,
        copied: Copied,
    ) -> Result<(), Error> {
        let source = Source { pointer, length, bytes: self.word(), units };
        let align = if self.source.encoding == StringEncoding::Utf8 { 1 } else { 2 };
        let memory = self.source_memory()?;
        self.multiply(length, units.size(), source.bytes, OUT_OF_BOUNDS);
        self.check_aligned(pointer, align);
        self.check_bounds(memory, pointer, Bytes::Local(source.bytes), OUT_OF_BOUNDS);
        match (units, self.target.encoding) {
            (Units::Utf8, StringEncoding::Utf8) => self.copy_units(source, 1, copied)?,
            (Units::Utf16, StringEncoding::Utf16)
            | (Units::Latin1, StringEncoding::CompactUtf16) => {
                self.copy_units(source, 2, copied)?;
            }
            (Units::Utf16 | Units::Latin1, StringEncoding::Utf8) => self.narrow(source, copied)?,
            (Units::Utf8, StringEncoding::Utf16) => self.utf8_to_utf16(source, copied)?,
            (Units::Latin1, StringEncoding::Utf16) => self.inflate(source, copied)?,
            (Units::Utf16, StringEncoding::CompactUtf16)
                if self.source.encoding == StringEncoding::CompactUtf16 =>
            {
                self.probably_wide(source, copied)?;
            }
            (Units::Utf8 | Units::Utf16, StringEncoding::CompactUtf16) => {
                self.compact(source, copied)?;
            }
        }
        self.body.release(source.bytes);
        Ok(())
    }
}
