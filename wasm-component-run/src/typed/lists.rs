//! Lists, and lists of a fixed length.

use std::rc::Rc;
use std::sync::Arc;

use wasm_component::{InterfaceType, MAX_LIST_BYTE_LENGTH, TypeDef};
use wasm_store::error::Context;
use wasm_store::{Result, bail, format_err};

use super::abi::CanonicalAbi;
use super::child::{lift_child, lower_child};
use super::strings::{read_pair, write_pair};
use super::traits::{ComponentType, Lift, Lower, layout, part};
use super::typecheck::{definition, mismatch};
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

impl<E: ComponentType> ComponentType for [E] {
    const ABI: CanonicalAbi = CanonicalAbi::POINTER_PAIR;
    const HAS_RESOURCES: bool = E::HAS_RESOURCES;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        match definition(ty, types)? {
            Some(TypeDef::List(element)) => {
                E::typecheck(&element, types).context("type mismatch for list element")
            }
            _ => mismatch("list", ty),
        }
    }
}

impl<E: Lower> Lower for [E] {
    #[inline]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()> {
        let (pointer, len) = lower(cx, ty, self)?;
        dst.push_u32(pointer);
        dst.push_u32(len);
        Ok(())
    }

    #[inline]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let (pointer, len) = lower(cx, ty, self)?;
        write_pair(cx, offset, pointer, len)
    }
}

/// Writes a list to room that the guest gives. Returns pointer and length.
#[inline]
fn lower<E: Lower, T: 'static>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    values: &[E],
) -> Result<(u32, u32)> {
    let size = values.len().checked_mul(E::SIZE32);
    let (Some(size @ ..=0xfff_ffff), Ok(len)) = (size, u32::try_from(values.len())) else {
        return too_long(values.len());
    };
    const { assert!(MAX_LIST_BYTE_LENGTH == 0xfff_ffff) };
    let element = lower_child::<E, T>(cx, ty, 0)?;
    let pointer = cx.realloc(0, 0, E::ALIGN32, size)?;
    E::linear_lower_list_to_memory(cx, element, pointer, values)?;
    match u32::try_from(pointer) {
        Ok(pointer) => Ok((pointer, len)),
        Err(_) => too_long(values.len()),
    }
}

#[cold]
fn too_long<R>(len: usize) -> Result<R> {
    Err(format_err!("size overflow copying a list of {len} elements into wasm"))
}

/// Reads a list of the given pointer and length.
#[inline]
fn lift<E: Lift>(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    pointer: u32,
    len: u32,
) -> Result<Vec<E>> {
    let bytes = cx.list_bytes(pointer, len, const { layout::<E>().size }, E::ALIGN32)?;
    let len = len as usize;
    // What elements need in the host, which may be more than in the guest.
    cx.consume_fuel_array(len, const { if size_of::<E>() == 0 { 1 } else { size_of::<E>() } })?;
    let element = lift_child::<E>(cx, ty, 0)?;
    E::linear_lift_list_from_memory(cx, element, bytes, len)
}

/// Lists that own their elements.
macro_rules! owned {
    ($($ty:ty)*) => {$(
        impl<E: Lift> Lift for $ty {
            #[inline]
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                let (pointer, len) = (src.next_u32(), src.next_u32());
                Ok(lift::<E>(cx, ty, pointer, len)?.into())
            }

            #[inline]
            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                let (pointer, len) = read_pair(bytes)?;
                Ok(lift::<E>(cx, ty, pointer, len)?.into())
            }
        }
    )*};
}

owned!(Vec<E> Box<[E]> Rc<[E]> Arc<[E]>);

impl<E: ComponentType, const N: usize> ComponentType for [E; N] {
    const ABI: CanonicalAbi = E::ABI.repeat(N as u32);
    const HAS_RESOURCES: bool = E::HAS_RESOURCES;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        match definition(ty, types)? {
            Some(TypeDef::FixedLengthList { element, length }) if length as usize == N => {
                E::typecheck(&element, types).context("type mismatch for list element")
            }
            Some(TypeDef::FixedLengthList { length, .. }) => {
                bail!("expected a list of {N} elements, found one of {length}")
            }
            _ => mismatch("list<_, N>", ty),
        }
    }
}

impl<E: Lower, const N: usize> Lower for [E; N] {
    #[inline]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()> {
        let ty = lower_child::<E, T>(cx, ty, 0)?;
        self.iter().try_for_each(|value| value.linear_lower_to_flat(cx, ty, dst))
    }

    #[inline]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let ty = lower_child::<E, T>(cx, ty, 0)?;
        E::linear_lower_list_to_memory(cx, ty, offset, self)
    }
}

impl<E: Lift, const N: usize> Lift for [E; N] {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self> {
        let ty = lift_child::<E>(cx, ty, 0)?;
        let mut values = Vec::with_capacity(N);
        for _ in 0..N {
            values.push(E::linear_lift_from_flat(cx, ty, src)?);
        }
        array(values)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let ty = lift_child::<E>(cx, ty, 0)?;
        array(E::linear_lift_list_from_memory(cx, ty, part::<Self>(bytes, 0)?, N)?)
    }
}

fn array<E, const N: usize>(values: Vec<E>) -> Result<[E; N]> {
    values.try_into().map_err(|_| format_err!("a list of {N} elements has another length"))
}
