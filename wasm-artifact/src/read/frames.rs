//! Frames that can be debugged: where functions keep locals and operands.

use alloc::vec::Vec;

use wasm_types::{DefinedFuncIndex, FrameOperand, FramePoint, FrameValueKind, FunctionFrame};

use super::Artifact;
use crate::error::Error;
use crate::format::FrameRecord;

/// How a function keeps values in its frame: see [`FunctionFrame`]. Read in place.
#[derive(Clone, Copy, Debug)]
pub struct FrameRef<'a> {
    record: &'a FrameRecord,
    next: &'a FrameRecord,
}

impl FrameRef<'_> {
    /// Bytes from the frame pointer down to the first place of numbers.
    pub fn numbers_below(&self) -> u32 {
        self.record.numbers_below.get()
    }

    /// Bytes from the frame pointer down to the first place of references.
    pub fn references_below(&self) -> u32 {
        self.record.references_below.get()
    }

    /// How many places of references there are.
    pub fn references(&self) -> u32 {
        self.record.references.get()
    }
}

/// Where flags for stops are: see [`wasm_types::abi::stops`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopRange {
    /// The offset in the binary that the first flag is for.
    pub start: u32,
    /// How many flags there are.
    pub len: u32,
}

impl<'a> Artifact<'a> {
    /// How a function keeps values in its frame; `None` if the code can't be debugged.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn frame(&self, func: DefinedFuncIndex) -> Result<Option<FrameRef<'a>>, Error> {
        if !self.tunables().guest_debug {
            return Ok(None);
        }
        let record = |number| self.tables.frames.get(number, &self.checksums).ok_or_else(damaged);
        Ok(Some(FrameRef { record: record(func.index())?, next: record(func.index() + 1)? }))
    }

    /// The kinds of a function's locals.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn frame_locals(&self, frame: FrameRef<'a>) -> Result<Vec<FrameValueKind>, Error> {
        let (start, end) = (frame.record.locals.get(), frame.next.locals.get());
        let len = end.checked_sub(start).ok_or_else(damaged)?;
        let locals = self.tables.frame_locals.range(start.into(), len.into(), &self.checksums);
        let kinds = locals.ok_or_else(damaged)?.iter().map(|kind| kind_of(u32::from(*kind)));
        kinds.collect()
    }

    /// The kinds of the operands before an operator of a function, from the bottom of the stack on;
    /// `None` if there is no operator at that offset of the binary that can be reached.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn frame_operands(
        &self,
        frame: FrameRef<'a>,
        pc: u32,
    ) -> Result<Option<Vec<FrameValueKind>>, Error> {
        let (start, end) = (frame.record.points.get(), frame.next.points.get());
        let len = end.checked_sub(start).ok_or_else(damaged)?;
        let points = self.tables.frame_points.part(start.into(), len.into()).ok_or_else(damaged)?;
        let place = points.partition_point(&self.checksums, |point| point.pc.get() < pc);
        let place = place.ok_or_else(damaged)?;
        if place == points.len() {
            return Ok(None);
        }
        let point = points.get(place, &self.checksums).ok_or_else(damaged)?;
        if point.pc.get() != pc {
            return Ok(None);
        }
        let (start, end) = (frame.record.operands.get(), frame.next.operands.get());
        let len = end.checked_sub(start).ok_or_else(damaged)?;
        let all = self.tables.frame_operands.part(start.into(), len.into()).ok_or_else(damaged)?;
        let mut kinds = Vec::new();
        let mut top = point.top.get();
        while top != 0 {
            let operand = all.get(top as usize - 1, &self.checksums).ok_or_else(damaged)?;
            kinds.push(kind_of(operand.kind.get())?);
            // Each is made of earlier ones.
            top = Some(operand.below.get()).filter(|below| *below < top).ok_or_else(damaged)?;
        }
        kinds.reverse();
        Ok(Some(kinds))
    }

    /// The first operator at an offset of the binary or behind it that can be reached, whatever
    /// function it is in.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn point_from(&self, pc: u32) -> Result<Option<u32>, Error> {
        let points = self.tables.frame_points;
        let place = points.partition_point(&self.checksums, |point| point.pc.get() < pc);
        let place = place.ok_or_else(damaged)?;
        if place == points.len() {
            return Ok(None);
        }
        let point = points.get(place, &self.checksums).ok_or_else(damaged)?;
        Ok(Some(point.pc.get()))
    }

    /// The flags for stops that an instance needs; `None` if the code can't be debugged.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn stops(&self) -> Result<Option<StopRange>, Error> {
        if !self.tunables().guest_debug {
            return Ok(None);
        }
        let points = self.tables.frame_points;
        let Some(last) = points.len().checked_sub(1) else {
            return Ok(Some(StopRange { start: 0, len: 0 }));
        };
        let first = self.tables.frames.get(0, &self.checksums).ok_or_else(damaged)?;
        let last = points.get(last, &self.checksums).ok_or_else(damaged)?;
        let start = first.body.get();
        let end = last.pc.get().checked_add(1).ok_or_else(damaged)?;
        let len = end.checked_sub(start).ok_or_else(damaged)?;
        Ok(Some(StopRange { start, len }))
    }

    /// How all functions keep values in their frames; empty if the code can't be debugged.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn frames(&self) -> Result<Vec<FunctionFrame>, Error> {
        let count = self.tables.frames.len().saturating_sub(1);
        (0..count as u32).map(|number| self.whole_frame(DefinedFuncIndex::new(number))).collect()
    }

    fn whole_frame(&self, func: DefinedFuncIndex) -> Result<FunctionFrame, Error> {
        let frame = self.frame(func)?.ok_or_else(damaged)?;
        let part = |start: u32, end: u32| {
            end.checked_sub(start).map(|len| (u64::from(start), u64::from(len))).ok_or_else(damaged)
        };
        let (start, len) = part(frame.record.operands.get(), frame.next.operands.get())?;
        let operands = self.tables.frame_operands.range(start, len, &self.checksums);
        let operands = operands.ok_or_else(damaged)?.iter().map(|operand| {
            let kind = kind_of(operand.kind.get())?;
            Ok(FrameOperand { below: operand.below.get(), kind })
        });
        let (start, len) = part(frame.record.points.get(), frame.next.points.get())?;
        let points = self.tables.frame_points.range(start, len, &self.checksums);
        let points = points.ok_or_else(damaged)?.iter();
        Ok(FunctionFrame {
            body: frame.record.body.get(),
            numbers_below: frame.numbers_below(),
            references_below: frame.references_below(),
            references: frame.references(),
            locals: self.frame_locals(frame)?,
            operands: operands.collect::<Result<_, Error>>()?,
            points: points
                .map(|point| FramePoint { pc: point.pc.get(), top: point.top.get() })
                .collect(),
        })
    }

    /// The Wasm binary that the code was made of; `None` if the code can't be debugged.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn bytecode(&self) -> Result<Option<&'a [u8]>, Error> {
        if !self.tunables().guest_debug {
            return Ok(None);
        }
        let bytes = self.tables.bytecode.all(&self.checksums);
        bytes.map(Some).ok_or_else(|| Error::damaged("the binary that the code was made of"))
    }
}

fn kind_of(number: u32) -> Result<FrameValueKind, Error> {
    u8::try_from(number).ok().and_then(FrameValueKind::from_u8).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::damaged("the table of frames that can be debugged")
}
