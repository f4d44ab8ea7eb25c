//! The types of a heap's objects. A heap has numbers of its own for them, in the order in which
//! they came, so that its contents mean the same elsewhere.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::abi::StructLayout;
use wasm_types::abi::continuation;
use wasm_types::abi::heap::{self, ObjectKind};
use wasm_types::{FieldType, StorageType, ValType};

use super::layout::Shape;
use super::space::Space;
use crate::Error;
use crate::vm::room_for;
use crate::vm::type_record::{ArrayTypeRecord, FuncTypeRecord, StructTypeRecord, TypeRecord};

/// What an allocation was for, in errors.
const WHAT: &str = "types of a garbage-collected heap";

/// The type of an object. The records live as long as the engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ObjectType {
    /// It stands for a value of the host.
    HostValue,
    /// An exception, with the values that a tag of this type has.
    Exception(NonNull<FuncTypeRecord>),
    /// A structure.
    Struct(NonNull<StructTypeRecord>),
    /// An array.
    Array(NonNull<ArrayTypeRecord>),
    /// A continuation.
    Continuation,
}

/// The number of [`ObjectType::HostValue`], which each heap has.
pub(super) const HOST_VALUE: u32 = 0;

const _: () = assert!(continuation::TYPE == HOST_VALUE + 1);

/// The types of a heap, by their numbers.
#[derive(Debug)]
pub(super) struct Types {
    shapes: Vec<Shape>,
    /// The references that shapes have no place for.
    far: Vec<u32>,
    types: Vec<ObjectType>,
    /// The numbers of structures, arrays and exceptions, by the engine-wide ids of the types; 0 for
    /// those that have none yet.
    numbers: Vec<u32>,
}

impl ObjectType {
    /// The place among all types of a structure or an array.
    ///
    /// # Safety
    ///
    /// The engine lives.
    pub(crate) unsafe fn head<'a>(self) -> Option<&'a TypeRecord> {
        // SAFETY: as the caller promises.
        unsafe {
            match self {
                ObjectType::Struct(record) => Some(&record.as_ref().head),
                ObjectType::Array(record) => Some(&record.as_ref().head),
                ObjectType::HostValue | ObjectType::Exception(_) | ObjectType::Continuation => None,
            }
        }
    }
}

impl Types {
    pub(super) fn new() -> Self {
        // By their numbers: `HOST_VALUE` and `continuation::TYPE`.
        let shapes = vec![Shape::HOST_VALUE, Shape::CONTINUATION];
        let types = vec![ObjectType::HostValue, ObjectType::Continuation];
        Self { shapes, far: Vec::new(), types, numbers: Vec::new() }
    }

    /// How many types there are.
    pub(super) fn count(&self) -> u32 {
        self.types.len() as u32
    }

    /// The type with a number.
    pub(super) fn get(&self, number: u32) -> Option<ObjectType> {
        self.types.get(number as usize).copied()
    }

    #[inline(always)]
    pub(super) fn shape(&self, number: u32) -> &Shape {
        &self.shapes[number as usize]
    }

    /// The shapes of all types, by their numbers.
    pub(super) fn shapes(&self) -> *const Shape {
        self.shapes.as_ptr()
    }

    /// The references that shapes have no place for.
    pub(super) fn far(&self) -> &[u32] {
        &self.far
    }

    pub(super) fn number(&self, id: u32) -> Option<u32> {
        self.numbers.get(id as usize).copied().filter(|number| *number != HOST_VALUE)
    }

    /// Adds a type. `supertype` is the number of its supertype.
    pub(super) fn add(
        &mut self,
        space: &mut Space,
        (id, depth): (u32, u32),
        supertype: Option<u32>,
        (ty, kind): (ObjectType, ObjectKind),
        shape: impl FnOnce(&mut Vec<u32>) -> Shape,
    ) -> Result<u32, Error> {
        let number = self.count();
        if number >= heap::MAX_TYPES {
            return Err(Error::msg(format!(
                "the store has no room for more than {} types of objects",
                heap::MAX_TYPES
            )));
        }
        if self.numbers.len() <= id as usize {
            self.reserve(id + 1, 1)?;
        }
        space.make_room_for_types(number + 1)?;
        // SAFETY: there is room for both.
        unsafe {
            let entry = space.ty(number);
            if let Some(supertype) = supertype {
                *entry = *space.ty(supertype);
            }
            if depth < heap::NEAR {
                (*entry)[depth as usize] = number << (!heap::TYPE_MASK).count_ones();
            }
            (*entry)[heap::TYPE_KIND as usize / 4] = kind as u32;
        }
        self.shapes.push(shape(&mut self.far));
        self.types.push(ty);
        self.numbers[id as usize] = number;
        Ok(number)
    }

    /// Makes room for types with ids below `ids`, and for so many more types.
    pub(super) fn reserve(&mut self, ids: u32, more: usize) -> Result<(), Error> {
        let ids = ids as usize;
        if self.numbers.is_empty() {
            // Zeros that nobody reads take no memory.
            self.numbers = vec![0; ids];
        } else if self.numbers.len() < ids {
            let missing = ids.max(self.numbers.len() * 2) - self.numbers.len();
            if self.numbers.try_reserve(missing).is_err() {
                return Err(room_for::no_room::<u32>(ids, WHAT));
            }
            self.numbers.resize(ids, 0);
        }
        let room = self.shapes.try_reserve(more).and_then(|()| self.types.try_reserve(more));
        room.map_err(|_| room_for::no_room::<Shape>(self.shapes.len() + more, WHAT))
    }
}

/// What an exception holds: the number that its store has for its tag, and the values.
fn exception_fields(values: &[ValType]) -> Vec<FieldType> {
    let tag = StorageType::Val(ValType::I32);
    let values = values.iter().map(|value| StorageType::Val(*value));
    let all = std::iter::once(tag).chain(values);
    all.map(|storage| FieldType { storage, mutable: false }).collect()
}

/// Where an exception with such values has them. The first field is the number of the tag, right
/// behind the header; the values follow in order.
pub(crate) fn exception_layout(values: &[ValType]) -> StructLayout {
    let tag = StructLayout::new(None, &exception_fields(&[]));
    StructLayout::new(Some(&tag), &exception_fields(values))
}
