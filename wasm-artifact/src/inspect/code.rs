//! Code: which function stands where, where it traps, where it comes from.

use core::fmt;

use wasm_types::DefinedFuncIndex;
use zerocopy::little_endian::U32;

use super::show::{dump, or_error};
use super::view::View;
use crate::format::{BlockRecord, CodeRecord, FrameSlotRecord, Part};

pub(super) fn code(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for number in 0..view.rows::<CodeRecord>(Part::Code).len() {
        let func = DefinedFuncIndex::new(number as u32);
        or_error(f, view.artifact.function_code(func), |f, code| {
            write!(f, "  {:#010x} {:>8} bytes  {}", code.offset, code.len, view.defined(number))
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn frame_sizes(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (number, size) in view.rows::<U32>(Part::FrameSizes).iter().enumerate() {
        writeln!(f, "  {:>8} bytes  {}", size.get(), view.defined(number))?;
    }
    Ok(())
}

pub(super) fn code_order(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for number in view.rows::<U32>(Part::CodeOrder) {
        writeln!(f, "  {}", view.defined(number.get() as usize))?;
    }
    Ok(())
}

pub(super) fn trap_blocks(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    blocks(view, f, Part::TrapBlocks)
}

pub(super) fn address_blocks(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    blocks(view, f, Part::AddressBlocks)
}

/// The blocks of a delta-coded table.
fn blocks(view: View<'_, '_>, f: &mut fmt::Formatter<'_>, part: Part) -> fmt::Result {
    let shift = view.header().map_or(0, |header| header.code_shift.get());
    for block in view.rows::<BlockRecord>(part) {
        let first = u64::from(block.first.get()) << shift.min(31);
        writeln!(f, "  from {first:#010x} on: at byte {}", block.position.get())?;
    }
    Ok(())
}

pub(super) fn traps(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut functions = Functions::default();
    for trap in view.artifact.traps().iter() {
        functions.enter(view, f, trap.offset)?;
        writeln!(f, "  {:#010x} {}", trap.offset, trap.code)?;
    }
    Ok(())
}

pub(super) fn addresses(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut functions = Functions::default();
    for place in view.artifact.address_map().iter() {
        functions.enter(view, f, place.offset)?;
        match place.wasm_offset {
            u32::MAX => writeln!(f, "  {:#010x} no place", place.offset)?,
            offset => writeln!(f, "  {:#010x} {offset:#x}", place.offset)?,
        }
    }
    Ok(())
}

pub(super) fn frame_slots(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for slot in view.rows::<FrameSlotRecord>(Part::FrameSlots) {
        let func = wasm_types::FuncIndex::new(slot.func.get());
        let below = slot.below_frame_pointer.get();
        writeln!(f, "  {below} bytes below the frame pointer  {}", view.function(func))?;
    }
    Ok(())
}

pub(super) fn kept_values(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(kept) = view.artifact.kept_values() else { return writeln!(f, "  damaged") };
    for kept in kept {
        let imported = view.artifact.counts().imported_functions;
        let func = wasm_types::FuncIndex::new(imported.saturating_add(kept.func.as_u32()));
        let (size, below) = (kept.size, kept.below_frame_pointer);
        write!(f, "  {size} bytes {below} below the frame pointer  ")?;
        match kept.local {
            Some(local) => write!(f, "local {local}")?,
            None => write!(f, "where the memory is")?,
        }
        writeln!(f, "  {}", view.function(func))?;
    }
    Ok(())
}

pub(super) fn text_items(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let items = view.artifact.text_items();
    let Ok(items) = items else { return writeln!(f, "  damaged") };
    for item in items {
        or_error(f, item, |f, item| {
            write!(f, "  {:#010x} {:>8} bytes  {}", item.offset, item.len, item.kind)
        })?;
        writeln!(f)?;
    }
    Ok(())
}

pub(super) fn fuel(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(entries) = view.artifact.fuel() else { return writeln!(f, "  damaged") };
    let mut functions = Functions::default();
    for entry in entries {
        functions.enter(view, f, entry.offset)?;
        writeln!(f, "  {:#010x} {:+}", entry.offset, entry.ahead)?;
    }
    Ok(())
}

pub(super) fn stack_maps(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(entries) = view.artifact.stack_maps() else { return writeln!(f, "  damaged") };
    let mut functions = Functions::default();
    for entry in entries {
        match entry {
            Ok(entry) => {
                functions.enter(view, f, entry.offset.saturating_sub(1))?;
                write!(f, "  {:#010x}", entry.offset)?;
                for below in entry.below_frame_pointer {
                    write!(f, " -{below:#x}")?;
                }
                writeln!(f)?;
            }
            Err(_) => writeln!(f, "  damaged")?,
        }
    }
    Ok(())
}

pub(super) fn frame_references(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, below) in view.rows::<U32>(Part::FrameReferences).iter().enumerate() {
        writeln!(f, "  {place:>5} -{:#x}", below.get())?;
    }
    Ok(())
}

pub(super) fn hooked_functions(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for func in view.rows::<U32>(Part::HookedFunctions) {
        writeln!(f, "  {}", view.function(wasm_types::FuncIndex::new(func.get())))?;
    }
    Ok(())
}

pub(super) fn counters(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Ok(Some(map)) = view.artifact.counters() else { return writeln!(f, "  (damaged)") };
    writeln!(f, "  of code {}", map.code)?;
    let imported = view.artifact.counts().imported_functions;
    for (number, (points, start)) in (imported..).zip(map.functions.iter().zip(map.starts())) {
        writeln!(f, "  {} from word {start}", view.function(wasm_types::FuncIndex::new(number)))?;
        for point in points {
            writeln!(f, "    {:#x} {}", point.offset, point.kind)?;
        }
    }
    Ok(())
}

pub(super) fn profile(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match view.artifact.profile() {
        Ok(Some(hash)) => writeln!(f, "  {hash}"),
        Ok(None) => Ok(()),
        Err(_) => writeln!(f, "  (damaged)"),
    }
}

pub(super) fn text(view: View<'_, '_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !view.alone {
        // `objdump -d` disassembles it.
        return writeln!(f, "  machine code: a disassembler for ELF files shows it");
    }
    dump(view, f, view.bytes(Part::Text))
}

/// Says which function the lines that follow are about, whenever that changes.
#[derive(Default)]
pub(super) struct Functions {
    last: Option<DefinedFuncIndex>,
}

impl Functions {
    pub(super) fn enter(
        &mut self,
        view: View<'_, '_>,
        f: &mut fmt::Formatter<'_>,
        text_offset: u32,
    ) -> fmt::Result {
        let Some(found) = view.artifact.function_at(text_offset) else { return Ok(()) };
        if self.last.replace(found) == Some(found) {
            return Ok(());
        }
        writeln!(f, " {}", view.defined(found.index()))
    }
}
