//! Frames that can be debugged.

use core::fmt;

use wasm_types::FrameValueKind;

use super::show::dump;
use super::view::View;
use crate::format::{FrameOperandRecord, FramePointRecord, FrameRecord, Part};

pub(super) fn frames(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, frame) in view.rows::<FrameRecord>(Part::Frames).iter().enumerate() {
        writeln!(
            f,
            "  {number:>5} body {:#x}, numbers -{:#x}, {} references -{:#x}, from local {}, operand {}, \
             operator {}",
            frame.body.get(),
            frame.numbers_below.get(),
            frame.references.get(),
            frame.references_below.get(),
            frame.locals.get(),
            frame.operands.get(),
            frame.points.get(),
        )?;
    }
    Ok(())
}

pub(super) fn locals(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, kind) in view.bytes(Part::FrameLocals).iter().enumerate() {
        writeln!(f, "  {number:>5} {}", name(u32::from(*kind)))?;
    }
    Ok(())
}

pub(super) fn operands(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let rows = view.rows::<FrameOperandRecord>(Part::FrameOperands);
    for (number, operand) in (1..).zip(rows) {
        let number: u32 = number;
        writeln!(f, "  {number:>5} {} on {}", name(operand.kind.get()), operand.below.get())?;
    }
    Ok(())
}

pub(super) fn points(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for point in view.rows::<FramePointRecord>(Part::FramePoints) {
        writeln!(f, "  {:#x} {}", point.pc.get(), point.top.get())?;
    }
    Ok(())
}

pub(super) fn bytecode(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !view.alone {
        return writeln!(f, "  the module, for tools that read such files");
    }
    dump(view, f, view.bytes(Part::Bytecode))
}

fn name(kind: u32) -> &'static str {
    let kind = u8::try_from(kind).ok().and_then(FrameValueKind::from_u8);
    match kind {
        None => "(damaged)",
        Some(FrameValueKind::I32) => "i32",
        Some(FrameValueKind::I64) => "i64",
        Some(FrameValueKind::F32) => "f32",
        Some(FrameValueKind::F64) => "f64",
        Some(FrameValueKind::V128) => "v128",
        Some(FrameValueKind::Func) => "func",
        Some(FrameValueKind::Extern) => "extern",
        Some(FrameValueKind::Any) => "any",
        Some(FrameValueKind::Exn) => "exn",
        Some(FrameValueKind::Cont) => "cont",
    }
}
