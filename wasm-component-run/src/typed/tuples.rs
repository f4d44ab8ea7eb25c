//! Tuples, which are values and the parameters and results of functions.

use wasm_component::InterfaceType;
use wasm_store::error::Context;
use wasm_store::{Result, bail};

use super::abi::CanonicalAbi;
use super::child::{lift_child, lower_child};
use super::list::ListTypes;
use super::traits::{ComponentNamedList, ComponentType, Lift, Lower, part};
use super::typecheck::{Check, typecheck_tuple};
use crate::context::{Destination, FlatReader, FlatSlots, LiftContext, LowerContext, Source};
use crate::types::InstanceType;

/// A type of parameters or results, if values of it ask for their type: else one that nobody looks
/// at.
#[inline]
fn type_in_list<C: ComponentType>(types: ListTypes<'_>, place: usize) -> Result<InterfaceType> {
    if C::HAS_RESOURCES { types.get(place) } else { Ok(InterfaceType::Bool) }
}

fn typecheck_list(
    found: ListTypes<'_>,
    types: &InstanceType<'_>,
    expected: &[Check],
) -> Result<()> {
    let what = found.what();
    if found.len() != expected.len() {
        bail!("expected {} {what}(s), found {}", expected.len(), found.len());
    }
    for (place, check) in expected.iter().enumerate() {
        check(&found.get(place)?, types)
            .with_context(|| format!("type mismatch with {what} {place}"))?;
    }
    Ok(())
}

/// How the values of a tuple are represented.
trait Values {
    const FIELDS: &'static [CanonicalAbi];
}

macro_rules! tuple {
    ($($name:ident $place:tt)*) => {
        impl<$($name: ComponentType),*> Values for ($($name,)*) {
            const FIELDS: &'static [CanonicalAbi] = &[$($name::ABI),*];
        }

        #[allow(unused_variables, reason = "there is a tuple without values")]
        impl<$($name: ComponentType),*> ComponentType for ($($name,)*) {
            const ABI: CanonicalAbi = CanonicalAbi::record(Self::FIELDS);
            const HAS_RESOURCES: bool = false $(|| $name::HAS_RESOURCES)*;
            const IS_RUST_UNIT_TYPE: bool = Self::FIELDS.is_empty();

            fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
                typecheck_tuple(ty, types, &[$($name::typecheck),*])
            }
        }

        #[allow(unused_variables, reason = "there is a tuple without values")]
        impl<$($name: Lower),*> Lower for ($($name,)*) {
            #[inline]
            fn linear_lower_to_flat<Data: 'static>(
                &self,
                cx: &mut LowerContext<'_, Data>,
                ty: InterfaceType,
                dst: &mut FlatSlots<'_>,
            ) -> Result<()> {
                $(
                    let child = lower_child::<$name, Data>(cx, ty, $place)?;
                    self.$place.linear_lower_to_flat(cx, child, dst)?;
                )*
                Ok(())
            }

            #[inline]
            fn linear_lower_to_memory<Data: 'static>(
                &self,
                cx: &mut LowerContext<'_, Data>,
                ty: InterfaceType,
                offset: usize,
            ) -> Result<()> {
                $(
                    let child = lower_child::<$name, Data>(cx, ty, $place)?;
                    let field = const { CanonicalAbi::field_offset(Self::FIELDS, $place) };
                    self.$place.linear_lower_to_memory(cx, child, offset + field)?;
                )*
                Ok(())
            }

            #[inline]
            fn lower_list<Data: 'static>(
                &self,
                cx: &mut LowerContext<'_, Data>,
                types: ListTypes<'_>,
                dst: &mut Destination<'_>,
            ) -> Result<()> {
                match dst {
                    Destination::Flat(dst) => {$(
                        let child = type_in_list::<$name>(types, $place)?;
                        self.$place.linear_lower_to_flat(cx, child, dst)?;
                    )*}
                    Destination::Memory(offset) => {$(
                        let child = type_in_list::<$name>(types, $place)?;
                        let field =
                            const { CanonicalAbi::field_offset(Self::FIELDS, $place) };
                        self.$place.linear_lower_to_memory(cx, child, *offset + field)?;
                    )*}
                }
                Ok(())
            }
        }

        #[allow(unused_variables, clippy::unused_unit, reason = "there is a tuple without values")]
        impl<$($name: Lift),*> Lift for ($($name,)*) {
            #[inline]
            fn linear_lift_from_flat(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                src: &mut FlatReader<'_>,
            ) -> Result<Self> {
                Ok(($({
                    let child = lift_child::<$name>(cx, ty, $place)?;
                    $name::linear_lift_from_flat(cx, child, src)?
                },)*))
            }

            #[inline]
            fn linear_lift_from_memory(
                cx: &mut LiftContext<'_>,
                ty: InterfaceType,
                bytes: &[u8],
            ) -> Result<Self> {
                Ok(($({
                    let child = lift_child::<$name>(cx, ty, $place)?;
                    let field = const { CanonicalAbi::field_offset(Self::FIELDS, $place) };
                    $name::linear_lift_from_memory(cx, child, part::<$name>(bytes, field)?)?
                },)*))
            }

            #[inline]
            fn lift_list(
                cx: &mut LiftContext<'_>,
                types: ListTypes<'_>,
                src: &mut Source<'_>,
            ) -> Result<Self> {
                match src {
                    Source::Flat(src) => Ok(($({
                        let child = type_in_list::<$name>(types, $place)?;
                        $name::linear_lift_from_flat(cx, child, src)?
                    },)*)),
                    Source::Memory(bytes) => Ok(($({
                        let child = type_in_list::<$name>(types, $place)?;
                        let field =
                            const { CanonicalAbi::field_offset(Self::FIELDS, $place) };
                        $name::linear_lift_from_memory(cx, child, part::<$name>(bytes, field)?)?
                    },)*)),
                }
            }
        }

        impl<$($name: ComponentType),*> ComponentNamedList for ($($name,)*) {
            fn typecheck_list(types: ListTypes<'_>, instance: &InstanceType<'_>) -> Result<()> {
                typecheck_list(types, instance, &[$($name::typecheck),*])
            }
        }
    };
}

tuple!();
tuple!(A 0);
tuple!(A 0 B 1);
tuple!(A 0 B 1 C 2);
tuple!(A 0 B 1 C 2 D 3);
tuple!(A 0 B 1 C 2 D 3 E 4);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15);
tuple!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15 Q 16);
