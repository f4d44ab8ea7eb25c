//! Access to the host's memory, for components that were compiled to have it.

#![allow(unsafe_code)]

use std::ptr;

use wasm_component::Intrinsic;
use wasm_store::{Result, StoreContextMut, Trap};

/// Runs such a function.
pub(crate) fn run<T: 'static>(
    of: Intrinsic,
    store: &mut StoreContextMut<'_, T>,
    slots: &mut [u64],
) -> Result<()> {
    let Intrinsic::Access { bits, writes, checks } = of else {
        let data = ptr::from_mut(store.data_mut()).expose_provenance();
        return set(slots, data as u64);
    };
    let slot = |place: usize| slots.get(place).copied().unwrap_or(0);
    let (mut address, mut value) = (slot(0), slot(1));
    if checks {
        let (offset, length) = (slot(1), slot(2));
        let end = offset.checked_add(u64::from(bits / 8));
        if end.is_none_or(|end| end > length) {
            return Err(Trap::MemoryOutOfBounds.into());
        }
        (address, value) = (address.wrapping_add(offset), slot(3));
    }
    // SAFETY: a plan has such a function only if it was compiled by somebody who has answered for
    // what the component does with it (`CodeBuilder::expose_unsafe_intrinsics`), as has who loaded
    // the artifact (`Component::deserialize`): the address is one that the host lets it access.
    unsafe {
        if writes {
            write(bits, address, value);
            return Ok(());
        }
        let value = read(bits, address);
        set(slots, value)
    }
}

fn set(slots: &mut [u64], value: u64) -> Result<()> {
    if let Some(slot) = slots.first_mut() {
        *slot = value;
    }
    Ok(())
}

/// Reads an integer.
///
/// # Safety
///
/// There is one at the address, aligned or not, that nobody writes meanwhile.
unsafe fn read(bits: u32, address: u64) -> u64 {
    let place = ptr::with_exposed_provenance::<u8>(address as usize);
    // SAFETY: as the caller promises.
    unsafe {
        match bits {
            8 => place.read().into(),
            16 => place.cast::<u16>().read_unaligned().into(),
            32 => place.cast::<u32>().read_unaligned().into(),
            _ => place.cast::<u64>().read_unaligned(),
        }
    }
}

/// Writes the lower bits of an integer.
///
/// # Safety
///
/// There is room for it at the address, aligned or not, that nobody else accesses meanwhile.
unsafe fn write(bits: u32, address: u64, value: u64) {
    let place = ptr::with_exposed_provenance_mut::<u8>(address as usize);
    // SAFETY: as the caller promises.
    unsafe {
        match bits {
            8 => place.write(value as u8),
            16 => place.cast::<u16>().write_unaligned(value as u16),
            32 => place.cast::<u32>().write_unaligned(value as u32),
            _ => place.cast::<u64>().write_unaligned(value),
        }
    }
}
