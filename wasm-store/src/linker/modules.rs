//! Whole modules as namespaces: commands and reactors, by the conventions of WASI.

#[cfg(feature = "async")]
mod waiting;

use wasm_types::Escaped;

use super::{InstancePre, Linker};
use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::{Definition, Extern, Func, Instance, Module, boxed};
use crate::store::{AsContextMut, StoreContextMut};
use crate::types::{ExternType, FuncType};

/// How a module is meant to be used.
enum Kind {
    /// Every call of an export gets an instance of its own.
    Command,
    /// One instance, initialised once.
    Reactor,
}

impl Kind {
    fn of(module: &Module) -> Result<Kind> {
        let is_func = |name: &str| match module.get_export(name) {
            None => Ok(false),
            Some(ExternType::Func(_)) => Ok(true),
            Some(other) => Err(crate::format_err!("`{name}` must be a function, found `{other}`")),
        };
        match (is_func("_start")?, is_func("_initialize")?) {
            (true, true) => crate::bail!(
                "a module can't be both a command and a reactor: it exports `_start` and `_initialize`"
            ),
            (true, false) => Ok(Kind::Command),
            (false, _) => Ok(Kind::Reactor),
        }
    }
}

/// Exports of commands that toolchains add by themselves, and that nothing imports.
fn is_known_extra(name: &str, ty: &ExternType) -> bool {
    match ty {
        ExternType::Memory(_) => name == "memory",
        ExternType::Table(_) => matches!(name, "table" | "__indirect_function_table"),
        ExternType::Global(_) => {
            matches!(name, "__data_end" | "__heap_base" | "__dso_handle" | "__rtti_base")
        }
        ExternType::Func(_) | ExternType::Tag(_) => false,
    }
}

/// A function that an instance of a command exports.
fn export(store: impl AsContextMut, instance: Instance, name: &str) -> Result<Func> {
    instance.get_func(store, name).context("an instance has the exports of its module")
}

impl<T: 'static> Linker<T> {
    /// Names the exports of a module, and instantiates it as its kind requires. A *command*, which
    /// exports `_start`, is instantiated anew for each call of one of its functions. A *reactor* is
    /// instantiated once, and its `_initialize` is called if it has one.
    ///
    /// # Errors
    ///
    /// If the module is of another engine, can't be instantiated, exports both functions, or is a
    /// command that exports something else than functions (see [`Linker::allow_unknown_exports`]).
    /// If a name is defined already.
    ///
    /// # Panics
    ///
    /// If store and linker are of different engines.
    pub fn module(
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
                let calls = boxed(move |mut caller, params, results| {
                    let instance = pre.instantiate(&mut caller)?;
                    let func = export(&mut caller, instance, &name)?;
                    func.call(&mut caller, params, results)
                });
                Func::new(store, ty, calls)
            }),
            Kind::Reactor => {
                let instance = self.instantiate(&mut store, module)?;
                if let Some(Extern::Func(initialize)) =
                    instance.get_export(&mut store, "_initialize")
                {
                    initialize
                        .typed::<(), ()>(&store)
                        .and_then(|initialize| initialize.call(&mut store, ()))
                        .context("calling the Reactor initialization function")?;
                }
                self.instance(store, module_name, instance)
            }
        }
    }

    /// Names the functions of a command. `make` makes the one that calls an export, by its name, of
    /// a new instance.
    fn command(
        &mut self,
        mut store: impl AsContextMut<Data = T>,
        module_name: &str,
        module: &Module,
        make: impl Fn(&mut StoreContextMut<'_, T>, FuncType, String, InstancePre<T>) -> Func,
    ) -> Result<&mut Self> {
        let mut store = store.as_context_mut();
        for export in module.exports() {
            let ty = match export.ty() {
                ExternType::Func(ty) => ty,
                other if self.allow_unknown_exports || is_known_extra(export.name(), &other) => {
                    continue;
                }
                other => crate::bail!(
                    "command export `{}` is not a function, but of type `{other}`",
                    Escaped::new(export.name())
                ),
            };
            let pre = self.instantiate_pre(module)?;
            let name = export.name().to_string();
            let func = make(&mut store, ty, name, pre);
            let item = Definition::new(store.0, func.into())?;
            self.insert(module_name, export.name(), item)?;
        }
        Ok(self)
    }

    /// The function that runs a module's namespace: the one with the empty name, or `_start`, or
    /// else one that does nothing.
    ///
    /// # Errors
    ///
    /// If the item found is not a function, or is of another store.
    ///
    /// # Panics
    ///
    /// If the store is of another engine.
    pub fn get_default(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
    ) -> Result<Func> {
        let mut store = store.as_context_mut();
        for name in ["", "_start"] {
            match self.find(&mut store, module, name) {
                Some(Extern::Func(func)) => return Ok(func),
                Some(other) => crate::bail!(
                    "default export `{name}` in `{}` is not a function, but of type `{}`",
                    Escaped::new(module),
                    other.ty(&store)
                ),
                // If there is an item, but it is of another store, that is an error.
                None => match self.names.get(module, name) {
                    Some(Definition::Extern { item, .. }) => store.0.admit(item)?,
                    Some(Definition::Host(_)) | None => {}
                },
            }
        }
        Ok(Func::wrap(&mut store, || {}))
    }
}
