//! Modules of fused functions.

use wasm_component::AdapterTrap;

use super::body::{Body, Local};
use super::call::Call;
use super::copy::{Copier, Place};
use super::function;
use super::item::Item;
use super::module::{Builder, Helper, Mode, Task};
use super::refusal::invalid;
use super::room::CodeRoom;
use super::shape::Shapes;
use crate::error::Error;

/// Types within types may not be deeper than this. Validation allows for less.
const MAX_DEPTH: u32 = 200;

/// A module of fused functions.
pub(crate) struct Fused {
    /// The binary. It exports each function by its place among those that were asked for.
    pub(crate) wasm: Vec<u8>,
    /// What it imports, in that order; the second name of each is its place.
    pub(crate) imports: Vec<Item>,
}

/// Makes a module of some functions, which have `room` for their code. `traps` gives the functions,
/// without parameters and results, that raise traps.
///
/// # Errors
///
/// If types are too large, or a lot of code to copy.
pub(crate) fn fuse(
    shapes: &Shapes,
    calls: &[Call],
    room: &mut CodeRoom,
    traps: &mut dyn FnMut(AdapterTrap) -> Item,
) -> Result<Fused, Error> {
    shapes.check(MAX_DEPTH)?;
    let mut builder = Builder::new(shapes, room, traps);
    let mut exports = Vec::new();
    for call in calls {
        exports.push(function::write(&mut builder, call)?);
    }
    while let Some((helper, index)) = builder.next_helper() {
        let body = write_helper(&mut builder, &helper)?;
        builder.define(index, body)?;
    }
    let (wasm, imports) = builder.finish(&exports)?;
    Ok(Fused { wasm, imports })
}

/// The code of a helper function.
fn write_helper(builder: &mut Builder<'_>, helper: &Helper) -> Result<Body, Error> {
    let (params, results) = builder.helper_signature(helper);
    let (body, params) = Body::new(&params);
    let mut copier = Copier { builder, body, source: helper.source, target: helper.target };
    match (helper.task, &params[..]) {
        (Task::List { element }, [pointer, length]) => copier.list(element, *pointer, *length)?,
        (Task::String, [pointer, length]) => copier.string(*pointer, *length)?,
        (Task::Value { shape, from, to: Mode::Flat }, sources) => {
            let targets: Vec<_> = results.iter().map(|ty| copier.body.local(*ty)).collect();
            copier.inline(shape, place_of(from, sources), Place::Flat(&targets))?;
            for target in &targets {
                copier.body.push(*target);
            }
        }
        (Task::Value { shape, from, to: Mode::Memory }, [sources @ .., target]) => {
            let target = Place::Memory { address: *target, offset: 0 };
            copier.inline(shape, place_of(from, sources), target)?;
        }
        _ => return Err(invalid("needs a helper function without parameters")),
    }
    Ok(copier.body)
}

/// The place that the parameters of a helper function are.
fn place_of(mode: Mode, locals: &[Local]) -> Place<'_> {
    match (mode, locals) {
        (Mode::Memory, [address]) => Place::Memory { address: *address, offset: 0 },
        _ => Place::Flat(locals),
    }
}
