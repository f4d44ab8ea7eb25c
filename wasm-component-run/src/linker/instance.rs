//! The names of a linker, or of an instance in it.

use std::sync::Arc;

use wasm_store::{Engine, FuncType, Module, NumericDef, Result, StoreContextMut, bail};
use wasm_types::Escaped;

use super::definition::{Definition, HostDrop};
use super::names::Names;
#[cfg(feature = "async")]
use crate::func::DynamicAsyncFunc;
use crate::func::{DynamicFunc, HostFunc};
use crate::instance::data::RuntimeFunc;
use crate::resource::ResourceType;
use crate::types::ComponentFunc;
use crate::val::Val;

/// The names of a [`Linker`](crate::Linker), or of an instance in it.
pub struct LinkerInstance<'a, T: 'static> {
    engine: &'a Engine,
    names: &'a mut Names<Definition<T>>,
    allow_shadowing: bool,
}

impl<'a, T: 'static> LinkerInstance<'a, T> {
    pub(super) fn new(
        engine: &'a Engine,
        names: &'a mut Names<Definition<T>>,
        allow_shadowing: bool,
    ) -> Self {
        Self { engine, names, allow_shadowing }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.engine
    }

    /// Names a host function that takes lists of values: it has whatever type a component imports
    /// it with, which it gets with each call.
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    pub fn func_new(
        &mut self,
        name: &str,
        func: impl Fn(StoreContextMut<'_, T>, ComponentFunc, &[Val], &mut [Val]) -> Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Result<()> {
        self.insert_func(name, Arc::new(DynamicFunc(func)))
    }

    /// Names a host function that may wait and takes lists of values: see
    /// [`func_new`](Self::func_new). A component that imports it is instantiated with
    /// [`Linker::instantiate_async`](crate::Linker::instantiate_async).
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    #[cfg(feature = "async")]
    pub fn func_new_async<F>(&mut self, name: &str, func: F) -> Result<()>
    where
        T: Send,
        F: for<'b> Fn(
                StoreContextMut<'b, T>,
                ComponentFunc,
                &'b [Val],
                &'b mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'b>
            + Send
            + Sync
            + 'static,
    {
        self.insert_func(name, Arc::new(DynamicAsyncFunc(func)))
    }

    /// Names a host function of any kind.
    pub(crate) fn insert_func(&mut self, name: &str, func: Arc<dyn HostFunc<T>>) -> Result<()> {
        self.insert(name, Definition::Func(func))
    }

    /// Names a core module.
    ///
    /// # Errors
    ///
    /// If the name is defined already, or the module is of another engine.
    pub fn module(&mut self, name: &str, module: &Module) -> Result<()> {
        if !Engine::same(self.engine, module.engine()) {
            bail!("the module `{}` is of another engine than the linker", Escaped::new(name));
        }
        self.insert(name, Definition::Module(module.clone()))
    }

    /// Names a type of resources that the host defines, with what destroys a resource: it gets the
    /// number that the host knows it by.
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    pub fn resource(
        &mut self,
        name: &str,
        ty: ResourceType,
        dtor: impl Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync + 'static,
    ) -> Result<()> {
        self.insert(name, Definition::Resource(ty, Arc::new(Drop(dtor))))
    }

    /// Names a type of resources that the host defines, with what destroys a resource and may wait:
    /// see [`resource`](Self::resource).
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    #[cfg(feature = "async")]
    pub fn resource_async<F>(&mut self, name: &str, ty: ResourceType, dtor: F) -> Result<()>
    where
        T: Send,
        F: Fn(StoreContextMut<'_, T>, u32) -> Box<dyn Future<Output = Result<()>> + Send + '_>
            + Send
            + Sync
            + 'static,
    {
        self.insert(name, Definition::Resource(ty, Arc::new(DropAsync(dtor))))
    }

    /// The names of an instance in this one, which is made if there is none.
    ///
    /// # Errors
    ///
    /// If the name stands for something else.
    pub fn instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        LinkerInstance::new(self.engine, self.names, self.allow_shadowing).into_instance(name)
    }

    /// As [`instance`](Self::instance), in place of this one.
    ///
    /// # Errors
    ///
    /// As for [`instance`](Self::instance).
    pub fn into_instance(self, name: &str) -> Result<Self> {
        let Self { engine, names, allow_shadowing } = self;
        if !matches!(names.get_exact_mut(name), Some(Definition::Instance(_))) {
            names.insert(name, Definition::Instance(Names::default()), allow_shadowing)?;
        }
        match names.get_exact_mut(name) {
            Some(Definition::Instance(names)) => Ok(Self { engine, names, allow_shadowing }),
            _ => bail!("`{}` is not an instance", Escaped::new(name)),
        }
    }

    /// The names of an instance that can stand for that of the name, which is made if there is
    /// none.
    pub(super) fn compatible_instance(&mut self, name: &str) -> Result<LinkerInstance<'_, T>> {
        match self.names.resolve(name).cloned() {
            Some(name) => self.instance(&name),
            None => self.instance(name),
        }
    }

    /// Whether the name, or one that can stand for it, is defined.
    pub(super) fn is_defined(&self, name: &str) -> bool {
        self.names.get(name).is_some()
    }

    fn insert(&mut self, name: &str, definition: Definition<T>) -> Result<()> {
        self.names.insert(name, definition, self.allow_shadowing)
    }
}

/// A closure that destroys resources.
struct Drop<F>(F);

impl<T, F> HostDrop<T> for Drop<F>
where
    T: 'static,
    F: Fn(StoreContextMut<'_, T>, u32) -> Result<()> + Send + Sync + 'static,
{
    fn waits(&self) -> bool {
        false
    }

    fn to_core(self: Arc<Self>, ty: FuncType) -> Result<RuntimeFunc<T>> {
        NumericDef::new(ty, move |caller, _, slots| (self.0)(caller.into(), first(slots)))
    }
}

/// A closure that returns a future which destroys a resource.
#[cfg(feature = "async")]
struct DropAsync<F>(F);

#[cfg(feature = "async")]
impl<T, F> HostDrop<T> for DropAsync<F>
where
    T: Send + 'static,
    F: Fn(StoreContextMut<'_, T>, u32) -> Box<dyn Future<Output = Result<()>> + Send + '_>
        + Send
        + Sync
        + 'static,
{
    fn waits(&self) -> bool {
        true
    }

    fn to_core(self: Arc<Self>, ty: FuncType) -> Result<RuntimeFunc<T>> {
        NumericDef::new_async(ty, move |caller, _, slots| {
            let (this, rep) = (Arc::clone(&self), first(slots));
            Box::new(async move { Box::into_pin((this.0)(caller.into(), rep)).await })
        })
    }
}

/// The number of the resource that is to be destroyed.
fn first(slots: &[u64]) -> u32 {
    slots.first().copied().unwrap_or(0) as u32
}

impl<T: 'static> std::fmt::Debug for LinkerInstance<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkerInstance").field("names", &self.names.keys()).finish_non_exhaustive()
    }
}
