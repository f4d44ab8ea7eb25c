//! Putting the objects of an image back where they were, and making others like them.

#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ptr::{self, NonNull};

use wasm_types::StorageType;

use super::{Image, is_function, place_of};
use crate::Error;
use crate::vm::context::FuncRef;
use crate::vm::gc::groups::Group;
use crate::vm::gc::heap::{Heap, NoRoom, Outside};
use crate::vm::gc::host_values::HostValue;
use crate::vm::gc::object::{HEADER_SIZE, Header, NULL};
use crate::vm::gc::store::{Gc, Rest};
use crate::vm::gc::types::{HOST_VALUE, ObjectType};
use crate::vm::store::VmStore;

/// Objects that were made like those of an image, in a heap where nothing is collected meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    image: &'a Image,
    /// How many of the image's objects.
    count: usize,
    /// Where they are, one behind the other.
    start: u32,
}

impl Placed<'_> {
    /// What a reference of the image has become.
    pub(crate) fn reference(&self, reference: u64) -> u64 {
        match place_of(reference) {
            Some(place) if place < self.count => (self.start + self.image.offsets[place]).into(),
            // Nobody asks for those.
            Some(_) => NULL.into(),
            None => reference,
        }
    }
}

impl Image {
    /// The reference to an object, by what it is in the image. The objects are those of the image.
    pub(crate) fn reference(&self, objects: &[u32], reference: u64) -> u64 {
        match place_of(reference) {
            Some(place) => objects.get(place).copied().unwrap_or(NULL).into(),
            None => reference,
        }
    }
}

impl Gc {
    /// Gives the objects of an image what they held when it was taken of them.
    ///
    /// # Safety
    ///
    /// The image is of the group's objects, in this heap. Nothing borrows them.
    pub(crate) unsafe fn put_back(&mut self, image: &Image, group: &Group) {
        let (Some(heap), objects) = (&mut self.heap, self.handles.members(group)) else { return };
        let is_young = heap.space.young();
        let has_young = objects.iter().any(|object| is_young.contains(object));
        for (place, &object) in objects.iter().enumerate() {
            let of = image.object(place);
            if !of.ty.mutable {
                continue;
            }
            // SAFETY: the object is as large as it was, since types and lengths do not change. It
            // holds references where its type says.
            unsafe {
                if has_young {
                    heap.before_write(object);
                }
                let size = image.size(place + 1) as usize - of.start;
                let from = image.words.as_ptr().cast::<u8>().add(of.start);
                let to = heap.space.base().add(object as usize);
                let head = HEADER_SIZE as usize;
                from.add(head).copy_to_nonoverlapping(to.add(head), size - head);
                let elements = || heap.space.word(object + HEADER_SIZE);
                let each = of.ty.each(elements, StorageType::is_collected, |offset| {
                    let word = heap.space.word(object + offset);
                    let reference = image.reference(objects, word.into());
                    heap.space.set_word(object + offset, reference as u32);
                    Ok(())
                });
                debug_assert!(each.is_ok());
            }
        }
    }
}

impl Heap {
    /// Makes objects like the first `count` of an image, which have no functions and tags so far.
    /// `values` has what those stand for that stand for values of the host, by their places.
    ///
    /// # Safety
    ///
    /// The image is of a store of the same engine. Collections are put off.
    unsafe fn place(
        &mut self,
        outside: &mut dyn Outside,
        image: &Image,
        count: usize,
        values: &mut BTreeMap<usize, HostValue>,
    ) -> Result<u32, NoRoom> {
        let mut numbers = Vec::new();
        for ty in &image.types {
            numbers.push(match ty.as_ref().map(|ty| ty.ty) {
                None | Some(ObjectType::HostValue | ObjectType::Continuation) => HOST_VALUE,
                Some(ObjectType::Exception(record)) => self.number_of_exception(record)?,
                Some(ObjectType::Struct(record)) => self.number_of_struct(record)?,
                Some(ObjectType::Array(record)) => self.number_of_array(record)?,
            });
        }
        let size = image.size(count);
        let start = self.allocate_old(outside, size)?;
        // SAFETY: there is room for so many bytes, in which nothing is so far.
        unsafe {
            let to = self.space.base().add(start as usize);
            image.words.as_ptr().cast::<u8>().copy_to_nonoverlapping(to, size as usize);
        }
        let placed = Placed { image, count, start };
        for place in 0..count {
            let of = image.object(place);
            let object = start + image.offsets[place];
            let header = Header::from_bits(image.word(of.start));
            // SAFETY: a copy of the image's object is there, which holds references where its type
            // says.
            unsafe {
                let header = Header::young(numbers[header.number() as usize]).unlogged();
                self.space.set_header(object, header);
                let elements = || self.space.word(object + HEADER_SIZE);
                let references = of.ty.each(elements, StorageType::is_collected, |offset| {
                    let word = self.space.word(object + offset);
                    self.space.set_word(object + offset, placed.reference(word.into()) as u32);
                    Ok(())
                });
                let functions = of.ty.each(elements, is_function, |offset| {
                    self.space.set_word(object + offset, 0);
                    Ok(())
                });
                debug_assert!(references.and(functions).is_ok());
                match of.ty.ty {
                    ObjectType::HostValue => {
                        let value = values.remove(&place).unwrap_or_else(|| Box::new(()));
                        let number = self.values.add(value, object, false);
                        self.space.set_word(object + HEADER_SIZE, number);
                    }
                    ObjectType::Exception(_) => self.space.set_word(object + HEADER_SIZE, 0),
                    ObjectType::Struct(_) | ObjectType::Array(_) | ObjectType::Continuation => {}
                }
            }
        }
        Ok(start)
    }
}

impl VmStore {
    /// Makes objects like the first `count` of an image, which have no functions and tags so far:
    /// see [`set_numbers`](Self::set_numbers). `values` has the values of the host, by the places
    /// of the objects that stand for them; it is empty afterwards, unless this fails.
    ///
    /// # Safety
    ///
    /// The image is of a store of the same engine. Collections are put off, and nothing else refers
    /// to the objects until they are where a collector looks.
    pub(crate) unsafe fn place<'a>(
        &mut self,
        image: &'a Image,
        count: usize,
        values: &mut BTreeMap<usize, HostValue>,
    ) -> Result<Placed<'a>, NoRoom> {
        if count == 0 {
            return Ok(Placed { image, count, start: 0 });
        }
        let heap = ptr::from_mut(self.make_heap()?);
        // SAFETY: the heap stays where it is, and what it is given uses everything else of the
        // store.
        let start = unsafe { (*heap).place(&mut Rest::of(self), image, count, values)? };
        Ok(Placed { image, count, start })
    }

    /// Gives placed objects the functions that they refer to, by the numbers in the image, and
    /// exceptions their tags, whose numbers here stand by those in the image.
    ///
    /// # Errors
    ///
    /// If there is no such function, or there is no room for more.
    ///
    /// # Safety
    ///
    /// As for [`place`](Self::place), and nothing was collected since.
    pub(crate) unsafe fn set_numbers(
        &mut self,
        placed: &Placed<'_>,
        tags: &BTreeMap<u32, u32>,
        mut function: impl FnMut(u32) -> Result<NonNull<FuncRef>, Error>,
    ) -> Result<(), Error> {
        let Placed { image, count, start } = *placed;
        if count == 0 || image.functions.is_empty() && tags.is_empty() {
            return Ok(());
        }
        let heap = self.gc.heap_mut()?;
        let mut numbers = BTreeMap::from([(0, 0)]);
        for place in 0..count {
            let of = image.object(place);
            let object = start + image.offsets[place];
            if let Some(tag) = of.tag() {
                let number = tags.get(&tag).ok_or_else(|| Error::msg("a tag has no number"))?;
                // SAFETY: the object is where it was placed, and begins with the number of its tag.
                unsafe { heap.space.set_word(object + HEADER_SIZE, *number) };
            }
            let elements = || image.word(of.start + HEADER_SIZE as usize);
            of.ty.each(elements, is_function, |offset| {
                let old = image.word(of.start + offset as usize);
                let new = match numbers.get(&old) {
                    Some(number) => *number,
                    None => {
                        // SAFETY: the function is one of this store.
                        let number = unsafe { heap.number_of_function(function(old)?)? };
                        numbers.insert(old, number);
                        number
                    }
                };
                // SAFETY: the object is where it was placed, with the number of a function.
                unsafe { heap.space.set_word(object + offset, new) };
                Ok(())
            })?;
        }
        Ok(())
    }
}
