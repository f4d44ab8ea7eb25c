//! The traits of Rust types that are types of the component model.

use wasm_component::{InterfaceType, Layout};
use wasm_store::{Result, bail};

use super::abi::CanonicalAbi;
use super::list::ListTypes;
use crate::context::{Destination, FlatReader, FlatSlots, LiftContext, LowerContext, Source};
use crate::types::InstanceType;

/// A Rust type that is a type of the component model.
///
/// Derive it, or use a type that implements it:
///
/// | component model | Rust |
/// |---|---|
/// | `bool`, `char`, `u8` to `s64`, `f32`, `f64` | `bool`, `char`, `u8` to `i64`, `f32`, `f64` |
/// | `string` | `String`, `str`, `Box<str>`, `Rc<str>`, `Arc<str>`, `Cow<str>`, [`WasmStr`] |
/// | `list<T>` | `Vec<T>`, `[T]`, `Box<[T]>`, `Rc<[T]>`, `Arc<[T]>`, [`WasmList<T>`] |
/// | `list<T, N>` | `[T; N]` |
/// | `map<K, V>` | `HashMap<K, V>`, `BTreeMap<K, V>` |
/// | `option<T>`, `result<T, E>` | `Option<T>`, `Result<T, E>`, with `()` for a payload that is not there |
/// | `tuple<T, …>` | `(T, …)` |
/// | `own<R>`, `borrow<R>` | [`Resource<R>`](crate::Resource), [`ResourceAny`](crate::ResourceAny) |
/// | records, variants, enumerations, flags | derives, and the macro `flags!` |
///
/// References, `Box`, `Rc` and `Arc` of a type are the same type.
///
/// [`WasmStr`]: crate::WasmStr
/// [`WasmList<T>`]: crate::WasmList
pub trait ComponentType {
    /// How values are represented.
    #[doc(hidden)]
    const ABI: CanonicalAbi;

    /// Whether there are handles of resources in values, or may be: only these ask at run time
    /// which type of a component they are.
    #[doc(hidden)]
    const HAS_RESOURCES: bool;

    /// The size in memory.
    #[doc(hidden)]
    const SIZE32: usize = Self::ABI.layout.size as usize;

    /// The alignment in memory.
    #[doc(hidden)]
    const ALIGN32: u32 = Self::ABI.layout.align;

    /// The number of core values.
    #[doc(hidden)]
    const FLAT_COUNT: usize = Self::ABI.flat_count as usize;

    /// Whether this is `()`, which is also a payload that is not there.
    #[doc(hidden)]
    const IS_RUST_UNIT_TYPE: bool = false;

    /// Checks that this is a type of a component.
    ///
    /// # Errors
    ///
    /// If it is another one: which one is expected, and which one it is.
    #[doc(hidden)]
    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()>;
}

/// A type whose values can be passed to components.
///
/// It is a safe trait: whatever an implementation writes, it is written within the memory of the
/// component that it is for.
pub trait Lower: ComponentType {
    /// Writes a value as core values. `ty` is its type if there are resources in it, and else any.
    ///
    /// # Errors
    ///
    /// If there is no memory for it, or a resource is not what it should be.
    #[doc(hidden)]
    fn linear_lower_to_flat<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut FlatSlots<'_>,
    ) -> Result<()>;

    /// Writes a value to memory, at an offset that is aligned for it. `ty` is as for
    /// [`linear_lower_to_flat`](Self::linear_lower_to_flat).
    ///
    /// # Errors
    ///
    /// If there is no memory for it, or a resource is not what it should be.
    #[doc(hidden)]
    fn linear_lower_to_memory<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()>;

    /// Writes several values to memory, one after the other, at an aligned offset.
    ///
    /// # Errors
    ///
    /// As for one.
    #[doc(hidden)]
    fn linear_lower_list_to_memory<T: 'static>(
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
        values: &[Self],
    ) -> Result<()>
    where
        Self: Sized,
    {
        let mut offset = offset;
        for value in values {
            value.linear_lower_to_memory(cx, ty, offset)?;
            offset += Self::SIZE32;
        }
        Ok(())
    }

    /// Writes parameters or results, for types that are [`ComponentNamedList`].
    ///
    /// # Errors
    ///
    /// As for [`linear_lower_to_flat`](Self::linear_lower_to_flat).
    #[doc(hidden)]
    fn lower_list<T: 'static>(
        &self,
        cx: &mut LowerContext<'_, T>,
        types: ListTypes<'_>,
        dst: &mut Destination<'_>,
    ) -> Result<()> {
        let _ = (cx, types, dst);
        bail!("only a tuple can be the parameters or results of a function")
    }
}

/// A type whose values can be read from components.
///
/// It is a safe trait: it reads from slices, whose bounds are checked. Nothing of what is read is
/// taken for granted.
pub trait Lift: Sized + ComponentType {
    /// Reads a value from core values. `ty` is its type if there are resources in it, and else any.
    ///
    /// # Errors
    ///
    /// If there is no such value.
    #[doc(hidden)]
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self>;

    /// Reads a value from its bytes in memory, [`SIZE32`](ComponentType::SIZE32) of them.
    ///
    /// # Errors
    ///
    /// If there is no such value.
    #[doc(hidden)]
    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self>;

    /// Reads values that lie in memory one after the other.
    ///
    /// # Errors
    ///
    /// If one of them is none.
    #[doc(hidden)]
    fn linear_lift_list_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
        len: usize,
    ) -> Result<Vec<Self>> {
        let mut values = Vec::with_capacity(len);
        for at in 0..len {
            let part = part::<Self>(bytes, at * Self::SIZE32)?;
            values.push(Self::linear_lift_from_memory(cx, ty, part)?);
        }
        Ok(values)
    }

    /// Reads parameters or results, for types that are [`ComponentNamedList`].
    ///
    /// # Errors
    ///
    /// As for [`linear_lift_from_flat`](Self::linear_lift_from_flat).
    #[doc(hidden)]
    fn lift_list(
        cx: &mut LiftContext<'_>,
        types: ListTypes<'_>,
        src: &mut Source<'_>,
    ) -> Result<Self> {
        let _ = (cx, types, src);
        bail!("only a tuple can be the parameters or results of a function")
    }
}

/// A tuple of types that can be the parameters or results of a function.
pub trait ComponentNamedList: ComponentType {
    /// Checks the types of parameters or results.
    ///
    /// # Errors
    ///
    /// If there are more or fewer of them, or one of them is another.
    #[doc(hidden)]
    fn typecheck_list(types: ListTypes<'_>, instance: &InstanceType<'_>) -> Result<()>;
}

/// The bytes of a value of a type in those of a value that it is a part of.
#[doc(hidden)]
#[inline]
pub fn part<T: ComponentType>(bytes: &[u8], offset: usize) -> Result<&[u8]> {
    match bytes.get(offset..).and_then(|bytes| bytes.get(..T::SIZE32)) {
        Some(part) => Ok(part),
        None => too_few_bytes(),
    }
}

/// The first bytes of a value, as many as are asked for.
#[inline]
pub(super) fn first<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    match bytes.first_chunk() {
        Some(bytes) => Ok(*bytes),
        None => too_few_bytes(),
    }
}

#[cold]
#[inline(never)]
fn too_few_bytes<T>() -> Result<T> {
    bail!("a value has more bytes than were given to read it from")
}

/// The layout of a type.
pub(super) const fn layout<T: ComponentType + ?Sized>() -> Layout {
    T::ABI.layout
}
