//! The directives of a script one after the other, and threads, which run some beside the others:
//! `(thread $T (shared (module $M)) …)` and `(wait $T)`.
//!
//! A thread has a store of its own. What it shares with the others are the shared memories that the
//! module exports which it names.

use std::collections::VecDeque;
use std::thread::{Scope, ScopedJoinHandle};

use wast::token::Id;
use wast::{WastDirective, WastThread};

use super::modules::Slot;
use super::outcome::Outcome;
use super::{Runner, Skipped, Summary, WastError};
use crate::{Error, Extern, Result, SharedMemory};

/// The text that directives are of, and whether they go on after one that fails.
#[derive(Clone, Copy)]
pub(super) struct Script<'s> {
    pub(super) name: &'s str,
    pub(super) text: &'s str,
    pub(super) to_end: bool,
}

/// A thread that was started, and that nobody has waited for.
struct Thread<'scope> {
    name: &'scope str,
    handle: ScopedJoinHandle<'scope, Result<Summary, WastError>>,
}

/// The threads that were started, in that order.
type Threads<'scope> = VecDeque<Thread<'scope>>;

impl Runner {
    /// Runs directives, and waits for the threads that they have started.
    pub(super) fn directives<'scope>(
        &mut self,
        script: Script<'scope>,
        directives: Vec<WastDirective<'scope>>,
        scope: &'scope Scope<'scope, '_>,
    ) -> Result<Summary, WastError> {
        let mut summary = Summary::default();
        let mut threads = Threads::new();
        for directive in directives {
            let span = directive.span();
            let result = match directive {
                WastDirective::Thread(thread) => self.start(script, thread, scope, &mut threads),
                WastDirective::Wait { thread, .. } => match find(&mut threads, thread) {
                    Ok(thread) => {
                        summary.add(join(thread, script)?);
                        Ok(Outcome::Passed)
                    }
                    Err(error) => Err(error),
                },
                other => self.directive(other),
            };
            match result {
                Ok(Outcome::Passed) => summary.passed += 1,
                Ok(Outcome::Skipped(reason)) => {
                    let (line, _) = span.linecol_in(script.text);
                    summary.skipped.push(Skipped { line: line + 1, reason });
                }
                Err(error) => {
                    let error = WastError::at(script.name, script.text, span, error);
                    if !script.to_end {
                        return Err(error);
                    }
                    summary.failures.push(error);
                }
            }
        }
        for thread in threads {
            summary.add(join(thread, script)?);
        }
        Ok(summary)
    }

    fn start<'scope>(
        &mut self,
        script: Script<'scope>,
        thread: WastThread<'scope>,
        scope: &'scope Scope<'scope, '_>,
        threads: &mut Threads<'scope>,
    ) -> Result<Outcome> {
        let mut runner = self.beside()?;
        if let Some(module) = thread.shared_module {
            let memories = self.shared_memories(module)?;
            runner.modules.add_shared(module, memories);
        }
        let work = move || runner.directives(script, thread.directives, scope);
        let name = thread.name.name();
        let handle = std::thread::Builder::new()
            .name(format!("wast {name}"))
            .spawn_scoped(scope, work)
            .map_err(|error| Error::new(error).context("can't start the thread"))?;
        threads.push_back(Thread { name, handle });
        Ok(Outcome::Passed)
    }

    /// The shared memories that an instance exports, with their names.
    fn shared_memories(&mut self, module: Id<'_>) -> Result<Slot<Vec<(String, SharedMemory)>>> {
        let instance = match self.modules.instance(Some(module))? {
            Slot::Present(instance) => instance,
            Slot::Missing => return Ok(Slot::Missing),
        };
        let exports = instance.exports(&mut self.store);
        let shared = exports.filter_map(|export| {
            let name = export.name().to_owned();
            match export.into_extern() {
                Extern::SharedMemory(memory) => Some((name, memory)),
                _ => None,
            }
        });
        Ok(Slot::Present(shared.collect()))
    }
}

/// Takes the thread of a name.
fn find<'scope>(threads: &mut Threads<'scope>, id: Id<'_>) -> Result<Thread<'scope>> {
    let place = threads.iter().position(|thread| thread.name == id.name());
    place.and_then(|place| threads.remove(place)).ok_or_else(|| {
        Error::msg(format!("there is no thread named `${}`, or it was waited for", id.name()))
    })
}

/// Waits for a thread to end.
fn join(thread: Thread<'_>, script: Script<'_>) -> Result<Summary, WastError> {
    thread.handle.join().unwrap_or_else(|_| {
        let error = Error::msg(format!("the thread `${}` has panicked", thread.name));
        let span = wast::token::Span::from_offset(0);
        Err(WastError::at(script.name, script.text, span, error))
    })
}
