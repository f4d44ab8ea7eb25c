//! `wasmtime/component/types/val.h`: types of values of components.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::component::ResourceType;
use wasm_runtime::component::types::{
    self, Enum, FixedLengthList, Flags, List, Map, OptionType, Record, ResultType, Tuple, Variant,
};

use super::types::name_at;
use crate::border::Out;

/// `wasmtime_component_valtype_t`, with the variants in the order of the header's kinds, of which
/// those that can't be are left out. It owns what is in it.
#[derive(Clone, PartialEq)]
#[repr(C, u8)]
pub(super) enum ComponentValType {
    Bool = 0,
    S8,
    S16,
    S32,
    S64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    Char,
    String,
    List(Box<List>),
    Record(Box<Record>),
    Tuple(Box<Tuple>),
    Variant(Box<Variant>),
    Enum(Box<Enum>),
    Option(Box<OptionType>),
    Result(Box<ResultType>),
    Flags(Box<Flags>),
    Own(Box<ResourceType>),
    Borrow(Box<ResourceType>),
    /// Futures, streams and error contexts are 23 to 25.
    Map(Box<Map>) = 26,
    FixedLengthList(Box<FixedLengthList>) = 27,
}

const _: () = assert!(size_of::<ComponentValType>() == 16);

impl From<types::Type> for ComponentValType {
    fn from(ty: types::Type) -> Self {
        use types::Type;
        match ty {
            Type::Bool => Self::Bool,
            Type::S8 => Self::S8,
            Type::S16 => Self::S16,
            Type::S32 => Self::S32,
            Type::S64 => Self::S64,
            Type::U8 => Self::U8,
            Type::U16 => Self::U16,
            Type::U32 => Self::U32,
            Type::U64 => Self::U64,
            Type::Float32 => Self::F32,
            Type::Float64 => Self::F64,
            Type::Char => Self::Char,
            Type::String => Self::String,
            Type::List(ty) => Self::List(Box::new(ty)),
            Type::Record(ty) => Self::Record(Box::new(ty)),
            Type::Tuple(ty) => Self::Tuple(Box::new(ty)),
            Type::Variant(ty) => Self::Variant(Box::new(ty)),
            Type::Enum(ty) => Self::Enum(Box::new(ty)),
            Type::Option(ty) => Self::Option(Box::new(ty)),
            Type::Result(ty) => Self::Result(Box::new(ty)),
            Type::Flags(ty) => Self::Flags(Box::new(ty)),
            Type::Own(ty) => Self::Own(Box::new(ty)),
            Type::Borrow(ty) => Self::Borrow(Box::new(ty)),
            Type::Map(ty) => Self::Map(Box::new(ty)),
            Type::FixedLengthList(ty) => Self::FixedLengthList(Box::new(ty)),
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_valtype_clone(
    ty: &ComponentValType,
    out: Out<'_, ComponentValType>,
) {
    out.write(ty.clone());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_valtype_equal(a: &ComponentValType, b: &ComponentValType) -> bool {
    a == b
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_valtype_delete(ty: &mut ComponentValType) {
    *ty = ComponentValType::Bool;
}

/// The functions of every composed type.
macro_rules! type_family {
    ($ty:ty: $clone:ident $equal:ident $delete:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $clone(ty: &$ty) -> Box<$ty> {
            Box::new(ty.clone())
        }

        #[unsafe(no_mangle)]
        extern "C" fn $equal(a: &$ty, b: &$ty) -> bool {
            a == b
        }

        #[unsafe(no_mangle)]
        extern "C" fn $delete(ty: Option<Box<$ty>>) {
            drop(ty);
        }
    };
}

type_family!(List: wasmtime_component_list_type_clone wasmtime_component_list_type_equal
    wasmtime_component_list_type_delete);
type_family!(FixedLengthList: wasmtime_component_fixed_length_list_type_clone
    wasmtime_component_fixed_length_list_type_equal
    wasmtime_component_fixed_length_list_type_delete);
type_family!(Record: wasmtime_component_record_type_clone wasmtime_component_record_type_equal
    wasmtime_component_record_type_delete);
type_family!(Tuple: wasmtime_component_tuple_type_clone wasmtime_component_tuple_type_equal
    wasmtime_component_tuple_type_delete);
type_family!(Variant: wasmtime_component_variant_type_clone wasmtime_component_variant_type_equal
    wasmtime_component_variant_type_delete);
type_family!(Enum: wasmtime_component_enum_type_clone wasmtime_component_enum_type_equal
    wasmtime_component_enum_type_delete);
type_family!(OptionType: wasmtime_component_option_type_clone wasmtime_component_option_type_equal
    wasmtime_component_option_type_delete);
type_family!(ResultType: wasmtime_component_result_type_clone wasmtime_component_result_type_equal
    wasmtime_component_result_type_delete);
type_family!(Flags: wasmtime_component_flags_type_clone wasmtime_component_flags_type_equal
    wasmtime_component_flags_type_delete);
type_family!(Map: wasmtime_component_map_type_clone wasmtime_component_map_type_equal
    wasmtime_component_map_type_delete);

/// Functions that give one part of a type.
macro_rules! part {
    ($($ty:ty: $function:ident $part:ident;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $function(ty: &$ty, out: Out<'_, ComponentValType>) {
            out.write(ty.$part().into());
        }
    )*};
}

part! {
    List: wasmtime_component_list_type_element ty;
    FixedLengthList: wasmtime_component_fixed_length_list_type_element ty;
    OptionType: wasmtime_component_option_type_ty ty;
    Map: wasmtime_component_map_type_key key;
    Map: wasmtime_component_map_type_value value;
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_result_type_ok(
    ty: &ResultType,
    out: Out<'_, ComponentValType>,
) -> bool {
    ty.ok().map(|ty| out.write(ty.into())).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_result_type_err(
    ty: &ResultType,
    out: Out<'_, ComponentValType>,
) -> bool {
    ty.err().map(|ty| out.write(ty.into())).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_record_type_field_count(ty: &Record) -> usize {
    ty.fields().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_record_type_field_nth(
    ty: &Record,
    index: usize,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
    out: Out<'_, ComponentValType>,
) -> bool {
    let field = ty.fields().nth(index).map(|field| (field.name, field.ty));
    name_at(field, name, len).map(|ty| out.write(ty.into())).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_tuple_type_types_count(ty: &Tuple) -> usize {
    ty.types().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_tuple_type_types_nth(
    ty: &Tuple,
    index: usize,
    out: Out<'_, ComponentValType>,
) -> bool {
    ty.types().nth(index).map(|ty| out.write(ty.into())).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_variant_type_case_count(ty: &Variant) -> usize {
    ty.cases().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_variant_type_case_nth(
    ty: &Variant,
    index: usize,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
    has_payload: Out<'_, bool>,
    out: Out<'_, ComponentValType>,
) -> bool {
    let case = ty.cases().nth(index).map(|case| (case.name, case.ty));
    let Some(payload) = name_at(case, name, len) else { return false };
    has_payload.write(payload.is_some());
    if let Some(payload) = payload {
        out.write(payload.into());
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_enum_type_names_count(ty: &Enum) -> usize {
    ty.names().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_enum_type_names_nth(
    ty: &Enum,
    index: usize,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
) -> bool {
    name_at(ty.names().nth(index).map(|name| (name, ())), name, len).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_flags_type_names_count(ty: &Flags) -> usize {
    ty.names().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_flags_type_names_nth(
    ty: &Flags,
    index: usize,
    name: Out<'_, *const c_char>,
    len: Out<'_, usize>,
) -> bool {
    name_at(ty.names().nth(index).map(|name| (name, ())), name, len).is_some()
}
