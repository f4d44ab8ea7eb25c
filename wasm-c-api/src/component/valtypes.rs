//! `wasmtime/component/types/val.h`: types of values of components.

#![allow(unsafe_code)]

use std::ffi::c_char;

use wasm_runtime::component::ResourceType;
use wasm_runtime::component::types::{
    self, Enum, FixedLengthList, Flags, List, Map, OptionType, Record, ResultType, Tuple, Variant,
};

use super::tagged::{Kinds, Tagged, same};
use super::types::name_at;
use crate::border::Out;

/// `wasmtime_component_valtype_t`.
pub(super) type ComponentValType = Tagged<Known>;

/// What is in a type of values, with the variants in the order of the header's kinds, of which
/// those that can't be are left out. It owns it.
#[derive(Clone, PartialEq)]
#[repr(C, u8)]
pub(super) enum Known {
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

// SAFETY: the kinds are those below, and only this library makes what their pointers lead to.
unsafe impl Kinds for Known {
    const NAME: &'static str = "wasmtime_component_valtype_t";
    const NOTHING: Self = Self::Bool;

    fn is_known(kind: u8) -> bool {
        matches!(kind, 0..=22 | 26 | 27)
    }
}

const _: () = assert!(size_of::<ComponentValType>() == 16);

impl From<types::Type> for ComponentValType {
    fn from(ty: types::Type) -> Self {
        use types::Type;
        let known = match ty {
            Type::Bool => Known::Bool,
            Type::S8 => Known::S8,
            Type::S16 => Known::S16,
            Type::S32 => Known::S32,
            Type::S64 => Known::S64,
            Type::U8 => Known::U8,
            Type::U16 => Known::U16,
            Type::U32 => Known::U32,
            Type::U64 => Known::U64,
            Type::Float32 => Known::F32,
            Type::Float64 => Known::F64,
            Type::Char => Known::Char,
            Type::String => Known::String,
            Type::List(ty) => Known::List(Box::new(ty)),
            Type::Record(ty) => Known::Record(Box::new(ty)),
            Type::Tuple(ty) => Known::Tuple(Box::new(ty)),
            Type::Variant(ty) => Known::Variant(Box::new(ty)),
            Type::Enum(ty) => Known::Enum(Box::new(ty)),
            Type::Option(ty) => Known::Option(Box::new(ty)),
            Type::Result(ty) => Known::Result(Box::new(ty)),
            Type::Flags(ty) => Known::Flags(Box::new(ty)),
            Type::Own(ty) => Known::Own(Box::new(ty)),
            Type::Borrow(ty) => Known::Borrow(Box::new(ty)),
            Type::Map(ty) => Known::Map(Box::new(ty)),
            Type::FixedLengthList(ty) => Known::FixedLengthList(Box::new(ty)),
        };
        known.into()
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
    same(a, b, "wasmtime_component_valtype_equal")
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_valtype_delete(ty: &mut ComponentValType) {
    *ty = ComponentValType::NOTHING;
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
