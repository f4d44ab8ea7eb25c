//! Which object is made before which.

use wasm_types::RefState;
use wasmparser::{StorageType, ValType};

use super::Objects;
use crate::error::{Error, ErrorKind};

/// The objects that can be reached from some, in an order in which each comes after those that it
/// must refer to from the start. Where there are no circles, it comes after all that it refers to.
pub(super) fn order(objects: &Objects<'_>, roots: &[u32]) -> Result<Vec<u32>, Error> {
    let all = walk(objects, roots, |_, _| true);
    let order = walk(objects, &all.order, |object, place| needs(objects, object, place));
    match order.circle {
        Some(object) => Err(Error::new(
            ErrorKind::Unrepresentable,
            format!(
                "object {object} of the state, of type {}, refers to itself through fields none of which \
                 could be null at first and set later: a module can't say what it holds. Make one of the \
                 fields in the circle mutable and nullable, or leave it unset until the state was taken",
                objects.states[object as usize].ty()
            ),
        )),
        None => Ok(order.order),
    }
}

/// Whether what a place refers to must be there when the object is made.
fn needs(objects: &Objects<'_>, object: u32, place: u32) -> bool {
    // Long arrays are filled later anyway.
    !objects.is_long(object)
        && objects.field(object, place).is_none_or(|field| {
            let StorageType::Val(ValType::Ref(ty)) = field.element_type else { return true };
            !field.mutable || !ty.is_nullable()
        })
}

struct Walk {
    /// Each object after those that it refers to, as far as there are no circles.
    order: Vec<u32>,
    /// An object in a circle, if there is one.
    circle: Option<u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    /// What it refers to is looked at.
    Open,
    Done,
}

/// Goes through all that can be reached, along the references that `follow` says: an object, and
/// the place in it.
fn walk(objects: &Objects<'_>, roots: &[u32], follow: impl Fn(u32, u32) -> bool) -> Walk {
    let mut walk = Walk { order: Vec::new(), circle: None };
    let mut states = vec![State::New; objects.states.len()];
    let targets = |object: u32| {
        let references = objects.states[object as usize].references();
        let targets: Vec<u32> = references
            .filter_map(|(place, reference)| match reference {
                RefState::Object(target) if follow(object, place) => Some(target),
                _ => None,
            })
            .collect();
        targets.into_iter()
    };
    for &root in roots {
        if states[root as usize] != State::New {
            continue;
        }
        states[root as usize] = State::Open;
        let mut open = vec![(root, targets(root))];
        while let Some((object, rest)) = open.last_mut() {
            let Some(target) = rest.next() else {
                states[*object as usize] = State::Done;
                walk.order.push(*object);
                open.pop();
                continue;
            };
            match states[target as usize] {
                State::New => {
                    states[target as usize] = State::Open;
                    open.push((target, targets(target)));
                }
                State::Open => walk.circle = Some(target),
                State::Done => {}
            }
        }
    }
    walk
}
