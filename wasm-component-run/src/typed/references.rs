//! References and pointers: the type that they point to.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use wasm_component::InterfaceType;
use wasm_store::Result;

use super::abi::CanonicalAbi;
use super::traits::{ComponentType, Lift, Lower};
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

/// What points to a value, and what of it can be made of one.
macro_rules! pointer {
    ($($ty:ty;)*) => {$(
        impl<V: ?Sized + ComponentType> ComponentType for $ty {
            const ABI: CanonicalAbi = V::ABI;
            const HAS_RESOURCES: bool = V::HAS_RESOURCES;
            const IS_RUST_UNIT_TYPE: bool = V::IS_RUST_UNIT_TYPE;

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                V::typecheck(ty, types)
            }
        }

        impl<V: ?Sized + Lower> Lower for $ty {
            #[inline]
            fn linear_lower_to_flat<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                V::linear_lower_to_flat(self, cx, ty, dst)
            }

            #[inline]
            fn linear_lower_to_memory<T: 'static>(
                &self,
                cx: &mut LowerContext<'_, T>,
                ty: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                V::linear_lower_to_memory(self, cx, ty, offset)
            }
        }
    )*};
}

pointer! {
    &V;
    Box<V>;
    Rc<V>;
    Arc<V>;
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
                V::linear_lift_from_flat(cx, ty, src).map($ty::new)
            }

            #[inline]
            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                V::linear_lift_from_memory(cx, ty, bytes).map($ty::new)
            }
        }
    )*};
}

owning!(Box Rc Arc);

impl<V: ?Sized + ComponentType + ToOwned> ComponentType for Cow<'_, V> {
    const ABI: CanonicalAbi = V::ABI;
    const HAS_RESOURCES: bool = V::HAS_RESOURCES;
    const IS_RUST_UNIT_TYPE: bool = V::IS_RUST_UNIT_TYPE;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        V::typecheck(ty, types)
    }
}

impl<V: ?Sized + Lower + ToOwned> Lower for Cow<'_, V> {
    #[inline]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()> {
        V::linear_lower_to_flat(self, cx, ty, dst)
    }

    #[inline]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        V::linear_lower_to_memory(self, cx, ty, offset)
    }
}

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
