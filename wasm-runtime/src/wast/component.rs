//! What directives require of components.

mod directives;
mod host;
mod value;

pub(super) use directives::Looked;
use wasm_types::Escaped;
use wast::token::Id;
use wast::{WastArg, WastInvoke, WastRet};

use super::modules::{Named, Slot};
use super::outcome::Outcome;
use crate::component::types::ComponentItem;
use crate::component::{Component, Instance, Linker, Val};
use crate::{Engine, Error, Result, Store};

/// The components and instances of components that a script has made so far.
pub(super) struct Components {
    linker: Linker<()>,
    definitions: Named<Component>,
    instances: Named<Instance>,
    /// Whether the latest definition, and the latest instance, were of a component.
    pub(super) defined_last: bool,
    pub(super) made_last: bool,
}

/// The outcome of instantiating a component.
pub(super) enum Made {
    Instance(Instance),
    Failed(Error),
}

/// The outcome of calling a function of a component.
pub(super) enum Called {
    Returned(Vec<Val>),
    Failed(Error),
}

impl Components {
    pub(super) fn new(engine: &Engine) -> Result<Self> {
        Ok(Self {
            linker: host::linker(engine)?,
            definitions: Named::new("component definition"),
            instances: Named::new("instance of a component"),
            defined_last: false,
            made_last: false,
        })
    }

    pub(super) fn has_definition(&self, id: Option<Id<'_>>) -> bool {
        match id {
            Some(_) => self.definitions.find(id).is_ok(),
            None => self.defined_last,
        }
    }

    pub(super) fn has_instance(&self, id: Option<Id<'_>>) -> bool {
        match id {
            Some(_) => self.instances.find(id).is_ok(),
            None => self.made_last,
        }
    }

    pub(super) fn definition(&self, id: Option<Id<'_>>) -> Result<Slot<Component>> {
        self.definitions.find(id)
    }

    pub(super) fn add_definition(&mut self, id: Option<Id<'_>>, component: Slot<Component>) {
        self.definitions.add(id, Some(component));
        self.defined_last = true;
    }

    pub(super) fn instantiate(&self, store: &mut Store<()>, component: &Component) -> Made {
        match self.linker.instantiate(store, component) {
            Ok(instance) => Made::Instance(instance),
            Err(error) => Made::Failed(error),
        }
    }

    /// Names a new instance for later directives. The core modules and the resources that it
    /// exports can be imported by components from an instance of that name.
    pub(super) fn keep(
        &mut self,
        store: &mut Store<()>,
        id: Option<Id<'_>>,
        made: Made,
    ) -> Result<Outcome> {
        self.made_last = true;
        match made {
            Made::Instance(instance) => {
                self.instances.add(id, Some(Slot::Present(instance)));
                if let Some(id) = id {
                    self.export(store, id.name(), &instance)?;
                }
                Ok(Outcome::Passed)
            }
            Made::Failed(error) => {
                self.instances.add(None, None);
                Err(error.context("the component could not be instantiated"))
            }
        }
    }

    pub(super) fn keep_missing(&mut self, id: Option<Id<'_>>) -> Outcome {
        self.made_last = true;
        self.instances.add(id, Some(Slot::Missing));
        Outcome::Skipped(None)
    }

    fn export(&mut self, store: &mut Store<()>, name: &str, instance: &Instance) -> Result<()> {
        let engine = store.engine().clone();
        let component = instance.component(&mut *store);
        let mut names = self.linker.instance(name)?;
        for (export, item) in component.component_type().exports(&engine) {
            match item.ty {
                ComponentItem::Module(_) => {
                    if let Some(module) = instance.get_module(&mut *store, export) {
                        names.module(export, &module)?;
                    }
                }
                // Functions are not passed on, so that nobody gets such a resource who could drop
                // it.
                ComponentItem::Resource(_) => {
                    if let Some(ty) = instance.get_resource(&mut *store, export) {
                        names.resource(export, ty, |_, _| Ok(()))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Calls a function. `None` if the instance is missing.
    pub(super) fn invoke(
        &self,
        store: &mut Store<()>,
        invoke: &WastInvoke<'_>,
    ) -> Result<Option<Called>> {
        let instance = match self.instances.find(invoke.module)? {
            Slot::Present(instance) => instance,
            Slot::Missing => return Ok(None),
        };
        let Some(func) = instance.get_func(&mut *store, invoke.name) else {
            return Err(Error::msg(format!(
                "the instance exports no function named `{}`",
                Escaped::new(invoke.name)
            )));
        };
        let types = func.params(&*store);
        let mut arguments = Vec::with_capacity(invoke.args.len());
        for (place, argument) in invoke.args.iter().enumerate() {
            let ty = types.get(place).map(|(_, ty)| ty);
            arguments.push(match argument {
                WastArg::Component(argument) => value::argument(argument, ty),
                // Floats are written as core modules have them.
                WastArg::Core(argument) => value::float(argument)?,
                other => return Err(Error::msg(format!("unknown argument {other:?}"))),
            });
        }
        let mut results = vec![Val::Bool(false); func.results(&*store).len()];
        Ok(Some(match func.call(store, &arguments, &mut results) {
            Ok(()) => Called::Returned(results),
            Err(error) => Called::Failed(error),
        }))
    }
}

/// Compares results with those that the script expects.
pub(super) fn assert_results(values: &[Val], expected: &[WastRet<'_>]) -> Result<Outcome> {
    if values.len() != expected.len() {
        return Err(Error::msg(format!(
            "expected {} results, but there are {}",
            expected.len(),
            values.len()
        )));
    }
    for (value, expected) in values.iter().zip(expected) {
        let matches = match expected {
            WastRet::Component(expected) => value::matches(value, expected),
            WastRet::Core(expected) => value::matches_float(value, expected)?,
            other => return Err(Error::msg(format!("unknown result {other:?}"))),
        };
        if !matches {
            return Err(Error::msg(format!("the result is {value:?}, but expected {expected:?}")));
        }
    }
    Ok(Outcome::Passed)
}

/// The message of a script is a part of the error's.
pub(super) fn assert_trap(error: &Error, expected: &str) -> Result<Outcome> {
    let actual = format!("{error:#}");
    if actual.contains(expected) {
        return Ok(Outcome::Passed);
    }
    Err(Error::msg(format!(
        "expected a trap `{}`, but it failed with `{actual}`",
        Escaped::new(expected)
    )))
}
