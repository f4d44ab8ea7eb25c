//! `wasmtime/component/instance.h`: instances of components.

#![allow(unsafe_code)]

use wasm_runtime::component::ComponentExportIndex;

use super::handles::InstanceHandle;
use crate::border::{self, Out};
use crate::handles::Handle;
use crate::store::ContextMut;

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_instance_get_export_index(
    instance: &InstanceHandle,
    store: ContextMut<'_>,
    parent: Option<&ComponentExportIndex>,
    name: *const u8,
    len: usize,
) -> Option<Box<ComponentExportIndex>> {
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) }.ok()?;
    let instance = store.data().component_instance(instance);
    instance.get_export_index(store, parent, name).map(Box::new)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_instance_get_func(
    instance: &InstanceHandle,
    mut store: ContextMut<'_>,
    index: &ComponentExportIndex,
    out: Out<'_, Handle>,
) -> bool {
    let instance = store.data().component_instance(instance);
    let func = instance.get_func(&mut store, index);
    func.map(|func| out.write(store.data_mut().new_component_func(func))).is_some()
}
