//! Images: what objects hold, apart from their heap, with all that they refer to.
//!
//! The objects stand one behind the other as in a heap, but for their references: where the heap
//! has a distance, the image has the object's number times 2. Numbers begin with 1, so that null
//! and unboxed integers are what they are everywhere. Functions and tags have the numbers of the
//! heap.

#![allow(unsafe_code)]

mod capture;
mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasm_types::{StorageType, ValType};

pub(crate) use capture::Capture;
pub(crate) use place::Placed;

use super::object::{ARRAY_HEAD, HEADER_SIZE, Header, is_object};
use super::types::{ObjectType, exception_layout};
use crate::Error;

/// What objects hold.
#[derive(Debug, Default)]
pub(crate) struct Image {
    /// The objects.
    words: Vec<u64>,
    /// Where each of them starts, in bytes.
    offsets: Vec<u32>,
    /// Their types, by the numbers of the heap; `None` for those of no object.
    types: Vec<Option<Arc<ImageType>>>,
    /// The functions that they refer to, as references to them, by the numbers of the heap.
    pub(crate) functions: BTreeMap<u32, u64>,
}

/// The type of objects in an image.
#[derive(Clone, Debug)]
struct ImageType {
    ty: ObjectType,
    /// What a structure or an exception holds, and where.
    fields: Box<[(u32, StorageType)]>,
    /// What an array holds.
    element: Option<StorageType>,
    /// Whether what it holds can change.
    mutable: bool,
}

// SAFETY: types are never written, and live as long as the engine.
unsafe impl Send for ImageType {}
// SAFETY: as above.
unsafe impl Sync for ImageType {}

/// An object of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'a> {
    image: &'a Image,
    ty: &'a ImageType,
    start: usize,
}

/// The place of the object with a number among all.
pub(crate) fn place_of(reference: u64) -> Option<usize> {
    match reference as u32 {
        reference if is_object(reference) => (reference as usize / 2).checked_sub(1),
        _ => None,
    }
}

impl ImageType {
    /// # Safety
    ///
    /// The engine lives.
    unsafe fn new(ty: ObjectType) -> Self {
        let (mut fields, mut element, mut mutable) = (Vec::new(), None, false);
        // SAFETY: as the caller promises.
        unsafe {
            match ty {
                ObjectType::HostValue | ObjectType::Continuation => {}
                ObjectType::Exception(record) => {
                    let params = record.as_ref().ty.params();
                    let layout = exception_layout(params);
                    let values = params.iter().map(|ty| StorageType::Val(*ty));
                    // The first place has the tag.
                    fields.extend(layout.offsets().iter().skip(1).copied().zip(values));
                }
                ObjectType::Struct(record) => {
                    let record = record.as_ref();
                    mutable = record.ty.fields.iter().any(|field| field.mutable);
                    let storages = record.ty.fields.iter().map(|field| field.storage);
                    fields.extend(record.layout.offsets().iter().copied().zip(storages));
                }
                ObjectType::Array(record) => {
                    let field = record.as_ref().ty.0;
                    (element, mutable) = (Some(field.storage), field.mutable);
                }
            }
        }
        Self { ty, fields: fields.into(), element, mutable }
    }

    /// Calls a function for each place in an object that has a value which `is_wanted`.
    fn each(
        &self,
        elements: impl FnOnce() -> u32,
        is_wanted: impl Fn(StorageType) -> bool,
        mut each: impl FnMut(u32) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (offset, storage) in &self.fields {
            if is_wanted(*storage) {
                each(*offset)?;
            }
        }
        match self.element {
            Some(storage) if is_wanted(storage) => {
                (0..elements()).try_for_each(|element| each(ARRAY_HEAD + element * 4))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a place holds the number of a function.
fn is_function(storage: StorageType) -> bool {
    matches!(storage, StorageType::Val(ValType::Ref(ty)) if !ty.is_collected())
}

impl Image {
    /// How many objects it has.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// How many bytes the first of its objects take.
    pub(crate) fn size(&self, objects: usize) -> u32 {
        self.offsets.get(objects).copied().unwrap_or((self.words.len() * 8) as u32)
    }

    /// The numbers of the tags of the exceptions among the first of its objects.
    pub(crate) fn tags(&self, objects: usize) -> BTreeSet<u32> {
        let is_exception = |ty: &ImageType| matches!(ty.ty, ObjectType::Exception(_));
        match self.types.iter().flatten().any(|ty| is_exception(ty)) {
            true => (0..objects).filter_map(|place| self.object(place).tag()).collect(),
            false => BTreeSet::new(),
        }
    }

    /// The numbers of the functions that the first of its objects refer to.
    pub(crate) fn functions_of(&self, objects: usize) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        for place in (0..objects).take_while(|_| !self.functions.is_empty()) {
            let Object { ty, start, .. } = self.object(place);
            let elements = || self.word(start + HEADER_SIZE as usize);
            let each = ty.each(elements, is_function, |offset| {
                found.insert(self.word(start + offset as usize));
                Ok(())
            });
            debug_assert!(each.is_ok());
        }
        found
    }

    /// An object, by its place.
    pub(crate) fn object(&self, place: usize) -> Object<'_> {
        let start = self.offsets[place] as usize;
        let header = Header::from_bits(self.word(start));
        let ty = self.types[header.number() as usize].as_deref();
        Object { image: self, ty: ty.expect("each object has a type"), start }
    }

    fn word(&self, offset: usize) -> u32 {
        (self.words[offset / 8] >> (offset % 8 * 8)) as u32
    }

    fn set_word(&mut self, offset: usize, word: u32) {
        let place = &mut self.words[offset / 8];
        let shift = offset % 8 * 8;
        *place = *place & !(u64::from(u32::MAX) << shift) | u64::from(word) << shift;
    }
}

impl<'a> Object<'a> {
    /// Its type.
    pub(crate) fn ty(&self) -> ObjectType {
        self.ty.ty
    }

    /// The number of an exception's tag; `None` for other objects.
    pub(crate) fn tag(&self) -> Option<u32> {
        let is_exception = matches!(self.ty.ty, ObjectType::Exception(_));
        is_exception.then(|| self.image.word(self.start + HEADER_SIZE as usize))
    }

    /// Whether an array holds references.
    pub(crate) fn holds_references(&self) -> bool {
        matches!(self.ty.element, Some(StorageType::Val(ValType::Ref(_))))
    }

    /// What it holds, with the type of each: the number of a function for a reference to one, and
    /// for other references what they are in the image.
    pub(crate) fn values(self) -> impl Iterator<Item = (StorageType, u128)> + 'a {
        let Object { image, ty, start } = self;
        let fields = ty.fields.iter().copied();
        let elements = ty.element.map(|storage| {
            let size = storage.object_size();
            let count = image.word(start + HEADER_SIZE as usize);
            (0..count).map(move |element| (ARRAY_HEAD + element * size, storage))
        });
        let all = fields.chain(elements.into_iter().flatten());
        all.map(move |(offset, storage)| {
            let value = image.bytes(start + offset as usize, storage.object_size() as usize);
            (storage, value)
        })
    }
}

impl Image {
    /// So many bytes, as a number.
    fn bytes(&self, offset: usize, size: usize) -> u128 {
        let bytes = (offset..offset + size).rev();
        bytes.fold(0, |value, at| {
            value << 8 | u128::from((self.words[at / 8] >> (at % 8 * 8)) as u8)
        })
    }
}
