//! What the feature `gc` has.

#![allow(unsafe_code)]

use crate::border::Out;
use crate::refs::GcHandle;

super::missing! {
    "this library was built without the feature `gc`, which has it";
    errors {
        wasmtime_arrayref_get
        wasmtime_arrayref_len
        wasmtime_arrayref_new
        wasmtime_arrayref_set
        wasmtime_exnref_field
        wasmtime_exnref_new
        wasmtime_exnref_tag
        wasmtime_structref_field
        wasmtime_structref_new
        wasmtime_structref_set_field
    }
    aborts {
        wasmtime_anyref_from_i31
        wasmtime_anyref_from_raw
        wasmtime_anyref_to_raw
        wasmtime_array_ref_pre_new
        wasmtime_arrayref_type
        wasmtime_context_set_exception
        wasmtime_eqref_from_i31
        wasmtime_exnref_field_count
        wasmtime_exnref_from_raw
        wasmtime_exnref_to_raw
        wasmtime_exnref_type
        wasmtime_struct_ref_pre_new
        wasmtime_structref_type
    }
    refuses {
        wasmtime_anyref_as_array
        wasmtime_anyref_as_eqref
        wasmtime_anyref_as_struct
        wasmtime_anyref_i31_get_s
        wasmtime_anyref_i31_get_u
        wasmtime_anyref_is_array
        wasmtime_anyref_is_eqref
        wasmtime_anyref_is_i31
        wasmtime_anyref_is_struct
        wasmtime_anyref_type
        wasmtime_eqref_as_array
        wasmtime_eqref_as_struct
        wasmtime_eqref_i31_get_s
        wasmtime_eqref_i31_get_u
        wasmtime_eqref_is_array
        wasmtime_eqref_is_i31
        wasmtime_eqref_is_struct
        wasmtime_eqref_type
    }
    deletes {
        wasmtime_array_ref_pre_delete
        wasmtime_struct_ref_pre_delete
    }
    elsewhere {}
}

/// The functions that bindings call for whatever they have: here it is always null.
macro_rules! null_family {
    ($($clone:ident $unroot:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $clone(_: &GcHandle, out: Out<'_, GcHandle>) {
                out.write(GcHandle::NULL);
            }

            #[unsafe(no_mangle)]
            extern "C" fn $unroot(_: Option<&mut GcHandle>) {}
        )*
    };
}

null_family! {
    wasmtime_anyref_clone wasmtime_anyref_unroot
    wasmtime_arrayref_clone wasmtime_arrayref_unroot
    wasmtime_eqref_clone wasmtime_eqref_unroot
    wasmtime_exnref_clone wasmtime_exnref_unroot
    wasmtime_structref_clone wasmtime_structref_unroot
}

/// As references of another type, null is null.
macro_rules! upcasts {
    ($($upcast:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $upcast(_: &GcHandle, out: Out<'_, GcHandle>) {
                out.write(GcHandle::NULL);
            }
        )*
    };
}

upcasts! {
    wasmtime_arrayref_to_anyref wasmtime_arrayref_to_eqref
    wasmtime_eqref_to_anyref
    wasmtime_structref_to_anyref wasmtime_structref_to_eqref
}

/// Nothing throws.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_has_exception() -> bool {
    false
}

/// As above: there is none to take.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_take_exception() -> bool {
    false
}
