//! From each encoding to each other: how much is allocated, and when it is made larger and smaller.

use wasm_encoder::BlockType;

use super::units::{Reader, Units, Writer};
use super::{Copied, OUT_OF_BOUNDS, Source, TAG};
use crate::adapt::body::Local;
use crate::adapt::copy::Copier;
use crate::adapt::memory::Bytes;
use crate::error::Error;

impl Copier<'_, '_> {
    /// Copies a string as it is, after it was found to be valid.
    pub(super) fn copy_units(
        &mut self,
        source: Source,
        align: u32,
        copied: Copied,
    ) -> Result<(), Error> {
        if source.units != Units::Latin1 {
            let (reader, char) = (self.reader(source), self.word());
            self.transcode(reader, None, char)?;
            self.release(&[reader.at, reader.end, char]);
        }
        self.allocate(copied.pointer, align, Bytes::Local(source.bytes), OUT_OF_BOUNDS)?;
        self.copy_bytes(copied.pointer, source)?;
        self.body.push(source.length);
        self.body.pop(copied.length);
        Ok(())
    }

    /// Latin-1 or UTF-16 to UTF-8: as many bytes as units while all is ASCII, then as many as there
    /// may be, then as many as there are.
    pub(super) fn narrow(&mut self, source: Source, copied: Copied) -> Result<(), Error> {
        let (reader, char) = (self.reader(source), self.word());
        let (pointer, length) = (copied.pointer, copied.length);
        self.allocate(pointer, 1, Bytes::Local(source.length), OUT_OF_BOUNDS)?;
        let writer = self.writer(pointer, Units::Utf8);
        self.body.push(source.length);
        self.body.pop(length);

        self.body.code().block(BlockType::Empty);
        self.body.begin_loop();
        self.run(reader, Some(writer))?;
        // The end leaves all; a character that is not ASCII leaves the loop.
        self.branch_at_end(reader, 2);
        self.decode(reader, char)?;
        self.body.code().local_get(char.index).i32_const(0x80).i32_ge_u().br_if(1);
        self.encode(Writer { units: Units::Latin1, ..writer }, char)?;
        self.body.end_loop();

        let worst = self.word();
        let most = if source.units == Units::Utf16 { 3 } else { 2 };
        self.body
            .code()
            .local_get(source.length.index)
            .i32_const(most)
            .i32_mul()
            .local_set(worst.index);
        let written = self.move_writer(writer, copied, (source.length, worst), 1)?;
        self.encode(writer, char)?;
        self.transcode(reader, Some(writer), char)?;
        self.shrink(writer, copied, worst, 1)?;
        self.body.code().end();
        self.release(&[reader.at, reader.end, writer.at, char, worst, written]);
        Ok(())
    }

    /// UTF-8 to UTF-16: as many units as bytes, then as many as there are.
    pub(super) fn utf8_to_utf16(&mut self, source: Source, copied: Copied) -> Result<(), Error> {
        let (reader, char, worst) = (self.reader(source), self.word(), self.word());
        self.double(source.length, worst);
        self.allocate(copied.pointer, 2, Bytes::Local(worst), OUT_OF_BOUNDS)?;
        let writer = self.writer(copied.pointer, Units::Utf16);
        self.transcode(reader, Some(writer), char)?;
        self.shrink(writer, copied, worst, 2)?;
        self.halve(copied.length);
        self.release(&[reader.at, reader.end, writer.at, char, worst]);
        Ok(())
    }

    /// Latin-1 to UTF-16: two bytes for each.
    pub(super) fn inflate(&mut self, source: Source, copied: Copied) -> Result<(), Error> {
        let (reader, char, bytes) = (self.reader(source), self.word(), self.word());
        self.double(source.length, bytes);
        self.allocate(copied.pointer, 2, Bytes::Local(bytes), OUT_OF_BOUNDS)?;
        let writer = self.writer(copied.pointer, Units::Utf16);
        self.transcode(reader, Some(writer), char)?;
        self.body.push(source.length);
        self.body.pop(copied.length);
        self.release(&[reader.at, reader.end, writer.at, char, bytes]);
        Ok(())
    }

    /// UTF-8 or UTF-16 to Latin-1, as long as that has all characters; then what there is becomes
    /// UTF-16.
    pub(super) fn compact(&mut self, source: Source, copied: Copied) -> Result<(), Error> {
        let (reader, char) = (self.reader(source), self.word());
        self.allocate(copied.pointer, 2, Bytes::Local(source.length), OUT_OF_BOUNDS)?;
        let writer = self.writer(copied.pointer, Units::Latin1);
        let worst = self.word();

        self.body.code().block(BlockType::Empty).block(BlockType::Empty);
        self.body.begin_loop();
        self.run(reader, Some(writer))?;
        self.branch_at_end(reader, 2);
        self.decode(reader, char)?;
        // The end leaves the inner block; a character that Latin-1 has not leaves the loop.
        self.body.code().local_get(char.index).i32_const(0x100).i32_ge_u().br_if(1);
        self.encode(writer, char)?;
        self.body.end_loop();
        self.widen(source, reader, writer, char, worst, copied)?;
        self.body.code().br(1).end();

        self.shrink(writer, copied, source.length, 2)?;
        self.body.code().end();
        self.release(&[reader.at, reader.end, writer.at, char, worst]);
        Ok(())
    }

    /// Goes on in UTF-16 with a character that Latin-1 has not.
    fn widen(
        &mut self,
        source: Source,
        reader: Reader,
        writer: Writer,
        char: Local,
        worst: Local,
        copied: Copied,
    ) -> Result<(), Error> {
        self.double(source.length, worst);
        let count = self.move_writer(writer, copied, (source.length, worst), 2)?;
        self.spread(copied.pointer, count)?;
        // Each byte that was written takes two now.
        self.body
            .code()
            .local_get(writer.at.index)
            .local_get(count.index)
            .i32_add()
            .local_set(writer.at.index);
        let writer = Writer { units: Units::Utf16, ..writer };
        self.encode(writer, char)?;
        self.transcode(reader, Some(writer), char)?;
        self.shrink(writer, copied, worst, 2)?;
        self.halve(copied.length);
        self.tag(copied.length);
        self.body.release(count);
        Ok(())
    }

    /// UTF-16 of a component that has Latin-1, too, to such a component: probably it needs UTF-16.
    pub(super) fn probably_wide(&mut self, source: Source, copied: Copied) -> Result<(), Error> {
        let (reader, char, wide) = (self.reader(source), self.word(), self.word());
        self.body.code().i32_const(0).local_set(wide.index);
        self.body.begin_loop();
        self.latin1_run(reader)?;
        self.branch_at_end(reader, 1);
        self.decode(reader, char)?;
        self.body
            .code()
            .local_get(char.index)
            .i32_const(8)
            .i32_shr_u()
            .local_get(wide.index)
            .i32_or()
            .local_set(wide.index);
        self.body.end_loop();

        self.allocate(copied.pointer, 2, Bytes::Local(source.bytes), OUT_OF_BOUNDS)?;
        self.copy_bytes(copied.pointer, source)?;
        self.body.push(source.length);
        self.body.pop(copied.length);
        self.body.code().local_get(wide.index).if_(BlockType::Empty);
        self.tag(copied.length);
        self.body.code().else_();
        self.gather(copied.pointer, copied.length)?;
        let bytes = Bytes::Local(copied.length);
        // `realloc` knows one alignment, which stays that of the encoding.
        self.reallocate(copied.pointer, source.bytes, 2, bytes, OUT_OF_BOUNDS)?;
        self.body.code().end();
        self.release(&[reader.at, reader.end, char, wide]);
        Ok(())
    }

    /// Copies all characters that are left, or only checks them.
    fn transcode(
        &mut self,
        reader: Reader,
        writer: Option<Writer>,
        char: Local,
    ) -> Result<(), Error> {
        self.body.begin_loop();
        self.run(reader, writer)?;
        self.branch_at_end(reader, 1);
        self.decode(reader, char)?;
        if let Some(writer) = writer {
            self.encode(writer, char)?;
        }
        self.body.end_loop();
        Ok(())
    }

    fn copy_bytes(&mut self, to: Local, source: Source) -> Result<(), Error> {
        let (from_memory, to_memory) = (self.source_memory()?, self.target_memory()?);
        self.body
            .code()
            .local_get(to.index)
            .local_get(source.pointer.index)
            .local_get(source.bytes.index)
            .memory_copy(to_memory.index, from_memory.index);
        Ok(())
    }

    /// Makes the allocation larger in the middle of writing, and gives how much was written.
    fn move_writer(
        &mut self,
        writer: Writer,
        copied: Copied,
        (old, new): (Local, Local),
        align: u32,
    ) -> Result<Local, Error> {
        let written = self.word();
        let (at, pointer) = (writer.at.index, copied.pointer.index);
        self.body.code().local_get(at).local_get(pointer).i32_sub().local_set(written.index);
        self.reallocate(copied.pointer, old, align, Bytes::Local(new), OUT_OF_BOUNDS)?;
        self.body.code().local_get(pointer).local_get(written.index).i32_add().local_set(at);
        Ok(written)
    }

    /// Gives back what was allocated and not written, and sets the length to the bytes written.
    fn shrink(
        &mut self,
        writer: Writer,
        copied: Copied,
        allocated: Local,
        align: u32,
    ) -> Result<(), Error> {
        self.body
            .code()
            .local_get(writer.at.index)
            .local_get(copied.pointer.index)
            .i32_sub()
            .local_tee(copied.length.index)
            .local_get(allocated.index)
            .i32_lt_u()
            .if_(BlockType::Empty);
        let bytes = Bytes::Local(copied.length);
        self.reallocate(copied.pointer, allocated, align, bytes, OUT_OF_BOUNDS)?;
        self.body.code().end();
        Ok(())
    }

    fn reader(&mut self, source: Source) -> Reader {
        let (at, end) = (self.word(), self.word());
        self.body
            .code()
            .local_get(source.pointer.index)
            .local_tee(at.index)
            .local_get(source.bytes.index)
            .i32_add()
            .local_set(end.index);
        Reader { at, end, units: source.units }
    }

    fn writer(&mut self, pointer: Local, units: Units) -> Writer {
        let at = self.word();
        self.body.push(pointer);
        self.body.pop(at);
        Writer { at, units }
    }

    /// Leaves that many blocks if all was read.
    fn branch_at_end(&mut self, reader: Reader, depth: u32) {
        self.body
            .code()
            .local_get(reader.at.index)
            .local_get(reader.end.index)
            .i32_eq()
            .br_if(depth);
    }

    fn double(&mut self, local: Local, to: Local) {
        self.body.code().local_get(local.index).i32_const(1).i32_shl().local_set(to.index);
    }

    fn halve(&mut self, local: Local) {
        self.body.code().local_get(local.index).i32_const(1).i32_shr_u().local_set(local.index);
    }

    fn tag(&mut self, local: Local) {
        self.body.code().local_get(local.index).i32_const(TAG).i32_or().local_set(local.index);
    }

    fn release(&mut self, locals: &[Local]) {
        for local in locals {
            self.body.release(*local);
        }
    }
}
