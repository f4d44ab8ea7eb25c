//! `wasmtime/component/val.h`: values of components.

#![allow(unsafe_code)]

use wasm_runtime::component::{ResourceAny, Val};
use wasm_runtime::{Result, format_err};

use super::tagged::{Kinds, Tagged};
use crate::border::Out;
use crate::vec::{CBytes, CVec, vec_family};

/// `wasmtime_component_val_t`.
pub(super) type ComponentVal = Tagged<Known>;

/// What is in a value, with the variants in the order of the header's kinds. It owns it.
#[derive(Clone)]
#[repr(C, u8)]
pub(super) enum Known {
    Bool(u8),
    S8(i8),
    U8(u8),
    S16(i16),
    U16(u16),
    S32(i32),
    U32(u32),
    S64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Char(u32),
    String(CBytes),
    List(CVec<ComponentVal>),
    Record(CVec<Field>),
    Tuple(CVec<ComponentVal>),
    Variant(Case),
    Enum(CBytes),
    Option(Option<Box<ComponentVal>>),
    Result(Outcome),
    Flags(CVec<CBytes>),
    Resource(Option<Box<ResourceAny>>),
    Map(CVec<Entry>),
}

// SAFETY: the kinds are those up to that of maps, without gaps. Numbers, pointers that may be null
// and vectors are what C writes behind them.
unsafe impl Kinds for Known {
    const NAME: &'static str = "wasmtime_component_val_t";
    const NOTHING: Self = Self::Bool(0);

    fn is_known(kind: u8) -> bool {
        kind <= 22
    }
}

/// `wasmtime_component_valrecord_entry_t`.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Field {
    name: CBytes,
    val: ComponentVal,
}

/// `wasmtime_component_valmap_entry_t`.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Entry {
    key: ComponentVal,
    value: ComponentVal,
}

/// `wasmtime_component_valvariant_t`.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Case {
    name: CBytes,
    val: Option<Box<ComponentVal>>,
}

/// `wasmtime_component_valresult_t`.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Outcome {
    is_ok: u8,
    val: Option<Box<ComponentVal>>,
}

const _: () = assert!(size_of::<ComponentVal>() == 32 && size_of::<Field>() == 48);

/// A name of C.
fn name(bytes: &CBytes) -> Result<String> {
    let text = std::str::from_utf8(bytes.as_slice());
    Ok(text.map_err(|error| format_err!("input was not valid utf-8: {error}"))?.to_owned())
}

fn payload(val: Option<&ComponentVal>) -> Result<Option<Box<Val>>> {
    val.map(|val| Ok(Box::new(val.to_val()?))).transpose()
}

fn vals(list: &CVec<ComponentVal>) -> Result<Vec<Val>> {
    list.as_slice().iter().map(ComponentVal::to_val).collect()
}

fn boxed(val: Option<Box<Val>>) -> Option<Box<ComponentVal>> {
    val.map(|val| Box::new((*val).into()))
}

fn list(vals: Vec<Val>) -> CVec<ComponentVal> {
    vals.into_iter().map(ComponentVal::from).collect::<Vec<_>>().into()
}

impl ComponentVal {
    /// The value; an error if it is none, such as a character that does not exist.
    pub(super) fn to_val(&self) -> Result<Val> {
        Ok(match self.known()? {
            Known::Bool(val) => Val::Bool(*val != 0),
            Known::S8(val) => Val::S8(*val),
            Known::U8(val) => Val::U8(*val),
            Known::S16(val) => Val::S16(*val),
            Known::U16(val) => Val::U16(*val),
            Known::S32(val) => Val::S32(*val),
            Known::U32(val) => Val::U32(*val),
            Known::S64(val) => Val::S64(*val),
            Known::U64(val) => Val::U64(*val),
            Known::F32(val) => Val::Float32(*val),
            Known::F64(val) => Val::Float64(*val),
            Known::Char(val) => Val::Char(
                char::from_u32(*val)
                    .ok_or_else(|| format_err!("there is no character {val:#x}"))?,
            ),
            Known::String(text) => Val::String(name(text)?),
            Known::List(list) => Val::List(vals(list)?),
            Known::Record(fields) => {
                let fields = fields.as_slice().iter();
                let fields = fields.map(|field| Ok((name(&field.name)?, field.val.to_val()?)));
                Val::Record(fields.collect::<Result<_>>()?)
            }
            Known::Tuple(list) => Val::Tuple(vals(list)?),
            Known::Variant(case) => Val::Variant(name(&case.name)?, payload(case.val.as_deref())?),
            Known::Enum(case) => Val::Enum(name(case)?),
            Known::Option(val) => Val::Option(payload(val.as_deref())?),
            Known::Result(outcome) => {
                let val = payload(outcome.val.as_deref())?;
                Val::Result(if outcome.is_ok != 0 { Ok(val) } else { Err(val) })
            }
            Known::Flags(names) => {
                Val::Flags(names.as_slice().iter().map(name).collect::<Result<_>>()?)
            }
            Known::Resource(Some(resource)) => Val::Resource(**resource),
            Known::Resource(None) => {
                return Err(format_err!("the resource of a value is null"));
            }
            Known::Map(entries) => {
                let entries = entries.as_slice().iter();
                let entries = entries.map(|entry| Ok((entry.key.to_val()?, entry.value.to_val()?)));
                Val::Map(entries.collect::<Result<_>>()?)
            }
        })
    }
}

impl From<Val> for ComponentVal {
    fn from(val: Val) -> Self {
        let known = match val {
            Val::Bool(val) => Known::Bool(val.into()),
            Val::S8(val) => Known::S8(val),
            Val::U8(val) => Known::U8(val),
            Val::S16(val) => Known::S16(val),
            Val::U16(val) => Known::U16(val),
            Val::S32(val) => Known::S32(val),
            Val::U32(val) => Known::U32(val),
            Val::S64(val) => Known::S64(val),
            Val::U64(val) => Known::U64(val),
            Val::Float32(val) => Known::F32(val),
            Val::Float64(val) => Known::F64(val),
            Val::Char(val) => Known::Char(val.into()),
            Val::String(text) => Known::String(text.into_bytes().into()),
            // Lists of a fixed length have no kind in the header, and are read as any list.
            Val::List(vals) | Val::FixedLengthList(vals) => Known::List(list(vals)),
            Val::NumberList(numbers) => Known::List(list(numbers.to_vals())),
            Val::Record(fields) => {
                let fields = fields.into_iter();
                let fields = fields
                    .map(|(name, val)| Field { name: name.into_bytes().into(), val: val.into() });
                Known::Record(fields.collect::<Vec<_>>().into())
            }
            Val::Tuple(vals) => Known::Tuple(list(vals)),
            Val::Variant(name, val) => {
                Known::Variant(Case { name: name.into_bytes().into(), val: boxed(val) })
            }
            Val::Enum(name) => Known::Enum(name.into_bytes().into()),
            Val::Option(val) => Known::Option(boxed(val)),
            Val::Result(outcome) => {
                let is_ok = outcome.is_ok().into();
                let (Ok(val) | Err(val)) = outcome;
                Known::Result(Outcome { is_ok, val: boxed(val) })
            }
            Val::Flags(names) => {
                let names = names.into_iter().map(|name| CBytes::from(name.into_bytes()));
                Known::Flags(names.collect::<Vec<_>>().into())
            }
            Val::Resource(resource) => Known::Resource(Some(Box::new(resource))),
            Val::Map(entries) => {
                let entries = entries.into_iter();
                let entries =
                    entries.map(|(key, value)| Entry { key: key.into(), value: value.into() });
                Known::Map(entries.collect::<Vec<_>>().into())
            }
        };
        known.into()
    }
}

vec_family!(ComponentVal: wasmtime_component_vallist_new_empty wasmtime_component_vallist_new_uninit
    wasmtime_component_vallist_new wasmtime_component_vallist_copy
    wasmtime_component_vallist_delete);
vec_family!(ComponentVal: wasmtime_component_valtuple_new_empty
    wasmtime_component_valtuple_new_uninit wasmtime_component_valtuple_new
    wasmtime_component_valtuple_copy wasmtime_component_valtuple_delete);
vec_family!(Field: wasmtime_component_valrecord_new_empty wasmtime_component_valrecord_new_uninit
    wasmtime_component_valrecord_new wasmtime_component_valrecord_copy
    wasmtime_component_valrecord_delete);
vec_family!(Entry: wasmtime_component_valmap_new_empty wasmtime_component_valmap_new_uninit
    wasmtime_component_valmap_new wasmtime_component_valmap_copy
    wasmtime_component_valmap_delete);
vec_family!(CBytes: wasmtime_component_valflags_new_empty wasmtime_component_valflags_new_uninit
    wasmtime_component_valflags_new wasmtime_component_valflags_copy
    wasmtime_component_valflags_delete);

/// A value of its own, of one that is taken.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_val_new(val: &mut ComponentVal) -> Box<ComponentVal> {
    Box::new(std::mem::replace(val, ComponentVal::NOTHING))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_val_free(val: Option<Box<ComponentVal>>) {
    drop(val);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_val_clone(val: &ComponentVal, out: Out<'_, ComponentVal>) {
    out.write(val.clone());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_val_delete(val: &mut ComponentVal) {
    *val = ComponentVal::NOTHING;
}
