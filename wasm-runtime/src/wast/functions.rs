//! Functions by their index, as scripts expect them in results: `(ref.func 3)`, `(ref.func $f)`.

use wasm_types::{EntityIndex, FuncIndex};
use wast::token::{Id, Index};

use super::Runner;
use super::modules::Slot;
use crate::{Error, Result, Val};

impl Runner {
    /// Whether a value is the function with that index in an instance.
    ///
    /// # Errors
    ///
    /// If the instance does not export the function: nothing else tells functions apart.
    pub(super) fn is_function(
        &mut self,
        value: &Val,
        instance: Option<Id<'_>>,
        index: &Index<'_>,
    ) -> Result<bool> {
        let (Val::FuncRef(Some(actual)), Slot::Present(instance)) =
            (value, self.modules.instance(instance)?)
        else {
            return Ok(false);
        };
        let module = instance.module(&self.store);
        let features = self.store.engine().config().compile_request().features;
        let wasm = self.modules.wasm(module).unwrap_or_default();
        let module = wasm_types::Module::parse_with_bodies(wasm, features)?.into_module();
        let index = match index {
            Index::Num(number, _) => Some(FuncIndex::new(*number)),
            Index::Id(id) => {
                let mut names = module.names.functions.iter();
                names.find(|(_, name)| name == id.name()).map(|(func, _)| *func)
            }
        };
        let export = module.exports.iter().find(|export| match (export.index, index) {
            (EntityIndex::Func(func), Some(index)) => func == index,
            _ => false,
        });
        let expected = export.and_then(|export| instance.get_func(&mut self.store, &export.name));
        let Some(expected) = expected else {
            return Err(Error::msg(
                "the script expects a function that its module does not export: only functions \
                 that are exported can be compared",
            ));
        };
        Ok(expected.to_raw(&mut self.store) == actual.to_raw(&mut self.store))
    }
}
