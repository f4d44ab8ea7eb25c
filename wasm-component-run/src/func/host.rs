//! Host functions that linkers define, of whatever kind.

use std::sync::Arc;

use wasm_component::FuncTypeIndex;
use wasm_store::{FuncType, NumericDef, Result, StoreContextMut};

use super::LoweredImport;
use crate::instance::data::RuntimeFunc;
use crate::types::{ComponentFunc, InstanceType};
use crate::val::Val;

/// A host function that a component can import.
pub(crate) trait HostFunc<T: 'static>: Send + Sync {
    /// Checks that it is of the type that is imported.
    fn typecheck(&self, ty: FuncTypeIndex, types: &InstanceType<'_>) -> Result<()>;

    /// Whether it may wait, so that what imports it has to be called with what waits for it.
    fn waits(&self) -> bool;

    /// The core function that instances get.
    fn to_core(self: Arc<Self>, ty: FuncType, import: LoweredImport) -> Result<RuntimeFunc<T>>;
}

/// A closure that takes lists of values: it is of any type.
pub(crate) struct DynamicFunc<F>(pub(crate) F);

impl<T, F> HostFunc<T> for DynamicFunc<F>
where
    T: 'static,
    F: Fn(StoreContextMut<'_, T>, ComponentFunc, &[Val], &mut [Val]) -> Result<()>
        + Send
        + Sync
        + 'static,
{
    fn typecheck(&self, _ty: FuncTypeIndex, _types: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }

    fn waits(&self) -> bool {
        false
    }

    fn to_core(self: Arc<Self>, ty: FuncType, import: LoweredImport) -> Result<RuntimeFunc<T>> {
        NumericDef::new(ty, move |caller, data, slots| {
            import.call(
                data,
                caller.into(),
                slots,
                Val::lift_params,
                |store, mut list| {
                    let (params, results) = list.values.split_at_mut(list.params);
                    (self.0)(store, import.ty(data), params, results)?;
                    Ok(list)
                },
                |cx, signature, list, to| {
                    Val::lower_result(cx, signature, list.values.get(list.params), to)
                },
            )
        })
    }
}

/// A closure that takes lists of values and returns a future.
#[cfg(feature = "async")]
pub(crate) struct DynamicAsyncFunc<F>(pub(crate) F);

#[cfg(feature = "async")]
impl<T, F> HostFunc<T> for DynamicAsyncFunc<F>
where
    T: Send + 'static,
    F: for<'a> Fn(
            StoreContextMut<'a, T>,
            ComponentFunc,
            &'a [Val],
            &'a mut [Val],
        ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
        + Send
        + Sync
        + 'static,
{
    fn typecheck(&self, _ty: FuncTypeIndex, _types: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }

    fn waits(&self) -> bool {
        true
    }

    fn to_core(self: Arc<Self>, ty: FuncType, import: LoweredImport) -> Result<RuntimeFunc<T>> {
        NumericDef::new_async(ty, move |caller, data, slots| {
            let (this, import) = (Arc::clone(&self), import);
            Box::new(async move {
                let ty = import.ty(data);
                import
                    .call_async(
                        data,
                        caller.into(),
                        slots,
                        Val::lift_params,
                        move |store, mut list| {
                            Box::pin(async move {
                                let (params, results) = list.values.split_at_mut(list.params);
                                Box::into_pin((this.0)(store, ty, params, results)).await?;
                                Ok(list)
                            })
                        },
                        |cx, signature, list, to| {
                            Val::lower_result(cx, signature, list.values.get(list.params), to)
                        },
                    )
                    .await
            })
        })
    }
}
