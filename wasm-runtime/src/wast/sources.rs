//! The bytes of the modules of a script.

use crate::Module;

/// The bytes of modules, by module.
#[derive(Default)]
pub(super) struct Sources(Vec<(Module, Box<[u8]>)>);

impl Sources {
    pub(super) fn add(&mut self, module: &Module, wasm: &[u8]) {
        self.0.push((module.clone(), wasm.into()));
    }

    pub(super) fn find(&self, module: &Module) -> Option<&[u8]> {
        let found = self.0.iter().find(|(known, _)| Module::same(known, module));
        found.map(|(_, wasm)| &**wasm)
    }
}
