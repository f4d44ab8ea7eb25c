//! What a snapshot holds, in the model.

use super::model::{Func, Made, State, Value};

/// The contents of a snapshot.
pub(super) struct Saved {
    pub(super) engine: usize,
    pub(super) uid: usize,
    pub(super) state: State,
    /// The instances. A snapshot of a whole store has everything else, too.
    pub(super) chosen: Vec<usize>,
    /// The same, with the instances whose start function failed. They are part of whole stores.
    pub(super) made: Vec<Made>,
    pub(super) whole: bool,
}

/// The indices of items.
#[derive(Default)]
pub(super) struct Items {
    pub(super) memories: Vec<usize>,
    pub(super) tables: Vec<usize>,
    pub(super) globals: Vec<usize>,
}

impl Saved {
    /// The items that the instances have.
    pub(super) fn of_instances(&self) -> Items {
        let mut items = Items::default();
        for place in &self.chosen {
            let instance = &self.state.instances[*place];
            items.memories.push(instance.memory);
            items.tables.extend([instance.funcs, instance.values]);
            items.globals.extend([instance.global, instance.number, instance.held]);
        }
        items
    }

    pub(super) fn items(&self) -> Items {
        if self.whole {
            return Items {
                memories: (0..self.state.memories.len()).collect(),
                tables: (0..self.state.tables.len()).collect(),
                globals: (0..self.state.globals.len()).collect(),
            };
        }
        self.of_instances()
    }

    /// Puts the snapshot back in the model.
    pub(super) fn put_back(&self, model: &mut State) {
        let items = self.items();
        for place in items.memories {
            model.memories[place] = self.state.memories[place].clone();
        }
        for place in items.tables {
            model.tables[place] = self.state.tables[place].clone();
        }
        for place in items.globals {
            model.globals[place] = self.state.globals[place];
        }
        for place in &self.chosen {
            model.instances[*place] = self.state.instances[*place].clone();
        }
    }

    /// Whether all values have counterparts in another store: functions of the instances do, values
    /// of the host don't.
    pub(super) fn has_counterparts(&self, items: &Items) -> bool {
        let has_counterpart = |value: &Value| match value {
            Value::Func(Some(Func::Guest { instance, .. })) => self.chosen.contains(instance),
            Value::Func(Some(Func::Orphan(_))) => self.whole,
            Value::Func(Some(_)) | Value::Extern(Some(_)) => false,
            _ => true,
        };
        items
            .tables
            .iter()
            .all(|place| self.state.tables[*place].elements.iter().all(has_counterpart))
            && items.globals.iter().all(|place| has_counterpart(&self.state.globals[*place]))
    }

    /// Whether an instance can't run.
    pub(super) fn has_halted(&self) -> bool {
        self.made.iter().any(|made| match made {
            Made::Instance(place) => self.state.is_halted(*place),
            Made::Orphan(place) => self.state.is_halted_orphan(*place),
        })
    }
}
