//! Numbers for modules.

use crate::items::Module;

/// Modules by the numbers that observers know them by. It keeps them alive, so that no other is taken for one.
#[derive(Clone, Default, Debug)]
pub(super) struct Modules {
    list: Vec<Module>,
}

impl Modules {
    /// The number of a module, if it has one.
    pub(super) fn find(&self, module: &Module) -> Option<usize> {
        self.list.iter().position(|known| Module::same(known, module))
    }

    /// The number of a module, and whether it is a new one.
    pub(super) fn number(&mut self, module: &Module) -> (usize, bool) {
        match self.find(module) {
            Some(number) => (number, false),
            None => {
                self.list.push(module.clone());
                (self.list.len() - 1, true)
            }
        }
    }
}
