//! References to what is in the garbage-collected heap (`wasmtime_anyref_t` and its kind): handles
//! that keep their object alive until they are freed.

#![allow(unsafe_code)]

#[cfg(feature = "gc")]
mod anyref;
#[cfg(feature = "gc")]
mod arrayref;
#[cfg(feature = "gc")]
mod eqref;
#[cfg(feature = "gc")]
mod exnref;
mod externref;
#[cfg(feature = "gc")]
mod objects;
#[cfg(feature = "gc")]
mod structref;

use std::ffi::c_void;
use std::mem::MaybeUninit;

use wasm_runtime::{AnyRef, AsContextMut, ExnRef, ExternRef, GcRef, OwnedRooted, Result, Rooted};

use crate::val::{is_exception, is_extern};

/// A handle, whichever type of object it is to. It is null if `store` is 0, which C writes without
/// writing the rest.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct GcHandle {
    /// Not 0 if there is an object. Handles know their store, so this need not say which.
    store: u64,
    unused: [MaybeUninit<u32>; 2],
    /// A box of an [`OwnedRooted`] of the handle's type.
    root: MaybeUninit<*mut c_void>,
}

const _: () = assert!(size_of::<GcHandle>() == 24);

impl GcHandle {
    pub(crate) const NULL: Self =
        Self { store: 0, unused: [MaybeUninit::uninit(); 2], root: MaybeUninit::uninit() };

    /// A handle to an object, or null.
    pub(crate) fn new<T: GcRef>(
        store: impl AsContextMut,
        object: Option<Rooted<T>>,
    ) -> Result<Self> {
        match object {
            Some(object) => Ok(Self::owning(object.to_owned_rooted(store)?)),
            None => Ok(Self::NULL),
        }
    }

    /// A handle in C of a handle.
    pub(crate) fn owning<T: GcRef>(object: OwnedRooted<T>) -> Self {
        let root = Box::into_raw(Box::new(object)).cast();
        Self { store: 1, unused: [MaybeUninit::new(0); 2], root: MaybeUninit::new(root) }
    }

    /// The handle in it; `None` if it is null.
    ///
    /// # Safety
    ///
    /// It was made of a handle of this type, and is not freed.
    pub(crate) unsafe fn get<T: GcRef>(&self) -> Option<&OwnedRooted<T>> {
        if self.store == 0 {
            return None;
        }
        // SAFETY: as the caller promises; who wrote the number of a store wrote the box.
        Some(unsafe { &*self.root.assume_init().cast::<OwnedRooted<T>>() })
    }

    /// A handle in the innermost scope.
    ///
    /// # Safety
    ///
    /// As for [`get`](Self::get).
    pub(crate) unsafe fn rooted<T: GcRef>(&self, store: impl AsContextMut) -> Option<Rooted<T>> {
        // SAFETY: as the caller promises.
        unsafe { self.get::<T>() }.map(|owned| owned.to_rooted(store))
    }

    /// Another handle to the same object.
    ///
    /// # Safety
    ///
    /// As for [`get`](Self::get).
    pub(crate) unsafe fn duplicate<T: GcRef>(&self) -> Self {
        // SAFETY: as the caller promises.
        unsafe { self.get::<T>() }.map_or(Self::NULL, |owned| Self::owning(owned.clone()))
    }

    /// Frees the handle, which is null then.
    ///
    /// # Safety
    ///
    /// As for [`get`](Self::get).
    pub(crate) unsafe fn unroot<T: GcRef>(&mut self) {
        if self.store != 0 {
            // SAFETY: as the caller promises; it is null from now on.
            drop(unsafe { Box::from_raw(self.root.assume_init().cast::<OwnedRooted<T>>()) });
        }
        self.store = 0;
    }

    /// As [`unroot`](Self::unroot), for the handle in a value.
    ///
    /// # Safety
    ///
    /// The kind is that of the value that the handle is in.
    pub(crate) unsafe fn unroot_any(&mut self, kind: u8) {
        // SAFETY: as the caller promises.
        unsafe {
            match kind {
                kind if is_extern(kind) => self.unroot::<ExternRef>(),
                kind if is_exception(kind) => self.unroot::<ExnRef>(),
                _ => self.unroot::<AnyRef>(),
            }
        }
    }

    /// As [`duplicate`](Self::duplicate), for the handle in a value.
    ///
    /// # Safety
    ///
    /// As for [`unroot_any`](Self::unroot_any).
    pub(crate) unsafe fn duplicate_any(&self, kind: u8) -> Self {
        // SAFETY: as the caller promises.
        unsafe {
            match kind {
                kind if is_extern(kind) => self.duplicate::<ExternRef>(),
                kind if is_exception(kind) => self.duplicate::<ExnRef>(),
                _ => self.duplicate::<AnyRef>(),
            }
        }
    }
}

/// The functions that each type of references has: another handle, and freeing one.
macro_rules! ref_family {
    ($ty:ty: $clone:ident $unroot:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $clone(
            object: &crate::refs::GcHandle,
            out: crate::border::Out<'_, crate::refs::GcHandle>,
        ) {
            // SAFETY: the header says of which type the handle is.
            out.write(unsafe { object.duplicate::<$ty>() });
        }

        #[unsafe(no_mangle)]
        extern "C" fn $unroot(object: Option<&mut crate::refs::GcHandle>) {
            if let Some(object) = object {
                // SAFETY: as above.
                unsafe { object.unroot::<$ty>() }
            }
        }
    };
}

/// References as numbers, in the values of calls that check nothing.
macro_rules! raw_family {
    ($ty:ty: $from_raw:ident $to_raw:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $from_raw(
            mut store: crate::store::ContextMut<'_>,
            raw: u32,
            out: crate::border::Out<'_, GcHandle>,
        ) {
            let store = wasm_runtime::AsContextMut::as_context_mut(&mut store);
            let mut scope = wasm_runtime::RootScope::new(store);
            // SAFETY: the header asks for a number that is a reference of this type now.
            let object = unsafe { <$ty>::from_raw(&mut scope, raw) };
            match GcHandle::new(&mut scope, object) {
                Ok(handle) => {
                    out.write(handle);
                }
                // A handle that has just been made has not ended.
                Err(error) => crate::border::abort(stringify!($from_raw), error),
            }
        }

        #[unsafe(no_mangle)]
        extern "C" fn $to_raw(mut store: crate::store::ContextMut<'_>, object: &GcHandle) -> u32 {
            let store = wasm_runtime::AsContextMut::as_context_mut(&mut store);
            let mut scope = wasm_runtime::RootScope::new(store);
            // SAFETY: the header says of which type the handle is.
            let Some(object) = (unsafe { object.rooted::<$ty>(&mut scope) }) else { return 0 };
            match object.to_raw(&mut scope) {
                Ok(raw) => raw,
                Err(error) => crate::border::abort(stringify!($to_raw), error),
            }
        }
    };
}

use {raw_family, ref_family};
