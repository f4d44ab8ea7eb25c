//! The kinds of types of externals: their families, and the conversions between a kind and
//! `wasm_externtype_t`, which are the same structure.

#![allow(unsafe_code)]

use super::{CExternType, type_family};

/// The family of a kind, and its four conversions; the number is that of the kind.
macro_rules! kind {
    ($number:literal: $up:ident $up_const:ident $down:ident $down_const:ident; $($family:ident)*) => {
        #[unsafe(no_mangle)]
        extern "C" fn $up(ty: Option<&mut CExternType>) -> Option<&mut CExternType> {
            ty
        }

        #[unsafe(no_mangle)]
        extern "C" fn $up_const(ty: Option<&CExternType>) -> Option<&CExternType> {
            ty
        }

        #[unsafe(no_mangle)]
        extern "C" fn $down(ty: Option<&mut CExternType>) -> Option<&mut CExternType> {
            ty.filter(|ty| ty.number() == $number)
        }

        #[unsafe(no_mangle)]
        extern "C" fn $down_const(ty: Option<&CExternType>) -> Option<&CExternType> {
            ty.filter(|ty| ty.number() == $number)
        }

        type_family!(CExternType: $($family)*);
    };
}

kind!(0: wasm_functype_as_externtype wasm_functype_as_externtype_const
    wasm_externtype_as_functype wasm_externtype_as_functype_const;
    wasm_functype_delete wasm_functype_copy wasm_functype_vec_new_empty
    wasm_functype_vec_new_uninitialized wasm_functype_vec_new wasm_functype_vec_copy
    wasm_functype_vec_delete);

kind!(1: wasm_globaltype_as_externtype wasm_globaltype_as_externtype_const
    wasm_externtype_as_globaltype wasm_externtype_as_globaltype_const;
    wasm_globaltype_delete wasm_globaltype_copy wasm_globaltype_vec_new_empty
    wasm_globaltype_vec_new_uninitialized wasm_globaltype_vec_new wasm_globaltype_vec_copy
    wasm_globaltype_vec_delete);

kind!(2: wasm_tabletype_as_externtype wasm_tabletype_as_externtype_const
    wasm_externtype_as_tabletype wasm_externtype_as_tabletype_const;
    wasm_tabletype_delete wasm_tabletype_copy wasm_tabletype_vec_new_empty
    wasm_tabletype_vec_new_uninitialized wasm_tabletype_vec_new wasm_tabletype_vec_copy
    wasm_tabletype_vec_delete);

kind!(3: wasm_memorytype_as_externtype wasm_memorytype_as_externtype_const
    wasm_externtype_as_memorytype wasm_externtype_as_memorytype_const;
    wasm_memorytype_delete wasm_memorytype_copy wasm_memorytype_vec_new_empty
    wasm_memorytype_vec_new_uninitialized wasm_memorytype_vec_new wasm_memorytype_vec_copy
    wasm_memorytype_vec_delete);

kind!(4: wasm_tagtype_as_externtype wasm_tagtype_as_externtype_const
    wasm_externtype_as_tagtype wasm_externtype_as_tagtype_const;
    wasm_tagtype_delete wasm_tagtype_copy wasm_tagtype_vec_new_empty
    wasm_tagtype_vec_new_uninitialized wasm_tagtype_vec_new wasm_tagtype_vec_copy
    wasm_tagtype_vec_delete);
