//! Whole modules as namespaces, whose functions may wait.

use super::{Kind, export};
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::{Extern, Func, Module};
use crate::linker::Linker;
use crate::store::AsContextMut;

impl<T: Send + 'static> Linker<T> {
    /// As [`Linker::module`], for modules with something that may wait: a reactor is instantiated
    /// as by [`Linker::instantiate_async`], and the functions of a command are such that may wait
    /// themselves.
    ///
    /// # Errors
    ///
    /// As for [`Linker::module`].
    ///
    /// # Panics
    ///
    /// As for [`Linker::module`].
    pub async fn module_async(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module_name: &str,
        module: &Module,
    ) -> Result<&mut Self> {
        let mut store = store.as_context_mut();
        self.demand(&**store.0);
        self.admit(module)?;
        match Kind::of(module)? {
            Kind::Command => self.command(store, module_name, module, |store, ty, name, pre| {
                Func::new_async(store, ty, move |mut caller, params, results| {
                    let (pre, name) = (pre.clone(), name.clone());
                    Box::new(async move {
                        let instance = pre.instantiate_async(&mut caller).await?;
                        let func = export(&mut caller, instance, &name)?;
                        func.call_async(&mut caller, params, results).await
                    })
                })
            }),
            Kind::Reactor => {
                let instance = self.instantiate_async(&mut store, module).await?;
                if let Some(Extern::Func(initialize)) =
                    instance.get_export(&mut store, "_initialize")
                {
                    let initialize = initialize.typed::<(), ()>(&store);
                    let context = "calling the Reactor initialization function";
                    let initialize = initialize.context(context)?;
                    initialize.call_async(&mut store, ()).await.context(context)?;
                }
                self.instance(store, module_name, instance)
            }
        }
    }
}
