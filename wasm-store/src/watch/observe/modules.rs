//! Numbers for modules.

use crate::items::Module;

/// The modules that observers know, with their numbers. They are kept alive, so that no other
/// module is mistaken for one of them.
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
