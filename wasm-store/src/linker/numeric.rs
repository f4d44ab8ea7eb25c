//! Names for host functions that take words in place of values.

use super::Linker;
use crate::error::Result;
use crate::gate::Gate;
use crate::items::{Definition, HostFunc};
use crate::store::Caller;
use crate::types::FuncType;

impl<T: 'static> Linker<T> {
    /// Names a host function of numbers that takes words in place of values: see
    /// [`Func::new_numeric`](crate::Func::new_numeric).
    ///
    /// ```
    /// use wasm_store::{Engine, FuncType, Linker, Store, ValType};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let engine = Engine::default();
    /// let mut linker = Linker::<()>::new(&engine);
    /// let ty = FuncType::new(&engine, [ValType::I64], [ValType::I64]);
    /// linker.func_new_numeric("host", "double", ty, |_caller, slots| {
    ///     slots[0] *= 2;
    ///     Ok(())
    /// })?;
    ///
    /// let mut store = Store::new(&engine, ());
    /// let double = linker.get(&mut store, "host", "double")?.into_func().unwrap();
    /// assert_eq!(double.typed::<i64, i64>(&store)?.call(&mut store, 21)?, 42);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there is another type in `ty` than `i32`, `i64`, `f32` and `f64`, if it is of another
    /// engine, or if the name is defined already.
    pub fn func_new_numeric(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &mut [u64]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Self> {
        self.engine.admit(&ty)?;
        let func = HostFunc::of_numbers(ty, func)?;
        self.insert(module, name, Definition::Host(func))
    }
}
