//! Handles of resources.

use wasm_component::InterfaceType;
use wasm_store::{Result, bail};

use super::abi::CanonicalAbi;
use super::traits::{ComponentType, Lift, Lower, first};
use super::typecheck::mismatch;
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::resource::{Resource, ResourceAny, ResourceDynamic};
use crate::types::InstanceType;

/// What all handles have: an index, and a type that decides what it means.
macro_rules! handle {
    ([$($parameter:ident: $bound:lifetime)?] $ty:ty, $check:expr) => {
        impl<$($parameter: $bound)?> ComponentType for $ty {
            const ABI: CanonicalAbi = CanonicalAbi::scalar(4);
            const HAS_RESOURCES: bool = true;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                $check(ty, types)
            }
        }

        impl<$($parameter: $bound)?> Lower for $ty {
            fn linear_lower_to_flat<Data: 'static>(
                &self,
                cx: &mut LowerContext<'_, Data>,
                ty: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                dst.push_u32(self.lower(cx, ty)?);
                Ok(())
            }

            fn linear_lower_to_memory<Data: 'static>(
                &self,
                cx: &mut LowerContext<'_, Data>,
                ty: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                let index = self.lower(cx, ty)?;
                cx.write(offset, index.to_le_bytes())
            }
        }

        impl<$($parameter: $bound)?> Lift for $ty {
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                Self::lift(cx, ty, src.next_u32())
            }

            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                Self::lift(cx, ty, u32::from_le_bytes(first(bytes)?))
            }
        }
    };
}

handle!([T: 'static] Resource<T>, |ty: &InterfaceType, types: &InstanceType<'_>| {
    match ty.resource() {
        None => mismatch("own` or `borrow", ty),
        Some(resource) if Self::is_type(types.resource_type(resource)) => Ok(()),
        Some(_) => bail!("resource type mismatch"),
    }
});

handle!([] ResourceAny, |ty: &InterfaceType, _: &InstanceType<'_>| match ty.resource() {
    None => mismatch("own` or `borrow", ty),
    Some(_) => Ok(()),
});

handle!([] ResourceDynamic, |ty: &InterfaceType, types: &InstanceType<'_>| {
    match ty.resource() {
        None => mismatch("own` or `borrow", ty),
        Some(resource) if types.resource_type(resource).as_host_dynamic().is_some() => Ok(()),
        Some(_) => bail!("resource type mismatch"),
    }
});
