//! What each directive of a script requires.

use wasm_types::Escaped;
use wast::core::{WastArgCore, WastRetCore};
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

#[cfg(feature = "component")]
use super::component::Looked;
use super::modules::Slot;
use super::outcome::{Loaded, Outcome, Run};
use super::value;
use super::{Runner, lock};
use crate::{Error, Extern, Instance, Module, Result, SharedMemory, ThrownException, Trap, Val};

impl Runner {
    pub(super) fn directive(&mut self, directive: WastDirective<'_>) -> Result<Outcome> {
        #[cfg(feature = "component")]
        let directive = match self.component_directive(directive)? {
            Looked::Done(outcome) => return Ok(outcome),
            Looked::Core(directive) => directive,
        };
        match directive {
            WastDirective::Module(wat) => self.module(wat),
            WastDirective::ModuleDefinition(wat) => self.module_definition(wat),
            WastDirective::ModuleInstance { instance, module, .. } => {
                let run = match self.modules.definition(module)? {
                    Slot::Present(module) => self.instantiate(&module),
                    Slot::Missing => Instantiated::Missing,
                };
                self.keep(instance, run)
            }
            WastDirective::Register { name, module, .. } => self.register(name, module),
            WastDirective::Invoke(invoke) => match self.invoke(invoke)? {
                Run::Returned(_) => Ok(Outcome::Passed),
                Run::Failed(error) => Err(error.context("the call failed")),
                Run::Missing(reason) => Ok(Outcome::Skipped(reason)),
            },
            WastDirective::AssertReturn { exec, results, .. } => {
                let instance = match &exec {
                    WastExecute::Invoke(invoke) => invoke.module,
                    WastExecute::Get { module, .. } => *module,
                    WastExecute::Wat(_) => None,
                };
                match self.execute(exec)? {
                    Run::Returned(values) => self.assert_results(instance, &values, results),
                    Run::Failed(error) => {
                        Err(error.context("expected results, but the call failed"))
                    }
                    Run::Missing(reason) => Ok(Outcome::Skipped(reason)),
                }
            }
            WastDirective::AssertTrap { exec, message, .. } => match self.execute(exec)? {
                Run::Returned(values) => Err(no_trap(message, &values)),
                Run::Failed(error) => assert_trap(&error, message),
                Run::Missing(reason) => Ok(Outcome::Skipped(reason)),
            },
            WastDirective::AssertExhaustion { call, message, .. } => match self.invoke(call)? {
                Run::Returned(values) => Err(no_trap(message, &values)),
                Run::Failed(error) => assert_trap(&error, message),
                Run::Missing(reason) => Ok(Outcome::Skipped(reason)),
            },
            WastDirective::AssertInvalid { module, message, .. }
            | WastDirective::AssertMalformed { module, message, .. } => {
                self.assert_refused(module, message)
            }
            WastDirective::AssertInvalidCustom { module, message, .. }
            | WastDirective::AssertMalformedCustom { module, message, .. } => {
                self.assert_custom_refused(module, message)
            }
            WastDirective::AssertUnlinkable { module, message, .. } => {
                self.assert_unlinkable(module, message)
            }
            WastDirective::AssertException { exec, .. } => match self.execute(exec)? {
                Run::Returned(values) => Err(returned("an exception", &values)),
                Run::Failed(error) if error.is::<ThrownException>() => Ok(Outcome::Passed),
                Run::Failed(error) => Err(error.context("expected an exception")),
                Run::Missing(reason) => Ok(Outcome::Skipped(reason)),
            },
            WastDirective::AssertSuspension { exec, message, .. } => match self.execute(exec)? {
                Run::Returned(values) => Err(no_trap(message, &values)),
                Run::Failed(error) if error.downcast_ref() == Some(&Trap::UnhandledTag) => {
                    Ok(Outcome::Passed)
                }
                Run::Failed(error) => Err(error.context("expected a suspension")),
                Run::Missing(reason) => Ok(Outcome::Skipped(reason)),
            },
            // A script does these itself.
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                Err(Error::msg("`thread` and `wait` are directives of a whole script"))
            }
        }
    }

    fn module(&mut self, mut wat: QuoteWat<'_>) -> Result<Outcome> {
        let id = wat.name();
        self.modules.forget_current();
        let bytes = wat.encode()?;
        let instance = match self.load(&bytes) {
            Loaded::Accepted(module) => {
                // A later `(module instance $I $M)` may refer to it.
                self.modules.add_definition(id, Slot::Present(module.clone()));
                self.instantiate(&module)
            }
            Loaded::Missing(reason) => {
                self.modules.add_definition(id, Slot::Missing);
                self.modules.add_instance(id, Slot::Missing);
                return Ok(Outcome::Skipped(Some(reason)));
            }
            Loaded::Refused(error) => return Err(error.context("the module was refused")),
        };
        self.keep(id, instance)
    }

    fn module_definition(&mut self, mut wat: QuoteWat<'_>) -> Result<Outcome> {
        let id = wat.name();
        let bytes = wat.encode()?;
        match self.load(&bytes) {
            Loaded::Accepted(module) => {
                self.modules.add_definition(id, Slot::Present(module));
                Ok(Outcome::Passed)
            }
            Loaded::Missing(reason) => {
                self.modules.add_definition(id, Slot::Missing);
                Ok(Outcome::Skipped(Some(reason)))
            }
            Loaded::Refused(error) => Err(error.context("the module was refused")),
        }
    }

    /// Names a new instance for later directives.
    fn keep(&mut self, id: Option<wast::token::Id<'_>>, made: Instantiated) -> Result<Outcome> {
        match made {
            Instantiated::Instance(instance) => {
                self.modules.add_instance(id, Slot::Present(instance));
                // Later modules can import from it by its name in the script, without the `$`.
                if let Some(id) = id {
                    self.modules.register_present(id.name());
                    self.modules.linker.instance(&mut self.store, id.name(), instance)?;
                }
                Ok(Outcome::Passed)
            }
            Instantiated::Missing => {
                self.modules.add_instance(id, Slot::Missing);
                Ok(Outcome::Skipped(None))
            }
            Instantiated::Failed(error) => {
                self.modules.forget_current();
                Err(error.context("the module could not be instantiated"))
            }
        }
    }

    fn register(&mut self, name: &str, module: Option<wast::token::Id<'_>>) -> Result<Outcome> {
        if let Some(shared) = self.modules.shared(module) {
            return self.register_shared(name, shared);
        }
        match self.modules.instance(module)? {
            Slot::Present(instance) => {
                self.modules.register_present(name);
                self.modules.linker.instance(&mut self.store, name, instance)?;
                Ok(Outcome::Passed)
            }
            Slot::Missing => {
                self.modules.register_missing(name);
                Ok(Outcome::Skipped(None))
            }
        }
    }

    /// Names what an instance of another thread shares with this one.
    fn register_shared(
        &mut self,
        name: &str,
        shared: Slot<Vec<(String, SharedMemory)>>,
    ) -> Result<Outcome> {
        match shared {
            Slot::Present(memories) => {
                self.modules.register_present(name);
                for (field, memory) in memories {
                    self.modules.linker.define(&mut self.store, name, &field, memory)?;
                }
                Ok(Outcome::Passed)
            }
            Slot::Missing => {
                self.modules.register_missing(name);
                Ok(Outcome::Skipped(None))
            }
        }
    }

    fn load(&mut self, wasm: &[u8]) -> Loaded<Module> {
        let loaded = (lock(&self.shared.load))(self.store.engine(), wasm);
        match loaded {
            Ok(module) => {
                self.modules.add_wasm(&module, wasm);
                Loaded::Accepted(module)
            }
            Err(error) if (lock(&self.shared.missing))(&error) => {
                Loaded::Missing(format!("{error:#}"))
            }
            Err(error) => Loaded::Refused(error),
        }
    }

    fn instantiate(&mut self, module: &Module) -> Instantiated {
        if self.modules.needs_missing(module) {
            return Instantiated::Missing;
        }
        match self.modules.linker.instantiate(&mut self.store, module) {
            Ok(instance) => Instantiated::Instance(instance),
            Err(error) => Instantiated::Failed(error),
        }
    }

    fn execute(&mut self, execute: WastExecute<'_>) -> Result<Run<Val>> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(invoke),
            WastExecute::Wat(mut wat) => {
                let bytes = wat.encode()?;
                let made = match self.load(&bytes) {
                    Loaded::Accepted(module) => self.instantiate(&module),
                    Loaded::Missing(reason) => return Ok(Run::Missing(Some(reason))),
                    Loaded::Refused(error) => return Err(error.context("the module was refused")),
                };
                Ok(match made {
                    Instantiated::Instance(_) => Run::Returned(Vec::new()),
                    Instantiated::Failed(error) => Run::Failed(error),
                    Instantiated::Missing => Run::Missing(None),
                })
            }
            WastExecute::Get { module, global, .. } => {
                let global = match self.export(module, global)? {
                    Slot::Present(Extern::Global(global)) => global,
                    Slot::Present(_) => return Err(not_exported("global", global)),
                    Slot::Missing => return Ok(Run::Missing(None)),
                };
                Ok(Run::Returned(vec![global.get(&mut self.store)]))
            }
        }
    }

    fn invoke(&mut self, invoke: WastInvoke<'_>) -> Result<Run<Val>> {
        let func = match self.export(invoke.module, invoke.name)? {
            Slot::Present(Extern::Func(func)) => func,
            Slot::Present(_) => return Err(not_exported("function", invoke.name)),
            Slot::Missing => return Ok(Run::Missing(None)),
        };
        let mut arguments = Vec::with_capacity(invoke.args.len());
        for argument in invoke.args {
            arguments.push(value::argument(&mut self.store, &core_argument(argument)?)?);
        }
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        Ok(match func.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => Run::Returned(results),
            Err(error) => Run::Failed(error),
        })
    }

    fn export(
        &mut self,
        instance: Option<wast::token::Id<'_>>,
        name: &str,
    ) -> Result<Slot<Extern>> {
        match self.modules.instance(instance)? {
            Slot::Missing => Ok(Slot::Missing),
            Slot::Present(instance) => find_export(&mut self.store, instance, name),
        }
    }

    fn assert_results(
        &mut self,
        instance: Option<wast::token::Id<'_>>,
        values: &[Val],
        expected: Vec<WastRet<'_>>,
    ) -> Result<Outcome> {
        let expected: Vec<_> = expected.into_iter().map(core_result).collect::<Result<_>>()?;
        if values.len() != expected.len() {
            return Err(Error::msg(format!(
                "expected {} results, but there are {}",
                expected.len(),
                values.len()
            )));
        }
        for (position, (value, expected)) in values.iter().zip(&expected).enumerate() {
            let matches = match expected {
                WastRetCore::RefFunc(Some(index)) => self.is_function(value, instance, index)?,
                expected => value::matches(&mut self.store, value, expected)?,
            };
            if !matches {
                return Err(Error::msg(format!(
                    "result {position} is {}, but expected {}",
                    value::describe(value),
                    value::describe_expected(expected)
                )));
            }
        }
        Ok(Outcome::Passed)
    }

    /// Runs `assert_invalid` and `assert_malformed`. Implementations differ in which of the two an
    /// error is, so either counts.
    fn assert_refused(&mut self, mut wat: QuoteWat<'_>, message: &str) -> Result<Outcome> {
        let bytes = match wat.encode() {
            Ok(bytes) => bytes,
            Err(_) => return Ok(Outcome::Passed),
        };
        match self.load(&bytes) {
            Loaded::Refused(_) => Ok(Outcome::Passed),
            Loaded::Missing(reason) => Ok(Outcome::Skipped(Some(reason))),
            Loaded::Accepted(_) => Err(Error::msg(format!(
                "expected the module to be refused with `{}`, but it was accepted",
                Escaped::new(message)
            ))),
        }
    }

    /// The contents of custom sections do not matter to a runtime. Only the text format refuses
    /// annotations that are not well-formed, and only those that it knows.
    fn assert_custom_refused(&mut self, mut wat: QuoteWat<'_>, message: &str) -> Result<Outcome> {
        match wat.encode() {
            Err(_) => Ok(Outcome::Passed),
            Ok(_) => Err(Error::msg(format!(
                "expected the custom section to be refused with `{}`, but it was accepted",
                Escaped::new(message)
            ))),
        }
    }

    fn assert_unlinkable(&mut self, mut wat: Wat<'_>, message: &str) -> Result<Outcome> {
        let bytes = wat.encode()?;
        let module = match self.load(&bytes) {
            Loaded::Accepted(module) => module,
            Loaded::Missing(reason) => return Ok(Outcome::Skipped(Some(reason))),
            Loaded::Refused(error) => return Err(error.context("the module was refused")),
        };
        let error = match self.instantiate(&module) {
            Instantiated::Failed(error) => error,
            Instantiated::Missing => return Ok(Outcome::Skipped(None)),
            Instantiated::Instance(_) => {
                return Err(Error::msg(format!(
                    "expected linking to fail with `{}`, but the module was instantiated",
                    Escaped::new(message)
                )));
            }
        };
        // Scripts also have it for modules whose instantiation traps.
        if error.is::<Trap>() {
            return assert_trap(&error, message);
        }
        // There are two messages: something is absent, or it has another type.
        let text = format!("{error:#}");
        if text.contains(message) {
            Ok(Outcome::Passed)
        } else {
            Err(Error::msg(format!(
                "expected linking to fail with `{}`, not `{text}`",
                Escaped::new(message)
            )))
        }
    }
}

/// The outcome of instantiating a module.
enum Instantiated {
    Instance(Instance),
    Failed(Error),
    /// It imports from an instance that is missing.
    Missing,
}

fn find_export(
    store: &mut crate::Store<()>,
    instance: Instance,
    name: &str,
) -> Result<Slot<Extern>> {
    match instance.get_export(store, name) {
        Some(item) => Ok(Slot::Present(item)),
        None => Err(not_exported("item", name)),
    }
}

fn not_exported(what: &str, name: &str) -> Error {
    Error::msg(format!("the instance exports no {what} named `{}`", Escaped::new(name)))
}

fn no_trap(message: &str, values: &[Val]) -> Error {
    returned(&format!("a trap `{}`", Escaped::new(message)), values)
}

/// It returned, where something else was expected.
fn returned(expected: &str, values: &[Val]) -> Error {
    let values: Vec<_> = values.iter().map(value::describe).collect();
    Error::msg(format!("expected {expected}, but it returned [{}]", values.join(", ")))
}

/// Scripts often give only the beginning of a message. If several conditions are possible, or if
/// the script also names the element, this project's message is the beginning of the script's.
fn assert_trap(error: &Error, expected: &str) -> Result<Outcome> {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return Err(Error::msg(format!(
            "expected a trap `{}`, but it failed otherwise: {error:#}",
            Escaped::new(expected)
        )));
    };
    let actual = trap.to_string();
    let actual = match trap {
        // A message that differs from the specification's words.
        Trap::UnreachableCodeReached => "unreachable",
        // The specification's words say what the reference would be to.
        Trap::NullReference if is_null_of_something(expected) => expected,
        _ => actual.strip_prefix("wasm trap: ").unwrap_or(&actual),
    };
    let parts = || std::iter::once(actual).chain(actual.split(": "));
    if parts().any(|part| part.starts_with(expected) || expected.starts_with(part)) {
        Ok(Outcome::Passed)
    } else {
        Err(Error::msg(format!(
            "expected a trap `{}`, but the trap is `{actual}`",
            Escaped::new(expected)
        )))
    }
}

/// Whether a message is `null function reference` or the like. Scripts of the proposal for function
/// references leave out the last word.
fn is_null_of_something(message: &str) -> bool {
    message == "null function" || message.starts_with("null ") && message.ends_with(" reference")
}

// Another crate of the same program may have enabled other features of the `wast` crate. Then there
// are arguments and results of components.
#[allow(unreachable_patterns)]
fn core_argument(argument: WastArg<'_>) -> Result<WastArgCore<'_>> {
    match argument {
        WastArg::Core(argument) => Ok(argument),
        _ => Err(Error::msg("this argument belongs to the component model")),
    }
}

#[allow(unreachable_patterns)]
fn core_result(result: WastRet<'_>) -> Result<WastRetCore<'_>> {
    match result {
        WastRet::Core(result) => Ok(result),
        _ => Err(Error::msg("this result belongs to the component model")),
    }
}
