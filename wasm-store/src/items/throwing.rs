//! Exceptions that the host throws, and those that it takes in place of Wasm.

#![allow(unsafe_code)]

use super::{ExnRef, Rooted};
use crate::error::{Result, ThrownException};
use crate::store::{Store, StoreContextMut, StoreInner, StoreOpaque};

impl<T: 'static> Store<T> {
    /// Throws an exception, in place of one that is pending. A host function that returns the error
    /// to Wasm, with whatever context, has it caught there; returned to the host, it is an error as
    /// any other, and the exception is pending.
    ///
    /// ```
    /// use wasm_store::{
    ///     AsContextMut, Caller, Engine, ExnRef, ExnRefPre, ExnType, Func, Store, Tag, Val, ValType,
    /// };
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), ());
    /// let ty = ExnType::new(store.engine(), [ValType::I32])?;
    /// let tag = Tag::new(&mut store, &ty.tag_type())?;
    /// let fail = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>, code: i32| {
    ///     let allocator = ExnRefPre::new(&mut caller, ty.clone());
    ///     let exception = ExnRef::new(&mut caller, &allocator, &tag, &[Val::I32(code)])?;
    ///     caller.as_context_mut().throw::<()>(exception)?;
    ///     Ok(())
    /// });
    /// assert!(fail.call(&mut store, &[Val::I32(7)], &mut []).is_err());
    /// let exception = store.take_pending_exception().expect("one was thrown");
    /// assert_eq!(exception.field(&mut store, 0)?.unwrap_i32(), 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ThrownException`], always.
    ///
    /// # Panics
    ///
    /// If the handle has ended, or is of another store.
    pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R> {
        StoreContextMut(self.inner_mut()).throw(exception)
    }

    /// Takes the exception that was thrown and that nothing has caught so far: nothing is pending
    /// then. The handle is one in the innermost scope.
    ///
    /// `None` if there is none. Also if it was thrown by Wasm and is no object yet, and there is no
    /// room for one in the garbage-collected heap: then it stays pending.
    pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
        take(self.inner_mut())
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// As [`Store::throw`].
    ///
    /// # Errors
    ///
    /// [`ThrownException`], always.
    ///
    /// # Panics
    ///
    /// If the handle has ended, or is of another store.
    pub fn throw<R>(&mut self, exception: Rooted<ExnRef>) -> Result<R> {
        throw(self.0, exception);
        Err(ThrownException.into())
    }

    /// As [`Store::take_pending_exception`].
    pub fn take_pending_exception(&mut self) -> Option<Rooted<ExnRef>> {
        take(self.0)
    }
}

fn throw(store: &mut StoreOpaque, exception: Rooted<ExnRef>) {
    match exception.reference_in(store) {
        // SAFETY: handles of this type are to exceptions.
        Ok(exception) => unsafe { store.vm.set_pending(exception) },
        Err(error) => panic!("{error}"),
    }
}

fn take<T: 'static>(store: &mut StoreInner<T>) -> Option<Rooted<ExnRef>> {
    let exception = store.vm.pending_object().ok()??;
    store.vm.forget_pending();
    #[cfg(feature = "debug")]
    store.vm.exception_is_taken(exception);
    Some(Rooted::new(store, exception))
}
