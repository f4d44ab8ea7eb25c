//! The objects of the garbage-collected heap that a state refers to. It keeps them alive, with what
//! they hold.

#![allow(unsafe_code)]

use super::{OtherGlobal, VmState};
use crate::Error;
use crate::vm::gc::{Capture, Group, Image, ObjectType};
use crate::vm::store::VmStore;
use crate::vm::table::holds_functions;
use crate::vm::value::ValRaw;

/// The objects that a state refers to. In the state, a reference is what it is in the image.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// What they hold.
    pub(crate) image: Image,
    /// How many of them, the first ones, forks get: all but those of globals that nobody reads.
    pub(crate) forked: usize,
    /// The objects themselves; `None` if there are none.
    pub(super) group: Option<Group>,
}

impl Held {
    /// The objects that stand for values of the host and that forks get, by their places.
    pub(crate) fn host_values(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.forked).filter(|place| self.image.object(*place).ty() == ObjectType::HostValue)
    }

    /// The references to the objects. The state is of this store, so that all of them live.
    pub(crate) fn objects<'a>(&self, store: &'a VmStore) -> &'a [u32] {
        self.group.as_ref().map_or(&[], |group| store.gc.handles.members(group))
    }
}

impl VmState {
    /// Takes an image of the objects that the state refers to. References into the heap, which are
    /// those of the store now, become those of the image.
    pub(super) fn hold_references(&mut self, store: &mut VmStore) -> Result<(), Error> {
        let mut capture = Capture::new(store.gc.heap())?;
        for table in self.tables.iter_mut().filter(|table| !holds_functions(&table.ty)) {
            for slot in table.slots.iter_mut().filter(|slot| **slot != 0) {
                *slot = capture.reference(*slot)?;
            }
        }
        let replace = |capture: &mut Capture<'_>, value: &mut ValRaw| -> Result<(), Error> {
            // SAFETY: the value of a reference into the heap is its low 32 bits.
            *value = ValRaw::from_u64(capture.reference(unsafe { value.f32 }.into())?);
            Ok(())
        };
        for instance in &mut self.instances {
            let first = instance.module.loaded.artifact().counts().imported_globals;
            for global in instance.module.collected_globals() {
                let place = (global.as_u32() - first) as usize;
                replace(&mut capture, &mut instance.globals[place])?;
            }
            for (_, elements) in &mut instance.made_elements {
                for element in elements {
                    *element = capture.reference(*element)?;
                }
            }
        }
        let collected = || |global: &&mut OtherGlobal| global.collected;
        for global in self.globals.iter_mut().filter(collected()).filter(|it| it.ty.is_some()) {
            replace(&mut capture, &mut global.value)?;
        }
        let forked = capture.complete()?;
        for global in self.globals.iter_mut().filter(collected()).filter(|it| it.ty.is_none()) {
            replace(&mut capture, &mut global.value)?;
        }
        capture.complete()?;
        let (image, objects) = capture.finish();
        let group = (!objects.is_empty()).then(|| store.gc.handles.group(objects));
        self.held = Held { image, forked, group };
        Ok(())
    }
}
