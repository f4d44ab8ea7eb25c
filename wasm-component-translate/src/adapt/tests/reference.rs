//! The canonical ABI once more, as the specification says it: values are lifted to trees and
//! lowered again, one after the other. It shares nothing with the adapters.

use super::interpreter::Trapped;
use wasm_component::StringEncoding;

/// A type.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ty {
    Bool,
    S8,
    U8,
    S16,
    U16,
    S32,
    U64,
    F32,
    F64,
    Char,
    String,
    Record(Vec<Ty>),
    Variant(Vec<Option<Ty>>),
    Flags(u32),
    List(Box<Ty>),
    FixedList(Box<Ty>, u32),
    Own,
    Borrow,
}

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// A number by its bits, a boolean, a character.
    Bits(u64),
    String(Text),
    Record(Vec<Value>),
    Variant(u32, Option<Box<Value>>),
    Flags(Vec<u32>),
    List(Vec<Value>),
}

/// A string, and the form in which it was, which is no part of it.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) string: String,
    pub(super) stored: Stored,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.string == other.string
    }
}

/// The core types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flat {
    I32,
    I64,
    F32,
    F64,
}

const LIMIT: u64 = (1 << 28) - 1;

pub(super) fn trap<T>(message: &str) -> Result<T, Trapped> {
    Err(Trapped(message.to_owned()))
}

fn align_to(at: u64, align: u64) -> u64 {
    at.div_ceil(align) * align
}

pub(super) fn align(ty: &Ty) -> u64 {
    match ty {
        Ty::Bool | Ty::S8 | Ty::U8 => 1,
        Ty::S16 | Ty::U16 => 2,
        Ty::U64 | Ty::F64 => 8,
        Ty::Record(fields) => fields.iter().map(align).max().unwrap_or(1),
        Ty::Variant(cases) => discriminant(cases).max(payload_align(cases)),
        Ty::Flags(count) => match count {
            0..=8 => 1,
            9..=16 => 2,
            _ => 4,
        },
        Ty::FixedList(element, _) => align(element),
        _ => 4,
    }
}

pub(super) fn size(ty: &Ty) -> u64 {
    match ty {
        Ty::String | Ty::List(_) => 8,
        Ty::Record(fields) => {
            let end = fields.iter().fold(0, |at, field| align_to(at, align(field)) + size(field));
            align_to(end, align(ty))
        }
        Ty::Variant(cases) => {
            let payload = cases.iter().flatten().map(size).max().unwrap_or(0);
            align_to(align_to(discriminant(cases), payload_align(cases)) + payload, align(ty))
        }
        Ty::Flags(0) => 0,
        Ty::Flags(count) if *count > 16 => 4 * u64::from(count.div_ceil(32)),
        Ty::FixedList(element, count) => size(element) * u64::from(*count),
        other => align(other),
    }
}

fn discriminant(cases: &[Option<Ty>]) -> u64 {
    match cases.len() {
        0..=256 => 1,
        257..=65536 => 2,
        _ => 4,
    }
}

fn payload_align(cases: &[Option<Ty>]) -> u64 {
    cases.iter().flatten().map(align).max().unwrap_or(1)
}

pub(super) fn flatten(ty: &Ty) -> Vec<Flat> {
    match ty {
        Ty::U64 => vec![Flat::I64],
        Ty::F32 => vec![Flat::F32],
        Ty::F64 => vec![Flat::F64],
        Ty::String | Ty::List(_) => vec![Flat::I32; 2],
        Ty::Record(fields) => fields.iter().flat_map(flatten).collect(),
        Ty::Variant(cases) => {
            let mut joined = Vec::new();
            for case in cases.iter().flatten() {
                for (place, flat) in flatten(case).into_iter().enumerate() {
                    match joined.get_mut(place) {
                        None => joined.push(flat),
                        Some(other) if *other == flat => {}
                        Some(other @ (Flat::I32 | Flat::F32))
                            if matches!(flat, Flat::I32 | Flat::F32) =>
                        {
                            *other = Flat::I32;
                        }
                        Some(other) => *other = Flat::I64,
                    }
                }
            }
            [vec![Flat::I32], joined].concat()
        }
        Ty::Flags(count) => vec![Flat::I32; count.div_ceil(32) as usize],
        Ty::FixedList(element, count) => flatten(element).repeat(*count as usize),
        _ => vec![Flat::I32],
    }
}

/// A side of a call: its memory, its allocator, and what it does with handles.
pub(super) trait Abi {
    fn encoding(&self) -> StringEncoding;
    fn memory(&mut self) -> &mut Vec<u8>;
    fn realloc(&mut self, old: u32, old_size: u32, align: u32, size: u32) -> Result<u32, Trapped>;

    fn allocate(&mut self, align: u64, size: u64) -> Result<u64, Trapped> {
        self.reallocate(0, 0, align, size)
    }

    fn reallocate(
        &mut self,
        old: u64,
        old_size: u64,
        align: u64,
        size: u64,
    ) -> Result<u64, Trapped> {
        let at = self.realloc(old as u32, old_size as u32, align as u32, size as u32)?;
        let at = u64::from(at);
        if !at.is_multiple_of(align) {
            return trap("unaligned");
        }
        if at + size > self.memory().len() as u64 {
            return trap("out of bounds");
        }
        Ok(at)
    }

    fn int(&mut self, at: u64, bytes: u64) -> u64 {
        let memory = &self.memory()[at as usize..(at + bytes) as usize];
        memory.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    fn put(&mut self, at: u64, bytes: u64, value: u64) {
        for byte in 0..bytes {
            self.memory()[(at + byte) as usize] = (value >> (8 * byte)) as u8;
        }
    }

    fn load(&mut self, at: u64, ty: &Ty) -> Result<Value, Trapped> {
        Ok(match ty {
            Ty::Bool | Ty::S8 | Ty::U8 => {
                let bits = self.int(at, 1);
                scalar(ty, bits)?
            }
            Ty::S16 | Ty::U16 => {
                let bits = self.int(at, 2);
                scalar(ty, bits)?
            }
            Ty::S32 | Ty::F32 | Ty::Char | Ty::Own | Ty::Borrow => {
                let bits = self.int(at, 4);
                scalar(ty, bits)?
            }
            Ty::U64 | Ty::F64 => Value::Bits(self.int(at, 8)),
            Ty::String => {
                let (pointer, length) = (self.int(at, 4), self.int(at + 4, 4));
                self.load_string(pointer, length)?
            }
            Ty::List(element) => {
                let (pointer, length) = (self.int(at, 4), self.int(at + 4, 4));
                self.load_list(pointer, length, element)?
            }
            Ty::FixedList(element, count) => Value::List(
                (0..u64::from(*count))
                    .map(|place| self.load(at + place * size(element), element))
                    .collect::<Result<_, _>>()?,
            ),
            Ty::Record(fields) => {
                let (mut at, mut values) = (at, Vec::new());
                for field in fields {
                    at = align_to(at, align(field));
                    values.push(self.load(at, field)?);
                    at += size(field);
                }
                Value::Record(values)
            }
            Ty::Variant(cases) => {
                let case = self.int(at, discriminant(cases));
                let Some(payload) = cases.get(case as usize) else { return trap("discriminant") };
                let at = align_to(at + discriminant(cases), payload_align(cases));
                let payload = payload.as_ref().map(|ty| self.load(at, ty)).transpose()?;
                Value::Variant(case as u32, payload.map(Box::new))
            }
            Ty::Flags(count) => {
                let words = (0..u64::from(count.div_ceil(32)))
                    .map(|word| self.int(at + 4 * word, size(ty).min(4)) as u32)
                    .collect();
                Value::Flags(mask(words, *count))
            }
        })
    }

    fn load_string(&mut self, pointer: u64, length: u64) -> Result<Value, Trapped> {
        let (align, bytes, stored) = match self.encoding() {
            StringEncoding::Utf8 => (1, length, Stored::Utf8),
            StringEncoding::Utf16 => (2, 2 * length, Stored::Utf16),
            StringEncoding::CompactUtf16 if length >> 31 == 1 => {
                (2, 2 * (length ^ 1 << 31), Stored::CompactUtf16)
            }
            StringEncoding::CompactUtf16 => (2, length, Stored::Latin1),
        };
        if bytes > LIMIT || !pointer.is_multiple_of(align) {
            return trap("string");
        }
        if pointer + bytes > self.memory().len() as u64 {
            return trap("string out of bounds");
        }
        let content = &self.memory()[pointer as usize..(pointer + bytes) as usize];
        let string = if matches!(stored, Stored::Utf16 | Stored::CompactUtf16) {
            let units = content.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).collect::<Result<String, _>>().ok()
        } else if stored == Stored::Utf8 {
            String::from_utf8(content.to_vec()).ok()
        } else {
            Some(content.iter().map(|byte| char::from(*byte)).collect())
        };
        match string {
            Some(string) => Ok(Value::String(Text { string, stored })),
            None => trap("invalid string"),
        }
    }

    fn load_list(&mut self, pointer: u64, length: u64, element: &Ty) -> Result<Value, Trapped> {
        let bytes = length * size(element);
        if bytes > LIMIT || !pointer.is_multiple_of(align(element)) {
            return trap("list");
        }
        if pointer + bytes > self.memory().len() as u64 {
            return trap("list out of bounds");
        }
        let values = (0..length).map(|place| self.load(pointer + place * size(element), element));
        Ok(Value::List(values.collect::<Result<_, _>>()?))
    }

    /// Lifts from core values, which are all of 64 bits.
    fn lift(&mut self, flat: &mut &[u64], ty: &Ty) -> Result<Value, Trapped> {
        Ok(match ty {
            Ty::String => {
                let (pointer, length) = (next32(flat), next32(flat));
                self.load_string(pointer, length)?
            }
            Ty::List(element) => {
                let (pointer, length) = (next32(flat), next32(flat));
                self.load_list(pointer, length, element)?
            }
            Ty::FixedList(element, count) => Value::List(
                (0..*count).map(|_| self.lift(flat, element)).collect::<Result<_, _>>()?,
            ),
            Ty::Record(fields) => Value::Record(
                fields.iter().map(|field| self.lift(flat, field)).collect::<Result<_, _>>()?,
            ),
            Ty::Variant(cases) => {
                let (mut all, rest) = flat.split_at(flatten(ty).len());
                *flat = rest;
                let case = next32(&mut all);
                let Some(payload) = cases.get(case as usize) else { return trap("discriminant") };
                let payload = payload.as_ref().map(|ty| self.lift(&mut all, ty)).transpose()?;
                Value::Variant(case as u32, payload.map(Box::new))
            }
            Ty::Flags(count) => {
                let words = (0..count.div_ceil(32)).map(|_| next32(flat) as u32).collect();
                Value::Flags(mask(words, *count))
            }
            Ty::U64 | Ty::F64 => Value::Bits(next(flat)),
            _ => scalar(ty, next32(flat))?,
        })
    }

    fn store(&mut self, at: u64, ty: &Ty, value: &Value) -> Result<(), Trapped> {
        match (ty, value) {
            (Ty::String, Value::String(text)) => {
                let (pointer, length) = self.store_string(text)?;
                self.put(at, 4, pointer);
                self.put(at + 4, 4, length);
            }
            (Ty::List(element), Value::List(values)) => {
                let pointer = self.store_list(element, values)?;
                self.put(at, 4, pointer);
                self.put(at + 4, 4, values.len() as u64);
            }
            (Ty::FixedList(element, _), Value::List(values)) => {
                for (place, value) in values.iter().enumerate() {
                    self.store(at + place as u64 * size(element), element, value)?;
                }
            }
            (Ty::Record(fields), Value::Record(values)) => {
                let mut at = at;
                for (field, value) in fields.iter().zip(values) {
                    at = align_to(at, align(field));
                    self.store(at, field, value)?;
                    at += size(field);
                }
            }
            (Ty::Variant(cases), Value::Variant(case, payload)) => {
                self.put(at, discriminant(cases), (*case).into());
                let at = align_to(at + discriminant(cases), payload_align(cases));
                if let (Some(ty), Some(payload)) = (&cases[*case as usize], payload) {
                    self.store(at, ty, payload)?;
                }
            }
            (Ty::Flags(_), Value::Flags(words)) => {
                for (place, word) in words.iter().enumerate() {
                    self.put(at + 4 * place as u64, size(ty).min(4), (*word).into());
                }
            }
            (_, Value::Bits(bits)) => self.put(at, size(ty), *bits),
            _ => unreachable!("{value:?} is no {ty:?}"),
        }
        Ok(())
    }

    fn store_list(&mut self, element: &Ty, values: &[Value]) -> Result<u64, Trapped> {
        let pointer = self.allocate(align(element), values.len() as u64 * size(element))?;
        for (place, value) in values.iter().enumerate() {
            self.store(pointer + place as u64 * size(element), element, value)?;
        }
        Ok(pointer)
    }

    /// The form that the source had decides what is allocated.
    fn store_string(&mut self, text: &Text) -> Result<(u64, u64), Trapped> {
        let (string, from) = (&text.string[..], text.stored);
        let utf16 = || -> Vec<u8> { string.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let latin1 = || -> Vec<u8> { string.chars().map(|char| char as u32 as u8).collect() };
        let is_latin1 = string.chars().all(|char| (char as u32) < 0x100);
        match (from, self.encoding()) {
            (Stored::Anyhow, StringEncoding::CompactUtf16) => {
                let bytes = utf16();
                let at = self.allocate(2, bytes.len() as u64)?;
                self.bytes(at, &bytes);
                Ok((at, (bytes.len() as u64 / 2) | (1 << 31)))
            }
            (Stored::Anyhow, StringEncoding::Utf16) => {
                let bytes = utf16();
                let at = self.allocate(2, bytes.len() as u64)?;
                self.bytes(at, &bytes);
                Ok((at, bytes.len() as u64 / 2))
            }
            (Stored::Utf8 | Stored::Anyhow, StringEncoding::Utf8) => {
                let at = self.allocate(1, string.len() as u64)?;
                self.bytes(at, string.as_bytes());
                Ok((at, string.len() as u64))
            }
            (Stored::Utf16 | Stored::Latin1, StringEncoding::Utf16) => {
                let bytes = utf16();
                let at = self.allocate(2, bytes.len() as u64)?;
                self.bytes(at, &bytes);
                Ok((at, bytes.len() as u64 / 2))
            }
            (Stored::Latin1, StringEncoding::CompactUtf16) => {
                let bytes = latin1();
                let at = self.allocate(2, bytes.len() as u64)?;
                self.bytes(at, &bytes);
                Ok((at, bytes.len() as u64))
            }
            (Stored::Utf16 | Stored::Latin1 | Stored::CompactUtf16, StringEncoding::Utf8) => {
                let wide = from != Stored::Latin1;
                let units = if wide { utf16().len() / 2 } else { latin1().len() } as u64;
                let mut at = self.allocate(1, units)?;
                let ascii = string.bytes().take_while(u8::is_ascii).count();
                self.bytes(at, &string.as_bytes()[..ascii]);
                if ascii < string.len() {
                    let worst = units * if wide { 3 } else { 2 };
                    at = self.reallocate(at, units, 1, worst)?;
                    self.bytes(at, string.as_bytes());
                    if worst > string.len() as u64 {
                        at = self.reallocate(at, worst, 1, string.len() as u64)?;
                    }
                }
                Ok((at, string.len() as u64))
            }
            (Stored::Utf8, StringEncoding::Utf16) => {
                let (worst, bytes) = (2 * string.len() as u64, utf16());
                let mut at = self.allocate(2, worst)?;
                self.bytes(at, &bytes);
                if (bytes.len() as u64) < worst {
                    at = self.reallocate(at, worst, 2, bytes.len() as u64)?;
                }
                Ok((at, bytes.len() as u64 / 2))
            }
            (Stored::CompactUtf16, StringEncoding::Utf16) => {
                let bytes = utf16();
                let at = self.allocate(2, bytes.len() as u64)?;
                self.bytes(at, &bytes);
                Ok((at, bytes.len() as u64 / 2))
            }
            (Stored::Utf8 | Stored::Utf16, StringEncoding::CompactUtf16) => {
                let units = match from {
                    Stored::Utf8 => string.len(),
                    _ => string.encode_utf16().count(),
                } as u64;
                let mut at = self.allocate(2, units)?;
                if is_latin1 {
                    let bytes = latin1();
                    self.bytes(at, &bytes);
                    if (bytes.len() as u64) < units {
                        at = self.reallocate(at, units, 2, bytes.len() as u64)?;
                    }
                    return Ok((at, bytes.len() as u64));
                }
                let bytes = utf16();
                at = self.reallocate(at, units, 2, 2 * units)?;
                self.bytes(at, &bytes);
                if 2 * units > bytes.len() as u64 {
                    at = self.reallocate(at, 2 * units, 2, bytes.len() as u64)?;
                }
                Ok((at, (bytes.len() as u64 / 2) | (1 << 31)))
            }
            (Stored::CompactUtf16, StringEncoding::CompactUtf16) => {
                let bytes = utf16();
                let mut at = self.allocate(2, bytes.len() as u64)?;
                self.bytes(at, &bytes);
                if !is_latin1 {
                    return Ok((at, (bytes.len() as u64 / 2) | (1 << 31)));
                }
                let bytes = latin1();
                self.bytes(at, &bytes);
                at = self.reallocate(at, 2 * bytes.len() as u64, 2, bytes.len() as u64)?;
                Ok((at, bytes.len() as u64))
            }
        }
    }

    fn bytes(&mut self, at: u64, bytes: &[u8]) {
        let at = at as usize;
        self.memory()[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Lowers to core values.
    fn lower(&mut self, ty: &Ty, value: &Value, flat: &mut Vec<u64>) -> Result<(), Trapped> {
        match (ty, value) {
            (Ty::String, Value::String(text)) => {
                let (pointer, length) = self.store_string(text)?;
                flat.extend([pointer, length]);
            }
            (Ty::List(element), Value::List(values)) => {
                let pointer = self.store_list(element, values)?;
                flat.extend([pointer, values.len() as u64]);
            }
            (Ty::FixedList(element, _), Value::List(values)) => {
                for value in values {
                    self.lower(element, value, flat)?;
                }
            }
            (Ty::Record(fields), Value::Record(values)) => {
                for (field, value) in fields.iter().zip(values) {
                    self.lower(field, value, flat)?;
                }
            }
            (Ty::Variant(cases), Value::Variant(case, payload)) => {
                let end = flat.len() + flatten(ty).len();
                flat.push((*case).into());
                if let (Some(ty), Some(payload)) = (&cases[*case as usize], payload) {
                    self.lower(ty, payload, flat)?;
                }
                flat.resize(end, 0);
            }
            (Ty::Flags(_), Value::Flags(words)) => {
                flat.extend(words.iter().map(|word| u64::from(*word)));
            }
            (Ty::S8, Value::Bits(bits)) => flat.push((i32::from(*bits as i8) as u32).into()),
            (Ty::S16, Value::Bits(bits)) => flat.push((i32::from(*bits as i16) as u32).into()),
            (_, Value::Bits(bits)) => flat.push(*bits),
            _ => unreachable!("{value:?} is no {ty:?}"),
        }
        Ok(())
    }
}

/// The form in which a string is before it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stored {
    Utf8,
    Utf16,
    Latin1,
    /// UTF-16 of a side that has Latin-1, too.
    CompactUtf16,
    /// Nowhere: it is stored as UTF-16 where that is possible.
    Anyhow,
}

fn next(flat: &mut &[u64]) -> u64 {
    let (value, rest) = flat.split_first().unwrap();
    *flat = rest;
    *value
}

fn next32(flat: &mut &[u64]) -> u64 {
    u64::from(next(flat) as u32)
}

fn mask(mut words: Vec<u32>, count: u32) -> Vec<u32> {
    if !count.is_multiple_of(32)
        && let Some(last) = words.last_mut()
    {
        *last &= (1 << (count % 32)) - 1;
    }
    words
}

fn scalar(ty: &Ty, bits: u64) -> Result<Value, Trapped> {
    Ok(Value::Bits(match ty {
        Ty::Bool => (bits != 0).into(),
        Ty::S8 | Ty::U8 => bits & 0xff,
        Ty::S16 | Ty::U16 => bits & 0xffff,
        Ty::Char => match char::from_u32(bits as u32) {
            Some(_) => bits,
            None => return trap("char"),
        },
        _ => bits,
    }))
}
