//! Numbers, booleans and characters.

use wasm_component::InterfaceType;
use wasm_store::{Error, Result, Trap};

use super::abi::CanonicalAbi;
use super::traits::{ComponentType, Lift, Lower, first};
use super::typecheck::typecheck_primitive;
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

/// What all types here have: a size, and a type of the component model.
macro_rules! scalar {
    ($ty:ident, $name:ident) => {
        impl ComponentType for $ty {
            const ABI: CanonicalAbi = CanonicalAbi::scalar(size_of::<$ty>() as u32);
            const HAS_RESOURCES: bool = false;

            fn typecheck(ty: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
                typecheck_primitive(InterfaceType::$name, ty)
            }
        }
    };
}

/// Numbers, which are copied many at a time. `$push` and `$next` are how they are passed flat.
macro_rules! number {
    ($($ty:ident $name:ident $push:ident($to:expr) $next:ident($from:expr);)*) => {$(
        scalar!($ty, $name);

        impl Lower for $ty {
            #[inline]
            fn linear_lower_to_flat<T: 'static>(
                &self,
                _: &mut LowerContext<'_, T>,
                _: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                dst.$push($to(*self));
                Ok(())
            }

            #[inline]
            fn linear_lower_to_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                _: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                cx.write(offset, self.to_le_bytes())
            }

            #[inline]
            fn linear_lower_list_to_memory<T: 'static>(
                cx: &mut LowerContext<'_, T>,
                _: InterfaceType,
                offset: usize,
                values: &[Self],
            ) -> Result<()> {
                // On machines that order bytes as Wasm does, the compiler makes a copy of this.
                let (room, _) = cx.slice_mut(offset, size_of_val(values))?.as_chunks_mut();
                for (to, value) in room.iter_mut().zip(values) {
                    *to = value.to_le_bytes();
                }
                Ok(())
            }
        }

        impl Lift for $ty {
            #[inline]
            fn linear_lift_from_flat(
                _: &mut LiftContext<'_>,
                _: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                Ok($from(src.$next()))
            }

            #[inline]
            fn linear_lift_from_memory(
                _: &mut LiftContext<'_>,
                _: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                Ok(Self::from_le_bytes(first(bytes)?))
            }

            #[inline]
            fn linear_lift_list_from_memory(
                _: &mut LiftContext<'_>,
                _: InterfaceType,
                bytes: &[u8],
                len: usize,
            ) -> Result<Vec<Self>> {
                let (values, _) = bytes.as_chunks();
                debug_assert_eq!(values.len(), len);
                Ok(values.iter().map(|bytes| Self::from_le_bytes(*bytes)).collect())
            }
        }
    )*};
}

number! {
    u8 U8 push_u32(u32::from) next_u32((|word| word as u8));
    i8 S8 push_u32((|value| i32::from(value) as u32)) next_u32((|word| word as i8));
    u16 U16 push_u32(u32::from) next_u32((|word| word as u16));
    i16 S16 push_u32((|value| i32::from(value) as u32)) next_u32((|word| word as i16));
    u32 U32 push_u32((|value| value)) next_u32((|word| word));
    i32 S32 push_u32((|value| value as u32)) next_u32((|word| word as i32));
    u64 U64 push_u64((|value| value)) next_u64((|word| word));
    i64 S64 push_u64((|value| value as u64)) next_u64((|word| word as i64));
    f32 Float32 push_u32(f32::to_bits) next_u32(f32::from_bits);
    f64 Float64 push_u64(f64::to_bits) next_u64(f64::from_bits);
}

/// What not every number is a value of: one of 32 bits where it is passed flat, and one of `$size`
/// in memory.
macro_rules! checked {
    ($($ty:ident $name:ident $size:ident $from:expr;)*) => {$(
        scalar!($ty, $name);

        impl Lower for $ty {
            #[inline]
            fn linear_lower_to_flat<T: 'static>(
                &self,
                _: &mut LowerContext<'_, T>,
                _: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                dst.push_u32(u32::from(*self));
                Ok(())
            }

            #[inline]
            fn linear_lower_to_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                _: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                cx.write(offset, $size::from(*self).to_le_bytes())
            }
        }

        impl Lift for $ty {
            #[inline]
            fn linear_lift_from_flat(
                _: &mut LiftContext<'_>,
                _: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                $from(src.next_u32())
            }

            #[inline]
            fn linear_lift_from_memory(
                _: &mut LiftContext<'_>,
                _: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                $from(u32::from($size::from_le_bytes(first(bytes)?)))
            }
        }
    )*};
}

checked! {
    bool Bool u8 (|number| Ok(number != 0));
    char Char u32 character;
}

#[inline]
fn character(number: u32) -> Result<char> {
    char::from_u32(number).ok_or_else(|| {
        Error::new(Trap::InvalidChar).context(format!("{number:#x} is not a Unicode scalar value"))
    })
}
