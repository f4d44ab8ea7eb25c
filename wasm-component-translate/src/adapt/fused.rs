//! Modules of fused functions, apart from what the rest of the crate calls the things that they
//! import: those are numbers here.

use wasm_component::{AdapterTrap, StringEncoding};

use super::body::{Body, Local};
use super::copy::{Copier, Place};
use super::function;
use super::module::{Builder, Helper, Mode, Task};
use super::shape::{ShapeId, Shapes};
use crate::error::{Error, ErrorKind};

/// Types within types may not be deeper than this. Validation allows for less.
const MAX_DEPTH: u32 = 200;

/// A core item that is imported, by its number among those of whoever asks for the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Item(pub(crate) u32);

/// One side of a call: its component instance, and its canonical options.
pub(crate) struct Side {
    /// The global that is the flags of the component instance.
    pub(crate) flags: Item,
    /// The option `memory`.
    pub(crate) memory: Option<Memory>,
    /// The option `realloc`.
    pub(crate) realloc: Option<Item>,
    /// The option `string-encoding`.
    pub(crate) encoding: StringEncoding,
}

/// A memory.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Where it is.
    pub(crate) item: Item,
    /// The size of its pages is 2 to the power of this.
    pub(crate) page_size_log2: u32,
}

/// A function of one component as another calls it.
pub(crate) struct Call {
    /// The component instance that calls, and the options with which it lowered the function.
    pub(crate) caller: Side,
    /// The component instance that is called, and the options with which it lifted the function.
    pub(crate) callee: Side,
    /// The core function that was lifted.
    pub(crate) function: Item,
    /// The option `post-return`.
    pub(crate) post_return: Option<Item>,
    /// The parameters as one record, with handles that go from the caller to the callee.
    pub(crate) params: ShapeId,
    /// The result, with handles that go from the callee to the caller.
    pub(crate) result: Option<ShapeId>,
    /// The functions that begin and end the scope of borrows, if there are any.
    pub(crate) scope: Option<(Item, Item)>,
    /// Whether the callee is in a call whenever the caller is: because one is in the other.
    pub(crate) recursive: bool,
    /// Whether there can be exceptions, which must not come out of a component.
    pub(crate) exceptions: bool,
}

/// A module of fused functions.
pub(crate) struct Fused {
    /// The binary. It exports each function by its place among those that were asked for.
    pub(crate) wasm: Vec<u8>,
    /// What it imports, in that order; the second name of each is its place.
    pub(crate) imports: Vec<Item>,
}

/// Makes a module of some functions. `traps` gives the functions, without parameters and results,
/// that raise traps.
///
/// # Errors
///
/// If types are too large, or a lot of code to copy.
pub(crate) fn fuse(
    shapes: &Shapes,
    calls: &[Call],
    traps: &mut dyn FnMut(AdapterTrap) -> Item,
) -> Result<Fused, Error> {
    shapes.check(MAX_DEPTH)?;
    let mut builder = Builder::new(shapes, traps);
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

/// What validation excludes.
pub(super) fn invalid(what: impl Into<String>) -> Error {
    let what = what.into();
    Error::new(ErrorKind::Invalid, format!("a function between two components {what}"))
}

/// What is too large.
pub(super) fn limit(what: impl Into<String>) -> Error {
    let what = what.into();
    Error::new(ErrorKind::Limit, format!("a function between two components {what}"))
}
