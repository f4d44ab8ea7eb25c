//! The builtins that change objects (Wasm 3.0, section 4.6), and what those that make some have in
//! common with them.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use wasm_types::{DataIndex, ElemIndex, StorageType, TrapCode, TypeIndex};

use super::heap::{Heap, NoRoom};
use super::object::{ARRAY_HEAD, Header, NULL};
use super::types::ObjectType;
use crate::vm::arch::raise;
use crate::vm::context::{FuncRef, VMContext};
use crate::vm::instance::VmInstance;
use crate::vm::instantiate::element_values;
use crate::vm::store::VmStore;
use crate::vm::unwind::{Unwind, raise_trap};
use crate::vm::value::ValRaw;
use crate::{Error, GcHeapOutOfMemory};

/// Why a builtin fails.
pub(in crate::vm) enum Failure {
    Trap(TrapCode),
    Other(Unwind),
}

impl From<TrapCode> for Failure {
    fn from(code: TrapCode) -> Self {
        Failure::Trap(code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(Unwind::Error(error))
    }
}

impl From<NoRoom> for Failure {
    fn from(error: NoRoom) -> Self {
        Error::from(error).into()
    }
}

impl From<Box<Unwind>> for Failure {
    fn from(failure: Box<Unwind>) -> Self {
        match *failure {
            Unwind::Trap(trap) => Failure::Trap(trap.code),
            other => Failure::Other(other),
        }
    }
}

impl From<NoRoom> for Error {
    fn from(error: NoRoom) -> Self {
        match error {
            NoRoom::Full(bytes) => GcHeapOutOfMemory::new((), bytes).into(),
            NoRoom::Failed(error) => error,
        }
    }
}

/// Runs what may fail or call the host's own code, and leaves Wasm if it fails or panics.
///
/// # Safety
///
/// To be called by a builtin, with nothing left to drop.
pub(in crate::vm) unsafe fn run<R: Copy>(
    context: *mut VMContext,
    run: impl FnOnce(&mut VmStore) -> Result<R, Failure>,
) -> R {
    // SAFETY: the store lives, and waits for the builtin.
    unsafe {
        let store = (*context).store;
        let vm = &mut *(*store).vm;
        let failure = match catch_unwind(AssertUnwindSafe(|| run(vm))) {
            Ok(Ok(result)) => return result,
            Ok(Err(failure)) => failure,
            Err(payload) => Failure::Other(Unwind::Panic(payload)),
        };
        match failure {
            Failure::Trap(code) => raise_trap(store, code),
            Failure::Other(failure) => {
                VmStore::fail(store, failure);
                raise(store)
            }
        }
    }
}

/// The number that the store has for a type of the calling instance's module.
///
/// # Safety
///
/// Compiled code names a structure or an array of its module; so for the following, with the
/// segments that it names.
pub(super) unsafe fn number_of(context: *mut VMContext, ty: u32) -> u32 {
    // SAFETY: compiled code names a structure or an array of its module.
    unsafe { (*(*context).instance).number_of(TypeIndex::new(ty)) }
}

/// An array.
#[derive(Clone, Copy)]
pub(super) struct Array {
    object: u32,
    length: u32,
    element: StorageType,
}

impl Array {
    /// The array that a reference is to.
    ///
    /// # Safety
    ///
    /// The reference is of this heap, and to an array or null.
    pub(super) unsafe fn new(heap: &Heap, object: u32) -> Result<Self, Failure> {
        if object == NULL {
            return Err(TrapCode::NullReference.into());
        }
        let Some(ObjectType::Array(record)) = heap.type_of(object) else {
            return Err(Error::msg("a reference to an array is to something else").into());
        };
        // SAFETY: as the caller promises; a type lives as long as the engine.
        unsafe {
            let element = record.as_ref().ty.0.storage;
            Ok(Self { object, length: heap.array_length(object), element })
        }
    }

    /// As [`new`](Self::new), and checks that so many elements from `start` are within it.
    unsafe fn with_range(heap: &Heap, object: u32, start: u32, len: u32) -> Result<Self, Failure> {
        // SAFETY: as the caller promises.
        let array = unsafe { Self::new(heap, object)? };
        array.check(start, len)?;
        Ok(array)
    }

    fn check(self, start: u32, len: u32) -> Result<(), Failure> {
        match start.checked_add(len) {
            Some(end) if end <= self.length => Ok(()),
            _ => Err(TrapCode::ArrayOutOfBounds.into()),
        }
    }

    /// Where an element is in the heap.
    fn place(self, index: u32) -> u32 {
        self.object + ARRAY_HEAD + index * self.element.object_size()
    }

    /// To be called before elements are written.
    unsafe fn before_write(self, heap: &mut Heap, len: u32) {
        if len > 0 && self.element.is_collected() {
            // SAFETY: the array is there.
            unsafe { heap.before_write(self.object) }
        }
    }
}

/// Bytes of a data segment; none if it was dropped.
pub(super) unsafe fn data_bytes<'a>(
    context: *mut VMContext,
    data: u32,
    from: u32,
    len: u64,
) -> Result<&'a [u8], Failure> {
    // SAFETY: the instance calls, and the artifact lives as long as it.
    let instance: &'a VmInstance = unsafe { &*(*context).instance };
    let data = DataIndex::new(data);
    let bytes = match instance.data_dropped(data) {
        true => &[],
        false => instance.module().loaded.artifact().data(data).map_err(Error::new)?.bytes,
    };
    let start = from as usize;
    let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len));
    let bytes = end.and_then(|end| bytes.get(start..end));
    bytes.ok_or(TrapCode::MemoryOutOfBounds.into())
}

/// `array.init_data`.
pub(in crate::vm) unsafe extern "C" fn array_init_data(
    context: *mut VMContext,
    data: u32,
    array: u32,
    to: u32,
    from: u32,
    len: u32,
) {
    // SAFETY: the reference is to an array of numbers, and compiled code names a segment of its
    // module.
    unsafe {
        run(context, |vm| {
            let heap = vm.gc.heap_mut()?;
            let array = Array::with_range(heap, array, to, len)?;
            let size = u64::from(array.element.object_size());
            let bytes = data_bytes(context, data, from, u64::from(len) * size)?;
            let to = heap.address(array.place(to));
            ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            Ok(())
        })
    }
}

/// Checks that an element segment has so many elements from `from` on: none if it was dropped.
pub(super) unsafe fn check_elements(
    context: *mut VMContext,
    elem: ElemIndex,
    from: u32,
    len: u32,
) -> Result<(), Failure> {
    // SAFETY: the instance calls.
    let instance = unsafe { &*(*context).instance };
    let count = match instance.element_dropped(elem) {
        true => 0,
        false => {
            let element = instance.module().loaded.artifact().element(elem);
            element.map_err(Error::new)?.items.len()
        }
    };
    match from.checked_add(len) {
        Some(end) if end <= count => Ok(()),
        _ => Err(TrapCode::TableOutOfBounds.into()),
    }
}

/// Writes elements of a segment to an array, which has room for them.
pub(super) unsafe fn write_elements(
    context: *mut VMContext,
    heap: &mut Heap,
    elem: ElemIndex,
    from: u32,
    len: u32,
    (array, to): (Array, u32),
) -> Result<(), Failure> {
    if len == 0 {
        return Ok(());
    }
    // SAFETY: the instance calls; what is evaluated makes no objects. The segment has values of the
    // type of the array's elements.
    unsafe {
        let instance = NonNull::new_unchecked((*context).instance);
        let module = Arc::clone(instance.as_ref().module());
        let element = module.loaded.artifact().element(elem).map_err(Error::new)?;
        let values = element_values(instance, elem, &element, from..from + len)?;
        array.before_write(heap, len);
        for (index, value) in (to..).zip(values) {
            heap.write(array.place(index), array.element, ValRaw::from_u64(value))?;
        }
        Ok(())
    }
}

/// `array.init_elem`.
pub(in crate::vm) unsafe extern "C" fn array_init_elem(
    context: *mut VMContext,
    elem: u32,
    array: u32,
    to: u32,
    from: u32,
    len: u32,
) {
    // SAFETY: the reference is to an array of references, and compiled code names a segment of its
    // module.
    unsafe {
        run(context, |vm| {
            let elem = ElemIndex::new(elem);
            let heap = vm.gc.heap_mut()?;
            let array = Array::with_range(heap, array, to, len)?;
            check_elements(context, elem, from, len)?;
            write_elements(context, heap, elem, from, len, (array, to))
        })
    }
}

/// `array.fill`.
pub(in crate::vm) unsafe extern "C" fn array_fill(
    context: *mut VMContext,
    array: u32,
    start: u32,
    value: *const ValRaw,
    len: u32,
) {
    // SAFETY: the reference is to an array, and the value of the type of its elements. It is in the
    // frame of the caller, with as many bytes as such a value has.
    unsafe {
        run(context, |vm| {
            let heap = vm.gc.heap_mut()?;
            let array = Array::with_range(heap, array, start, len)?;
            let value = match array.element {
                StorageType::Val(ty) => read_value(value, ty.byte_size()),
                StorageType::I8 | StorageType::I16 => read_value(value, 4),
            };
            array.before_write(heap, len);
            Ok(heap.fill(array.object, (start, len), array.element, value)?)
        })
    }
}

/// A value of so many bytes.
unsafe fn read_value(value: *const ValRaw, size: u32) -> ValRaw {
    // SAFETY: as the caller promises.
    unsafe {
        match size {
            4 => ValRaw::from_u64(value.cast::<u32>().read_unaligned().into()),
            8 => ValRaw::from_u64(value.cast::<u64>().read_unaligned()),
            _ => ValRaw { v128: value.cast::<u128>().read_unaligned() },
        }
    }
}

/// `array.copy`.
pub(in crate::vm) unsafe extern "C" fn array_copy(
    context: *mut VMContext,
    to_array: u32,
    to: u32,
    from_array: u32,
    from: u32,
    len: u32,
) {
    // SAFETY: both references are to arrays, whose elements are of one size.
    unsafe {
        run(context, |vm| {
            let heap = vm.gc.heap_mut()?;
            let (target, source) = (Array::new(heap, to_array)?, Array::new(heap, from_array)?);
            target.check(to, len)?;
            source.check(from, len)?;
            target.before_write(heap, len);
            let bytes = len as usize * target.element.object_size() as usize;
            let (to, from) = (heap.address(target.place(to)), heap.address(source.place(from)));
            ptr::copy(from, to, bytes);
            Ok(())
        })
    }
}

/// Whether the object with a header is of a type of the module, or a subtype.
pub(in crate::vm) unsafe extern "C" fn is_subtype(
    context: *mut VMContext,
    header: u32,
    ty: u32,
) -> u32 {
    // SAFETY: compiled code names a structure or an array of its module, and the header is that of
    // an object.
    unsafe {
        run(context, |vm| {
            let heap = vm.gc.heap_mut()?;
            let head = |number| heap.type_numbered(number).and_then(|ty| ty.head());
            let actual = head(Header::from_bits(header).number());
            let wanted = head(number_of(context, ty));
            Ok(actual.zip(wanted).is_some_and(|(actual, wanted)| actual.is_subtype_of(wanted)))
        })
        .into()
    }
}

/// The number that stands for a function in objects.
pub(in crate::vm) unsafe extern "C" fn function_number(
    context: *mut VMContext,
    func: NonNull<FuncRef>,
) -> u32 {
    // SAFETY: the function is one of the store.
    unsafe { run(context, |vm| Ok(vm.gc.heap_mut()?.number_of_function(func)?)) }
}
