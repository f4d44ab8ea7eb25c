//! Exceptions as objects of the heap: what a reference to one leads to.
//!
//! An object holds the values, and a number for the tag. A tag gets its number with the first
//! object of its exceptions, in the order of a list of the store. So objects mean the same in a
//! copy of the heap, if its store numbers its tags as this one does.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{self, NonNull};

use wasm_types::abi::StructLayout;
use wasm_types::abi::heap::HEADER_SIZE;
use wasm_types::{StorageType, ValType};

use crate::Error;
use crate::vm::context::VMContext;
use crate::vm::gc::{NULL, NoRoom, exception_layout, run};
use crate::vm::room_for;
use crate::vm::store::VmStore;
use crate::vm::tag::VmTag;
use crate::vm::value::ValRaw;

/// Where an exception has the number of its tag.
const TAG: u32 = HEADER_SIZE;

/// How the number of a tag is stored.
const NUMBER: StorageType = StorageType::Val(ValType::I32);

/// The tags that have numbers.
#[derive(Debug, Default)]
pub(super) struct NumberedTags(Vec<NumberedTag>);

/// A tag that has a number, and its exceptions as objects.
#[derive(Debug)]
struct NumberedTag {
    tag: NonNull<VmTag>,
    /// The number that the heap has for the type of the objects.
    ty: u32,
    /// Where the objects have the tag's number, and then the values.
    layout: StructLayout,
}

impl NumberedTags {
    fn get(&self, number: u32) -> Option<&NumberedTag> {
        self.0.get(number.checked_sub(1)? as usize)
    }
}

impl VmStore {
    fn numbered_tag(&self, number: u32) -> Option<&NumberedTag> {
        self.exceptions()?.tags.get(number)
    }

    /// The tag that a number stands for in objects.
    pub(crate) fn tag_numbered(&self, number: u32) -> Option<NonNull<VmTag>> {
        self.numbered_tag(number).map(|numbered| numbered.tag)
    }

    /// The number of a tag, which it gets now if it has none.
    ///
    /// # Safety
    ///
    /// The tag is one of this store; so for the following.
    pub(crate) unsafe fn number_of_tag(&mut self, tag: NonNull<VmTag>) -> Result<u32, Error> {
        // SAFETY: the tag lives as long as the store, and its type as long as the engine.
        unsafe {
            let numbered = tag.as_ref();
            if numbered.number() != 0 {
                return Ok(numbered.number());
            }
            let record = numbered.ty();
            let ty = self.make_heap()?.number_of_exception(record)?;
            let layout = exception_layout(record.as_ref().ty.params());
            let exceptions = (*self.context()).exceptions.get_or_insert_default();
            let tags = &mut exceptions.tags.0;
            room_for::push(tags, NumberedTag { tag, ty, layout }, "tags of exceptions")?;
            let number = tags.len() as u32;
            numbered.set_number(number);
            Ok(number)
        }
    }

    /// A new exception, whose values are zero and null.
    ///
    /// # Safety
    ///
    /// As above.
    pub(crate) unsafe fn new_exception(&mut self, tag: NonNull<VmTag>) -> Result<u32, NoRoom> {
        // SAFETY: as the caller promises; the object is just made, and begins with the number.
        unsafe {
            let number = self.number_of_tag(tag)?;
            let ty = self.numbered_tag(number).map(|tag| tag.ty);
            let Some(ty) = ty else { unreachable!("each number is that of a tag") };
            let object = self.new_object(ty, 0)?;
            let number = ValRaw::from_u64(number.into());
            self.gc.heap_mut()?.write(object + TAG, NUMBER, number)?;
            Ok(object)
        }
    }

    /// The tag of an exception, and where its values are.
    ///
    /// # Safety
    ///
    /// The reference is to an exception.
    unsafe fn exception(&self, object: u32) -> &NumberedTag {
        let Some(heap) = self.gc.heap() else { unreachable!("there is an object") };
        // SAFETY: as the caller promises.
        let number = unsafe { heap.read(object + TAG, NUMBER).i32.cast_unsigned() };
        let Some(tag) = self.numbered_tag(number) else {
            unreachable!("each number is that of a tag")
        };
        tag
    }

    /// The tag of an exception.
    ///
    /// # Safety
    ///
    /// As above.
    pub(crate) unsafe fn tag_of_exception(&self, object: u32) -> NonNull<VmTag> {
        // SAFETY: as the caller promises.
        unsafe { self.exception(object).tag }
    }

    /// One of the values of an exception, and its type. `None` if it has fewer.
    ///
    /// # Safety
    ///
    /// As above.
    pub(crate) unsafe fn value_of_exception(
        &self,
        object: u32,
        place: usize,
    ) -> Option<(ValRaw, ValType)> {
        // SAFETY: as the caller promises; types live as long as the engine.
        unsafe {
            let NumberedTag { tag, layout, .. } = self.exception(object);
            let ty = *tag.as_ref().ty().as_ref().ty.params().get(place)?;
            let offset = layout.offsets()[1 + place];
            let value = self.gc.heap()?.read(object + offset, StorageType::Val(ty));
            Some((value, ty))
        }
    }

    /// Gives an exception that was just made its values.
    ///
    /// # Errors
    ///
    /// If one is a function, and objects refer to too many of them already.
    ///
    /// # Safety
    ///
    /// As above; the values are those that the tag's type says.
    pub(crate) unsafe fn set_values_of_exception(
        &mut self,
        object: u32,
        values: &[ValRaw],
    ) -> Result<(), Error> {
        // SAFETY: as the caller promises. The list of tags is not changed meanwhile.
        unsafe {
            let NumberedTag { tag, layout, .. } = &*ptr::from_ref(self.exception(object));
            let heap = self.gc.heap_mut()?;
            let types = tag.as_ref().ty().as_ref().ty.params();
            for ((ty, offset), value) in types.iter().zip(&layout.offsets()[1..]).zip(values) {
                heap.write(object + offset, StorageType::Val(*ty), *value)?;
            }
        }
        Ok(())
    }

    /// Makes an exception the pending one.
    ///
    /// # Safety
    ///
    /// As above.
    pub(crate) unsafe fn set_pending(&mut self, object: u32) {
        // SAFETY: as the caller promises; the context is this store's own.
        unsafe {
            let tag = self.tag_of_exception(object);
            let mut values = self.take_values();
            values.clear();
            while let Some((value, _)) = self.value_of_exception(object, values.len()) {
                values.push(value);
            }
            let exceptions = (*self.context()).exceptions.get_or_insert_default();
            exceptions.pending = Some(tag);
            exceptions.values = values;
            exceptions.object = object;
        }
    }

    /// The pending exception as an object, which is made if it is none yet; `None` if there is
    /// none.
    pub(crate) fn pending_object(&mut self) -> Result<Option<u32>, NoRoom> {
        // SAFETY: the context is this store's own. Pending exceptions are found by the collector,
        // and their tags are those of the store.
        unsafe {
            let Some(exceptions) = self.exceptions() else { return Ok(None) };
            let Some((tag, _)) = exceptions.pending() else { return Ok(None) };
            if exceptions.object != NULL {
                return Ok(Some(exceptions.object));
            }
            let object = self.new_exception(tag)?;
            let values = self.take_values();
            let set = self.set_values_of_exception(object, &values);
            let exceptions = (*self.context()).exceptions.get_or_insert_default();
            exceptions.values = values;
            set?;
            exceptions.object = object;
            Ok(Some(object))
        }
    }

    /// The values of the pending exception, which are to be put back.
    fn take_values(&mut self) -> Vec<ValRaw> {
        // SAFETY: the context is this store's own.
        let exceptions = unsafe { &mut (*self.context()).exceptions };
        exceptions.as_mut().map_or_else(Vec::new, |it| std::mem::take(&mut it.values))
    }

    /// No exception is pending any more.
    pub(crate) fn forget_pending(&mut self) {
        // SAFETY: the context is this store's own.
        if let Some(exceptions) = unsafe { &mut (*self.context()).exceptions } {
            exceptions.pending = None;
        }
    }
}

/// A reference to the exception that a handler was just entered with: to the object that was
/// thrown, if it was one. If that fails, it can be tried again.
///
/// # Safety
///
/// The context is that of the instance whose handler it is, and nothing else was thrown since.
pub(in crate::vm) unsafe fn make_caught(context: *mut VMContext) -> Result<u32, Error> {
    // SAFETY: as the caller promises.
    unsafe {
        let store = (*context).store;
        let exceptions = (*store).exceptions.get_or_insert_default();
        if exceptions.object != NULL {
            return Ok(exceptions.object);
        }
        // The collector finds the values as long as the exception is pending.
        exceptions.pending = exceptions.handlers.caught;
        let vm = (*store).vm;
        let made = catch_unwind(AssertUnwindSafe(|| (*vm).pending_object()));
        (*vm).forget_pending();
        match made.unwrap_or_else(|payload| resume_unwind(payload))? {
            Some(object) => Ok(object),
            None => Err(Error::msg("no exception was caught")),
        }
    }
}

/// As [`make_caught`], and leaves Wasm if it fails.
///
/// # Safety
///
/// To be called by compiled code, in a handler, before anything else can be thrown.
pub(in crate::vm) unsafe extern "C" fn caught_exception(context: *mut VMContext) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { run(context, |_| Ok(make_caught(context)?)) }
}

/// `throw_ref`.
///
/// # Safety
///
/// To be called by compiled code, with a reference to an exception.
pub(in crate::vm) unsafe extern "C" fn throw_ref(context: *mut VMContext, exception: u64) -> ! {
    // SAFETY: as the caller promises.
    unsafe {
        let store = (*context).store;
        (*(*store).vm).set_pending(exception as u32);
        super::unwind(store, None)
    }
}
