//! Which directives are about components, and what each requires.

use wasm_types::Escaped;
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, Wat};

use super::super::modules::Slot;
use super::super::outcome::{Loaded, Outcome, Run};
use super::super::{Runner, lock};
use super::{Called, Made, assert_results, assert_trap};
use crate::component::{Component, Val};
use crate::{Error, Result};

/// A directive that was looked at.
#[allow(clippy::large_enum_variant, reason = "is taken apart where it is made")]
pub(in crate::wast) enum Looked<'a> {
    /// It was about a component.
    Done(Outcome),
    /// It is about core modules.
    Core(WastDirective<'a>),
}

fn is_component(wat: &QuoteWat<'_>) -> bool {
    matches!(wat, QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..))
}

impl Runner {
    /// Does what a directive says, if it is about components.
    pub(in crate::wast) fn component_directive<'a>(
        &mut self,
        directive: WastDirective<'a>,
    ) -> Result<Looked<'a>> {
        let outcome = match directive {
            WastDirective::Module(wat) if is_component(&wat) => self.component(wat)?,
            WastDirective::ModuleDefinition(wat) if is_component(&wat) => {
                self.component_definition(wat)?
            }
            WastDirective::ModuleInstance { instance, module, .. }
                if self.components.has_definition(module) =>
            {
                match self.components.definition(module)? {
                    Slot::Present(component) => {
                        let made = self.components.instantiate(&mut self.store, &component);
                        self.components.keep(&mut self.store, instance, made)?
                    }
                    Slot::Missing => self.components.keep_missing(instance),
                }
            }
            WastDirective::AssertInvalid { module, message, .. }
            | WastDirective::AssertMalformed { module, message, .. }
                if is_component(&module) =>
            {
                self.assert_component_refused(module, message)?
            }
            WastDirective::AssertUnlinkable {
                module: module @ Wat::Component(_), message, ..
            } => self.assert_component_unlinkable(module, message)?,
            WastDirective::Invoke(invoke) if self.components.has_instance(invoke.module) => {
                match self.invoke_component(&invoke)? {
                    Run::Returned(_) => Outcome::Passed,
                    Run::Failed(error) => return Err(error.context("the call failed")),
                    Run::Missing(reason) => Outcome::Skipped(reason),
                }
            }
            WastDirective::AssertReturn { exec, results, .. } if self.is_of_component(&exec) => {
                match self.execute_component(exec)? {
                    Run::Returned(values) => assert_results(&values, &results)?,
                    Run::Failed(error) => {
                        return Err(error.context("expected results, but the call failed"));
                    }
                    Run::Missing(reason) => Outcome::Skipped(reason),
                }
            }
            WastDirective::AssertTrap { exec, message, .. } if self.is_of_component(&exec) => {
                match self.execute_component(exec)? {
                    Run::Returned(values) => {
                        return Err(Error::msg(format!(
                            "expected a trap `{}`, but it returned {values:?}",
                            Escaped::new(message)
                        )));
                    }
                    Run::Failed(error) => assert_trap(&error, message)?,
                    Run::Missing(reason) => Outcome::Skipped(reason),
                }
            }
            other => {
                match &other {
                    WastDirective::Module(_) => {
                        self.components.made_last = false;
                        self.components.defined_last = false;
                    }
                    WastDirective::ModuleDefinition(_) => self.components.defined_last = false,
                    WastDirective::ModuleInstance { .. } => self.components.made_last = false,
                    _ => {}
                }
                return Ok(Looked::Core(other));
            }
        };
        Ok(Looked::Done(outcome))
    }

    fn load_component(&mut self, wasm: &[u8]) -> Loaded<Component> {
        let loaded = (lock(&self.shared.load_component))(self.store.engine(), wasm);
        match loaded {
            Ok(component) => Loaded::Accepted(component),
            Err(error) if (lock(&self.shared.missing))(&error) => {
                Loaded::Missing(format!("{error:#}"))
            }
            Err(error) => Loaded::Refused(error),
        }
    }

    fn component(&mut self, mut wat: QuoteWat<'_>) -> Result<Outcome> {
        let id = wat.name();
        let bytes = wat.encode()?;
        match self.load_component(&bytes) {
            Loaded::Accepted(component) => {
                // A later `(component instance $I $C)` may refer to it.
                self.components.add_definition(id, Slot::Present(component.clone()));
                let made = self.components.instantiate(&mut self.store, &component);
                self.components.keep(&mut self.store, id, made)
            }
            Loaded::Missing(reason) => {
                self.components.add_definition(id, Slot::Missing);
                self.components.keep_missing(id);
                Ok(Outcome::Skipped(Some(reason)))
            }
            Loaded::Refused(error) => Err(error.context("the component was refused")),
        }
    }

    fn component_definition(&mut self, mut wat: QuoteWat<'_>) -> Result<Outcome> {
        let id = wat.name();
        let bytes = wat.encode()?;
        match self.load_component(&bytes) {
            Loaded::Accepted(component) => {
                self.components.add_definition(id, Slot::Present(component));
                Ok(Outcome::Passed)
            }
            Loaded::Missing(reason) => {
                self.components.add_definition(id, Slot::Missing);
                Ok(Outcome::Skipped(Some(reason)))
            }
            Loaded::Refused(error) => Err(error.context("the component was refused")),
        }
    }

    fn is_of_component(&self, exec: &WastExecute<'_>) -> bool {
        match exec {
            WastExecute::Invoke(invoke) => self.components.has_instance(invoke.module),
            WastExecute::Wat(wat) => matches!(wat, Wat::Component(_)),
            WastExecute::Get { .. } => false,
        }
    }

    fn execute_component(&mut self, execute: WastExecute<'_>) -> Result<Run<Val>> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke_component(&invoke),
            WastExecute::Wat(mut wat) => {
                let bytes = wat.encode()?;
                let component = match self.load_component(&bytes) {
                    Loaded::Accepted(component) => component,
                    Loaded::Missing(reason) => return Ok(Run::Missing(Some(reason))),
                    Loaded::Refused(error) => {
                        return Err(error.context("the component was refused"));
                    }
                };
                Ok(match self.components.instantiate(&mut self.store, &component) {
                    Made::Instance(_) => Run::Returned(Vec::new()),
                    Made::Failed(error) => Run::Failed(error),
                })
            }
            WastExecute::Get { .. } => Err(Error::msg("components have no globals")),
        }
    }

    fn invoke_component(&mut self, invoke: &WastInvoke<'_>) -> Result<Run<Val>> {
        Ok(match self.components.invoke(&mut self.store, invoke)? {
            Some(Called::Returned(values)) => Run::Returned(values),
            Some(Called::Failed(error)) => Run::Failed(error),
            None => Run::Missing(None),
        })
    }

    /// Implementations differ in which of invalid and malformed an error is, so either counts.
    fn assert_component_refused(
        &mut self,
        mut wat: QuoteWat<'_>,
        message: &str,
    ) -> Result<Outcome> {
        let Ok(bytes) = wat.encode() else { return Ok(Outcome::Passed) };
        match self.load_component(&bytes) {
            Loaded::Refused(_) => Ok(Outcome::Passed),
            Loaded::Missing(reason) => Ok(Outcome::Skipped(Some(reason))),
            Loaded::Accepted(_) => Err(Error::msg(format!(
                "expected the component to be refused with `{}`, but it was accepted",
                Escaped::new(message)
            ))),
        }
    }

    fn assert_component_unlinkable(&mut self, mut wat: Wat<'_>, message: &str) -> Result<Outcome> {
        let bytes = wat.encode()?;
        let component = match self.load_component(&bytes) {
            Loaded::Accepted(component) => component,
            Loaded::Missing(reason) => return Ok(Outcome::Skipped(Some(reason))),
            Loaded::Refused(error) => return Err(error.context("the component was refused")),
        };
        match self.components.instantiate(&mut self.store, &component) {
            Made::Failed(error) => assert_trap(&error, message),
            Made::Instance(_) => Err(Error::msg(format!(
                "expected linking to fail with `{}`, but the component was instantiated",
                Escaped::new(message)
            ))),
        }
    }
}
