//! Values of any type into a guest.

use wasm_component::{InterfaceType, TypeDef, Types, VariantLayout};
use wasm_store::{Result, bail, format_err};

use super::{NumberList, Val};
use crate::context::{FlatSlots, LowerContext};

/// A value of a variant, whatever kind of variant it is.
struct Case<'a> {
    discriminant: u32,
    payload: Option<(&'a Val, InterfaceType)>,
    layout: VariantLayout,
}

/// The word of a primitive value, if it is of the type.
fn word(value: &Val, ty: InterfaceType) -> Option<u64> {
    let word = |value: u32| u64::from(value);
    Some(match (ty, value) {
        (InterfaceType::Bool, Val::Bool(value)) => u64::from(*value),
        (InterfaceType::S8, Val::S8(value)) => word(i32::from(*value) as u32),
        (InterfaceType::U8, Val::U8(value)) => u64::from(*value),
        (InterfaceType::S16, Val::S16(value)) => word(i32::from(*value) as u32),
        (InterfaceType::U16, Val::U16(value)) => u64::from(*value),
        (InterfaceType::S32, Val::S32(value)) => word(*value as u32),
        (InterfaceType::U32, Val::U32(value)) => word(*value),
        (InterfaceType::S64, Val::S64(value)) => *value as u64,
        (InterfaceType::U64, Val::U64(value)) => *value,
        (InterfaceType::Float32, Val::Float32(value)) => word(value.to_bits()),
        (InterfaceType::Float64, Val::Float64(value)) => value.to_bits(),
        (InterfaceType::Char, Val::Char(value)) => word(u32::from(*value)),
        _ => return None,
    })
}

impl Val {
    /// Lowers the value to words.
    pub(super) fn lower_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        types: Types<'_>,
        ty: InterfaceType,
        to: &mut FlatSlots<'_>,
    ) -> Result<()> {
        if let Some(word) = word(self, ty) {
            to.push_u64(word);
            return Ok(());
        }
        match (ty, self) {
            (InterfaceType::Own(_) | InterfaceType::Borrow(_), Val::Resource(resource)) => {
                to.push_u32(resource.lower(cx, ty)?);
                return Ok(());
            }
            (InterfaceType::String, Val::String(text)) => {
                let (pointer, len) = cx.lower_string(text)?;
                to.push_u32(pointer);
                to.push_u32(len);
                return Ok(());
            }
            _ => {}
        }
        let Some(index) = ty.type_index() else { return mismatch(ty, self) };
        let def = types.get(index)?;
        match (def, self) {
            (TypeDef::List(_) | TypeDef::Map { .. }, _) => {
                let (pointer, len) = self.lower_list(cx, types, ty, def)?;
                to.push_u32(pointer);
                to.push_u32(len);
            }
            (TypeDef::Record(fields), Val::Record(values)) => {
                check_count("fields", fields.len(), values.len())?;
                for (field, (name, value)) in fields.iter().zip(values) {
                    let field = field?;
                    check_name(field.name, name)?;
                    value.lower_flat(cx, types, field.ty, to)?;
                }
            }
            (TypeDef::Tuple(fields), Val::Tuple(values)) => {
                check_count("types", fields.len(), values.len())?;
                for (field, value) in fields.iter().zip(values) {
                    value.lower_flat(cx, types, field?.ty, to)?;
                }
            }
            (TypeDef::FixedLengthList { element, length }, Val::FixedLengthList(values)) => {
                check_length(length, values.len())?;
                for value in values {
                    value.lower_flat(cx, types, element, to)?;
                }
            }
            (TypeDef::Flags(_), Val::Flags(flags)) => {
                for word in flag_words(def, flags)? {
                    to.push_u32(word);
                }
            }
            _ => {
                let Some(case) = self.case(def)? else { return mismatch(ty, self) };
                let end = to.after(types.flat_count(ty)? as usize);
                to.push_u32(case.discriminant);
                if let Some((value, ty)) = case.payload {
                    value.lower_flat(cx, types, ty, to)?;
                }
                to.pad_to(end);
            }
        }
        Ok(())
    }

    /// Writes the value to the memory.
    pub(super) fn store<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        types: Types<'_>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        if let Some(word) = word(self, ty) {
            return match types.layout(ty)?.size {
                1 => cx.write(offset, [word as u8]),
                2 => cx.write(offset, (word as u16).to_le_bytes()),
                4 => cx.write(offset, (word as u32).to_le_bytes()),
                _ => cx.write(offset, word.to_le_bytes()),
            };
        }
        match (ty, self) {
            (InterfaceType::Own(_) | InterfaceType::Borrow(_), Val::Resource(resource)) => {
                let index = resource.lower(cx, ty)?;
                return cx.write(offset, index.to_le_bytes());
            }
            (InterfaceType::String, Val::String(text)) => {
                let (pointer, len) = cx.lower_string(text)?;
                cx.write(offset, pointer.to_le_bytes())?;
                return cx.write(offset + 4, len.to_le_bytes());
            }
            _ => {}
        }
        let Some(index) = ty.type_index() else { return mismatch(ty, self) };
        let def = types.get(index)?;
        match (def, self) {
            (TypeDef::List(_) | TypeDef::Map { .. }, _) => {
                let (pointer, len) = self.lower_list(cx, types, ty, def)?;
                cx.write(offset, pointer.to_le_bytes())?;
                cx.write(offset + 4, len.to_le_bytes())?;
            }
            (TypeDef::Record(fields), Val::Record(values)) => {
                check_count("fields", fields.len(), values.len())?;
                for (field, (name, value)) in fields.iter().zip(values) {
                    let field = field?;
                    check_name(field.name, name)?;
                    value.store(cx, types, field.ty, offset + field.offset as usize)?;
                }
            }
            (TypeDef::Tuple(fields), Val::Tuple(values)) => {
                check_count("types", fields.len(), values.len())?;
                for (field, value) in fields.iter().zip(values) {
                    let field = field?;
                    value.store(cx, types, field.ty, offset + field.offset as usize)?;
                }
            }
            (TypeDef::FixedLengthList { element, length }, Val::FixedLengthList(values)) => {
                check_length(length, values.len())?;
                let size = types.layout(element)?.size as usize;
                for (place, value) in values.iter().enumerate() {
                    value.store(cx, types, element, offset + place * size)?;
                }
            }
            (TypeDef::Flags(_), Val::Flags(flags)) => {
                let words = flag_words(def, flags)?;
                let first = words.first().copied().unwrap_or(0);
                match types.layout(ty)?.size {
                    0 => {}
                    1 => cx.write(offset, [first as u8])?,
                    2 => cx.write(offset, (first as u16).to_le_bytes())?,
                    _ => {
                        for (place, word) in words.iter().enumerate() {
                            cx.write(offset + 4 * place, word.to_le_bytes())?;
                        }
                    }
                }
            }
            _ => {
                let Some(case) = self.case(def)? else { return mismatch(ty, self) };
                match case.layout.discriminant {
                    1 => cx.write(offset, [case.discriminant as u8])?,
                    2 => cx.write(offset, (case.discriminant as u16).to_le_bytes())?,
                    _ => cx.write(offset, case.discriminant.to_le_bytes())?,
                }
                if let Some((value, ty)) = case.payload {
                    value.store(cx, types, ty, offset + case.layout.payload_offset as usize)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a list or a map. Returns its pointer and length.
    fn lower_list<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        types: Types<'_>,
        ty: InterfaceType,
        def: TypeDef<'_>,
    ) -> Result<(u32, u32)> {
        let room = |cx: &mut LowerContext<'_, T>, len: usize, size: u32, align: u32, what: &str| {
            let bytes = len.checked_mul(size as usize);
            let bytes = bytes.ok_or_else(|| format_err!("size overflow copying a {what}"))?;
            Ok::<_, wasm_store::Error>((cx.realloc(0, 0, align, bytes)?, bytes))
        };
        match (def, self) {
            (TypeDef::List(element), Val::NumberList(numbers)) => {
                if numbers.element() != element {
                    bail!(
                        "type mismatch: expected {}, found {}",
                        element.desc(),
                        numbers.element().desc()
                    );
                }
                let layout = types.layout(element)?;
                let (pointer, bytes) = room(cx, numbers.len(), layout.size, layout.align, "list")?;
                numbers.write(cx.slice_mut(pointer, bytes)?);
                // What was given lies in a memory with 32-bit addresses.
                Ok((pointer as u32, numbers.len() as u32))
            }
            (TypeDef::List(element), Val::List(values)) => {
                let layout = types.layout(element)?;
                let (pointer, bytes) = room(cx, values.len(), layout.size, layout.align, "list")?;
                let list = cx.slice_mut(pointer, bytes)?;
                match NumberList::write_vals(element, values, list) {
                    Some(Ok(())) => {}
                    Some(Err(value)) => return mismatch(element, value),
                    None => {
                        for (place, value) in values.iter().enumerate() {
                            let offset = pointer + place * layout.size as usize;
                            value.store(cx, types, element, offset)?;
                        }
                    }
                }
                Ok((pointer as u32, values.len() as u32))
            }
            (TypeDef::Map { key, value, value_offset, entry }, Val::Map(entries)) => {
                let (pointer, _) = room(cx, entries.len(), entry.size, entry.align, "map")?;
                for (place, (of, to)) in entries.iter().enumerate() {
                    let offset = pointer + place * entry.size as usize;
                    of.store(cx, types, key, offset)?;
                    to.store(cx, types, value, offset + value_offset as usize)?;
                }
                Ok((pointer as u32, entries.len() as u32))
            }
            _ => mismatch(ty, self),
        }
    }

    /// The value as one of a variant, if its type is a kind of variant that it is a value of.
    fn case(&self, def: TypeDef<'_>) -> Result<Option<Case<'_>>> {
        Ok(Some(match (def, self) {
            (TypeDef::Variant(cases), Val::Variant(name, payload)) => {
                let mut found = None;
                for (discriminant, case) in cases.iter().enumerate() {
                    let case = case?;
                    if case.name == name {
                        found = Some((discriminant as u32, case.ty));
                        break;
                    }
                }
                let Some((discriminant, ty)) = found else {
                    bail!("unknown variant case: `{name}`");
                };
                let payload = match (payload, ty) {
                    (Some(value), Some(ty)) => Some((&**value, ty)),
                    (None, None) => None,
                    (Some(_), None) => bail!("did not expect a payload for case `{name}`"),
                    (None, Some(_)) => bail!("expected a payload for case `{name}`"),
                };
                Case { discriminant, payload, layout: cases.layout() }
            }
            (TypeDef::Enum { labels, layout }, Val::Enum(name)) => {
                let mut found = None;
                for (discriminant, label) in labels.iter().enumerate() {
                    if label? == name {
                        found = Some(discriminant as u32);
                        break;
                    }
                }
                let Some(discriminant) = found else {
                    bail!("enum variant name `{name}` is not valid");
                };
                Case { discriminant, payload: None, layout }
            }
            (TypeDef::Option { some, layout }, Val::Option(value)) => {
                let payload = value.as_ref().map(|value| (&**value, some));
                Case { discriminant: u32::from(value.is_some()), payload, layout }
            }
            (TypeDef::Result { ok, err, layout }, Val::Result(value)) => {
                let (discriminant, name, value, ty) = match value {
                    Ok(value) => (0, "ok", value, ok),
                    Err(value) => (1, "err", value, err),
                };
                let payload = match (value, ty) {
                    (Some(value), Some(ty)) => Some((&**value, ty)),
                    (None, None) => None,
                    (Some(_), None) => bail!("payload provided to `{name}` but not expected"),
                    (None, Some(_)) => bail!("payload expected to `{name}` but not provided"),
                };
                Case { discriminant, payload, layout }
            }
            _ => return Ok(None),
        }))
    }
}

/// The words of flags.
fn flag_words(def: TypeDef<'_>, flags: &[String]) -> Result<Vec<u32>> {
    let TypeDef::Flags(labels) = def else { bail!("these are no flags") };
    let mut words = vec![0; labels.len().div_ceil(32)];
    for flag in flags {
        let mut found = false;
        for (bit, label) in labels.iter().enumerate() {
            if label? == flag {
                words[bit / 32] |= 1 << (bit % 32);
                found = true;
                break;
            }
        }
        if !found {
            bail!("unknown flag: `{flag}`");
        }
    }
    Ok(words)
}

fn check_count(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected != found {
        bail!("expected {expected} {what}, got {found}");
    }
    Ok(())
}

fn check_length(expected: u32, found: usize) -> Result<()> {
    if expected as usize != found {
        bail!("expected vec of size {expected}, got {found}");
    }
    Ok(())
}

fn check_name(expected: &str, found: &str) -> Result<()> {
    if expected != found {
        bail!("expected field `{expected}`, got `{found}`");
    }
    Ok(())
}

#[cold]
fn mismatch<R>(ty: InterfaceType, value: &Val) -> Result<R> {
    let expected = match ty {
        InterfaceType::Own(_) => "owned resource",
        InterfaceType::Borrow(_) => "borrowed resource",
        ty => ty.desc(),
    };
    bail!("type mismatch: expected {expected}, found {}", value.desc())
}
