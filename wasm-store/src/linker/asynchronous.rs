//! Names for host functions that may wait, and instances whose start functions may.

#![allow(unsafe_code)]

use std::sync::Arc;

use super::{InstancePre, Linker};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::{Definition, HostFunc, Instance, Module, Val};
use crate::items::{WasmRet, WasmTyList};
use crate::store::{AsContextMut, Caller, Kept};
use crate::types::FuncType;

impl<T: 'static> Linker<T> {
    /// Names a host function that may wait and takes lists of values: see
    /// [`Func::new_async`](crate::Func::new_async). A module that imports it is instantiated with
    /// [`Linker::instantiate_async`].
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    ///
    /// # Panics
    ///
    /// If the type is of another engine.
    pub fn func_new_async<F>(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: F,
    ) -> Result<&mut Self>
    where
        T: Send,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let func = HostFunc::dynamic_async(&self.engine, ty, func);
        self.insert(module, name, Definition::Host(func))
    }

    /// Names a host function that may wait, made of a Rust closure: see
    /// [`Func::wrap_async`](crate::Func::wrap_async). A module that imports it is instantiated with
    /// [`Linker::instantiate_async`].
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    pub fn func_wrap_async<F, Params, Args>(
        &mut self,
        module: &str,
        name: &str,
        func: F,
    ) -> Result<&mut Self>
    where
        T: Send,
        F: for<'a> Fn(Caller<'a, T>, Params) -> Box<dyn Future<Output = Args> + Send + 'a>
            + Send
            + Sync
            + 'static,
        Params: WasmTyList + 'static,
        Args: WasmRet + 'static,
    {
        let func = HostFunc::wrap_async(&self.engine, func);
        self.insert(module, name, Definition::Host(func))
    }

    /// Instantiates a module with the items that its imports name, and waits for what its start
    /// function waits for: see [`Linker::instantiate`] and
    /// [`Func::call_async`](crate::Func::call_async).
    ///
    /// # Errors
    ///
    /// As for [`Linker::instantiate`].
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let pre = {
            let store = store.as_context_mut();
            self.admit(&**store.0)?;
            let items = self.look_up(module, |item| item.update_size(store.0))?;
            // SAFETY: host functions of a linker are made for data of its type.
            unsafe { InstancePre::<T>::new(module, items)? }
        };
        pre.instantiate_async(store).await
    }
}

impl<T: 'static> InstancePre<T> {
    /// Makes an instance, calls its start function, and waits for what that waits for: see
    /// [`InstancePre::instantiate`] and [`Func::call_async`](crate::Func::call_async).
    ///
    /// # Errors
    ///
    /// As for [`InstancePre::instantiate`].
    pub async fn instantiate_async(
        &self,
        mut store: impl AsContextMut<Data = T>,
    ) -> Result<Instance>
    where
        T: Send,
    {
        let mut store = store.as_context_mut();
        let made = {
            store.0.admit(&self.module)?;
            if self.waits {
                store.0.require_async();
            }
            drop(self.bind(store.0)?);
            Instance::ask_about(store.0, &self.module).await?;
            let imports = self.bind(store.0)?;
            store.0.keep_alive(Kept::Items(Arc::clone(&self.items)));
            // SAFETY: the items were checked to fit. Host functions are made for data of this type,
            // and are kept alive.
            let made = unsafe { Instance::make(store.0, &self.module, &imports) };
            store.0.forget_answers();
            made?
        };
        made.start_async(&mut store).await
    }
}
