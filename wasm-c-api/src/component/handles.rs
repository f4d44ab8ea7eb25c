//! Handles of instances and functions of components.

use wasm_runtime::component::{Func, Instance};

use crate::handles::{Handle, Place};
use crate::store::StoreData;

/// The lists of a store.
#[derive(Default)]
pub(crate) struct Handles {
    instances: Vec<Instance>,
    funcs: Vec<Func>,
}

/// `wasmtime_component_instance_t`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct InstanceHandle(Place);

const _: () = assert!(size_of::<InstanceHandle>() == 16);

impl StoreData {
    pub(super) fn new_component_instance(&mut self, instance: Instance) -> InstanceHandle {
        let known = &mut self.component_handles.instances;
        known.push(instance);
        InstanceHandle(self.handles.place(known.len() - 1))
    }

    pub(super) fn new_component_func(&mut self, func: Func) -> Handle {
        let known = &mut self.component_handles.funcs;
        // The newest instance is asked for most.
        let number = known.iter().rposition(|known| *known == func).unwrap_or_else(|| {
            known.push(func);
            known.len() - 1
        });
        self.handles.handle(number)
    }

    pub(super) fn component_instance(&self, handle: &InstanceHandle) -> Instance {
        self.handles.find(&self.component_handles.instances, "component instance", handle.0)
    }

    pub(super) fn component_func(&self, handle: &Handle) -> Func {
        self.handles.find(&self.component_handles.funcs, "component function", handle.place)
    }
}
