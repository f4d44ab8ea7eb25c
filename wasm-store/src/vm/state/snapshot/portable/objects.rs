//! Objects of the heap as plain data.

#![allow(unsafe_code, reason = "reads the types of objects, which live as long as the engine")]

use std::collections::HashMap;

use wasm_types::{GlobalState, ObjectState, RefState, StorageType, TypeIndex, ValType};

use super::{Subject, VmState, WHAT, untellable};
use crate::Error;
use crate::vm::gc::{ObjectType, place_of};
use crate::vm::room_for;
use crate::vm::state::snapshot::capture::is_function;

/// The objects that are part of the state of an instance.
#[derive(Debug, Default)]
pub(super) struct Objects {
    /// Their places in the image of the heap.
    places: Vec<usize>,
    /// The reverse.
    numbers: HashMap<usize, u32>,
}

impl Objects {
    /// The number of an object, by its place.
    fn number(&mut self, place: usize) -> Result<u32, Error> {
        if let Some(number) = self.numbers.get(&place) {
            return Ok(*number);
        }
        let number = self.places.len() as u32;
        room_for::push(&mut self.places, place, WHAT)?;
        if self.numbers.try_reserve(1).is_err() {
            return Err(room_for::no_room::<(usize, u32)>(self.places.len(), WHAT));
        }
        self.numbers.insert(place, number);
        Ok(number)
    }
}

impl VmState {
    /// A reference into the heap, which is one of the image.
    pub(super) fn collected(
        &self,
        subject: &mut Subject,
        reference: u64,
        what: impl FnOnce() -> String,
    ) -> Result<RefState, Error> {
        let Some(place) = place_of(reference) else {
            return Ok(match reference as u32 {
                0 => RefState::Null,
                integer => RefState::I31(integer >> 1),
            });
        };
        match self.held.image.object(place).ty() {
            ObjectType::HostValue | ObjectType::Exception(_) | ObjectType::Continuation => {
                Err(untellable(&what()))
            }
            ObjectType::Struct(_) | ObjectType::Array(_) => {
                Ok(RefState::Object(subject.objects.number(place)?))
            }
        }
    }

    /// A reference to a function, by its number in the image.
    fn numbered_function(
        &self,
        subject: &Subject,
        number: u32,
        what: impl Fn() -> String,
    ) -> Result<RefState, Error> {
        let Some(func) = self.held.image.functions.get(&number) else { return Ok(RefState::Null) };
        let name = self.name(*func, &what)?;
        let func = subject.index_of(name).ok_or_else(|| untellable(&what()))?;
        Ok(RefState::Func(func))
    }

    /// The objects that were asked for, and all that they refer to.
    pub(super) fn objects(&self, subject: &mut Subject) -> Result<Vec<ObjectState>, Error> {
        let mut types = HashMap::new();
        for (index, id) in (0..).zip(&self.instances[subject.number].module.type_ids) {
            types.entry(*id).or_insert(TypeIndex::new(index));
        }
        let mut objects = Vec::new();
        while let Some(&place) = subject.objects.places.get(objects.len()) {
            let ty = self.held.image.object(place).ty();
            // SAFETY: the engine lives as long as the modules of the state.
            let id = unsafe { ty.head() }.map(|head| head.id);
            let known = id.and_then(|id| types.get(&id));
            let ty = known.ok_or_else(|| untellable("an object of the snapshot"))?;
            let object = self.object(subject, place, *ty)?;
            room_for::push(&mut objects, object, WHAT)?;
        }
        Ok(objects)
    }

    fn object(
        &self,
        subject: &mut Subject,
        place: usize,
        ty: TypeIndex,
    ) -> Result<ObjectState, Error> {
        let object = self.held.image.object(place);
        let what = || format!("an object of the snapshot, of type {ty},");
        let mut reference = |storage, value: u128| match storage {
            StorageType::Val(ty) if is_function(ty) => {
                self.numbered_function(subject, value as u32, what)
            }
            _ => self.collected(subject, value as u64, what),
        };
        let mut fields = Vec::new();
        if let ObjectType::Struct(_) = object.ty() {
            for (storage, value) in object.values() {
                let field = match storage {
                    StorageType::Val(ValType::Ref(_)) => {
                        GlobalState::Ref(reference(storage, value)?)
                    }
                    StorageType::Val(ValType::I64) => GlobalState::I64(value as i64),
                    StorageType::Val(ValType::F32) => GlobalState::F32(value as u32),
                    StorageType::Val(ValType::F64) => GlobalState::F64(value as u64),
                    StorageType::Val(ValType::V128) => GlobalState::V128(value),
                    StorageType::Val(ValType::I32) | StorageType::I8 | StorageType::I16 => {
                        GlobalState::I32(value as i32)
                    }
                };
                room_for::push(&mut fields, field, WHAT)?;
            }
            return Ok(ObjectState::Struct(ty, fields));
        }
        let (mut elements, mut bytes) = (Vec::new(), Vec::new());
        for (storage, value) in object.values() {
            if let StorageType::Val(ValType::Ref(_)) = storage {
                room_for::push(&mut elements, reference(storage, value)?, WHAT)?;
            } else {
                let size = storage.object_size() as usize;
                room_for::extend(&mut bytes, &value.to_le_bytes()[..size], WHAT)?;
            }
        }
        Ok(match object.holds_references() {
            true => ObjectState::Array(ty, elements),
            false => ObjectState::Numbers(ty, bytes),
        })
    }
}
