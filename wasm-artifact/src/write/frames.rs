//! Frames that can be debugged, and the binary that they are about.

use alloc::vec::Vec;

use wasm_types::CompiledModule;

use super::Writer;
use super::pools::small;
use crate::error::Error;
use crate::format::{FrameOperandRecord, FramePointRecord, FrameRecord, Part};

impl Writer {
    /// Adds how functions keep values in their frames, if the code can be debugged.
    pub(super) fn add_frames(
        &mut self,
        compiled: &CompiledModule,
        wasm: &[u8],
    ) -> Result<(), Error> {
        if !compiled.tunables.guest_debug {
            return Ok(());
        }
        let mut records = Vec::with_capacity(compiled.frames.len() + 1);
        let (mut locals, mut operands, mut points) = (Vec::new(), Vec::new(), Vec::new());
        let end = wasm_types::FunctionFrame::default();
        for frame in compiled.frames.iter().chain([&end]) {
            records.push(FrameRecord {
                body: frame.body.into(),
                numbers_below: frame.numbers_below.into(),
                references_below: frame.references_below.into(),
                references: frame.references.into(),
                locals: small(locals.len(), "it has too many locals")?.into(),
                operands: small(operands.len(), "it has too many operands")?.into(),
                points: small(points.len(), "it has too many operators")?.into(),
            });
            locals.extend(frame.locals.iter().map(|kind| *kind as u8));
            operands.extend(frame.operands.iter().map(|operand| FrameOperandRecord {
                below: operand.below.into(),
                kind: u32::from(operand.kind as u8).into(),
            }));
            points.extend(
                frame
                    .points
                    .iter()
                    .map(|point| FramePointRecord { pc: point.pc.into(), top: point.top.into() }),
            );
        }
        self.add(Part::Frames, records);
        self.add(Part::FrameLocals, locals);
        self.add(Part::FrameOperands, operands);
        self.add(Part::FramePoints, points);
        self.add(Part::Bytecode, wasm.to_vec());
        Ok(())
    }
}
