//! Initial state: constant expressions, segments, and the images that active segments became.

use core::fmt;

use wasm_types::{
    DefinedGlobalIndex, DefinedMemoryIndex, DefinedTableIndex, FuncIndex, MemoryIndex, TableIndex,
};
use zerocopy::little_endian::U32;

use super::show::{self, const_expr, const_op, dump, numbers, or_error};
use super::view::View;
use crate::const_expr::ConstExprRef;
use crate::format::{ConstRef, NONE, Part, TableImageRecord};
use crate::read::{DataRefKind, ElementRefKind};

/// The part of the summary that is about memories.
pub(super) fn memories(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let artifact = view.artifact;
    let counts = artifact.counts();
    writeln!(f, "\nMemories: {}", counts.memories)?;
    for index in 0..counts.memories {
        write!(f, "  {index} ")?;
        or_error(f, artifact.memory(MemoryIndex::new(index)), |f, ty| show::memory(f, &ty))?;
        match index.checked_sub(counts.imported_memories) {
            None => f.write_str(", imported")?,
            Some(defined) => {
                let image = artifact.memory_image(DefinedMemoryIndex::new(defined));
                or_error(f, image, |f, image| match image {
                    Some(image) => {
                        let (len, start) = (image.bytes.len(), image.memory_offset);
                        write!(f, ", image of {len} bytes at {start:#x}")
                    }
                    None => Ok(()),
                })?;
            }
        }
        writeln!(f)?;
    }
    let mut total = [(0u32, 0u64); 3];
    for data in artifact.data_segments().flatten() {
        let kind = match data.kind {
            _ if data.in_image => 0,
            DataRefKind::Active { .. } => 1,
            DataRefKind::Passive => 2,
        };
        total[kind].0 += 1;
        total[kind].1 += data.bytes.len() as u64;
    }
    for ((count, bytes), what) in
        total.iter().zip(["in images", "written at instantiation", "passive"])
    {
        if *count > 0 {
            writeln!(f, "  data segments {what}: {count}, {bytes} bytes")?;
        }
    }
    Ok(())
}

/// The part of the summary that is about tables.
pub(super) fn tables(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let artifact = view.artifact;
    let counts = artifact.counts();
    writeln!(f, "\nTables: {}", counts.tables)?;
    for index in 0..counts.tables {
        write!(f, "  {index} ")?;
        or_error(f, artifact.table(TableIndex::new(index)), |f, ty| show::table(f, &ty))?;
        match index.checked_sub(counts.imported_tables) {
            None => f.write_str(", imported")?,
            Some(defined) => {
                let image = artifact.table_image(DefinedTableIndex::new(defined));
                or_error(f, image, |f, image| match image {
                    Some(image) => write!(f, ", image up to element {}", image.end()),
                    None => Ok(()),
                })?;
            }
        }
        writeln!(f)?;
    }
    let mut total = [(0u32, 0u64); 4];
    for element in artifact.elements().flatten() {
        let kind = match element.kind {
            _ if element.in_image => 0,
            ElementRefKind::Active { .. } => 1,
            ElementRefKind::Passive => 2,
            ElementRefKind::Declared => 3,
        };
        total[kind].0 += 1;
        total[kind].1 += u64::from(element.items.len());
    }
    for ((count, items), what) in
        total.iter().zip(["in images", "written at instantiation", "passive", "declared"])
    {
        if *count > 0 {
            writeln!(f, "  element segments {what}: {count}, {items} elements")?;
        }
    }
    Ok(())
}

pub(super) fn table_inits(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    for defined in 0..counts.tables - counts.imported_tables {
        write!(f, "  table {}: ", counts.imported_tables + defined)?;
        let init = view.artifact.table_init(DefinedTableIndex::new(defined));
        or_error(f, init, |f, init| match init {
            Some(init) => const_expr(f, init),
            None => f.write_str("null"),
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn global_inits(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    for defined in 0..counts.globals - counts.imported_globals {
        write!(f, "  global {}: ", counts.imported_globals + defined)?;
        let init = view.artifact.global_init(DefinedGlobalIndex::new(defined));
        or_error(f, init, const_expr)?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn const_ops(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The expressions follow each other without gaps.
    for op in ConstExprRef::new(view.bytes(Part::ConstOps)).ops() {
        f.write_str("  ")?;
        or_error(f, op, const_op)?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn elements(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, element) in view.artifact.elements().enumerate() {
        write!(f, "  {number} ")?;
        or_error(f, element, |f, element| {
            match element.kind {
                ElementRefKind::Passive => f.write_str("passive")?,
                ElementRefKind::Declared => f.write_str("declared")?,
                ElementRefKind::Active { table, offset } => {
                    write!(f, "for table {table} at ")?;
                    const_expr(f, offset)?;
                }
            }
            write!(f, ", {} of {}", element.items.len(), element.ty)?;
            f.write_str(if element.in_image { ", in the image" } else { "" })
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn func_lists(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let items = view.rows::<U32>(Part::FuncLists);
    numbers(f, items.iter().map(|func| FuncOrNull(func.get())))
}

pub(super) fn expr_lists(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, &place) in view.rows::<ConstRef>(Part::ExprLists).iter().enumerate() {
        write!(f, "  {number} ")?;
        match view.const_expr(place) {
            Some(expr) => const_expr(f, expr)?,
            None => f.write_str("(damaged)")?,
        }
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn data(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, data) in view.artifact.data_segments().enumerate() {
        write!(f, "  {number} ")?;
        or_error(f, data, |f, data| {
            match data.kind {
                DataRefKind::Passive => f.write_str("passive")?,
                DataRefKind::Active { memory, offset } => {
                    write!(f, "for memory {memory} at ")?;
                    const_expr(f, offset)?;
                }
            }
            write!(f, ", {} bytes", data.bytes.len())?;
            f.write_str(if data.in_image { ", in the image" } else { "" })
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn data_bytes(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    dump(view, f, view.bytes(Part::DataBytes))
}

pub(super) fn table_images(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let imported = view.artifact.counts().imported_tables;
    let funcs = view.rows::<U32>(Part::FuncLists);
    for (defined, record) in view.rows::<TableImageRecord>(Part::TableImages).iter().enumerate() {
        write!(f, "  table {}: ", u64::from(imported) + defined as u64)?;
        if record.first.get() == NONE {
            writeln!(f, "none")?;
            continue;
        }
        let (first, len) = (u64::from(record.first.get()), record.len.get());
        writeln!(f, "{len} from element {first} on")?;
        let items = funcs.get(record.start.get() as usize..).unwrap_or_default();
        for (element, func) in (first..).zip(items.iter().take(len as usize)) {
            match func.get() {
                NONE => writeln!(f, "    {element} null")?,
                func => writeln!(f, "    {element} {}", view.function(FuncIndex::new(func)))?,
            }
        }
    }
    Ok(())
}

pub(super) fn memory_images(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let counts = view.artifact.counts();
    for defined in 0..counts.memories - counts.imported_memories {
        write!(f, "  memory {}: ", counts.imported_memories + defined)?;
        let image = view.artifact.memory_image(DefinedMemoryIndex::new(defined));
        or_error(f, image, |f, image| match image {
            Some(image) => write!(
                f,
                "{} bytes at {:#x}, in the file at {:#x}",
                image.bytes.len(),
                image.memory_offset,
                image.file_offset
            ),
            None => f.write_str("none"),
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn images(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    dump(view, f, view.bytes(Part::Images))
}

pub(super) fn escaping(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (slot, func) in view.rows::<U32>(Part::Escaping).iter().enumerate() {
        writeln!(f, "  {slot} {}", view.function(FuncIndex::new(func.get())))?;
    }
    Ok(())
}

struct FuncOrNull(u32);

impl fmt::Display for FuncOrNull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == NONE { f.write_str("null") } else { write!(f, "{}", self.0) }
    }
}
