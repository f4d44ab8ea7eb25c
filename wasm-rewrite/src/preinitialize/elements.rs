//! Element segments: the contents of tables, what remains of the input's segments, and the
//! declarations of functions.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ConstExpr, ElementSection, Elements, RefType};
use wasm_types::{GlobalState, ModuleState, RefState, TableState};
use wasmparser::{ElementItems, ElementKind, ValType};

use super::functions::Functions;
use super::objects::Objects;
use super::renumber::Renumber;
use super::runs::{Run, Runs};
use super::slots;
use super::uses::Uses;
use crate::error::{Error, ErrorKind};
use crate::sections::Source;

/// The most element segments that engines accept, less one that declares functions.
const LIMIT: usize = 100_000 - 1;

/// The most elements of a segment that engines accept.
const LONGEST: u64 = 10_000_000;

/// The most elements of all segments: engines accept no larger modules than have room for these.
const LARGEST: u64 = 1 << 26;

struct Segment<'a> {
    mode: Mode,
    elements: Elements<'a>,
}

enum Mode {
    Passive,
    Active(u32, ConstExpr),
}

/// The element segments of the output, and the new index for each old one.
pub(super) fn elements(
    source: &Source<'_>,
    state: &ModuleState,
    objects: &Objects<'_>,
    uses: &Uses,
    renumber: &mut Renumber,
    functions: &mut Functions,
) -> Result<(ElementSection, Vec<Option<u32>>), Error> {
    let old = what_stays(source, state, objects, uses, renumber, functions)?;
    // Nulls between runs are not put into segments: before WebAssembly 2.0 this was impossible.
    let mut runs = Runs::new(0);
    for (table, state) in state.tables.iter().enumerate() {
        for run in state.iter().flat_map(|state| &state.runs) {
            for (place, element) in (run.offset..).zip(&run.elements) {
                if let RefState::Func(function) = element {
                    functions.0.insert(function.as_u32());
                }
                if *element != RefState::Null {
                    runs.add(table, place);
                }
            }
        }
    }
    let room = slots::room(&old, LIMIT);
    let mut new = Vec::new();
    let mut total = 0_u64;
    for run in runs.finish(room) {
        let length = run.places.end - run.places.start;
        total = total.saturating_add(length);
        if length > LONGEST || total > LARGEST {
            return Err(Error::of(
                ErrorKind::Limit,
                &source.table(run.of),
                format_args!(
                    "it takes a segment of {length} elements, and {total} with those before; engines \
                     accept {LONGEST}, and {LARGEST} of all segments"
                ),
            ));
        }
        let Some(Some(table_state)) = state.tables.get(run.of) else { continue };
        let ty = source.tables[run.of].ty;
        let offset = if ty.table64 {
            ConstExpr::i64_const(run.places.start as i64)
        } else {
            // The offset was found to fit in 32 bits, which the instruction reads as signed.
            ConstExpr::i32_const(run.places.start as u32 as i32)
        };
        new.push(Segment {
            mode: Mode::Active(renumber.tables[run.of], offset),
            elements: contents(table_state, &run, ty.element_type, objects, functions)?,
        });
    }
    let named = !uses.elements.is_empty();
    let empty = || Segment { mode: Mode::Passive, elements: Elements::Functions((&[]).into()) };
    let (segments, places) = slots::arrange(old, named, new, empty);
    let mut section = ElementSection::new();
    for Segment { mode, elements } in segments {
        match mode {
            Mode::Passive => section.passive(elements),
            // The index of table 0 is omitted, as WebAssembly 1.0 required.
            Mode::Active(0, offset) => section.active(None, &offset, elements),
            Mode::Active(table, offset) => section.active(Some(table), &offset, elements),
        };
    }
    let undeclared: Vec<u32> = uses.functions.difference(&functions.0).copied().collect();
    if !undeclared.is_empty() {
        section.declared(Elements::Functions(undeclared.into()));
    }
    Ok((section, places))
}

/// What remains of each segment of the input: passive segments that were not dropped, active
/// segments of tables that stay imported, and an empty segment where code refers to another one.
fn what_stays<'a>(
    source: &Source<'a>,
    state: &ModuleState,
    objects: &Objects<'_>,
    uses: &Uses,
    renumber: &mut Renumber,
    functions: &mut Functions,
) -> Result<Vec<Option<Segment<'a>>>, Error> {
    let mut old = Vec::with_capacity(source.elements.len());
    for (index, (segment, dropped)) in
        source.elements.iter().zip(&state.dropped_elements).enumerate()
    {
        let mode = match &segment.kind {
            ElementKind::Passive if !dropped => Some(Mode::Passive),
            ElementKind::Active { table_index, offset_expr } => {
                let table = table_index.unwrap_or(0);
                if state.tables.get(table as usize).is_some_and(Option::is_none) {
                    let offset = renumber.const_expr(offset_expr.clone())?;
                    Some(Mode::Active(renumber.table_index(table)?, offset))
                } else {
                    None
                }
            }
            ElementKind::Passive | ElementKind::Declared => None,
        };
        old.push(match mode {
            Some(mode) if let Some(known) = known_elements(state, index, &mode) => {
                let ElementItems::Expressions(ty, _) = segment.items else {
                    return Err(Error::new(
                        ErrorKind::Mismatch,
                        format!("element segment {index} holds functions, in the state others"),
                    ));
                };
                let elements = expressions(known, ty, objects, functions)?;
                Some(Segment { mode, elements })
            }
            Some(mode) => {
                add_functions(&segment.items, functions)?;
                let elements = renumber.element_items(segment.items.clone())?;
                Some(Segment { mode, elements })
            }
            None if uses.elements.contains(&(index as u32)) => {
                Some(Segment { mode: Mode::Passive, elements: none_of(&segment.items)? })
            }
            None => None,
        });
    }
    Ok(old)
}

/// What a segment holds, if the state says so.
fn known_elements<'a>(state: &'a ModuleState, index: usize, mode: &Mode) -> Option<&'a [RefState]> {
    matches!(mode, Mode::Passive).then(|| state.elements.get(index)?.as_deref()).flatten()
}

fn add_functions(items: &ElementItems<'_>, functions: &mut Functions) -> Result<(), Error> {
    match items.clone() {
        ElementItems::Functions(indices) => {
            for function in indices {
                functions.0.insert(function?);
            }
        }
        ElementItems::Expressions(_, expressions) => {
            for expression in expressions {
                functions.add(&expression?)?;
            }
        }
    }
    Ok(())
}

/// No elements, but of the same type: `table.init` is only valid with that.
fn none_of<'a>(items: &ElementItems<'_>) -> Result<Elements<'a>, Error> {
    Ok(match items {
        ElementItems::Functions(_) => Elements::Functions((&[]).into()),
        ElementItems::Expressions(ty, _) => {
            Elements::Expressions(RoundtripReencoder.ref_type(*ty)?, (&[]).into())
        }
    })
}

/// The elements of a run: indices of functions where possible, since WebAssembly 1.0 has nothing
/// else; otherwise expressions.
fn contents<'a>(
    state: &TableState,
    run: &Run,
    ty: wasmparser::RefType,
    objects: &Objects<'_>,
    declared: &mut Functions,
) -> Result<Elements<'a>, Error> {
    let mut elements = vec![RefState::Null; (run.places.end - run.places.start) as usize];
    let first = state
        .runs
        .partition_point(|part| part.offset + part.elements.len() as u64 <= run.places.start);
    for part in state.runs[first..].iter().take_while(|part| part.offset < run.places.end) {
        let from = part.offset.max(run.places.start);
        let to = (part.offset + part.elements.len() as u64).min(run.places.end);
        if from < to {
            let known = &part.elements[(from - part.offset) as usize..(to - part.offset) as usize];
            let start = (from - run.places.start) as usize;
            elements[start..start + known.len()].copy_from_slice(known);
        }
    }
    let functions: Option<Vec<u32>> = elements
        .iter()
        .map(|element| match element {
            RefState::Func(function) => Some(function.as_u32()),
            RefState::Null | RefState::I31(_) | RefState::Object(_) => None,
        })
        .collect();
    if let (Some(functions), RefType::FUNCREF) = (functions, RoundtripReencoder.ref_type(ty)?) {
        return Ok(Elements::Functions(functions.into()));
    }
    expressions(&elements, ty, objects, declared)
}

/// Elements as expressions of the given type.
fn expressions<'a>(
    elements: &[RefState],
    ty: wasmparser::RefType,
    objects: &Objects<'_>,
    functions: &mut Functions,
) -> Result<Elements<'a>, Error> {
    let constant = |element: &RefState| {
        objects.constant(GlobalState::Ref(*element), ValType::Ref(ty), functions)
    };
    let expressions: Vec<ConstExpr> = elements.iter().map(constant).collect::<Result<_, _>>()?;
    Ok(Elements::Expressions(RoundtripReencoder.ref_type(ty)?, expressions.into()))
}
