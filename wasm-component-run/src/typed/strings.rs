//! Rust's strings.

use std::rc::Rc;
use std::sync::Arc;

use wasm_component::InterfaceType;
use wasm_store::Result;

use super::abi::CanonicalAbi;
use super::traits::{ComponentType, Lift, Lower, first};
use super::typecheck::typecheck_primitive;
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

impl ComponentType for str {
    const ABI: CanonicalAbi = CanonicalAbi::POINTER_PAIR;
    const HAS_RESOURCES: bool = false;

    fn typecheck(ty: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        typecheck_primitive(InterfaceType::String, ty)
    }
}

impl Lower for str {
    #[inline]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()> {
        let (pointer, len) = cx.lower_string(self)?;
        dst.push_u32(pointer);
        dst.push_u32(len);
        Ok(())
    }

    #[inline]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let (pointer, len) = cx.lower_string(self)?;
        write_pair(cx, offset, pointer, len)
    }
}

/// Writes a pointer and a length.
#[inline]
pub(super) fn write_pair<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    offset: usize,
    pointer: u32,
    len: u32,
) -> Result<()> {
    cx.write(offset, (u64::from(pointer) | u64::from(len) << 32).to_le_bytes())
}

/// Reads a pointer and a length.
#[inline]
pub(super) fn read_pair(bytes: &[u8]) -> Result<(u32, u32)> {
    let pair = u64::from_le_bytes(first(bytes)?);
    Ok((pair as u32, (pair >> 32) as u32))
}

/// Strings that own their text.
macro_rules! owned {
    ($($ty:ty)*) => {$(
        impl Lift for $ty {
            #[inline]
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                _: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                let (pointer, len) = (src.next_u32(), src.next_u32());
                Ok(cx.lift_string(pointer, len)?.into())
            }

            #[inline]
            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                _: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                let (pointer, len) = read_pair(bytes)?;
                Ok(cx.lift_string(pointer, len)?.into())
            }
        }
    )*};
}

owned!(String Box<str> Rc<str> Arc<str>);
