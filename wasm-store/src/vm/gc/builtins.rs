//! The builtins that make and change objects.

#![allow(unsafe_code)]

use crate::vm::context::VMContext;

pub(in crate::vm) unsafe extern "C" fn new_object(
    _context: *mut VMContext,
    _ty: u32,
    _elements: u32,
) -> u32 {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn array_new_data(
    _context: *mut VMContext,
    _ty: u32,
    _data: u32,
    _from: u32,
    _len: u32,
) -> u32 {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn array_new_elem(
    _context: *mut VMContext,
    _ty: u32,
    _elem: u32,
    _from: u32,
    _len: u32,
) -> u32 {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn array_fill(
    _context: *mut VMContext,
    _array: u32,
    _start: u32,
    _value: u64,
    _len: u32,
) {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn array_copy(
    _context: *mut VMContext,
    _to_array: u32,
    _to: u32,
    _from_array: u32,
    _from: u32,
    _len: u32,
) {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn array_init_data(
    _context: *mut VMContext,
    _data: u32,
    _array: u32,
    _to: u32,
    _from: u32,
    _len: u32,
) {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn array_init_elem(
    _context: *mut VMContext,
    _elem: u32,
    _array: u32,
    _to: u32,
    _from: u32,
    _len: u32,
) {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn is_subtype(
    _context: *mut VMContext,
    _header: u32,
    _ty: u32,
) -> u32 {
    todo!()
}

pub(in crate::vm) unsafe extern "C" fn function_number(
    _context: *mut VMContext,
    _func: u64,
) -> u32 {
    todo!()
}
