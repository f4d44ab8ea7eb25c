//! Types, imports, exports, and what there is of functions, tables, memories, globals and tags.

use core::fmt;

use wasm_types::{
    EntityIndex, EntityType, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use zerocopy::little_endian::U32;

use super::show::{self, entity, func_type, or_error};
use super::view::View;
use crate::codes;
use crate::format::Part;

pub(super) fn types(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, ty) in view.artifact.types().enumerate() {
        write!(f, "  {index} ")?;
        or_error(f, ty, |f, ty| write!(f, "{ty}"))?;
        named(f, view.artifact.type_name(TypeIndex::new(index as u32)))?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn type_codes(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let codes = view.rows::<U32>(Part::TypeCodes);
    show::numbers(f, codes.iter().map(|code| Code(code.get())))
}

pub(super) fn rec_groups(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for group in view.artifact.rec_groups() {
        f.write_str("  ")?;
        or_error(f, group, |f, group| {
            let start = group.start.as_u32();
            match group.len {
                0 => write!(f, "none from {start} on"),
                1 => write!(f, "{start}"),
                len => write!(f, "{start} to {}", start.saturating_add(len - 1)),
            }
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn imports(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for import in view.artifact.imports() {
        f.write_str("  ")?;
        or_error(f, import, |f, import| {
            write!(f, "{:?} {:?} ", import.module, import.name)?;
            entity(view, f, import.ty)
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn exports(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for export in view.artifact.exports() {
        let export = export.and_then(|export| {
            Ok((export.name, export.index, view.artifact.entity_type(export.index)?))
        });
        f.write_str("  ")?;
        or_error(f, export, |f, (name, index, ty)| {
            write!(f, "{name:?} ")?;
            entity(view, f, ty)?;
            match index {
                EntityIndex::Func(func) => write!(f, " = {}", view.function(func)),
                EntityIndex::Table(index) => write!(f, " = table {index}"),
                EntityIndex::Memory(index) => write!(f, " = memory {index}"),
                EntityIndex::Global(index) => write!(f, " = global {index}"),
                EntityIndex::Tag(index) => write!(f, " = tag {index}"),
            }
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn export_order(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for position in view.rows::<U32>(Part::ExportOrder) {
        write!(f, "  {} ", position.get())?;
        or_error(f, view.artifact.export_at(position.get()), |f, export| {
            write!(f, "{:?}", export.name)
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn function_types(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for func in (0..view.artifact.counts().functions).map(FuncIndex::new) {
        write!(f, "  {}: ", view.function(func))?;
        or_error(f, view.artifact.function_type(func), |f, ty: TypeIndex| {
            write!(f, "type {ty} ")?;
            func_type(view, f, ty)
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn tables(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    each(view, f, counts.tables, counts.imported_tables, |index| {
        EntityIndex::Table(TableIndex::new(index))
    })
}

pub(super) fn memories(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    each(view, f, counts.memories, counts.imported_memories, |index| {
        EntityIndex::Memory(MemoryIndex::new(index))
    })
}

pub(super) fn globals(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    each(view, f, counts.globals, counts.imported_globals, |index| {
        EntityIndex::Global(GlobalIndex::new(index))
    })
}

pub(super) fn tags(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    each(view, f, counts.tags, counts.imported_tags, |index| EntityIndex::Tag(TagIndex::new(index)))
}

/// The items of an index space with their types.
fn each(
    view: View<'_, '_>,
    f: &mut fmt::Formatter<'_>,
    count: u32,
    imported: u32,
    make: impl Fn(u32) -> EntityIndex,
) -> fmt::Result {
    for index in 0..count {
        write!(f, "  {index} ")?;
        let ty = view.artifact.entity_type(make(index));
        or_error(f, ty, |f, ty: EntityType| entity(view, f, ty))?;
        named(f, view.artifact.entity_name(make(index)))?;
        writeln!(f, "{}", if index < imported { ", imported" } else { "" })?;
    }
    Ok(())
}

/// The name of something that was just shown, if it has one.
fn named(f: &mut fmt::Formatter<'_>, name: Option<&str>) -> fmt::Result {
    name.map_or(Ok(()), |name| write!(f, ", {name:?}"))
}

/// A code of a value or field type, as the type that it stands for.
struct Code(u32);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match codes::field_of(self.0) {
            Some(field) => write!(f, "{field}"),
            None => write!(f, "({:#x})", self.0),
        }
    }
}
