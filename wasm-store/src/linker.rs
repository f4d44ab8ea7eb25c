//! Linking: names for items, and instances made by looking them up.

#![allow(unsafe_code)]

#[cfg(feature = "async")]
mod asynchronous;
mod gate;
mod instance_pre;
mod modules;
mod names;
mod numeric;
mod one;
mod suggestions;
mod unknown;

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;

pub use instance_pre::InstancePre;
use names::Names;
pub use unknown::UnknownImportError;

use wasm_types::Escaped;

use crate::engine::Engine;
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::{Definition, Extern, HostFunc, Instance, IntoFunc, Module, Val, ValRaw, boxed};
use crate::store::{AsContext, AsContextMut, Caller};
use crate::types::{FuncType, ImportType};

/// Names for items that modules import. Host functions that a linker defines belong to no store, so
/// that one linker serves many stores of its engine.
///
/// ```
/// use wasm_store::{Engine, Linker, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let mut linker = Linker::<u32>::new(&engine);
/// linker.func_wrap("host", "double", |x: i32| 2 * x)?;
///
/// let mut store = Store::new(&engine, 0);
/// let double = linker.get(&mut store, "host", "double")?.into_func().unwrap();
/// assert_eq!(double.typed::<i32, i32>(&store)?.call(&mut store, 21)?, 42);
/// # Ok(())
/// # }
/// ```
///
/// A linker is for stores whose data are of exactly its type. Types that differ only in lifetimes
/// are different types here:
///
/// ```compile_fail
/// use wasm_store::Linker;
///
/// fn shorter(linker: Linker<for<'a> fn(&'a str)>) -> Linker<fn(&'static str)> {
///     linker
/// }
/// ```
pub struct Linker<T> {
    engine: Engine,
    names: Names,
    allow_shadowing: bool,
    allow_unknown_exports: bool,
    /// Host functions get data of exactly this type. A type that differs in lifetimes, as function
    /// pointers may, is another type, so a linker must not convert to one of a subtype.
    _data: PhantomData<fn(T) -> T>,
}

impl<T> Linker<T> {
    /// A linker with no names.
    pub fn new(engine: &Engine) -> Linker<T> {
        Linker {
            engine: engine.clone(),
            names: Names::default(),
            allow_shadowing: false,
            allow_unknown_exports: false,
            _data: PhantomData,
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a name may be defined anew. If not, that is an error.
    ///
    /// Default: no.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Self {
        self.allow_shadowing = allow;
        self
    }

    /// Whether [`Linker::module`] accepts commands with exports that are neither functions nor
    /// known.
    ///
    /// Default: no.
    pub fn allow_unknown_exports(&mut self, allow: bool) -> &mut Self {
        self.allow_unknown_exports = allow;
        self
    }

    fn insert(&mut self, module: &str, name: &str, item: Definition) -> Result<&mut Self> {
        if self.allow_shadowing || self.names.get(module, name).is_none() {
            self.names.insert(module, name, item);
            return Ok(self);
        }
        let (module, name) = (Escaped::new(module), Escaped::new(name));
        crate::bail!("import of `{module}::{name}` defined twice")
    }

    /// Gives everything in a module's namespace a second name.
    ///
    /// # Errors
    ///
    /// If a name is defined already.
    pub fn alias_module(&mut self, module: &str, as_module: &str) -> Result<()> {
        let items: Vec<_> = self
            .names
            .of_module(module)
            .map(|(name, item)| (Arc::clone(name), item.clone()))
            .collect();
        for (name, item) in items {
            self.insert(as_module, &name, item)?;
        }
        Ok(())
    }

    /// Gives an item a second name.
    ///
    /// # Errors
    ///
    /// If there is no such item, or the new name is defined already.
    pub fn alias(
        &mut self,
        module: &str,
        name: &str,
        as_module: &str,
        as_name: &str,
    ) -> Result<&mut Self> {
        match self.names.get(module, name).cloned() {
            Some(item) => self.insert(as_module, as_name, item),
            None => {
                let near = self.near(module, name);
                let (module, name) = (Escaped::new(module), Escaped::new(name));
                crate::bail!("no item named `{module}::{name}` defined{near}")
            }
        }
    }

    /// Names that are similar to the given one, for messages.
    fn near(&self, module: &str, name: &str) -> String {
        suggestions::near_items(
            module,
            name,
            self.names.iter().map(|(module, name, _)| (module, name)),
        )
    }

    /// The definition for an import.
    fn definition(&self, import: &ImportType<'_>) -> Result<&Definition, UnknownImportError> {
        self.names.get(import.module(), import.name()).ok_or_else(|| self.unknown(import))
    }

    /// The error for an import that has no definition.
    fn unknown(&self, import: &ImportType<'_>) -> UnknownImportError {
        UnknownImportError::new(import, self.near(import.module(), import.name()))
    }
}

impl<T: 'static> Linker<T> {
    /// Names an item of a store.
    ///
    /// # Errors
    ///
    /// If the name is defined already, or the item may only be read
    /// ([`Internals`](crate::Internals)). If the store is of another engine, or the item of another
    /// store.
    pub fn define(
        &mut self,
        store: impl AsContext<Data = T>,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self> {
        let store = store.as_context();
        self.admit(&**store.0)?;
        let item: Extern = item.into();
        let definition = Definition::new(store.0, item.clone())?;
        item.check_bindable()?;
        self.insert(module, name, definition)
    }

    /// Names an item of a store in the namespace with the empty name.
    ///
    /// # Errors
    ///
    /// As for [`Linker::define`].
    pub fn define_name(
        &mut self,
        store: impl AsContext<Data = T>,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Self> {
        self.define(store, "", name, item)
    }

    /// Names a host function that takes lists of values: see [`Func::new`](crate::Func::new).
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    ///
    /// # Panics
    ///
    /// If the type is of another engine.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        let func = HostFunc::dynamic(&self.engine, ty, func);
        self.insert(module, name, Definition::Host(func))
    }

    /// Names a host function that gets an array without types: see
    /// [`Func::new_unchecked`](crate::Func::new_unchecked).
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    ///
    /// # Panics
    ///
    /// If the type is of another engine.
    ///
    /// # Safety
    ///
    /// As for [`Func::new_unchecked`](crate::Func::new_unchecked).
    pub unsafe fn func_new_unchecked(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &mut [MaybeUninit<ValRaw>]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        // SAFETY: as the caller promises.
        let func = unsafe { HostFunc::unchecked(&self.engine, ty, func) };
        self.insert(module, name, Definition::Host(func))
    }

    /// Names a host function made of a Rust closure: see [`Func::wrap`](crate::Func::wrap).
    ///
    /// # Errors
    ///
    /// If the name is defined already.
    pub fn func_wrap<Params, Args>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Args>,
    ) -> Result<&mut Self> {
        let func = func.into_func(&self.engine);
        self.insert(module, name, Definition::Host(func))
    }

    /// Names everything that an instance exports.
    ///
    /// # Errors
    ///
    /// If a name is defined already, or the store is of another engine.
    ///
    /// # Panics
    ///
    /// If the instance is of another store.
    pub fn instance(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module_name: &str,
        instance: Instance,
    ) -> Result<&mut Self> {
        let mut store = store.as_context_mut();
        self.admit(&**store.0)?;
        let exports: Vec<_> = instance
            .exports(&mut store)
            .map(|export| (export.name().to_string(), export.into_extern()))
            .collect();
        for (name, item) in exports {
            let item = Definition::new(store.0, item)?;
            self.insert(module_name, &name, item)?;
        }
        Ok(self)
    }

    /// Defines every function that a module imports and that has no name here as a function that
    /// fails when it is called.
    ///
    /// # Errors
    ///
    /// If the module is of another engine.
    pub fn define_unknown_imports_as_traps(&mut self, module: &Module) -> Result<()> {
        self.admit(module)?;
        for import in module.imports() {
            if let Err(error) = self.definition(&import)
                && let crate::ExternType::Func(ty) = error.ty()
            {
                let fails = boxed(move |_, _, _| Err(error.clone().into()));
                self.func_new(import.module(), import.name(), ty, fails)?;
            }
        }
        Ok(())
    }

    /// Defines everything that a module imports and that has no name here as an item that is zero,
    /// null or empty. A function becomes one that returns such values. Functions belong to no
    /// store, the other items to the given one.
    ///
    /// # Errors
    ///
    /// If there is a type that has no such value, or the module or the store is of another engine.
    pub fn define_unknown_imports_as_default_values(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<()> {
        self.admit(&**store.as_context().0)?;
        self.admit(module)?;
        for import in module.imports() {
            let Err(error) = self.definition(&import) else { continue };
            let (module, name) = (import.module(), import.name());
            let undefined = || {
                let (module, name) = (Escaped::new(module), Escaped::new(name));
                format!("`{module}::{name}` can't be given a default")
            };
            if let crate::ExternType::Func(ty) = error.ty() {
                let zeros = ty.default_results().with_context(undefined)?;
                let returns = boxed(move |_, _, results: &mut [Val]| {
                    results.copy_from_slice(&zeros);
                    Ok(())
                });
                self.func_new(module, name, ty, returns)?;
            } else {
                let item = error.ty().default_value(&mut store).with_context(undefined)?;
                self.define(&store, module, name, item)?;
            }
        }
        Ok(())
    }

    /// Instantiates a module with the items that its imports name.
    ///
    /// # Errors
    ///
    /// If an import has no definition ([`UnknownImportError`]), or one of another type or of
    /// another store. If the module or the store is of another engine than the linker. As for
    /// [`Instance::new`].
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance> {
        let mut store = store.as_context_mut();
        self.admit(&**store.0)?;
        let items = self.look_up(module, |item| item.update_size(store.0))?;
        // SAFETY: host functions of a linker are made for data of its type.
        let pre = unsafe { InstancePre::<T>::new(module, items)? };
        pre.instantiate(&mut store)
    }

    /// Looks up and checks the imports of a module, to instantiate it many times.
    ///
    /// # Errors
    ///
    /// If an import has no definition ([`UnknownImportError`]), or one of another type. If the
    /// module is of another engine.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        let items = self.look_up(module, |_| {})?;
        // SAFETY: host functions of a linker are made for data of its type.
        unsafe { InstancePre::new(module, items) }
    }

    fn look_up(
        &self,
        module: &Module,
        mut each: impl FnMut(&mut Definition),
    ) -> Result<Vec<Definition>> {
        self.admit(module)?;
        let count = module.wanted()?.len();
        let mut items = Vec::with_capacity(count);
        let mut search = self.names.search();
        for place in 0..count {
            let (from, name) = module.artifact().import_names_at(place as u32)?;
            // Only the error needs the type of the import as the API shows it.
            let unknown = || module.imports().nth(place).map(|import| self.unknown(&import));
            let mut item = match search.get(from, name) {
                Some(item) => item.clone(),
                None => return Err(unknown().expect("there is an import at this place").into()),
            };
            each(&mut item);
            items.push(item);
        }
        Ok(items)
    }

    /// All items, with their names. Items of another store than the given one are left out.
    ///
    /// # Panics
    ///
    /// If the store is of another engine.
    pub fn iter<'a: 'p, 'p>(
        &'a self,
        mut store: impl AsContextMut<Data = T> + 'p,
    ) -> impl Iterator<Item = (&'a str, &'a str, Extern)> + 'p {
        self.demand(&**store.as_context().0);
        self.names.iter().filter_map(move |(module, name, item)| {
            let store = store.as_context_mut();
            // SAFETY: host functions of a linker are made for data of its type.
            let item = unsafe { item.to_extern(store.0)? };
            Some((module, name, item))
        })
    }

    /// An item by its names.
    ///
    /// # Errors
    ///
    /// If there is no such item, or it is of another store.
    ///
    /// # Panics
    ///
    /// If the store is of another engine.
    pub fn get(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Result<Extern> {
        let mut store = store.as_context_mut();
        if let Some(item) = self.find(&mut store, module, name) {
            return Ok(item);
        }
        if let Some(Definition::Extern { item, .. }) = self.names.get(module, name) {
            store.0.admit(item)?;
        }
        let near = self.near(module, name);
        let (module, name) = (Escaped::new(module), Escaped::new(name));
        crate::bail!("missing definition for `{module}::{name}`{near}")
    }

    /// An item by its names; `None` if there is none or it is of another store.
    fn find(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Option<Extern> {
        let store = store.as_context_mut();
        self.demand(&**store.0);
        // SAFETY: host functions of a linker are made for data of its type.
        unsafe { self.names.get(module, name)?.to_extern(store.0) }
    }

    /// As [`Linker::get_by_import`]. There are no errors: running out of the host's memory ends the
    /// program.
    ///
    /// # Errors
    ///
    /// None.
    ///
    /// # Panics
    ///
    /// If the store is of another engine.
    pub fn try_get_by_import(
        &self,
        store: impl AsContextMut<Data = T>,
        import: &ImportType<'_>,
    ) -> Result<Option<Extern>> {
        Ok(self.get_by_import(store, import))
    }

    /// The item that an import names. Also `None` if the item is of another store, or the import is
    /// of a module of another engine.
    ///
    /// # Panics
    ///
    /// If the store is of another engine.
    pub fn get_by_import(
        &self,
        store: impl AsContextMut<Data = T>,
        import: &ImportType<'_>,
    ) -> Option<Extern> {
        self.demand(&**store.as_context().0);
        if !self.admits(import) {
            return None;
        }
        self.find(store, import.module(), import.name())
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Self {
        Linker {
            engine: self.engine.clone(),
            names: self.names.clone(),
            allow_shadowing: self.allow_shadowing,
            allow_unknown_exports: self.allow_unknown_exports,
            _data: PhantomData,
        }
    }
}

impl<T: 'static> Default for Linker<T> {
    fn default() -> Self {
        Linker::new(&Engine::default())
    }
}

impl<T> fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.iter().map(|(module, name, _)| format!("{module}::{name}"));
        f.debug_struct("Linker").field("names", &names.collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
