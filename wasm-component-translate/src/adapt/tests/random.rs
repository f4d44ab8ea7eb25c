//! Random types and values, made of bytes, so that shorter inputs are simpler.

use super::reference::{Flat, Stored, Text, Ty, Value, flatten};

/// What decisions are taken by; 0 when all is used up.
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl Bytes<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                *first
            }
            [] => 0,
        }
    }

    pub(super) fn below(&mut self, limit: u32) -> u32 {
        u32::from(self.byte()) % limit
    }

    pub(super) fn bits(&mut self) -> u64 {
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte()))
    }

    /// A type. What is deep within another is simple.
    pub(super) fn ty(&mut self, depth: u32) -> Ty {
        let simple = [
            Ty::U8,
            Ty::Bool,
            Ty::S8,
            Ty::S16,
            Ty::U16,
            Ty::S32,
            Ty::U64,
            Ty::F32,
            Ty::F64,
            Ty::Char,
            Ty::String,
            Ty::Own,
        ];
        if depth == 0 {
            return simple[self.below(simple.len() as u32) as usize].clone();
        }
        match self.below(20) {
            kind @ 0..10 => simple[kind as usize].clone(),
            10 | 11 => Ty::String,
            12 | 13 => Ty::List(Box::new(self.ty(depth - 1))),
            14 => Ty::FixedList(Box::new(self.ty(depth - 1)), 1 + self.below(9)),
            15 => Ty::Flags(1 + self.below(80)),
            16 => {
                let cases = match self.below(8) {
                    0 => 257 + self.below(100),
                    count => count,
                };
                Ty::Variant(vec![None; cases as usize])
            }
            17 => Ty::Variant(
                (0..=self.below(5))
                    .map(|_| (self.below(3) > 0).then(|| self.ty(depth - 1)))
                    .collect(),
            ),
            18 => Ty::Borrow,
            _ => Ty::Record((0..=self.below(6)).map(|_| self.ty(depth - 1)).collect()),
        }
    }

    /// A type of results, which borrow nothing.
    pub(super) fn result(&mut self) -> Option<Ty> {
        (self.below(5) > 0).then(|| owned(self.ty(3)))
    }

    fn text(&mut self) -> Text {
        let kind = self.below(5);
        let string = (0..self.below(30))
            .map(|_| {
                let char = match kind {
                    0 => self.below(0x80),
                    1 => self.below(0x100),
                    2 => self.below(0x80) << self.below(9),
                    _ => u32::from(self.byte()) << self.below(14),
                };
                char::from_u32(char).unwrap_or('x')
            })
            .collect();
        Text { string, stored: Stored::Anyhow }
    }

    /// A value of a type.
    pub(super) fn value(&mut self, ty: &Ty) -> Value {
        match ty {
            Ty::Bool => Value::Bits(self.below(2).into()),
            Ty::S8 | Ty::U8 => Value::Bits(self.byte().into()),
            Ty::S16 | Ty::U16 => Value::Bits(self.bits() & 0xffff),
            Ty::S32 | Ty::F32 => Value::Bits(self.bits() & 0xffff_ffff),
            Ty::U64 | Ty::F64 => Value::Bits(self.bits()),
            Ty::Char => {
                let char = (self.bits() % 0x11_0000) as u32;
                Value::Bits(char::from_u32(char).map_or(0x10_ffff, u64::from))
            }
            // Handles of the reference are never 0.
            Ty::Own | Ty::Borrow => Value::Bits(1 + u64::from(self.byte())),
            Ty::String => Value::String(self.text()),
            Ty::Record(fields) => {
                Value::Record(fields.iter().map(|field| self.value(field)).collect())
            }
            Ty::Variant(cases) => {
                let case = (self.bits() % cases.len() as u64) as u32;
                let payload = cases[case as usize].as_ref().map(|ty| Box::new(self.value(ty)));
                Value::Variant(case, payload)
            }
            Ty::Flags(count) => {
                let mut words: Vec<_> =
                    (0..count.div_ceil(32)).map(|_| self.bits() as u32).collect();
                if count % 32 != 0
                    && let Some(last) = words.last_mut()
                {
                    *last &= (1 << (count % 32)) - 1;
                }
                Value::Flags(words)
            }
            Ty::List(element) => {
                let count = self.below(if matches!(**element, Ty::List(_)) { 5 } else { 12 });
                Value::List((0..count).map(|_| self.value(element)).collect())
            }
            Ty::FixedList(element, count) => {
                Value::List((0..*count).map(|_| self.value(element)).collect())
            }
        }
    }

    /// Sets bits in core values that their types do not use, as a caller may.
    pub(super) fn dirty(&mut self, ty: &Ty, flat: &mut [u64]) {
        let mut place = 0;
        self.dirty_at(ty, flat, &mut place);
    }

    fn dirty_at(&mut self, ty: &Ty, flat: &mut [u64], place: &mut usize) {
        match ty {
            Ty::Bool if flat[*place] != 0 => flat[*place] = 1 + (self.bits() & 0xffff),
            Ty::S8 | Ty::U8 => flat[*place] ^= self.bits() & 0xffff_ff00,
            Ty::S16 | Ty::U16 => flat[*place] ^= self.bits() & 0xffff_0000,
            Ty::Record(fields) => {
                for field in fields {
                    self.dirty_at(field, flat, place);
                }
                return;
            }
            Ty::FixedList(element, count) => {
                for _ in 0..*count {
                    self.dirty_at(element, flat, place);
                }
                return;
            }
            Ty::Flags(count) if count % 32 != 0 => {
                let last = *place + count.div_ceil(32) as usize - 1;
                flat[last] ^= self.bits() << (count % 32) & 0xffff_ffff;
            }
            _ => {}
        }
        *place += flatten(ty).len();
    }

    /// A random core value.
    pub(super) fn flat(&mut self, flat: Flat) -> u64 {
        match flat {
            Flat::I32 | Flat::F32 => self.bits() & 0xffff_ffff >> self.below(32),
            Flat::I64 | Flat::F64 => self.bits() >> self.below(64),
        }
    }
}

/// The type with handles that own in place of those that borrow.
fn owned(ty: Ty) -> Ty {
    match ty {
        Ty::Borrow => Ty::Own,
        Ty::Record(fields) => Ty::Record(fields.into_iter().map(owned).collect()),
        Ty::Variant(cases) => Ty::Variant(cases.into_iter().map(|case| case.map(owned)).collect()),
        Ty::List(element) => Ty::List(Box::new(owned(*element))),
        Ty::FixedList(element, count) => Ty::FixedList(Box::new(owned(*element)), count),
        ty => ty,
    }
}
