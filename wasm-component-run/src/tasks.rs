//! What component instances keep for the calls that they are in, and how often they press back.
//!
//! A component instance is in one call at a time. So what it keeps for one is kept with the
//! instance, and is of no call but the last: adapters clear a flag of the instance when they call
//! it, and what is kept is forgotten when the host calls something. There are two exceptions, which
//! are calls of their own within another: `realloc`, which calls nothing and so has a place of its
//! own, and destructors, before which what is kept is taken away, and put back after.

use wasm_component::{CONTEXT_SLOTS, ComponentInstanceIndex};
use wasm_store::{Result, bail};

/// What the component instances of an instance keep, by their index.
#[derive(Default)]
pub(crate) struct Tasks(Vec<Task>);

/// The values of a call.
pub(crate) type Context = [u32; CONTEXT_SLOTS];

/// Whose values are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContextOf {
    /// Those of the call that the instance is in.
    Call,
    /// Those of the call of `realloc` that it is in.
    Realloc,
}

/// What a component instance keeps.
#[derive(Clone, Copy, Default)]
struct Task {
    /// The values of its call.
    context: Context,
    /// The values of the last call of `realloc`.
    realloc: Context,
    /// Whether those of its call are of the last call of the host.
    is_set: bool,
    /// How often it has pressed back, and not ceased to.
    backpressure: u16,
}

impl Tasks {
    /// A value of a call.
    pub(crate) fn context(
        &self,
        instance: ComponentInstanceIndex,
        of: ContextOf,
        slot: u32,
    ) -> u32 {
        let values = self.0.get(instance.index()).and_then(|task| match of {
            ContextOf::Call => task.is_set.then_some(&task.context),
            ContextOf::Realloc => Some(&task.realloc),
        });
        values.and_then(|values| values.get(slot as usize)).copied().unwrap_or(0)
    }

    /// All values of the call that an instance is in, if there are any.
    pub(crate) fn values(&self, instance: ComponentInstanceIndex) -> Option<Context> {
        let task = self.0.get(instance.index())?;
        task.is_set.then_some(task.context)
    }

    /// Sets what [`values`](Self::values) were.
    pub(crate) fn set_values(&mut self, instance: ComponentInstanceIndex, values: Context) {
        let task = self.task(instance);
        (task.context, task.is_set) = (values, true);
    }

    /// Sets a value of a call, whose others are 0 if it is the first.
    pub(crate) fn set_context(
        &mut self,
        instance: ComponentInstanceIndex,
        of: ContextOf,
        slot: u32,
        value: u32,
        is_first: bool,
    ) {
        let task = self.task(instance);
        let values = match of {
            ContextOf::Call => {
                if is_first || !task.is_set {
                    task.context = Context::default();
                    task.is_set = true;
                }
                &mut task.context
            }
            ContextOf::Realloc => {
                if is_first {
                    task.realloc = Context::default();
                }
                &mut task.realloc
            }
        };
        if let Some(place) = values.get_mut(slot as usize) {
            *place = value;
        }
    }

    /// Forgets the values of calls.
    pub(crate) fn forget(&mut self) {
        for task in &mut self.0 {
            task.is_set = false;
        }
    }

    /// Presses back once more or, if it is not `more`, less.
    ///
    /// # Errors
    ///
    /// If it was done too often.
    pub(crate) fn press(&mut self, instance: ComponentInstanceIndex, more: bool) -> Result<()> {
        let count = &mut self.task(instance).backpressure;
        let next = if more { count.checked_add(1) } else { count.checked_sub(1) };
        match next {
            Some(next) => *count = next,
            // In both directions, in Wasmtime's words.
            None => bail!("backpressure counter overflow"),
        }
        Ok(())
    }

    fn task(&mut self, instance: ComponentInstanceIndex) -> &mut Task {
        let number = instance.index();
        if self.0.len() <= number {
            self.0.resize(number + 1, Task::default());
        }
        &mut self.0[number]
    }
}
