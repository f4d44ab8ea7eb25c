//! `wasmtime/anyref.h`: references to what is internal.

#![allow(unsafe_code)]

use wasm_runtime::{AnyRef, ArrayRef, EqRef, StructRef};

use super::objects::internal_family;
use super::{GcHandle, ref_family};

ref_family!(AnyRef: wasmtime_anyref_clone wasmtime_anyref_unroot);
super::raw_family!(AnyRef: wasmtime_anyref_from_raw wasmtime_anyref_to_raw);

internal_family!(AnyRef:
    wasmtime_anyref_from_i31 wasmtime_anyref_is_i31 wasmtime_anyref_i31_get_u
    wasmtime_anyref_i31_get_s wasmtime_anyref_type);

super::objects::downcast!(AnyRef: EqRef, wasmtime_anyref_is_eqref as_eqref wasmtime_anyref_as_eqref);
super::objects::downcast!(AnyRef: StructRef, wasmtime_anyref_is_struct as_struct wasmtime_anyref_as_struct);
super::objects::downcast!(AnyRef: ArrayRef, wasmtime_anyref_is_array as_array wasmtime_anyref_as_array);
