//! Strings and lists that stay in the guest's memory until they are asked for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use wasm_component::InterfaceType;
use wasm_store::{AsContextMut, Memory, Result, StoreContext, StoreContextMut, bail};

use super::abi::CanonicalAbi;
use super::child::lift_child;
use super::strings::read_pair;
use super::traits::{ComponentType, Lift, layout};
use crate::context::{FlatReader, LiftContext, Options};
use crate::func::with_lift_context;
use crate::instance::Instance;
use crate::strings::Place;
use crate::types::InstanceType;

/// A string in a guest's memory, which is read when it is asked for.
///
/// It is where the guest said, which is checked; what is there then is up to the guest, which may
/// have changed it by then: ask before the guest runs again. Results of functions are not the
/// guest's any more when its `post-return` has run.
#[derive(Clone, Copy, Debug)]
pub struct WasmStr {
    place: Place,
    memory: Option<Memory>,
}

impl WasmStr {
    fn new(cx: &LiftContext<'_>, pointer: u32, len: u32) -> Result<Self> {
        let encoding = cx.options().string_encoding();
        let place = Place::new(encoding, pointer, len, cx.memory().len())?;
        Ok(Self { place, memory: cx.options().memory() })
    }

    /// The string; without a copy if its encoding allows that.
    ///
    /// # Errors
    ///
    /// If it is not valid in its encoding.
    ///
    /// # Panics
    ///
    /// If the store is not that of the guest.
    pub fn to_str<'a, T: 'static>(
        &self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Cow<'a, str>> {
        let memory = self.memory.map_or(&[][..], |memory| memory.data(store.into()));
        self.place.decode(memory)
    }
}

impl ComponentType for WasmStr {
    const ABI: CanonicalAbi = str::ABI;
    const HAS_RESOURCES: bool = false;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        str::typecheck(ty, types)
    }
}

impl Lift for WasmStr {
    #[inline]
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        _: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self> {
        let (pointer, len) = (src.next_u32(), src.next_u32());
        Self::new(cx, pointer, len)
    }

    #[inline]
    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        _: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let (pointer, len) = read_pair(bytes)?;
        Self::new(cx, pointer, len)
    }
}

/// A list in a guest's memory, whose elements are read when they are asked for.
///
/// What holds of [`WasmStr`] about when to ask holds here, too.
pub struct WasmList<E> {
    pointer: u32,
    len: u32,
    /// The type of elements, if they ask for it.
    element: InterfaceType,
    options: Options,
    instance: Instance,
    _element: PhantomData<fn() -> E>,
}

impl<E: Lift> WasmList<E> {
    fn new(cx: &LiftContext<'_>, ty: InterfaceType, pointer: u32, len: u32) -> Result<Self> {
        cx.list_bytes(pointer, len, const { layout::<E>().size }, E::ALIGN32)?;
        Ok(Self {
            pointer,
            len,
            element: lift_child::<E>(cx, ty, 0)?,
            options: *cx.options(),
            instance: cx.instance(),
            _element: PhantomData,
        })
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// An element; `None` if there are fewer.
    ///
    /// # Errors
    ///
    /// If there is no such value in the memory.
    ///
    /// # Panics
    ///
    /// If the store is not that of the guest.
    pub fn get(&self, mut store: impl AsContextMut, index: usize) -> Option<Result<E>> {
        (index < self.len()).then(|| self.element(&mut store.as_context_mut(), index))
    }

    /// All elements, each read when it is its turn.
    ///
    /// # Errors
    ///
    /// None so far. An element that can't be read is an error of its own.
    ///
    /// # Panics
    ///
    /// If the store is not that of the guest.
    pub fn iter<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> Result<impl ExactSizeIterator<Item = Result<E>> + 'a> {
        let mut store = store.into();
        Ok((0..self.len()).map(move |index| self.element(&mut store, index)))
    }

    fn element<T: 'static>(&self, store: &mut StoreContextMut<'_, T>, index: usize) -> Result<E> {
        let data = self.instance.data(store);
        with_lift_context(store, &data, &self.options, |cx| {
            let bytes =
                cx.list_bytes(self.pointer, self.len, const { layout::<E>().size }, E::ALIGN32)?;
            let Some(bytes) = bytes.get(index * E::SIZE32..) else {
                bail!("list pointer/length out of bounds of memory");
            };
            E::linear_lift_from_memory(cx, self.element, bytes)
        })
    }
}

/// Lists of numbers are slices of the memory, on machines that order bytes as Wasm does.
macro_rules! slices {
    ($($ty:ident)*) => {$(
        #[cfg(target_endian = "little")]
        impl WasmList<$ty> {
            /// All elements, where they are. There are none if the memory has become smaller than
            /// the list, by going back to an earlier state.
            ///
            /// # Panics
            ///
            /// If the store is not that of the guest.
            pub fn as_le_slice<'a, T: 'static>(
                &self,
                store: impl Into<StoreContext<'a, T>>,
            ) -> &'a [$ty] {
                let memory = self.options.memory().map_or(&[][..], |memory| {
                    memory.data(store.into())
                });
                let start = self.pointer as usize;
                memory
                    .get(start..)
                    .and_then(|bytes| bytes.get(..self.len().checked_mul(size_of::<$ty>())?))
                    // Memories begin at a page, and the pointer was checked to be aligned.
                    .and_then(|bytes| <[$ty] as zerocopy::FromBytes>::ref_from_bytes(bytes).ok())
                    .unwrap_or_default()
            }
        }
    )*};
}

slices!(u8 i8 u16 i16 u32 i32 u64 i64);

impl<E: ComponentType> ComponentType for WasmList<E> {
    const ABI: CanonicalAbi = CanonicalAbi::POINTER_PAIR;
    const HAS_RESOURCES: bool = E::HAS_RESOURCES;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <[E]>::typecheck(ty, types)
    }
}

impl<E: Lift> Lift for WasmList<E> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &mut FlatReader<'_>,
    ) -> Result<Self> {
        let (pointer, len) = (src.next_u32(), src.next_u32());
        Self::new(cx, ty, pointer, len)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let (pointer, len) = read_pair(bytes)?;
        Self::new(cx, ty, pointer, len)
    }
}

impl<E> fmt::Debug for WasmList<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmList")
            .field("pointer", &self.pointer)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
