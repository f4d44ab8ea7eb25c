//! Which functions of a module report when they are entered and left.

use wasm_types::{FuncIndex, Module};

/// Says which functions of a module report when they are entered and left. What is no function that
/// the module defines counts for nothing.
pub type FunctionSelection = dyn Fn(&Module) -> Vec<FuncIndex> + Send + Sync;

/// The functions of a module that report, sorted.
#[derive(Default, Debug)]
pub(crate) struct HookedFunctions {
    functions: Vec<FuncIndex>,
}

impl HookedFunctions {
    /// Those of a module.
    pub(crate) fn select(module: &Module, selection: Option<&FunctionSelection>) -> Self {
        let Some(selection) = selection else { return Self::default() };
        let mut functions = selection(module);
        functions.retain(|func| {
            func.index() < module.functions.len() && module.defined_func(*func).is_some()
        });
        functions.sort_unstable();
        functions.dedup();
        Self { functions }
    }

    /// Whether a function is one of them.
    pub(crate) fn contains(&self, func: FuncIndex) -> bool {
        self.functions.binary_search(&func).is_ok()
    }

    /// All of them.
    pub(crate) fn to_vec(&self) -> Vec<FuncIndex> {
        self.functions.clone()
    }
}
