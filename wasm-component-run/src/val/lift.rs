//! Values of any type out of a guest.

use wasm_component::{Case, InterfaceType, Labels, TypeDef, Types};
use wasm_store::{Error, Result, bail, format_err};

use super::{NumberList, Val};
use crate::context::{FlatReader, LiftContext};
use crate::resource::ResourceAny;

/// What a value costs of what a call may copy.
const VALUE: usize = size_of::<Val>();

/// What a name costs beside its text.
const NAME: usize = size_of::<String>();

/// The primitive value of a word. What is too wide for the type is cut off.
fn primitive(ty: InterfaceType, word: u64) -> Result<Option<Val>> {
    Ok(Some(match ty {
        InterfaceType::Bool => Val::Bool(word as u32 != 0),
        InterfaceType::S8 => Val::S8(word as i8),
        InterfaceType::U8 => Val::U8(word as u8),
        InterfaceType::S16 => Val::S16(word as i16),
        InterfaceType::U16 => Val::U16(word as u16),
        InterfaceType::S32 => Val::S32(word as i32),
        InterfaceType::U32 => Val::U32(word as u32),
        InterfaceType::S64 => Val::S64(word as i64),
        InterfaceType::U64 => Val::U64(word),
        InterfaceType::Float32 => Val::Float32(f32::from_bits(word as u32)),
        InterfaceType::Float64 => Val::Float64(f64::from_bits(word)),
        InterfaceType::Char => Val::Char(char::try_from(word as u32)?),
        _ => return Ok(None),
    }))
}

fn is_primitive(ty: InterfaceType) -> bool {
    ty.type_index().is_none() && ty.resource().is_none() && ty != InterfaceType::String
}

/// A number of up to eight bytes.
fn number(bytes: &[u8], size: u32) -> Result<u64> {
    let mut word = [0; 8];
    let size = (size as usize).min(8);
    match (bytes.get(..size), word.get_mut(..size)) {
        (Some(bytes), Some(to)) => to.copy_from_slice(bytes),
        _ => return Err(too_short()),
    }
    Ok(u64::from_le_bytes(word))
}

#[cold]
fn too_short() -> Error {
    format_err!("pointer out of bounds of memory")
}

impl Val {
    /// Reads a value from words.
    pub(super) fn lift_flat(
        cx: &mut LiftContext<'_>,
        types: Types<'_>,
        ty: InterfaceType,
        from: &mut FlatReader<'_>,
    ) -> Result<Val> {
        if is_primitive(ty)
            && let Some(value) = primitive(ty, from.next_u64())?
        {
            return Ok(value);
        }
        let Some(index) = ty.type_index() else {
            return match ty {
                InterfaceType::String => {
                    let (pointer, len) = (from.next_u32(), from.next_u32());
                    Ok(Val::String(cx.lift_string(pointer, len)?))
                }
                ty => Ok(Val::Resource(ResourceAny::lift(cx, ty, from.next_u32())?)),
            };
        };
        let def = types.get(index)?;
        Ok(match def {
            TypeDef::List(_) | TypeDef::Map { .. } => {
                let (pointer, len) = (from.next_u32(), from.next_u32());
                lift_list(cx, types, def, pointer, len)?
            }
            TypeDef::Record(fields) => {
                cx.consume_fuel_array(fields.len(), NAME + VALUE)?;
                let mut values = Vec::with_capacity(fields.len());
                for field in fields.iter() {
                    let field = field?;
                    cx.consume_fuel(field.name.len())?;
                    let value = Val::lift_flat(cx, types, field.ty, from)?;
                    values.push((field.name.to_owned(), value));
                }
                Val::Record(values)
            }
            TypeDef::Tuple(fields) => {
                cx.consume_fuel_array(fields.len(), VALUE)?;
                let mut values = Vec::with_capacity(fields.len());
                for field in fields.iter() {
                    values.push(Val::lift_flat(cx, types, field?.ty, from)?);
                }
                Val::Tuple(values)
            }
            TypeDef::FixedLengthList { element, length } => {
                cx.consume_fuel_array(length as usize, VALUE)?;
                let mut values = Vec::new();
                for _ in 0..length {
                    values.push(Val::lift_flat(cx, types, element, from)?);
                }
                Val::FixedLengthList(values)
            }
            TypeDef::Flags(labels) => {
                let words: Vec<_> =
                    (0..labels.len().div_ceil(32)).map(|_| from.next_u32()).collect();
                flags(cx, labels, &words)?
            }
            TypeDef::Variant(_)
            | TypeDef::Enum { .. }
            | TypeDef::Option { .. }
            | TypeDef::Result { .. } => {
                let end = from.after(types.flat_count(ty)? as usize);
                let discriminant = from.next_u32();
                let case = case(def, discriminant)?;
                let payload = match case.ty {
                    Some(ty) => {
                        cx.consume_fuel(VALUE)?;
                        Some(Box::new(Val::lift_flat(cx, types, ty, from)?))
                    }
                    None => None,
                };
                from.skip_to(end);
                variant(cx, def, case, discriminant, payload)?
            }
        })
    }

    /// Reads a value from the bytes of the memory that it begins with.
    pub(super) fn load(
        cx: &mut LiftContext<'_>,
        types: Types<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Val> {
        if is_primitive(ty)
            && let Some(value) = primitive(ty, number(bytes, types.layout(ty)?.size)?)?
        {
            return Ok(value);
        }
        let word = |bytes: &[u8]| Ok::<_, Error>(number(bytes, 4)? as u32);
        let rest = |offset: u32| bytes.get(offset as usize..).ok_or_else(too_short);
        let Some(index) = ty.type_index() else {
            return match ty {
                InterfaceType::String => {
                    let (pointer, len) = (word(bytes)?, word(rest(4)?)?);
                    Ok(Val::String(cx.lift_string(pointer, len)?))
                }
                ty => Ok(Val::Resource(ResourceAny::lift(cx, ty, word(bytes)?)?)),
            };
        };
        let def = types.get(index)?;
        Ok(match def {
            TypeDef::List(_) | TypeDef::Map { .. } => {
                lift_list(cx, types, def, word(bytes)?, word(rest(4)?)?)?
            }
            TypeDef::Record(fields) => {
                cx.consume_fuel_array(fields.len(), NAME + VALUE)?;
                let mut values = Vec::with_capacity(fields.len());
                for field in fields.iter() {
                    let field = field?;
                    cx.consume_fuel(field.name.len())?;
                    let value = Val::load(cx, types, field.ty, rest(field.offset)?)?;
                    values.push((field.name.to_owned(), value));
                }
                Val::Record(values)
            }
            TypeDef::Tuple(fields) => {
                cx.consume_fuel_array(fields.len(), VALUE)?;
                let mut values = Vec::with_capacity(fields.len());
                for field in fields.iter() {
                    let field = field?;
                    values.push(Val::load(cx, types, field.ty, rest(field.offset)?)?);
                }
                Val::Tuple(values)
            }
            TypeDef::FixedLengthList { element, length } => {
                let size = types.layout(element)?.size;
                if u64::from(size) * u64::from(length) > bytes.len() as u64 {
                    bail!("fixed length list out of bounds of memory");
                }
                cx.consume_fuel_array(length as usize, VALUE)?;
                let mut values = Vec::new();
                for place in 0..length {
                    values.push(Val::load(cx, types, element, rest(place * size)?)?);
                }
                Val::FixedLengthList(values)
            }
            TypeDef::Flags(labels) => {
                let size = types.layout(ty)?.size;
                let mut words = Vec::new();
                for place in 0..size.div_ceil(4) {
                    words.push(number(rest(4 * place)?, size.min(4))? as u32);
                }
                flags(cx, labels, &words)?
            }
            TypeDef::Variant(_)
            | TypeDef::Enum { .. }
            | TypeDef::Option { .. }
            | TypeDef::Result { .. } => {
                let layout = match def {
                    TypeDef::Variant(cases) => cases.layout(),
                    TypeDef::Enum { layout, .. }
                    | TypeDef::Option { layout, .. }
                    | TypeDef::Result { layout, .. } => layout,
                    _ => bail!("this is no variant"),
                };
                let discriminant = number(bytes, layout.discriminant)? as u32;
                let case = case(def, discriminant)?;
                let payload = match case.ty {
                    Some(ty) => {
                        cx.consume_fuel(VALUE)?;
                        let payload = rest(layout.payload_offset)?;
                        Some(Box::new(Val::load(cx, types, ty, payload)?))
                    }
                    None => None,
                };
                variant(cx, def, case, discriminant, payload)?
            }
        })
    }
}

/// Reads a list or a map. What its length says is compared with the memory, and with what the call
/// may copy, before anything is allocated.
fn lift_list(
    cx: &mut LiftContext<'_>,
    types: Types<'_>,
    def: TypeDef<'_>,
    pointer: u32,
    len: u32,
) -> Result<Val> {
    match def {
        TypeDef::List(element) => {
            let layout = types.layout(element)?;
            let bytes = cx.list_bytes(pointer, len, layout.size, layout.align)?;
            if cx.number_lists() && NumberList::is_of(element) {
                cx.consume_fuel(bytes.len())?;
                if let Some(numbers) = NumberList::read(element, bytes) {
                    return Ok(Val::NumberList(numbers));
                }
            }
            cx.consume_fuel_array(len as usize, VALUE)?;
            if let Some(values) = NumberList::read_vals(element, bytes) {
                return Ok(Val::List(values));
            }
            let mut values = Vec::with_capacity(len as usize);
            for place in 0..len as usize {
                let bytes = bytes.get(place * layout.size as usize..).ok_or_else(too_short)?;
                values.push(Val::load(cx, types, element, bytes)?);
            }
            Ok(Val::List(values))
        }
        TypeDef::Map { key, value, value_offset, entry } => {
            let end = u64::from(pointer) + u64::from(len) * u64::from(entry.size);
            if end > cx.memory().len() as u64 {
                bail!("map pointer/length out of bounds of memory");
            }
            if !pointer.is_multiple_of(entry.align) {
                bail!("map pointer is not aligned");
            }
            let bytes = cx.list_bytes(pointer, len, entry.size, entry.align)?;
            cx.consume_fuel_array(len as usize, 2 * VALUE)?;
            let mut entries = Vec::with_capacity(len as usize);
            for place in 0..len as usize {
                let start = place * entry.size as usize;
                let of = bytes.get(start..).ok_or_else(too_short)?;
                let to = bytes.get(start + value_offset as usize..).ok_or_else(too_short)?;
                let of = Val::load(cx, types, key, of)?;
                entries.push((of, Val::load(cx, types, value, to)?));
            }
            Ok(Val::Map(entries))
        }
        _ => bail!("this is no list"),
    }
}

/// The case of a variant of any kind.
fn case<'a>(def: TypeDef<'a>, discriminant: u32) -> Result<Case<'a>> {
    let place = discriminant as usize;
    let (found, len) = match def {
        TypeDef::Variant(cases) => (cases.get(place)?, cases.len()),
        TypeDef::Enum { labels, .. } => {
            (labels.get(place)?.map(|name| Case { name, ty: None }), labels.len())
        }
        TypeDef::Option { some, .. } => {
            let case = [None, Some(some)].get(place).map(|ty| Case { name: "", ty: *ty });
            (case, 2)
        }
        TypeDef::Result { ok, err, .. } => {
            ([ok, err].get(place).map(|ty| Case { name: "", ty: *ty }), 2)
        }
        _ => bail!("this is no variant"),
    };
    found.ok_or_else(|| format_err!("discriminant {discriminant} out of range [0..{len})"))
}

/// The value of a variant of any kind.
fn variant(
    cx: &mut LiftContext<'_>,
    def: TypeDef<'_>,
    case: Case<'_>,
    discriminant: u32,
    payload: Option<Box<Val>>,
) -> Result<Val> {
    cx.consume_fuel(case.name.len())?;
    Ok(match def {
        TypeDef::Enum { .. } => Val::Enum(case.name.to_owned()),
        TypeDef::Option { .. } => Val::Option(payload),
        TypeDef::Result { .. } if discriminant == 0 => Val::Result(Ok(payload)),
        TypeDef::Result { .. } => Val::Result(Err(payload)),
        _ => Val::Variant(case.name.to_owned(), payload),
    })
}

/// The flags that are set. Bits that stand for no flag are ignored.
fn flags(cx: &mut LiftContext<'_>, labels: Labels<'_>, words: &[u32]) -> Result<Val> {
    let mut flags = Vec::new();
    for (bit, label) in labels.iter().enumerate() {
        if words.get(bit / 32).is_some_and(|word| word & (1 << (bit % 32)) != 0) {
            let label = label?;
            cx.consume_fuel(NAME + label.len())?;
            flags.push(label.to_owned());
        }
    }
    Ok(Val::Flags(flags))
}
