//! Runs of characters that need no thought, eight bytes or four at a time: most strings are nothing
//! else.

use wasm_component::FlatType;
use wasm_encoder::BlockType;

use super::units::{Reader, Units, Writer};
use crate::adapt::body::mem_arg;
use crate::adapt::copy::Copier;
use crate::error::Error;

/// How a run is read and written.
struct Step {
    /// The bytes that are read at a time.
    read: u32,
    /// The bits that must all be 0.
    mask: u64,
    /// What is written of them.
    write: Write,
}

/// What is written of what was read.
enum Write {
    Nothing,
    /// The same eight bytes.
    Same,
    /// Four bytes as four units of two bytes.
    Wider,
    /// Four units of two bytes as four bytes.
    Narrower,
}

const BYTES_ASCII: u64 = 0x8080_8080_8080_8080;
const FOUR_BYTES_ASCII: u64 = 0x8080_8080;
const UNITS_ASCII: u64 = 0xff80_ff80_ff80_ff80;
const UNITS_LATIN1: u64 = 0xff00_ff00_ff00_ff00;
/// All below the surrogates.
const UNITS_LOW: u64 = 0x8000_8000_8000_8000;

fn step(from: Units, to: Option<Units>) -> Step {
    let (read, mask, write) = match (from, to) {
        (Units::Utf8 | Units::Latin1, None) => (8, BYTES_ASCII, Write::Nothing),
        (Units::Utf8, Some(Units::Utf16)) => (4, FOUR_BYTES_ASCII, Write::Wider),
        (Units::Latin1, Some(Units::Utf16)) => (4, 0, Write::Wider),
        (Units::Latin1, Some(Units::Latin1)) => (8, 0, Write::Same),
        (Units::Utf8 | Units::Latin1, Some(_)) => (8, BYTES_ASCII, Write::Same),
        (Units::Utf16, None) => (8, UNITS_LOW, Write::Nothing),
        (Units::Utf16, Some(Units::Utf8)) => (8, UNITS_ASCII, Write::Narrower),
        (Units::Utf16, Some(Units::Latin1)) => (8, UNITS_LATIN1, Write::Narrower),
        (Units::Utf16, Some(Units::Utf16)) => (8, UNITS_LOW, Write::Same),
    };
    Step { read, mask, write }
}

impl Copier<'_, '_> {
    /// Copies characters as long as whole steps of them need no thought. Without a writer, they are
    /// only read.
    pub(super) fn run(&mut self, reader: Reader, writer: Option<Writer>) -> Result<(), Error> {
        self.run_of(reader, writer, step(reader.units, writer.map(|writer| writer.units)))
    }

    /// As [`run`](Self::run), over units of UTF-16 that are in Latin-1.
    pub(super) fn latin1_run(&mut self, reader: Reader) -> Result<(), Error> {
        self.run_of(reader, None, Step { read: 8, mask: UNITS_LATIN1, write: Write::Nothing })
    }

    fn run_of(&mut self, reader: Reader, writer: Option<Writer>, step: Step) -> Result<(), Error> {
        let source = mem_arg(self.source_memory()?.index, 0, 1);
        let bits = self.body.local(FlatType::I64);
        let b = bits.index;
        self.body.begin_loop();
        self.body
            .code()
            .local_get(reader.end.index)
            .local_get(reader.at.index)
            .i32_sub()
            .i32_const(step.read.cast_signed())
            .i32_lt_u()
            .br_if(1)
            .local_get(reader.at.index);
        match step.read {
            8 => self.body.code().i64_load(source),
            _ => self.body.code().i64_load32_u(source),
        };
        self.body.pop(bits);
        if step.mask != 0 {
            self.body
                .code()
                .local_get(b)
                .i64_const(step.mask.cast_signed())
                .i64_and()
                .i64_const(0)
                .i64_ne()
                .br_if(1);
        }
        if let Some(writer) = writer {
            let target = mem_arg(self.target_memory()?.index, 0, 1);
            self.body.push(writer.at);
            let mut code = self.body.code();
            let written = match step.write {
                Write::Nothing | Write::Same => {
                    code.local_get(b).i64_store(target);
                    8
                }
                Write::Wider => {
                    for (shift, mask) in [(16, 0x0000_ffff_0000_ffff), (8, 0x00ff_00ff_00ff_00ff)] {
                        code.local_get(b).local_get(b).i64_const(shift).i64_shl().i64_or();
                        code.i64_const(mask).i64_and().local_set(b);
                    }
                    code.local_get(b).i64_store(target);
                    8
                }
                Write::Narrower => {
                    code.local_get(b).local_get(b).i64_const(8).i64_shr_u().i64_or();
                    code.i64_const(0x0000_ffff_0000_ffff).i64_and().local_tee(b);
                    code.local_get(b).i64_const(16).i64_shr_u().i64_or().i64_store32(target);
                    4
                }
            };
            self.body.advance(writer.at, written);
        }
        self.body.advance(reader.at, step.read);
        self.body.end_loop();
        self.body.release(bits);
        Ok(())
    }

    /// Spreads `count` bytes in the memory of the target to units of two bytes, at the same
    /// address.
    pub(super) fn spread(
        &mut self,
        address: super::Local,
        count: super::Local,
    ) -> Result<(), Error> {
        let target = self.target_memory()?.index;
        let left = self.word();
        self.body.code().local_get(count.index).local_set(left.index);
        self.body.begin_loop();
        // From the end, so that what is written was read before.
        self.body
            .code()
            .local_get(left.index)
            .i32_eqz()
            .br_if(1)
            .local_get(left.index)
            .i32_const(1)
            .i32_sub()
            .local_tee(left.index)
            .i32_const(1)
            .i32_shl()
            .local_get(address.index)
            .i32_add()
            .local_get(left.index)
            .local_get(address.index)
            .i32_add()
            .i32_load8_u(mem_arg(target, 0, 1))
            .i32_store16(mem_arg(target, 0, 2));
        self.body.end_loop();
        self.body.release(left);
        Ok(())
    }

    /// Gathers `count` units of two bytes in the memory of the target to bytes, at the same
    /// address.
    pub(super) fn gather(
        &mut self,
        address: super::Local,
        count: super::Local,
    ) -> Result<(), Error> {
        let target = self.target_memory()?.index;
        let (from, to, left) = (self.word(), self.word(), self.word());
        self.body
            .code()
            .local_get(address.index)
            .local_tee(from.index)
            .local_set(to.index)
            .local_get(count.index)
            .local_tee(left.index)
            .if_(BlockType::Empty)
            .loop_(BlockType::Empty)
            .local_get(to.index)
            .local_get(from.index)
            .i32_load8_u(mem_arg(target, 0, 1))
            .i32_store8(mem_arg(target, 0, 1));
        self.body.advance(from, 2);
        self.body.advance(to, 1);
        self.body
            .code()
            .local_get(left.index)
            .i32_const(1)
            .i32_sub()
            .local_tee(left.index)
            .br_if(0)
            .end()
            .end();
        for local in [from, to, left] {
            self.body.release(local);
        }
        Ok(())
    }
}
