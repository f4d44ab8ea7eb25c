//! Which functions of a module tell when they are entered and left.

use std::sync::Arc;

use wasm_types::{FuncIndex, Module};

use crate::settings::Settings;

/// Says which functions of a module tell when they are entered and left. What is no function that the module
/// defines counts for nothing.
pub type FunctionSelection = dyn Fn(&Module) -> Vec<FuncIndex> + Send + Sync;

impl Settings {
    /// Sets which functions call the builtins [`FunctionEntered`](wasm_types::abi::Builtin::FunctionEntered) and
    /// [`FunctionLeft`](wasm_types::abi::Builtin::FunctionLeft), once for each module that is compiled. None do,
    /// unless this is called.
    ///
    /// Such a function is neither put into its callers nor known by what it does: each call of it is one.
    /// The code of all others is what it is without this.
    pub fn function_hooks(&mut self, selection: Arc<FunctionSelection>) -> &mut Self {
        self.function_hooks = Some(selection);
        self
    }
}

/// The functions of a module that tell, sorted.
#[derive(Default, Debug)]
pub(crate) struct HookedFunctions {
    functions: Vec<FuncIndex>,
}

impl HookedFunctions {
    /// Asks for them.
    pub(crate) fn select(module: &Module, settings: &Settings) -> Self {
        let Some(selection) = &settings.function_hooks else { return Self::default() };
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
