//! Looking up the exports of the calling instance.

use super::{Extern, Instance, ModuleExport};
use crate::store::Caller;

impl<T: 'static> Caller<'_, T> {
    /// An export of the calling instance. Also `None` if the host called the function itself.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        self.instance()?.get_export(&mut self.store, name)
    }

    /// An export of the calling instance that was looked up by name before. Also `None` if the host
    /// called the function itself, or the instance is of another module.
    pub fn get_module_export(&mut self, export: &ModuleExport) -> Option<Extern> {
        self.instance()?.get_module_export(&mut self.store, export)
    }

    /// The instance that is calling, if Wasm is.
    fn instance(&self) -> Option<Instance> {
        Instance::from_user_data(self.store.0, self.instance_number()?)
    }
}
