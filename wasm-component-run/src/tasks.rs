//! What component instances keep for the calls that they are in, and how often they press back.
//!
//! A component instance is in one call at a time. So what it keeps for one is kept with the
//! instance, and is of no call but the last: adapters clear a flag of the instance when they call
//! it, and what is kept is forgotten when the host calls something.

use wasm_component::{CONTEXT_SLOTS, ComponentInstanceIndex};
use wasm_store::{Result, bail};

/// What the component instances of an instance keep, by their index.
#[derive(Default)]
pub(crate) struct Tasks(Vec<Task>);

/// What a component instance keeps.
#[derive(Clone, Copy, Default)]
struct Task {
    /// The values of its call.
    context: [u32; CONTEXT_SLOTS],
    /// Whether they are of the last call of the host.
    is_set: bool,
    /// How often it has pressed back, and not ceased to.
    backpressure: u16,
}

impl Tasks {
    /// A value of a call.
    pub(crate) fn context(&self, instance: ComponentInstanceIndex, slot: u32) -> u32 {
        let task = self.0.get(instance.index()).filter(|task| task.is_set);
        task.and_then(|task| task.context.get(slot as usize)).copied().unwrap_or(0)
    }

    /// Sets a value of a call, whose others are 0 if it is the first.
    pub(crate) fn set_context(
        &mut self,
        instance: ComponentInstanceIndex,
        slot: u32,
        value: u32,
        is_first: bool,
    ) {
        let task = self.task(instance);
        if is_first || !task.is_set {
            task.context = [0; CONTEXT_SLOTS];
            task.is_set = true;
        }
        if let Some(place) = task.context.get_mut(slot as usize) {
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
            None if more => bail!("backpressure counter overflow"),
            None => bail!("backpressure counter underflow"),
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
