//! Whether the module can have a state, and whether a module can express it.

use wasm_types::{GlobalState, MemoryState, ModuleState, RefState, TableState};
use wasmparser::{AbstractHeapType, HeapType, MemoryType, RefType, TableType, ValType};

use super::Imported;
use crate::error::{Error, ErrorKind};
use crate::item::Item;
use crate::sections::Source;

/// Checks all of a state before anything is made of it.
pub(super) fn state(
    source: &Source<'_>,
    state: &ModuleState,
    imported: Imported,
) -> Result<(), Error> {
    let objects = state.objects.len();
    for (segment, elements) in state.elements.iter().enumerate() {
        if segment >= source.elements.len() {
            return length("element segments", state.elements.len(), source.elements.len());
        }
        for element in elements.iter().flatten() {
            known(*element, source, objects).map_err(|what| {
                let message = format!("element segment {segment}: {what}");
                Error::new(ErrorKind::Mismatch, message)
            })?;
        }
    }
    length("memories", state.memories.len(), source.memories.len())?;
    length("tables", state.tables.len(), source.tables.len())?;
    length("globals", state.globals.len(), source.globals.len())?;
    length("data segments", state.dropped_data.len(), source.data.len())?;
    length("element segments", state.dropped_elements.len(), source.elements.len())?;
    for (index, (declared, state)) in source.memories.iter().zip(&state.memories).enumerate() {
        let item = source.memory(index);
        if present(&item, state.is_some(), declared.is_imported(), imported)? {
            let Some(state) = state else { continue };
            memory(&item, &declared.ty, state)?;
        }
    }
    for (index, (declared, state)) in source.tables.iter().zip(&state.tables).enumerate() {
        let item = source.table(index);
        if present(&item, state.is_some(), declared.is_imported(), imported)? {
            let Some(state) = state else { continue };
            table(&item, &declared.ty, state, source, objects)?;
        }
    }
    for (index, (declared, state)) in source.globals.iter().zip(&state.globals).enumerate() {
        let item = source.global(index);
        let keeps = !declared.ty.mutable && state.is_none();
        if !keeps && present(&item, state.is_some(), declared.is_imported(), imported)? {
            let Some(state) = state else { continue };
            global(&item, declared.ty.content_type, *state, source, objects)?;
        }
    }
    Ok(())
}

fn length(what: &str, state: usize, module: usize) -> Result<(), Error> {
    if state == module {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Mismatch,
        format!(
            "the state has {state} {what}, the module has {module}: it is the state of another module"
        ),
    ))
}

/// Checks that the state includes the contents of an item.
fn present(
    item: &Item,
    present: bool,
    is_imported: bool,
    imported: Imported,
) -> Result<bool, Error> {
    match (present, is_imported) {
        (true, true) if imported == Imported::Refuse => Err(Error::of(
            ErrorKind::Unrepresentable,
            item,
            "it is part of the state, but a module can't say what an imported item holds; \
             leave it out of the state, or let it become a defined one (Imported::Define)",
        )),
        (false, false) => Err(Error::of(
            ErrorKind::Unrepresentable,
            item,
            "the state does not say what it holds, which must be known of what a module defines",
        )),
        (present, _) => Ok(present),
    }
}

fn size(item: &Item, size: u64, minimum: u64, maximum: u64, unit: &str) -> Result<(), Error> {
    if (minimum..=maximum).contains(&size) {
        return Ok(());
    }
    Err(Error::of(
        ErrorKind::Mismatch,
        item,
        format_args!("it has {size} {unit} in the state; its type allows {minimum} to {maximum}"),
    ))
}

fn memory(item: &Item, ty: &MemoryType, state: &MemoryState) -> Result<(), Error> {
    let default = wasm_types::MemoryType::DEFAULT_PAGE_SIZE_LOG2;
    let ty = wasm_types::MemoryType {
        minimum: ty.initial,
        maximum: ty.maximum,
        memory64: ty.memory64,
        shared: ty.shared,
        // Validation allows 0 and 16.
        page_size_log2: ty.page_size_log2.map_or(default, |log2| log2.min(63) as u8),
    };
    let most = ty.maximum.unwrap_or(ty.absolute_maximum());
    size(item, state.pages, ty.minimum, most, "pages")?;
    // Nothing is at the very last address of a memory of 2^64 bytes, so that ends fit in 64 bits,
    // too.
    let bytes = u128::from(ty.bytes_of(state.pages).unwrap_or(u64::MAX));
    let pieces = state.chunks.iter().map(|chunk| (chunk.offset, chunk.bytes.len()));
    inside(item, pieces, bytes, "bytes")
}

fn table(
    item: &Item,
    ty: &TableType,
    state: &TableState,
    source: &Source<'_>,
    objects: usize,
) -> Result<(), Error> {
    let indexable = if ty.table64 { u64::MAX } else { u64::from(u32::MAX) };
    size(item, state.size, ty.initial, ty.maximum.unwrap_or(indexable), "elements")?;
    let pieces = state.runs.iter().map(|run| (run.offset, run.elements.len()));
    inside(item, pieces, u128::from(state.size), "elements")?;
    let mut set = 0_u64;
    for run in &state.runs {
        for &element in &run.elements {
            reference(item, ty.element_type, element, source, objects)?;
        }
        set += run.elements.len() as u64;
    }
    if !ty.element_type.is_nullable() && set != state.size {
        return Err(Error::of(
            ErrorKind::Mismatch,
            item,
            format_args!(
                "{set} of its {} elements are in the state, but its type has no null for the others",
                state.size
            ),
        ));
    }
    Ok(())
}

/// Checks that pieces are in order, do not overlap, and lie within a size.
fn inside(
    item: &Item,
    pieces: impl Iterator<Item = (u64, usize)>,
    size: u128,
    unit: &str,
) -> Result<(), Error> {
    let mut behind = 0_u128;
    for (offset, length) in pieces {
        if u128::from(offset) < behind {
            return Err(Error::of(
                ErrorKind::Mismatch,
                item,
                format_args!(
                    "what the state has at {offset} overlaps or precedes what comes before, \
                     which ends at {behind}"
                ),
            ));
        }
        behind = u128::from(offset) + length as u128;
        if behind > size {
            return Err(Error::of(
                ErrorKind::Mismatch,
                item,
                format_args!("the state has contents up to {behind}, but it has {size} {unit}"),
            ));
        }
    }
    Ok(())
}

fn global(
    item: &Item,
    ty: ValType,
    state: GlobalState,
    source: &Source<'_>,
    objects: usize,
) -> Result<(), Error> {
    match (state, ty) {
        (GlobalState::I32(_), ValType::I32)
        | (GlobalState::I64(_), ValType::I64)
        | (GlobalState::F32(_), ValType::F32)
        | (GlobalState::F64(_), ValType::F64)
        | (GlobalState::V128(_), ValType::V128) => Ok(()),
        (GlobalState::Ref(state), ValType::Ref(ty)) => reference(item, ty, state, source, objects),
        (state, ty) => Err(Error::of(
            ErrorKind::Mismatch,
            item,
            format_args!("its type is {ty}, but its state is {state:?}"),
        )),
    }
}

/// Checks that a reference can have the type. Whether a function or an object has the type that a
/// typed reference requires is left to the validation of the output.
fn reference(
    item: &Item,
    ty: RefType,
    state: RefState,
    source: &Source<'_>,
    objects: usize,
) -> Result<(), Error> {
    known(state, source, objects).map_err(|what| Error::of(ErrorKind::Mismatch, item, what))?;
    let is_of_functions = match ty.heap_type() {
        HeapType::Abstract { ty, .. } => Some(ty == AbstractHeapType::Func),
        HeapType::Concrete(_) | HeapType::Exact(_) => None,
    };
    let fits = match state {
        RefState::Null => ty.is_nullable(),
        RefState::Func(_) => is_of_functions != Some(false),
        RefState::I31(_) | RefState::Object(_) => is_of_functions != Some(true),
    };
    if fits {
        return Ok(());
    }
    Err(Error::of(
        ErrorKind::Mismatch,
        item,
        format_args!("a reference of type {ty} can't be {state:?}"),
    ))
}

/// Checks that what a reference refers to is there.
fn known(state: RefState, source: &Source<'_>, objects: usize) -> Result<(), String> {
    match state {
        RefState::Func(function) if function.as_u32() >= source.functions => Err(format!(
            "it refers to function {function}, but the module has {} functions",
            source.functions
        )),
        RefState::Object(object) if object as usize >= objects => {
            Err(format!("it refers to object {object}, but the state has {objects} objects"))
        }
        _ => Ok(()),
    }
}
