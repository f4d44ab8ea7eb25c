//! Types, expressions and bytes as text.

use core::fmt;

use wasm_types::{ConstOp, EntityType, GlobalType, MemoryType, TableType, TypeIndex};

use super::view::View;
use crate::const_expr::ConstExprRef;
use crate::error::Error;

/// Bytes in a line of a dump.
const DUMP_LINE: usize = 16;

/// Numbers in a line of a list.
const LIST_LINE: usize = 12;

/// Items with spaces between them, in what is left of the line.
pub(super) fn list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    empty: &str,
) -> fmt::Result {
    let mut none = true;
    for item in items {
        if !none {
            f.write_str(" ")?;
        }
        write!(f, "{item}")?;
        none = false;
    }
    writeln!(f, "{}", if none { empty } else { "" })
}

/// A long list of numbers, each line with the place of its first one.
pub(super) fn numbers<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
) -> fmt::Result {
    let mut count = 0;
    for item in items {
        match (count, count % LIST_LINE) {
            (0, _) => write!(f, "  {count:<6}")?,
            (_, 0) => write!(f, "\n  {count:<6}")?,
            _ => {}
        }
        write!(f, " {item}")?;
        count += 1;
    }
    if count > 0 { writeln!(f) } else { Ok(()) }
}

/// Bytes as numbers and as text.
pub(super) fn dump(view: View<'_, '_>, f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    if !view.alone {
        return writeln!(f, "  left out here: shown when this table is requested alone");
    }
    for (number, line) in bytes.chunks(DUMP_LINE).enumerate() {
        write!(f, "  {:08x} ", number * DUMP_LINE)?;
        for place in 0..DUMP_LINE {
            match line.get(place) {
                Some(byte) => write!(f, " {byte:02x}")?,
                None => f.write_str("   ")?,
            }
        }
        f.write_str("  ")?;
        for &byte in line {
            let printable = byte.is_ascii_graphic() || byte == b' ';
            write!(f, "{}", if printable { byte as char } else { '.' })?;
        }
        writeln!(f)?;
    }
    Ok(())
}

/// What could be read, or why it could not.
pub(super) fn or_error<T>(
    f: &mut fmt::Formatter<'_>,
    value: Result<T, Error>,
    show: impl FnOnce(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    match value {
        Ok(value) => show(f, value),
        Err(error) => write!(f, "({error})"),
    }
}

pub(super) fn entity(
    view: View<'_, '_>,
    f: &mut fmt::Formatter<'_>,
    ty: EntityType,
) -> fmt::Result {
    match ty {
        EntityType::Func(ty) => func_type(view, f, ty),
        EntityType::Table(ty) => table(f, &ty),
        EntityType::Memory(ty) => memory(f, &ty),
        EntityType::Global(ty) => global(f, &ty),
        EntityType::Tag(ty) => {
            f.write_str("(tag) ")?;
            func_type(view, f, ty.ty)
        }
    }
}

pub(super) fn func_type(
    view: View<'_, '_>,
    f: &mut fmt::Formatter<'_>,
    ty: TypeIndex,
) -> fmt::Result {
    or_error(f, view.artifact.func_type(ty), |f, ty| write!(f, "{ty}"))
}

pub(super) fn global(f: &mut fmt::Formatter<'_>, ty: &GlobalType) -> fmt::Result {
    match ty.mutable {
        true => write!(f, "(global (mut {}))", ty.content),
        false => write!(f, "(global {})", ty.content),
    }
}

pub(super) fn memory(f: &mut fmt::Formatter<'_>, ty: &MemoryType) -> fmt::Result {
    f.write_str("(memory")?;
    limits(f, ty.memory64, ty.minimum, ty.maximum, ty.shared)?;
    if !ty.has_default_pages() {
        write!(f, " (pagesize {})", ty.page_size())?;
    }
    f.write_str(")")
}

pub(super) fn table(f: &mut fmt::Formatter<'_>, ty: &TableType) -> fmt::Result {
    f.write_str("(table")?;
    limits(f, ty.table64, ty.minimum, ty.maximum, ty.shared)?;
    write!(f, " {})", ty.element)
}

fn limits(
    f: &mut fmt::Formatter<'_>,
    index64: bool,
    minimum: u64,
    maximum: Option<u64>,
    shared: bool,
) -> fmt::Result {
    write!(f, "{} {minimum}", if index64 { " i64" } else { "" })?;
    if let Some(maximum) = maximum {
        write!(f, " {maximum}")?;
    }
    f.write_str(if shared { " shared" } else { "" })
}

/// An expression as in the text format, each operator in parentheses.
pub(super) fn const_expr(f: &mut fmt::Formatter<'_>, expr: ConstExprRef<'_>) -> fmt::Result {
    for (number, op) in expr.ops().enumerate() {
        f.write_str(if number > 0 { " " } else { "" })?;
        or_error(f, op, const_op)?;
    }
    Ok(())
}

pub(super) fn const_op(f: &mut fmt::Formatter<'_>, op: ConstOp) -> fmt::Result {
    match op {
        ConstOp::I32Const(value) => write!(f, "(i32.const {value})"),
        ConstOp::I64Const(value) => write!(f, "(i64.const {value})"),
        ConstOp::F32Const(bits) => write!(f, "(f32.const {:?})", f32::from_bits(bits)),
        ConstOp::F64Const(bits) => write!(f, "(f64.const {:?})", f64::from_bits(bits)),
        ConstOp::V128Const(bits) => write!(f, "(v128.const {bits:#034x})"),
        ConstOp::GlobalGet(global) => write!(f, "(global.get {global})"),
        ConstOp::RefNull(heap) => write!(f, "(ref.null {heap})"),
        ConstOp::RefFunc(func) => write!(f, "(ref.func {func})"),
        ConstOp::I32Add => f.write_str("(i32.add)"),
        ConstOp::I32Sub => f.write_str("(i32.sub)"),
        ConstOp::I32Mul => f.write_str("(i32.mul)"),
        ConstOp::I64Add => f.write_str("(i64.add)"),
        ConstOp::I64Sub => f.write_str("(i64.sub)"),
        ConstOp::I64Mul => f.write_str("(i64.mul)"),
        ConstOp::RefI31 => f.write_str("(ref.i31)"),
        ConstOp::StructNew(ty) => write!(f, "(struct.new {ty})"),
        ConstOp::StructNewDefault(ty) => write!(f, "(struct.new_default {ty})"),
        ConstOp::ArrayNew(ty) => write!(f, "(array.new {ty})"),
        ConstOp::ArrayNewDefault(ty) => write!(f, "(array.new_default {ty})"),
        ConstOp::ArrayNewFixed(ty, len) => write!(f, "(array.new_fixed {ty} {len})"),
        ConstOp::AnyConvertExtern => f.write_str("(any.convert_extern)"),
        ConstOp::ExternConvertAny => f.write_str("(extern.convert_any)"),
    }
}
