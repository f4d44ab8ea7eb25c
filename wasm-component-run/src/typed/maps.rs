//! Maps: lists of keys and values, which the host has as maps of the standard library.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use wasm_component::{InterfaceType, MAX_LIST_BYTE_LENGTH, TypeDef};
use wasm_store::error::Context;
use wasm_store::{Result, format_err};

use super::abi::CanonicalAbi;
use super::child::{lift_child, lower_child};
use super::strings::{read_pair, write_pair};
use super::traits::{ComponentType, Lift, Lower, part};
use super::typecheck::{definition, mismatch};
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

/// An entry: a key and its value, as in a tuple.
struct Entry<K, V>(std::marker::PhantomData<(K, V)>);

impl<K: ComponentType, V: ComponentType> Entry<K, V> {
    const SIZE: usize = <(K, V)>::SIZE32;
    const ALIGN: u32 = <(K, V)>::ALIGN32;
    const VALUE: usize = CanonicalAbi::field_offset(&[K::ABI, V::ABI], 1);
    /// What one needs in the host, which may be more than in the guest.
    const COST: usize = if size_of::<(K, V)>() == 0 { 1 } else { size_of::<(K, V)>() };
}

fn typecheck<K: ComponentType, V: ComponentType>(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
) -> Result<()> {
    match definition(ty, types)? {
        Some(TypeDef::Map { key, value, .. }) => {
            K::typecheck(&key, types).context("type mismatch for map key")?;
            V::typecheck(&value, types).context("type mismatch for map value")
        }
        _ => mismatch("map", ty),
    }
}

/// Writes entries to room that the guest gives. Returns pointer and length.
fn lower<'a, K: Lower + 'a, V: Lower + 'a, T: 'static>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    entries: impl ExactSizeIterator<Item = (&'a K, &'a V)>,
) -> Result<(u32, u32)> {
    let too_long = |len| format_err!("size overflow copying a map of {len} entries into wasm");
    let len = entries.len();
    let size = len.checked_mul(Entry::<K, V>::SIZE);
    let size = size.filter(|size| *size <= MAX_LIST_BYTE_LENGTH as usize);
    let (Some(size), Ok(count)) = (size, u32::try_from(len)) else { return Err(too_long(len)) };
    let (of, to) = (lower_child::<K, T>(cx, ty, 0)?, lower_child::<V, T>(cx, ty, 1)?);
    let pointer = cx.realloc(0, 0, Entry::<K, V>::ALIGN, size)?;
    let mut offset = pointer;
    for (key, value) in entries {
        key.linear_lower_to_memory(cx, of, offset)?;
        value.linear_lower_to_memory(cx, to, offset + Entry::<K, V>::VALUE)?;
        offset += Entry::<K, V>::SIZE;
    }
    Ok((u32::try_from(pointer).map_err(|_| too_long(len))?, count))
}

/// Reads entries of the given pointer and length. Of two with one key, the map gets the later.
fn lift<K: Lift, V: Lift, M: Default + Extend<(K, V)>>(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    pointer: u32,
    len: u32,
) -> Result<M> {
    let bytes = cx.list_bytes(pointer, len, <(K, V)>::ABI.layout.size, Entry::<K, V>::ALIGN)?;
    let len = len as usize;
    cx.consume_fuel_array(len, Entry::<K, V>::COST)?;
    let (of, to) = (lift_child::<K>(cx, ty, 0)?, lift_child::<V>(cx, ty, 1)?);
    let mut entries = Vec::with_capacity(len);
    for at in 0..len {
        let start = at * Entry::<K, V>::SIZE;
        let key = K::linear_lift_from_memory(cx, of, part::<K>(bytes, start)?)?;
        let value = part::<V>(bytes, start + Entry::<K, V>::VALUE)?;
        entries.push((key, V::linear_lift_from_memory(cx, to, value)?));
    }
    let mut map = M::default();
    map.extend(entries);
    Ok(map)
}

/// A type of maps, with what its keys and itself must be.
macro_rules! map {
    ($map:ident [$($parameter:ident)*] $($bound:ident)* [$($more:tt)*]) => {
        impl<K: ComponentType, V: ComponentType $(, $parameter)*> ComponentType
            for $map<K, V $(, $parameter)*>
        {
            const ABI: CanonicalAbi = CanonicalAbi::POINTER_PAIR;
            const HAS_RESOURCES: bool = K::HAS_RESOURCES || V::HAS_RESOURCES;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                typecheck::<K, V>(ty, types)
            }
        }

        impl<K: Lower, V: Lower $(, $parameter)*> Lower for $map<K, V $(, $parameter)*> {
            fn linear_lower_to_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                let (pointer, len) = lower(cx, ty, self.iter())?;
                dst.push_u32(pointer);
                dst.push_u32(len);
                Ok(())
            }

            fn linear_lower_to_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                let (pointer, len) = lower(cx, ty, self.iter())?;
                write_pair(cx, offset, pointer, len)
            }
        }

        impl<K: Lift $(+ $bound)*, V: Lift $($more)*> Lift for $map<K, V $(, $parameter)*> {
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                let (pointer, len) = (src.next_u32(), src.next_u32());
                lift(cx, ty, pointer, len)
            }

            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                let (pointer, len) = read_pair(bytes)?;
                lift(cx, ty, pointer, len)
            }
        }
    };
}

map!(HashMap[S] Eq Hash [, S: BuildHasher + Default]);
map!(BTreeMap[] Ord []);
