//! Binding host functions anew: other shims for functions that are bound already.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::FuncIndex;

use super::context::{HostDef, ImportRecord};
use super::store::VmStore;

impl VmStore {
    /// Gives all bound host functions the shims of other definitions: `choose` gets the data of each,
    /// and returns the definition, which must have the same type and data.
    ///
    /// # Safety
    ///
    /// The store runs nothing, and the definitions live as long as it.
    pub(crate) unsafe fn rebind_host_funcs(
        &mut self,
        choose: &dyn Fn(*const ()) -> Option<NonNull<HostDef>>,
    ) {
        for func in self.host_funcs() {
            // SAFETY: the store owns its functions, and runs nothing that would use them now.
            unsafe {
                let func = &mut *func.as_ptr();
                if let Some(def) = choose(func.record.data) {
                    func.record.shim = def.as_ref().thunk_and_shim().1;
                    func.array = def.as_ref().array;
                }
            }
        }
        for instance in self.instances() {
            // SAFETY: the store owns its instances, and runs nothing that would use them now; the
            // layout gives places within the context.
            unsafe {
                let instance = &mut *instance.as_ptr();
                let imported = instance.module().loaded.artifact().counts().imported_functions;
                for index in 0..imported {
                    let offset = instance.module().layout.imported_function(FuncIndex::new(index));
                    let record = &mut *instance.at::<ImportRecord>(offset);
                    // The data is null for functions that are not the host's.
                    let Some(def) = choose(record.host.data) else { continue };
                    record.host.shim = def.as_ref().thunk_and_shim().1;
                    if let Some(bound) = &mut instance.host_imports[index as usize] {
                        *bound = def;
                    }
                }
            }
        }
    }
}
