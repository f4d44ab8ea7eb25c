//! Host functions with static types.

use std::marker::PhantomData;
use std::sync::Arc;

use wasm_component::FuncTypeIndex;
use wasm_store::{FuncType, NumericDef, Result, StoreContextMut};

use super::func::typecheck;
use super::list::ListTypes;
use super::traits::{ComponentNamedList, Lift, Lower};
use crate::component::Signature;
use crate::context::{Destination, LiftContext, LowerContext, Source};
use crate::func::{HostFunc, LoweredImport};
use crate::instance::data::RuntimeFunc;
use crate::linker::LinkerInstance;
use crate::types::InstanceType;

/// A closure with its types.
struct Typed<F, Params, Return> {
    func: F,
    _types: PhantomData<fn(Params) -> Return>,
}

impl<F, Params, Return> Typed<F, Params, Return> {
    fn new(func: F) -> Arc<Self> {
        Arc::new(Self { func, _types: PhantomData })
    }
}

#[inline]
fn lift_params<Params: ComponentNamedList + Lift>(
    cx: &mut LiftContext<'_>,
    signature: &Signature,
    mut from: Source<'_>,
) -> Result<Params> {
    let types = if Params::HAS_RESOURCES {
        ListTypes::Params(cx.types()?.func(signature.ty)?.params())
    } else {
        ListTypes::Result(None)
    };
    Params::lift_list(cx, types, &mut from)
}

#[inline]
fn lower_result<T: 'static, Return: ComponentNamedList + Lower>(
    cx: &mut LowerContext<'_, T>,
    signature: &Signature,
    result: Return,
    mut to: Destination<'_>,
) -> Result<()> {
    let types = if Return::HAS_RESOURCES {
        ListTypes::Result(cx.types()?.func(signature.ty)?.result()?)
    } else {
        ListTypes::Result(None)
    };
    result.lower_list(cx, types, &mut to)
}

impl<T, F, Params, Return> HostFunc<T> for Typed<F, Params, Return>
where
    T: 'static,
    F: Fn(StoreContextMut<'_, T>, Params) -> Result<Return> + Send + Sync + 'static,
    Params: ComponentNamedList + Lift + 'static,
    Return: ComponentNamedList + Lower + 'static,
{
    fn typecheck(&self, ty: FuncTypeIndex, types: &InstanceType<'_>) -> Result<()> {
        typecheck::<Params, Return>(ty, types)
    }

    fn waits(&self) -> bool {
        false
    }

    fn to_core(self: Arc<Self>, ty: FuncType, import: LoweredImport) -> Result<RuntimeFunc<T>> {
        NumericDef::new(ty, move |caller, data, slots| {
            import.call(data, caller.into(), slots, lift_params, &self.func, lower_result)
        })
    }
}

/// A closure that returns a future, with its types.
#[cfg(feature = "async")]
struct TypedAsync<F, Params, Return> {
    func: F,
    _types: PhantomData<fn(Params) -> Return>,
}

#[cfg(feature = "async")]
impl<T, F, Params, Return> HostFunc<T> for TypedAsync<F, Params, Return>
where
    T: Send + 'static,
    F: for<'a> Fn(
            StoreContextMut<'a, T>,
            Params,
        ) -> Box<dyn Future<Output = Result<Return>> + Send + 'a>
        + Send
        + Sync
        + 'static,
    Params: ComponentNamedList + Lift + 'static,
    Return: ComponentNamedList + Lower + 'static,
{
    fn typecheck(&self, ty: FuncTypeIndex, types: &InstanceType<'_>) -> Result<()> {
        typecheck::<Params, Return>(ty, types)
    }

    fn waits(&self) -> bool {
        true
    }

    fn to_core(self: Arc<Self>, ty: FuncType, import: LoweredImport) -> Result<RuntimeFunc<T>> {
        NumericDef::new_async(ty, move |caller, data, slots| {
            let (this, import) = (Arc::clone(&self), import);
            Box::new(async move {
                import
                    .call_async(
                        data,
                        caller.into(),
                        slots,
                        lift_params,
                        move |store, params| Box::into_pin((this.func)(store, params)),
                        lower_result,
                    )
                    .await
            })
        })
    }
}

impl<T: 'static> LinkerInstance<'_, T> {
    /// Defines a host function of static types. They are compared with those of each component that
    /// imports the function, when that is linked.
    ///
    /// `Params` and `Return` are tuples, also where there is one value: `(u32,)`.
    ///
    /// ```
    /// # use wasm_component_run::Linker;
    /// # use wasm_store::{Engine, StoreContextMut};
    /// # fn example() -> wasm_store::Result<()> {
    /// # let engine = Engine::default();
    /// let mut linker: Linker<Vec<String>> = Linker::new(&engine);
    /// // log: func(message: string) -> u32
    /// linker.root().func_wrap(
    ///     "log",
    ///     |mut store: StoreContextMut<'_, Vec<String>>, (message,): (String,)| {
    ///         store.data_mut().push(message);
    ///         Ok((store.data().len() as u32,))
    ///     },
    /// )?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is an item of that name already, and shadowing is not allowed.
    pub fn func_wrap<F, Params, Return>(&mut self, name: &str, func: F) -> Result<()>
    where
        F: Fn(StoreContextMut<'_, T>, Params) -> Result<Return> + Send + Sync + 'static,
        Params: ComponentNamedList + Lift + 'static,
        Return: ComponentNamedList + Lower + 'static,
    {
        self.insert_func(name, Typed::new(func))
    }

    /// Defines a host function of static types that may wait: as
    /// [`func_wrap`](Self::func_wrap), but it returns a future. Components that import it are
    /// instantiated and called by what waits: `instantiate_async`, `call_async`.
    ///
    /// # Errors
    ///
    /// As for [`func_wrap`](Self::func_wrap).
    #[cfg(feature = "async")]
    pub fn func_wrap_async<Params, Return, F>(&mut self, name: &str, func: F) -> Result<()>
    where
        T: Send,
        F: for<'a> Fn(
                StoreContextMut<'a, T>,
                Params,
            ) -> Box<dyn Future<Output = Result<Return>> + Send + 'a>
            + Send
            + Sync
            + 'static,
        Params: ComponentNamedList + Lift + 'static,
        Return: ComponentNamedList + Lower + 'static,
    {
        self.insert_func(name, Arc::new(TypedAsync { func, _types: PhantomData }))
    }
}
