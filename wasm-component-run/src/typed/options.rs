//! `option` and `result`.

use wasm_component::{InterfaceType, TypeDef};
use wasm_store::error::Context;
use wasm_store::{Result, bail};

use super::abi::CanonicalAbi;
use super::child::{
    bad_discriminant, lift_child, lower_child, read_discriminant, write_discriminant,
};
use super::traits::{ComponentType, Lift, Lower, part};
use super::typecheck::{definition, mismatch};
use crate::context::{FlatReader, FlatSlots, LiftContext, LowerContext};
use crate::types::InstanceType;

/// The payloads of an option.
const fn option<S: ComponentType>() -> [Option<CanonicalAbi>; 2] {
    [None, Some(S::ABI)]
}

impl<S: ComponentType> ComponentType for Option<S> {
    const ABI: CanonicalAbi = CanonicalAbi::variant(&option::<S>());
    const HAS_RESOURCES: bool = S::HAS_RESOURCES;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        match definition(ty, types)? {
            Some(TypeDef::Option { some, .. }) => {
                S::typecheck(&some, types).context("type mismatch for the value of an option")
            }
            _ => mismatch("option", ty),
        }
    }
}

impl<S: Lower> Lower for Option<S> {
    #[inline]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()> {
        let end = dst.after(Self::FLAT_COUNT);
        dst.push_u32(u32::from(self.is_some()));
        if let Some(value) = self {
            let ty = lower_child::<S, T>(cx, ty, 0)?;
            value.linear_lower_to_flat(cx, ty, dst)?;
        }
        dst.pad_to(end);
        Ok(())
    }

    #[inline]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        write_discriminant(cx, offset, u32::from(self.is_some()), 2)?;
        if let Some(value) = self {
            let ty = lower_child::<S, T>(cx, ty, 0)?;
            let payload = const { CanonicalAbi::payload_offset(&option::<S>()) };
            value.linear_lower_to_memory(cx, ty, offset + payload)?;
        }
        Ok(())
    }
}

impl<S: Lift> Lift for Option<S> {
    #[inline]
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self> {
        let end = src.after(Self::FLAT_COUNT);
        let value = match src.next_u32() {
            0 => None,
            1 => {
                let ty = lift_child::<S>(cx, ty, 0)?;
                Some(S::linear_lift_from_flat(cx, ty, src)?)
            }
            other => return bad_discriminant(other, 2),
        };
        src.skip_to(end);
        Ok(value)
    }

    #[inline]
    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        match read_discriminant(bytes, 2)? {
            0 => Ok(None),
            1 => {
                let ty = lift_child::<S>(cx, ty, 0)?;
                let payload = const { CanonicalAbi::payload_offset(&option::<S>()) };
                let payload = part::<S>(bytes, payload)?;
                Ok(Some(S::linear_lift_from_memory(cx, ty, payload)?))
            }
            other => bad_discriminant(other, 2),
        }
    }
}

/// The payloads of a result.
const fn result<O: ComponentType, E: ComponentType>() -> [Option<CanonicalAbi>; 2] {
    [Some(O::ABI), Some(E::ABI)]
}

impl<O: ComponentType, E: ComponentType> ComponentType for Result<O, E> {
    const ABI: CanonicalAbi = CanonicalAbi::variant(&result::<O, E>());
    const HAS_RESOURCES: bool = O::HAS_RESOURCES || E::HAS_RESOURCES;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        let Some(TypeDef::Result { ok, err, .. }) = definition(ty, types)? else {
            return mismatch("result", ty);
        };
        check_payload::<O>(ok, types).context("type mismatch for `ok` of a result")?;
        check_payload::<E>(err, types).context("type mismatch for `err` of a result")
    }
}

/// Checks a payload. One that is not there is `()`.
fn check_payload<P: ComponentType>(
    ty: Option<InterfaceType>,
    types: &InstanceType<'_>,
) -> Result<()> {
    match ty {
        Some(ty) => P::typecheck(&ty, types),
        None if P::IS_RUST_UNIT_TYPE => Ok(()),
        None => bail!("a value was expected, and there is none: `()` stands for that"),
    }
}

impl<O: Lower, E: Lower> Lower for Result<O, E> {
    #[inline]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()> {
        let end = dst.after(Self::FLAT_COUNT);
        match self {
            Ok(value) => {
                dst.push_u32(0);
                let ty = lower_child::<O, T>(cx, ty, 0)?;
                value.linear_lower_to_flat(cx, ty, dst)?;
            }
            Err(value) => {
                dst.push_u32(1);
                let ty = lower_child::<E, T>(cx, ty, 1)?;
                value.linear_lower_to_flat(cx, ty, dst)?;
            }
        }
        dst.pad_to(end);
        Ok(())
    }

    #[inline]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let payload = offset + const { CanonicalAbi::payload_offset(&result::<O, E>()) };
        match self {
            Ok(value) => {
                write_discriminant(cx, offset, 0, 2)?;
                let ty = lower_child::<O, T>(cx, ty, 0)?;
                value.linear_lower_to_memory(cx, ty, payload)
            }
            Err(value) => {
                write_discriminant(cx, offset, 1, 2)?;
                let ty = lower_child::<E, T>(cx, ty, 1)?;
                value.linear_lower_to_memory(cx, ty, payload)
            }
        }
    }
}

impl<O: Lift, E: Lift> Lift for Result<O, E> {
    #[inline]
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self> {
        let end = src.after(Self::FLAT_COUNT);
        let value = match src.next_u32() {
            0 => {
                let ty = lift_child::<O>(cx, ty, 0)?;
                Ok(O::linear_lift_from_flat(cx, ty, src)?)
            }
            1 => {
                let ty = lift_child::<E>(cx, ty, 1)?;
                Err(E::linear_lift_from_flat(cx, ty, src)?)
            }
            other => return bad_discriminant(other, 2),
        };
        src.skip_to(end);
        Ok(value)
    }

    #[inline]
    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let payload = const { CanonicalAbi::payload_offset(&result::<O, E>()) };
        match read_discriminant(bytes, 2)? {
            0 => {
                let ty = lift_child::<O>(cx, ty, 0)?;
                Ok(Ok(O::linear_lift_from_memory(cx, ty, part::<O>(bytes, payload)?)?))
            }
            1 => {
                let ty = lift_child::<E>(cx, ty, 1)?;
                Ok(Err(E::linear_lift_from_memory(cx, ty, part::<E>(bytes, payload)?)?))
            }
            other => bad_discriminant(other, 2),
        }
    }
}
