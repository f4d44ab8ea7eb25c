//! Functions that components export.

mod call;
#[cfg(feature = "async")]
mod call_async;
mod host;
mod lowered;

use std::fmt;

pub(crate) use call::with_lift_context;
#[cfg(feature = "async")]
pub(crate) use host::DynamicAsyncFunc;
pub(crate) use host::{DynamicFunc, HostFunc};
pub(crate) use lowered::LoweredImport;

use wasm_store::{AsContext, AsContextMut, Result, StoreContext};

use crate::instance::data::InstanceData;
use crate::state::{ComponentState, wrong_store};
use crate::types;
use crate::types::Type;
use crate::val::Val;

/// A function that an instance exports.
///
/// What a call returns is read before it ends, and `post-return` is called then: there is nothing
/// left to do after a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Func {
    /// The number of the instance in the store.
    root: usize,
    /// What tells the instance from all others.
    id: u64,
    /// The number of the function among those that are exported.
    number: usize,
}

impl Func {
    pub(crate) fn new(root: usize, id: u64, number: usize) -> Self {
        Self { root, id, number }
    }

    /// What is known of its instance.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub(crate) fn data<'a, T: 'static>(&self, store: StoreContext<'a, T>) -> &'a InstanceData {
        let state = store.attachment_ref::<ComponentState>();
        match state.and_then(|state| state.root(self.root, self.id)) {
            Some(data) => data,
            None => wrong_store(),
        }
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn ty(&self, store: impl AsContext) -> types::ComponentFunc {
        let data = self.data(store.as_context());
        let ty = data.func(self.number).map(|record| record.signature.ty);
        let ty = ty.expect("a function is looked up before there is a handle of it");
        types::ComponentFunc::new(data.instance_type().to_owned(), ty)
    }

    /// The parameters, with their names.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn params(&self, store: impl AsContext) -> Box<[(String, Type)]> {
        self.ty(store).params().map(|(name, ty)| (name.to_owned(), ty)).collect()
    }

    /// The results: one or none.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn results(&self, store: impl AsContext) -> Box<[Type]> {
        self.ty(store).results().collect()
    }

    /// Calls the function with values of the types that it takes, and writes its results in place
    /// of those that are there.
    ///
    /// # Errors
    ///
    /// If there are more or fewer values than it takes or returns, or they are of other types. If
    /// the instance can't be entered: it is in a call, or it has trapped. If the function traps, or
    /// what it returns breaks a rule of the component model. If the store has something that may
    /// wait: then [`call_async`](Self::call_async) is for it.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        self.call_raw(
            &mut store,
            |cx, signature, to| Val::lower_params(cx, signature, params, results.len(), to),
            Val::lift_result,
        )
        .map(|value| store_result(results, value))
    }

    /// Calls the function as [`call`](Self::call) does, and waits for the host functions that it
    /// calls and that are not ready. If the future is dropped before it is ready, it is as if the
    /// function had trapped: what was lent to the call is given back, and the instance can't be
    /// entered any more.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    ///
    /// # Panics
    ///
    /// As for [`call`](Self::call): when the future is polled.
    #[cfg(feature = "async")]
    pub async fn call_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let mut store = store.as_context_mut();
        let expected = results.len();
        let value = self
            .call_raw_async(
                &mut store,
                |cx, signature, to| Val::lower_params(cx, signature, params, expected, to),
                Val::lift_result,
            )
            .await?;
        store_result(results, value);
        Ok(())
    }

    /// Does nothing: `post-return` is called by each call itself.
    ///
    /// # Errors
    ///
    /// None.
    #[doc(hidden)]
    #[deprecated(note = "no longer needs to be called; this function has no effect")]
    pub fn post_return(&self, _store: impl AsContextMut) -> Result<()> {
        Ok(())
    }

    /// Does nothing: `post-return` is called by each call itself.
    ///
    /// # Errors
    ///
    /// None.
    #[cfg(feature = "async")]
    #[doc(hidden)]
    #[deprecated(note = "no longer needs to be called; this function has no effect")]
    pub async fn post_return_async(&self, _store: impl AsContextMut<Data: Send>) -> Result<()> {
        Ok(())
    }
}

fn store_result(results: &mut [Val], value: Option<Val>) {
    if let (Some(place), Some(value)) = (results.first_mut(), value) {
        *place = value;
    }
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Func").field("number", &self.number).finish_non_exhaustive()
    }
}
