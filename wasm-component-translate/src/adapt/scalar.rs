//! Core values: between locals of one type and another, to and from memories, with what has to be
//! checked or cut off on the way.

use wasm_component::FlatType;

use super::body::{Local, mem_arg};
use super::copy::{Copier, Place};
use super::shape::Scalar;
use crate::error::Error;
use wasm_component::AdapterTrap;

impl Copier<'_, '_> {
    /// Copies one core value.
    pub(super) fn scalar(
        &mut self,
        scalar: Scalar,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        self.begin_store(to);
        self.load(scalar, from)?;
        match (scalar, from, to) {
            (Scalar::Bool, ..) => {
                self.body.code().i32_const(0).i32_ne();
            }
            (Scalar::Char, ..) => self.check_char(),
            // Loads extend, and stores cut off.
            (Scalar::U8, Place::Flat(_), Place::Flat(_)) => {
                self.body.code().i32_const(0xff).i32_and();
            }
            (Scalar::U16, Place::Flat(_), Place::Flat(_)) => {
                self.body.code().i32_const(0xffff).i32_and();
            }
            (Scalar::S8, Place::Flat(_), Place::Flat(_)) => {
                self.body.code().i32_extend8_s();
            }
            (Scalar::S16, Place::Flat(_), Place::Flat(_)) => {
                self.body.code().i32_extend16_s();
            }
            _ => {}
        }
        self.store(scalar, to)
    }

    /// Traps, if what is on the stack is no Unicode scalar value.
    fn check_char(&mut self) {
        let value = self.body.local(FlatType::I32);
        // Surrogates become the smallest numbers, which the subtraction makes the largest.
        self.body
            .code()
            .local_tee(value.index)
            .i32_const(0xd800)
            .i32_xor()
            .i32_const(0x800)
            .i32_sub()
            .i32_const(0x11_0000 - 0x800)
            .i32_ge_u();
        self.trap_if(AdapterTrap::InvalidChar);
        self.body.push(value);
        self.body.release(value);
    }

    /// Copies flags, without the bits that stand for none.
    pub(super) fn flags(
        &mut self,
        count: u32,
        from: Place<'_>,
        to: Place<'_>,
    ) -> Result<(), Error> {
        let words = count.div_ceil(32);
        for word in 0..words {
            let scalar = match count {
                ..=8 => Scalar::U8,
                9..=16 => Scalar::U16,
                _ => Scalar::Int32,
            };
            let (from, to) = match (from, to) {
                _ if words == 1 => (from, to),
                _ => (word_of(from, word), word_of(to, word)),
            };
            self.begin_store(to);
            self.load(scalar, from)?;
            let bits = (count - 32 * word).min(32);
            if bits < 32 {
                self.body.code().i32_const(((1_u32 << bits) - 1).cast_signed()).i32_and();
            }
            self.store(scalar, to)?;
        }
        Ok(())
    }

    /// Pushes the address that [`store`](Self::store) needs below the value.
    pub(super) fn begin_store(&mut self, to: Place<'_>) {
        if let Place::Memory { address, .. } = to {
            self.body.push(address);
        }
    }

    /// Pushes a value as it is.
    pub(super) fn load(&mut self, scalar: Scalar, from: Place<'_>) -> Result<(), Error> {
        match from {
            Place::Flat(locals) => {
                if let [local, ..] = locals {
                    self.push_as(*local, scalar.flat());
                }
            }
            Place::Memory { address, offset } => {
                let arg = mem_arg(self.source_memory()?.index, offset, scalar.size());
                self.body.push(address);
                let mut code = self.body.code();
                match scalar {
                    Scalar::Bool | Scalar::U8 => code.i32_load8_u(arg),
                    Scalar::S8 => code.i32_load8_s(arg),
                    Scalar::U16 => code.i32_load16_u(arg),
                    Scalar::S16 => code.i32_load16_s(arg),
                    Scalar::Int32 | Scalar::Char => code.i32_load(arg),
                    Scalar::Int64 => code.i64_load(arg),
                    Scalar::F32 => code.f32_load(arg),
                    Scalar::F64 => code.f64_load(arg),
                };
            }
        }
        Ok(())
    }

    /// Pops a value into its place.
    pub(super) fn store(&mut self, scalar: Scalar, to: Place<'_>) -> Result<(), Error> {
        match to {
            Place::Flat(locals) => {
                if let [local, ..] = locals {
                    self.pop_from(*local, scalar.flat());
                }
            }
            Place::Memory { offset, .. } => {
                let arg = mem_arg(self.target_memory()?.index, offset, scalar.size());
                let mut code = self.body.code();
                match scalar {
                    Scalar::Bool | Scalar::U8 | Scalar::S8 => code.i32_store8(arg),
                    Scalar::U16 | Scalar::S16 => code.i32_store16(arg),
                    Scalar::Int32 | Scalar::Char => code.i32_store(arg),
                    Scalar::Int64 => code.i64_store(arg),
                    Scalar::F32 => code.f32_store(arg),
                    Scalar::F64 => code.f64_store(arg),
                };
            }
        }
        Ok(())
    }

    pub(super) fn load_i32(&mut self, from: Place<'_>) -> Result<(), Error> {
        self.load(Scalar::Int32, from)
    }

    pub(super) fn store_i32(&mut self, to: Place<'_>) -> Result<(), Error> {
        self.store(Scalar::Int32, to)
    }

    /// Pushes a local as a value of a type that is not wider.
    pub(super) fn push_as(&mut self, local: Local, ty: FlatType) {
        self.body.push(local);
        let mut code = self.body.code();
        match (local.ty, ty) {
            (FlatType::I64, FlatType::I32) => code.i32_wrap_i64(),
            (FlatType::I64, FlatType::F32) => code.i32_wrap_i64().f32_reinterpret_i32(),
            (FlatType::I32, FlatType::F32) => code.f32_reinterpret_i32(),
            (FlatType::I64, FlatType::F64) => code.f64_reinterpret_i64(),
            _ => &mut code,
        };
    }

    /// Pops a value into a local of a type that is not narrower.
    pub(super) fn pop_from(&mut self, local: Local, ty: FlatType) {
        let mut code = self.body.code();
        match (ty, local.ty) {
            (FlatType::I32, FlatType::I64) => code.i64_extend_i32_u(),
            (FlatType::F32, FlatType::I64) => code.i32_reinterpret_f32().i64_extend_i32_u(),
            (FlatType::F32, FlatType::I32) => code.i32_reinterpret_f32(),
            (FlatType::F64, FlatType::I64) => code.i64_reinterpret_f64(),
            _ => &mut code,
        };
        self.body.pop(local);
    }

    /// Sets a local to 0.
    pub(super) fn zero(&mut self, local: Local) {
        let mut code = self.body.code();
        match local.ty {
            FlatType::I64 => code.i64_const(0),
            FlatType::F32 => code.f32_const(0.0.into()),
            FlatType::F64 => code.f64_const(0.0.into()),
            _ => code.i32_const(0),
        };
        self.body.pop(local);
    }
}

/// The place of one word of many.
fn word_of(place: Place<'_>, word: u32) -> Place<'_> {
    match place {
        Place::Flat(locals) => Place::Flat(locals.get(word as usize..).unwrap_or_default()),
        Place::Memory { .. } => place.further(4 * word),
    }
}
