//! Types of objects and what objects hold, one by one.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::Arc;

use wasm_types::abi::heap::{self, ObjectKind};
use wasm_types::abi::type_record::MAX_DEPTH;
use wasm_types::{
    ArrayType, FieldType, FuncType, HeapType, RefType, StorageType, StructType, ValType,
};

use super::heap::{Growth, Heap, Roots};
use super::tracer::Tracer;
use super::types::{ObjectType, exception_layout};
use crate::Error;
use crate::vm::context::FuncRef;
use crate::vm::type_record::{ArrayTypeRecord, FuncTypeRecord, StructTypeRecord, TypeRecord};
use crate::vm::value::ValRaw;

/// A store with one root.
struct Root(u32);

impl Roots for Root {
    fn find(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn trace(&mut self, tracer: &mut Tracer<'_>) {
        // SAFETY: the reference is of the heap under test.
        unsafe { tracer.place(&raw mut self.0) };
    }
}

impl Growth for Root {
    fn may_grow(&mut self, _current: usize, _desired: usize) -> Result<bool, Error> {
        Ok(true)
    }

    fn grow_failed(&mut self, error: Error) -> Result<(), Error> {
        Err(error)
    }
}

const ANY: ValType = ValType::Ref(RefType { nullable: true, heap: HeapType::Any });

fn struct_type(
    id: u32,
    storage: &[StorageType],
    supertype: Option<&Arc<StructTypeRecord>>,
) -> Arc<StructTypeRecord> {
    let head = TypeRecord::new(id, false, supertype.map(|supertype| &supertype.head)).unwrap();
    let fields = storage.iter().map(|storage| FieldType { storage: *storage, mutable: true });
    let ty = StructType { fields: fields.collect() };
    Arc::new(StructTypeRecord::new(head, ty, supertype.cloned()).unwrap())
}

fn raw(value: ValRaw) -> u128 {
    // SAFETY: every bit pattern is a value.
    unsafe { value.v128 }
}

#[test]
fn a_type_has_its_supertypes_where_code_finds_them() {
    let mut heap = Heap::new(false).unwrap();
    let mut chain = vec![struct_type(1000, &[], None)];
    for id in 1001..1001 + MAX_DEPTH {
        chain.push(struct_type(id, &[], chain.last()));
    }
    // The last one first: its supertypes get their numbers with it.
    let number =
        |heap: &mut Heap, ty: &Arc<_>| heap.number_of_struct(NonNull::from(&**ty)).unwrap();
    let numbers: Vec<u32> = chain.iter().rev().map(|ty| number(&mut heap, ty)).rev().collect();
    assert!(numbers.is_sorted() && heap.types.count() == 3 + MAX_DEPTH);
    for (depth, ty) in numbers.iter().enumerate() {
        // SAFETY: the type has an entry.
        let entry = unsafe { *heap.space.ty(*ty) };
        for (place, other) in numbers.iter().enumerate().take(heap::NEAR as usize) {
            assert_eq!(entry[place], if place <= depth { other * 8 } else { 0 });
        }
        assert_eq!(entry[7], ObjectKind::Struct as u32);
    }
    // More types than are made accessible at once.
    for id in 0..900 {
        number(&mut heap, &struct_type(id, &[], None));
    }
    assert_eq!(number(&mut heap, &chain[3]), numbers[3]);
}

#[test]
fn fields_hold_what_is_written() {
    let mut heap = Heap::new(false).unwrap();
    let types = [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::V128, ANY];
    let mut fields = vec![StorageType::I8, StorageType::I16];
    fields.extend(types.map(StorageType::Val));
    let record = struct_type(7, &fields, None);
    let number = heap.number_of_struct(NonNull::from(&*record)).unwrap();
    let object = heap.new_object(&mut Root(0), number, 0).unwrap();
    assert_eq!(heap.type_of(object), Some(ObjectType::Struct(NonNull::from(&*record))));
    let values = (0..).map(|place: u128| (place + 1) * 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f11);
    let values: Vec<u128> = values.take(fields.len() - 1).chain([object.into()]).collect();
    let places = || fields.iter().zip(record.layout.offsets()).zip(&values);
    // SAFETY: the fields are of these types.
    unsafe {
        for ((storage, offset), _) in places() {
            assert_eq!(raw(heap.read(object + offset, *storage)), 0);
        }
        for ((storage, offset), value) in places() {
            heap.before_write(object);
            heap.write(object + offset, *storage, ValRaw { v128: *value }).unwrap();
        }
        // The reference to itself follows it.
        let mut root = Root(object);
        heap.collect(&mut root).unwrap();
        assert_ne!(root.0, object);
        for ((storage, offset), value) in places().take(fields.len() - 1) {
            let bits = 8 * storage.object_size();
            let expected = value & (u128::MAX >> (128 - bits));
            assert_eq!(raw(heap.read(root.0 + offset, *storage)), expected, "{storage}");
        }
        let last = record.layout.offset(fields.len() as u32 - 1);
        assert_eq!(raw(heap.read(root.0 + last, StorageType::Val(ANY))), root.0.into());
    }
}

#[test]
fn functions_in_objects_are_numbers() {
    let mut heap = Heap::new(false).unwrap();
    let element = StorageType::Val(ValType::FUNCREF);
    let ty = ArrayType(FieldType { storage: element, mutable: true });
    let record = ArrayTypeRecord::new(TypeRecord::new(0, true, None).unwrap(), ty, None);
    let number = heap.number_of_array(NonNull::from(&record)).unwrap();
    let array = heap.new_object(&mut Root(0), number, 1000).unwrap();
    let mut funcs: Vec<FuncRef> = (0..1000).map(|_| FuncRef::NULL).collect();
    funcs[5].flags = FuncRef::HOST;
    let address = |func: &mut FuncRef| ValRaw::from_u64(&raw mut *func as u64);
    // SAFETY: the array has as many elements; the functions live as long as the heap.
    unsafe {
        assert_eq!(heap.array_length(array), 1000);
        for (place, func) in (0..).zip(&mut funcs) {
            heap.fill(array, (place, 1), element, address(func)).unwrap();
        }
        for (place, func) in (0..).zip(&mut funcs) {
            let read = heap.read(array + heap::ARRAY_ELEMENTS + place * 4, element);
            assert_eq!(raw(read), raw(address(func)));
            assert_eq!(func.flags >> 1, place + 1);
            assert_eq!(func.is_host(), place == 5);
        }
        heap.fill(array, (0, 1000), element, ValRaw::ZERO).unwrap();
        assert_eq!(raw(heap.read(array + heap::ARRAY_ELEMENTS, element)), 0);
        heap.forget_functions();
    }
    assert!(funcs.iter().enumerate().all(|(place, func)| func.flags == u32::from(place == 5)));
}

#[test]
fn an_exception_holds_its_tag_and_values() {
    let mut heap = Heap::new(false).unwrap();
    let values = [ValType::I64, ANY, ValType::I32];
    let ty = FuncType::new(values, []);
    let record = FuncTypeRecord::new(TypeRecord::new(2, true, None).unwrap(), ty);
    let number = heap.number_of_exception(NonNull::from(&record)).unwrap();
    let layout = exception_layout(&values);
    assert_eq!(layout.offset(0), heap::HEADER_SIZE);
    let mut root = Root(0);
    let inner = heap.new_object(&mut root, number, 0).unwrap();
    root.0 = heap.new_object(&mut root, number, 0).unwrap();
    // SAFETY: the fields are of these types.
    unsafe {
        let field = |place: u32| StorageType::Val(values[place as usize - 1]);
        let place = root.0 + layout.offset(2);
        heap.write(place, field(2), ValRaw::from_u64(inner.into())).unwrap();
        heap.write(inner + layout.offset(1), field(1), ValRaw::from_u64(5 << 40)).unwrap();
        heap.collect(&mut root).unwrap();
        let inner = raw(heap.read(root.0 + layout.offset(2), field(2))) as u32;
        assert_eq!(raw(heap.read(inner + layout.offset(1), field(1))), 5 << 40);
        assert_eq!(heap.type_of(inner), Some(ObjectType::Exception(NonNull::from(&record))));
        assert_eq!(heap.type_of(7), None);
    }
}
