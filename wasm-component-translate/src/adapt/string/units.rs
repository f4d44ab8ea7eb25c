//! One character after the other: decoded from the memory of the source, with all checks, and
//! encoded into the memory of the target.

use wasm_encoder::BlockType;

use crate::adapt::body::{Local, mem_arg};
use crate::adapt::copy::Copier;
use crate::error::Error;
use wasm_component::AdapterTrap;

/// What a string consists of in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Units {
    Utf8,
    Utf16,
    Latin1,
}

impl Units {
    /// The bytes of a unit.
    pub(super) fn size(self) -> u32 {
        match self {
            Self::Utf8 | Self::Latin1 => 1,
            Self::Utf16 => 2,
        }
    }
}

/// What is read: from `at` to `end`. Addresses are compared by their difference, as the end of a
/// memory of 4 GiB is address 0.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub(super) at: Local,
    pub(super) end: Local,
    pub(super) units: Units,
}

/// Where is written to.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    pub(super) at: Local,
    pub(super) units: Units,
}

impl Copier<'_, '_> {
    /// Sets `char` to the next character, of which there is one, and traps if it is not valid.
    pub(super) fn decode(&mut self, reader: Reader, char: Local) -> Result<(), Error> {
        let memory = self.source_memory()?.index;
        let size = reader.units.size();
        self.body.push(reader.at);
        match reader.units {
            Units::Utf8 | Units::Latin1 => self.body.code().i32_load8_u(mem_arg(memory, 0, 1)),
            Units::Utf16 => self.body.code().i32_load16_u(mem_arg(memory, 0, 2)),
        };
        self.body.pop(char);
        self.body.advance(reader.at, size);
        match reader.units {
            Units::Latin1 => Ok(()),
            Units::Utf8 => self.decode_utf8(reader, char, memory),
            Units::Utf16 => self.decode_utf16(reader, char, memory),
        }
    }

    /// Decodes what begins with the byte in `char`.
    fn decode_utf8(&mut self, reader: Reader, char: Local, memory: u32) -> Result<(), Error> {
        let unit = self.word();
        let c = char.index;
        self.body.code().local_get(c).i32_const(0x80).i32_ge_u().if_(BlockType::Empty);
        // Bytes that begin nothing: continuations, what would be too long, what would be too large.
        self.body.code().local_get(c).i32_const(0xc2).i32_sub().i32_const(0x33).i32_ge_u();
        self.trap_if(AdapterTrap::InvalidUtf8);

        self.body.code().local_get(c).i32_const(0xe0).i32_lt_u().if_(BlockType::Empty);
        self.body.code().local_get(c).i32_const(0x1f).i32_and().local_set(c);
        self.continuation(reader, char, unit, memory);
        self.body.code().else_();

        self.body.code().local_get(c).i32_const(0xf0).i32_lt_u().if_(BlockType::Empty);
        self.body.code().local_get(c).i32_const(0x0f).i32_and().local_set(c);
        self.continuation(reader, char, unit, memory);
        self.continuation(reader, char, unit, memory);
        // Too long, or a surrogate.
        self.body
            .code()
            .local_get(c)
            .i32_const(0x800)
            .i32_lt_u()
            .local_get(c)
            .i32_const(0xf800)
            .i32_and()
            .i32_const(0xd800)
            .i32_eq()
            .i32_or();
        self.trap_if(AdapterTrap::InvalidUtf8);
        self.body.code().else_();

        self.body.code().local_get(c).i32_const(0x07).i32_and().local_set(c);
        for _ in 0..3 {
            self.continuation(reader, char, unit, memory);
        }
        // Too long, or larger than characters are.
        self.body.code().local_get(c).i32_const(0x1_0000).i32_sub().i32_const(0x10_0000).i32_ge_u();
        self.trap_if(AdapterTrap::InvalidUtf8);
        self.body.code().end().end().end();
        self.body.release(unit);
        Ok(())
    }

    /// Appends the six bits of a continuation byte to `char`.
    fn continuation(&mut self, reader: Reader, char: Local, unit: Local, memory: u32) {
        let at = reader.at.index;
        self.body.code().local_get(at).local_get(reader.end.index).i32_eq();
        self.trap_if(AdapterTrap::InvalidUtf8);
        self.body
            .code()
            .local_get(at)
            .i32_load8_u(mem_arg(memory, 0, 1))
            .i32_const(0x80)
            .i32_xor()
            .local_tee(unit.index)
            .i32_const(0x3f)
            .i32_gt_u();
        self.trap_if(AdapterTrap::InvalidUtf8);
        self.body
            .code()
            .local_get(char.index)
            .i32_const(6)
            .i32_shl()
            .local_get(unit.index)
            .i32_or()
            .local_set(char.index);
        self.body.advance(reader.at, 1);
    }

    /// Decodes what begins with the unit in `char`.
    fn decode_utf16(&mut self, reader: Reader, char: Local, memory: u32) -> Result<(), Error> {
        let low = self.word();
        let c = char.index;
        self.body
            .code()
            .local_get(c)
            .i32_const(0xf800)
            .i32_and()
            .i32_const(0xd800)
            .i32_eq()
            .if_(BlockType::Empty);
        // A second half alone, or a first half at the end.
        self.body
            .code()
            .local_get(c)
            .i32_const(0xdc00)
            .i32_ge_u()
            .local_get(reader.at.index)
            .local_get(reader.end.index)
            .i32_eq()
            .i32_or();
        self.trap_if(AdapterTrap::InvalidUtf16);
        self.body
            .code()
            .local_get(reader.at.index)
            .i32_load16_u(mem_arg(memory, 0, 2))
            .i32_const(0xdc00)
            .i32_sub()
            .local_tee(low.index)
            .i32_const(0x400)
            .i32_ge_u();
        self.trap_if(AdapterTrap::InvalidUtf16);
        self.body
            .code()
            .local_get(c)
            .i32_const(0xd800)
            .i32_sub()
            .i32_const(10)
            .i32_shl()
            .local_get(low.index)
            .i32_add()
            .i32_const(0x1_0000)
            .i32_add()
            .local_set(c);
        self.body.advance(reader.at, 2);
        self.body.code().end();
        self.body.release(low);
        Ok(())
    }

    /// Writes a character. What cannot be said in Latin-1 is not written in it.
    pub(super) fn encode(&mut self, writer: Writer, char: Local) -> Result<(), Error> {
        let memory = self.target_memory()?.index;
        let c = char.index;
        match writer.units {
            Units::Latin1 => self.write_byte(writer, memory, char, 0, 0xff, 0),
            Units::Utf16 => {
                self.body.code().local_get(c).i32_const(0x1_0000).i32_lt_u().if_(BlockType::Empty);
                self.body
                    .code()
                    .local_get(writer.at.index)
                    .local_get(c)
                    .i32_store16(mem_arg(memory, 0, 2));
                self.body.advance(writer.at, 2);
                self.body.code().else_();
                // Both halves at once: the first is lower in memory.
                self.body
                    .code()
                    .local_get(writer.at.index)
                    .local_get(c)
                    .i32_const(0x1_0000)
                    .i32_sub()
                    .local_tee(c)
                    .i32_const(10)
                    .i32_shr_u()
                    .local_get(c)
                    .i32_const(0x3ff)
                    .i32_and()
                    .i32_const(16)
                    .i32_shl()
                    .i32_or()
                    .i32_const(0xdc00_d800_u32.cast_signed())
                    .i32_or()
                    .i32_store(mem_arg(memory, 0, 2));
                self.body.advance(writer.at, 4);
                self.body.code().end();
            }
            Units::Utf8 => {
                self.body.code().local_get(c).i32_const(0x80).i32_lt_u().if_(BlockType::Empty);
                self.write_byte(writer, memory, char, 0, 0x7f, 0);
                self.body.code().else_();
                self.body.code().local_get(c).i32_const(0x800).i32_lt_u().if_(BlockType::Empty);
                self.write_byte(writer, memory, char, 6, 0x1f, 0xc0);
                self.write_byte(writer, memory, char, 0, 0x3f, 0x80);
                self.body.code().else_();
                self.body.code().local_get(c).i32_const(0x1_0000).i32_lt_u().if_(BlockType::Empty);
                self.write_byte(writer, memory, char, 12, 0x0f, 0xe0);
                self.body.code().else_();
                self.write_byte(writer, memory, char, 18, 0x07, 0xf0);
                self.write_byte(writer, memory, char, 12, 0x3f, 0x80);
                self.body.code().end();
                self.write_byte(writer, memory, char, 6, 0x3f, 0x80);
                self.write_byte(writer, memory, char, 0, 0x3f, 0x80);
                self.body.code().end().end();
            }
        }
        Ok(())
    }

    /// Writes some bits of a character with a mark.
    fn write_byte(
        &mut self,
        writer: Writer,
        memory: u32,
        char: Local,
        shift: i32,
        mask: i32,
        mark: i32,
    ) {
        let mut code = self.body.code();
        code.local_get(writer.at.index).local_get(char.index);
        if shift != 0 {
            code.i32_const(shift).i32_shr_u();
        }
        code.i32_const(mask).i32_and();
        if mark != 0 {
            code.i32_const(mark).i32_or();
        }
        code.i32_store8(mem_arg(memory, 0, 1));
        self.body.advance(writer.at, 1);
    }
}
