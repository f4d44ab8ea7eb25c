//! Taking an image of objects.

#![allow(unsafe_code)]

use std::sync::Arc;

use wasm_types::StorageType;

use super::{Image, ImageType, is_function};
use crate::Error;
use crate::vm::gc::heap::Heap;
use crate::vm::gc::object::{HEADER_SIZE, is_object};
use crate::vm::gc::space::NURSERY;
use crate::vm::gc::types::ObjectType;
use crate::vm::room_for;

/// What an allocation was for, in errors.
const WHAT: &str = "a snapshot of objects";

/// Takes an image of objects.
pub(crate) struct Capture<'a> {
    heap: Option<&'a Heap>,
    /// The numbers of the objects in the nursery and in the old space, by their places there.
    young: Box<[u32]>,
    old: Box<[u32]>,
    /// The objects, by their numbers.
    objects: Vec<u32>,
    image: Image,
}

impl<'a> Capture<'a> {
    /// A capture of objects of a heap, which is not used otherwise meanwhile.
    pub(crate) fn new(heap: Option<&'a Heap>) -> Result<Self, Error> {
        let spaces =
            heap.map_or((0, 0), |heap| (heap.space.young().len(), heap.space.old.used() as usize));
        Ok(Self {
            heap,
            young: room_for::filled(0, spaces.0 / 8, WHAT)?,
            old: room_for::filled(0, spaces.1 / 8, WHAT)?,
            objects: Vec::new(),
            image: Image::default(),
        })
    }

    /// What a reference is in the image, to which its object belongs from now on.
    pub(crate) fn reference(&mut self, reference: u64) -> Result<u64, Error> {
        Ok(self.number(reference as u32)?.into())
    }

    fn number(&mut self, reference: u32) -> Result<u32, Error> {
        let Some(heap) = self.heap.filter(|_| is_object(reference)) else { return Ok(reference) };
        let (list, start) = match heap.space.young().contains(&reference) {
            true => (&mut self.young, NURSERY),
            false => (&mut self.old, heap.space.old.start),
        };
        let number = &mut list[((reference - start) / 8) as usize];
        if *number == 0 {
            room_for::push(&mut self.objects, reference, WHAT)?;
            *number = self.objects.len() as u32 * 2;
        }
        Ok(*number)
    }

    /// Adds everything that what was added refers to. Returns how many objects there are.
    pub(crate) fn complete(&mut self) -> Result<usize, Error> {
        let Some(heap) = self.heap else { return Ok(0) };
        while let Some(&object) = self.objects.get(self.image.len()) {
            // SAFETY: all references lead to objects of the heap, which nobody uses meanwhile, and
            // whose types live as long as the engine.
            unsafe { self.add(heap, object)? };
        }
        Ok(self.image.len())
    }

    /// Copies an object.
    ///
    /// # Safety
    ///
    /// There is an object at the place.
    unsafe fn add(&mut self, heap: &Heap, object: u32) -> Result<(), Error> {
        // SAFETY: as the caller promises.
        unsafe {
            let header = heap.space.header(object).unlogged();
            let number = header.number();
            let length = || heap.space.word(object + HEADER_SIZE);
            let size = heap.types.shape(number).size_of(length);
            let start = self.image.words.len() * 8;
            let place = heap.space.base().add(object as usize);
            let words = std::slice::from_raw_parts(place.cast::<u64>(), size as usize / 8);
            room_for::extend(&mut self.image.words, words, WHAT)?;
            room_for::push(&mut self.image.offsets, start as u32, WHAT)?;
            self.image.set_word(start, header.bits());
            let ty = self.type_numbered(heap, number)?;
            ty.each(length, StorageType::is_collected, |offset| {
                let reference = self.number(heap.space.word(object + offset))?;
                self.image.set_word(start + offset as usize, reference);
                Ok(())
            })?;
            ty.each(length, is_function, |offset| {
                let number = heap.space.word(object + offset);
                if let Some(func) = heap.function(number) {
                    self.image.functions.insert(number, func.as_ptr() as u64);
                }
                Ok(())
            })
        }
    }

    fn type_numbered(&mut self, heap: &Heap, number: u32) -> Result<Arc<ImageType>, Error> {
        let types = &mut self.image.types;
        while types.len() <= number as usize {
            room_for::push(types, None, WHAT)?;
        }
        if let Some(ty) = &types[number as usize] {
            return Ok(Arc::clone(ty));
        }
        let ty = heap.types.get(number).ok_or_else(|| Error::msg("an object has no type"))?;
        if ty == ObjectType::Continuation {
            return Err(Error::msg(
                "there is no snapshot of a continuation: what the snapshot is of, or something that \
                 it refers to, holds a reference to one",
            ));
        }
        // SAFETY: the engine outlives its stores.
        let ty = Arc::new(unsafe { ImageType::new(ty) });
        types[number as usize] = Some(Arc::clone(&ty));
        Ok(ty)
    }

    /// The image, and the objects that it is of.
    pub(crate) fn finish(self) -> (Image, Vec<u32>) {
        (self.image, self.objects)
    }
}
