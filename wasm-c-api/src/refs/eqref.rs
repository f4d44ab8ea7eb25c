//! `wasmtime/eqref.h`: references that can be compared.

#![allow(unsafe_code)]

use wasm_runtime::{AnyRef, ArrayRef, EqRef, StructRef};

use super::objects::internal_family;
use super::{GcHandle, ref_family};

ref_family!(EqRef: wasmtime_eqref_clone wasmtime_eqref_unroot);

internal_family!(EqRef:
    wasmtime_eqref_from_i31 wasmtime_eqref_is_i31 wasmtime_eqref_i31_get_u wasmtime_eqref_i31_get_s
    wasmtime_eqref_type);

super::objects::downcast!(EqRef: StructRef, wasmtime_eqref_is_struct as_struct wasmtime_eqref_as_struct);
super::objects::downcast!(EqRef: ArrayRef, wasmtime_eqref_is_array as_array wasmtime_eqref_as_array);

super::objects::upcast!(EqRef: AnyRef, wasmtime_eqref_to_anyref);
