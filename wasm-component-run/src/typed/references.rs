//! References, pointers, and what owns a list or a string: the type that they lead to.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use wasm_component::InterfaceType;
use wasm_store::Result;

use super::abi::CanonicalAbi;
use super::traits::{ComponentType, Lift, Lower};
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

/// What is lowered as what it leads to, and has its type.
macro_rules! leads_to {
    ($([$($param:ident: $($bound:tt)+)?] $ty:ty => $to:ty;)*) => {$(
        impl<$($param: $($bound)+)?> ComponentType for $ty
        where
            $to: ComponentType,
        {
            const ABI: CanonicalAbi = <$to>::ABI;
            const HAS_RESOURCES: bool = <$to>::HAS_RESOURCES;
            const IS_RUST_UNIT_TYPE: bool = <$to>::IS_RUST_UNIT_TYPE;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                <$to>::typecheck(ty, types)
            }
        }

        impl<$($param: $($bound)+)?> Lower for $ty
        where
            $to: Lower,
        {
            #[inline]
            fn linear_lower_to_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                <$to>::linear_lower_to_flat(self, cx, ty, dst)
            }

            #[inline]
            fn linear_lower_to_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                <$to>::linear_lower_to_memory(self, cx, ty, offset)
            }
        }
    )*};
}

leads_to! {
    [V: ?Sized] &V => V;
    [V: ?Sized] Box<V> => V;
    [V: ?Sized] Rc<V> => V;
    [V: ?Sized] Arc<V> => V;
    [V: ?Sized + ToOwned] Cow<'_, V> => V;
    [E: Sized] Vec<E> => [E];
    [] String => str;
}

macro_rules! owning {
    ($($ty:ident)*) => {$(
        impl<V: Lift> Lift for $ty<V> {
            #[inline]
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                cx.consume_fuel(size_of::<V>())?;
                V::linear_lift_from_flat(cx, ty, src).map($ty::new)
            }

            #[inline]
            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                cx.consume_fuel(size_of::<V>())?;
                V::linear_lift_from_memory(cx, ty, bytes).map($ty::new)
            }
        }
    )*};
}

owning!(Box Rc Arc);

impl<V: ?Sized + ComponentType + ToOwned<Owned: Lift>> Lift for Cow<'_, V> {
    #[inline]
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self> {
        V::Owned::linear_lift_from_flat(cx, ty, src).map(Cow::Owned)
    }

    #[inline]
    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        V::Owned::linear_lift_from_memory(cx, ty, bytes).map(Cow::Owned)
    }
}
