//! Values as core values: flattening (Canonical ABI, section "Flattening").

use core::fmt;

use wasm_types::ValType;

use crate::layout::MAX_FLAT_PARAMS;

/// The type of a core value that a component's value is passed as.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum FlatType {
    /// `i32`.
    I32 = 0,
    /// `i64`.
    I64 = 1,
    /// `f32`.
    F32 = 2,
    /// `f64`.
    F64 = 3,
}

impl FlatType {
    /// The type of core WebAssembly.
    pub const fn val_type(self) -> ValType {
        match self {
            Self::I32 => ValType::I32,
            Self::I64 => ValType::I64,
            Self::F32 => ValType::F32,
            Self::F64 => ValType::F64,
        }
    }

    /// The type that holds either of two, in variants whose cases differ.
    pub const fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::I32, Self::I32 | Self::F32) | (Self::F32, Self::I32) => Self::I32,
            (Self::F32, Self::F32) => Self::F32,
            (Self::F64, Self::F64) => Self::F64,
            _ => Self::I64,
        }
    }

    pub(crate) const fn decode(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::I32,
            1 => Self::I64,
            2 => Self::F32,
            3 => Self::F64,
            _ => return None,
        })
    }
}

impl fmt::Display for FlatType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

/// Some core types, no more than a lowered function can have: its parameters and one for the place
/// of results.
#[derive(Clone, Copy)]
pub struct FlatTypes {
    types: [FlatType; Self::MOST],
    len: u8,
}

impl FlatTypes {
    /// How many there can be.
    pub const MOST: usize = MAX_FLAT_PARAMS + 1;

    /// None.
    pub const fn new() -> Self {
        Self { types: [FlatType::I32; Self::MOST], len: 0 }
    }

    /// Appends one; `false` if there is no room.
    #[must_use]
    pub const fn push(&mut self, ty: FlatType) -> bool {
        if self.len as usize == Self::MOST {
            return false;
        }
        self.types[self.len as usize] = ty;
        self.len += 1;
        true
    }

    /// The types.
    #[inline]
    pub fn as_slice(&self) -> &[FlatType] {
        self.types.get(..usize::from(self.len)).unwrap_or(&self.types)
    }
}

impl Default for FlatTypes {
    fn default() -> Self {
        Self::new()
    }
}

impl core::ops::Deref for FlatTypes {
    type Target = [FlatType];

    fn deref(&self) -> &[FlatType] {
        self.as_slice()
    }
}

impl PartialEq for FlatTypes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for FlatTypes {}

impl fmt::Debug for FlatTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// The type of a core function in the canonical ABI.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CoreSignature {
    /// The parameters.
    pub params: FlatTypes,
    /// The results.
    pub results: FlatTypes,
}

impl CoreSignature {
    /// A signature with only `i32`.
    pub(crate) fn of_i32(params: usize, results: usize) -> Self {
        let some = |count| {
            let mut types = FlatTypes::new();
            for _ in 0..count {
                // All signatures that the runtime provides are shorter than what there is room for.
                let _ = types.push(FlatType::I32);
            }
            types
        };
        Self { params: some(params), results: some(results) }
    }
}

impl fmt::Display for CoreSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[FlatType]| {
            f.write_str("(")?;
            for (place, ty) in types.iter().enumerate() {
                write!(f, "{}{ty}", if place == 0 { "" } else { ", " })?;
            }
            f.write_str(")")
        };
        list(f, &self.params)?;
        f.write_str(" -> ")?;
        list(f, &self.results)
    }
}
