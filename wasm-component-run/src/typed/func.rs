//! Functions of components with static types.

use std::fmt;
use std::marker::PhantomData;

use wasm_component::FuncTypeIndex;
use wasm_store::error::Context;
use wasm_store::{AsContext, AsContextMut, Result, format_err};

use super::list::ListTypes;
use super::traits::{ComponentNamedList, Lift, Lower};
use crate::component::{ExportLookup, Signature};
use crate::context::{Destination, LiftContext, LowerContext, Source};
use crate::func::Func;
use crate::instance::Instance;
use crate::types::{ComponentFunc, InstanceType};

/// A function whose types are known when the program is compiled, made by [`Func::typed`].
///
/// Types are compared when it is made, and not when it is called. `Params` and `Return` are tuples,
/// also where there is one value: `(u32,)`; what is lowered may be borrowed: `(&str, &[u32])`.
pub struct TypedFunc<Params, Return> {
    func: Func,
    /// Covariant: a function whose parameters are borrowed for long takes what is borrowed for
    /// less.
    _types: PhantomData<fn() -> (Params, Return)>,
}

impl<Params, Return> TypedFunc<Params, Return>
where
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    /// The function as one of these types, which are not compared with those that it has.
    ///
    /// This is safe: what is passed and returned is checked whatever its type. If the types are
    /// others, calls fail, or pass and return other values than are meant.
    pub fn new_unchecked(func: Func) -> TypedFunc<Params, Return> {
        TypedFunc { func, _types: PhantomData }
    }

    /// The function without its types.
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// If the instance can't be entered: it is in a call, or it has trapped. If the function traps,
    /// or what it returns breaks a rule of the component model. If the store has something that may
    /// wait: then `call_async` is for it.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: Params) -> Result<Return> {
        self.func.call_raw(
            &mut store.as_context_mut(),
            |cx, signature, to| lower_params(&params, cx, signature, to),
            lift_result,
        )
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
        params: Params,
    ) -> Result<Return> {
        self.func
            .call_raw_async(
                &mut store.as_context_mut(),
                |cx, signature, to| lower_params(&params, cx, signature, to),
                lift_result,
            )
            .await
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

#[inline]
fn lower_params<T: 'static, Params: ComponentNamedList + Lower>(
    params: &Params,
    cx: &mut LowerContext<'_, T>,
    signature: &Signature,
    mut to: Destination<'_>,
) -> Result<()> {
    let types = if Params::HAS_RESOURCES {
        ListTypes::Params(cx.types()?.func(signature.ty)?.params())
    } else {
        ListTypes::Result(None)
    };
    params.lower_list(cx, types, &mut to)
}

#[inline]
fn lift_result<Return: ComponentNamedList + Lift>(
    cx: &mut LiftContext<'_>,
    signature: &Signature,
    mut from: Source<'_>,
) -> Result<Return> {
    let types = if Return::HAS_RESOURCES {
        ListTypes::Result(cx.types()?.func(signature.ty)?.result()?)
    } else {
        ListTypes::Result(None)
    };
    Return::lift_list(cx, types, &mut from)
}

/// Checks that a function type has these parameters and results.
pub(super) fn typecheck<Params: ComponentNamedList, Return: ComponentNamedList>(
    ty: FuncTypeIndex,
    types: &InstanceType<'_>,
) -> Result<()> {
    let func = types.types()?.func(ty)?;
    Params::typecheck_list(ListTypes::Params(func.params()), types)
        .context("type mismatch with parameters")?;
    Return::typecheck_list(ListTypes::Result(func.result()?), types)
        .context("type mismatch with results")
}

impl Func {
    /// The function as one of static types, which it is called with from then on. It may be made
    /// once and called often.
    ///
    /// ```
    /// # use wasm_component_run::{Func, Instance};
    /// # fn example(mut store: wasm_store::Store<()>, func: Func) -> wasm_store::Result<()> {
    /// // func(text: string, count: u32) -> list<string>
    /// let repeat = func.typed::<(&str, u32), (Vec<String>,)>(&store)?;
    /// let (lines,) = repeat.call(&mut store, ("again", 3))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If a type is another one: which one is expected, and which one it is.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn typed<Params, Return>(&self, store: impl AsContext) -> Result<TypedFunc<Params, Return>>
    where
        Params: ComponentNamedList + Lower,
        Return: ComponentNamedList + Lift,
    {
        let data = self.data(store.as_context());
        let ty = data.func(self.number())?.signature.ty;
        typecheck::<Params, Return>(ty, &data.instance_type())?;
        Ok(TypedFunc::new_unchecked(*self))
    }
}

impl Instance {
    /// An exported function of static types, by its name or index: [`get_func`](Self::get_func)
    /// and [`Func::typed`].
    ///
    /// # Errors
    ///
    /// If there is no such function, or it has other types.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn get_typed_func<Params, Return>(
        &self,
        mut store: impl AsContextMut,
        name: impl ExportLookup,
    ) -> Result<TypedFunc<Params, Return>>
    where
        Params: ComponentNamedList + Lower,
        Return: ComponentNamedList + Lift,
    {
        let func = self
            .get_func(&mut store, name)
            .ok_or_else(|| format_err!("failed to find function export"))?;
        func.typed(store).context("failed to convert function to given type")
    }
}

impl ComponentFunc {
    /// Checks that the function has these parameters and results, as types of an instance.
    ///
    /// # Errors
    ///
    /// If a type is another one: which one is expected, and which one it is.
    pub fn typecheck<Params, Return>(&self, types: &InstanceType<'_>) -> Result<()>
    where
        Params: ComponentNamedList + Lower,
        Return: ComponentNamedList + Lift,
    {
        typecheck::<Params, Return>(self.index(), types)
    }
}

impl<Params, Return> Clone for TypedFunc<Params, Return> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Params, Return> Copy for TypedFunc<Params, Return> {}

impl<Params, Return> fmt::Debug for TypedFunc<Params, Return> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedFunc").field("func", &self.func).finish()
    }
}
