//! What references to objects of the garbage-collected heap have in common.

#![allow(unsafe_code)]

use wasm_runtime::{AsContext, AsContextMut, GcRef, I31, Result, RootScope, Rooted, format_err};

use super::GcHandle;
use crate::store::{Context, ContextMut};

/// The object of a handle, in the innermost scope; an error if the handle is null.
pub(super) fn live<T: GcRef>(object: &GcHandle, store: impl AsContextMut) -> Result<Rooted<T>> {
    // SAFETY: the headers say of which type handles are.
    unsafe { object.rooted::<T>(store) }.ok_or_else(|| format_err!("the reference is null"))
}

/// What `anyref` and `eqref` have: unboxed integers, and their type.
macro_rules! internal_family {
    ($ty:ty: $from_i31:ident $is_i31:ident $get_u:ident $get_s:ident $type:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $from_i31(
            mut store: crate::store::ContextMut<'_>,
            value: u32,
            out: crate::border::Out<'_, GcHandle>,
        ) {
            let store = wasm_runtime::AsContextMut::as_context_mut(&mut store);
            let mut scope = wasm_runtime::RootScope::new(store);
            let value = <$ty>::from_i31(&mut scope, wasm_runtime::I31::wrapping_u32(value));
            match GcHandle::new(&mut scope, Some(value)) {
                Ok(handle) => {
                    out.write(handle);
                }
                // A handle that has just been made has not ended.
                Err(error) => crate::border::abort(stringify!($from_i31), error),
            }
        }

        #[unsafe(no_mangle)]
        extern "C" fn $is_i31(store: crate::store::ContextMut<'_>, object: &GcHandle) -> bool {
            crate::refs::objects::i31::<$ty>(store, object, |object, store| object.as_i31(store))
                .is_some()
        }

        #[unsafe(no_mangle)]
        extern "C" fn $get_u(
            store: crate::store::ContextMut<'_>,
            object: &GcHandle,
            out: crate::border::Out<'_, u32>,
        ) -> bool {
            crate::refs::objects::i31::<$ty>(store, object, |object, store| object.as_i31(store))
                .map(|value| out.write(value.get_u32()))
                .is_some()
        }

        #[unsafe(no_mangle)]
        extern "C" fn $get_s(
            store: crate::store::ContextMut<'_>,
            object: &GcHandle,
            out: crate::border::Out<'_, i32>,
        ) -> bool {
            crate::refs::objects::i31::<$ty>(store, object, |object, store| object.as_i31(store))
                .map(|value| out.write(value.get_i32()))
                .is_some()
        }

        /// `false` if the reference is null.
        #[unsafe(no_mangle)]
        extern "C" fn $type(
            mut store: crate::store::ContextMut<'_>,
            object: &GcHandle,
            out: crate::border::Out<'_, crate::types::heaptype::CHeapType>,
        ) -> bool {
            let store = wasm_runtime::AsContextMut::as_context_mut(&mut store);
            let mut scope = wasm_runtime::RootScope::new(store);
            crate::refs::objects::live::<$ty>(object, &mut scope)
                .and_then(|object| object.ty(&scope))
                .map(|ty| out.write(crate::types::heaptype::CHeapType::new(&ty)))
                .is_ok()
        }
    };
}

/// The integer that a reference is.
pub(super) fn i31<T: GcRef>(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    get: impl FnOnce(Rooted<T>, Context<'_>) -> Result<Option<I31>>,
) -> Option<I31> {
    let mut scope = RootScope::new(store.as_context_mut());
    let object = live::<T>(object, &mut scope).ok()?;
    get(object, scope.as_context()).ok()?
}

/// Whether a reference is one of a subtype, and the reference as one.
macro_rules! downcast {
    ($from:ty: $to:ty, $is:ident $method:ident $as:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $is(store: crate::store::ContextMut<'_>, object: &GcHandle) -> bool {
            let cast = crate::refs::objects::cast::<$from, $to>(store, object, |object, store| {
                object.$method(store)
            });
            cast.map(|mut handle| {
                // SAFETY: it was made as one of this type.
                unsafe { handle.unroot::<$to>() }
            })
            .is_some()
        }

        #[unsafe(no_mangle)]
        extern "C" fn $as(
            store: crate::store::ContextMut<'_>,
            object: &GcHandle,
            out: crate::border::Out<'_, GcHandle>,
        ) -> bool {
            crate::refs::objects::cast::<$from, $to>(store, object, |object, store| {
                object.$method(store)
            })
            .map(|handle| out.write(handle))
            .is_some()
        }
    };
}

/// A handle to the object as one of a subtype, if it is.
pub(super) fn cast<T: GcRef, U: GcRef>(
    mut store: ContextMut<'_>,
    object: &GcHandle,
    get: impl FnOnce(Rooted<T>, Context<'_>) -> Result<Option<Rooted<U>>>,
) -> Option<GcHandle> {
    let mut scope = RootScope::new(store.as_context_mut());
    let object = live::<T>(object, &mut scope).ok()?;
    let object = get(object, scope.as_context()).ok()??;
    GcHandle::new(&mut scope, Some(object)).ok()
}

/// The reference as one of a supertype.
macro_rules! upcast {
    ($from:ty: $to:ty, $function:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $function(object: &GcHandle, out: crate::border::Out<'_, GcHandle>) {
            // SAFETY: the header says of which type the handle is.
            let object = unsafe { object.get::<$from>() };
            out.write(object.map_or(GcHandle::NULL, |object| {
                GcHandle::owning(wasm_runtime::OwnedRooted::<$to>::from(object.clone()))
            }));
        }
    };
}

pub(super) use {downcast, internal_family, upcast};
