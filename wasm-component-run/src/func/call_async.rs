//! Calls that wait for the host functions that they come to.

use wasm_store::{AsContextMut, Result, StoreContextMut};

use super::Func;
use super::call::{Failure, Words, begin, end};
use crate::component::Signature;
use crate::context::{Destination, LiftContext, LowerContext, Source};
use crate::instance::data::InstanceData;
use crate::unfinished::Waiting;

impl Func {
    /// Calls the function as [`call_raw`](Self::call_raw) does, and waits for what it waits for.
    /// If the future is dropped before it is ready, what was lent to the call is given back, and
    /// the instance can't be entered any more.
    pub(crate) async fn call_raw_async<T: Send + 'static, R>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, Destination<'_>) -> Result<()>,
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<R>,
    ) -> Result<R> {
        let entered = self.enter(store)?;
        let mut waiting = Waiting::new(store.as_context_mut(), entered.unfinished());
        let outcome = self.call_entered_async(&mut waiting.store, &entered.data, lower, lift).await;
        waiting.end();
        entered.leave(store, outcome)
    }

    async fn call_entered_async<T: Send + 'static, R>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        data: &InstanceData,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, Destination<'_>) -> Result<()>,
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<R>,
    ) -> Result<R, Failure> {
        let record = data.func(self.number()).map_err(Failure::Arguments)?;
        let mut words: Words = [0; _];
        begin(store, data, record, &mut words, lower).map_err(Failure::Arguments)?;
        record.callee.call_async(&mut *store, &mut words).await.map_err(Failure::Trap)?;
        let result = end(store, data, record, &words, lift).map_err(Failure::Trap)?;
        if let Some(post_return) = &record.options.post_return {
            let flags = record.options.flags;
            flags.set_may_leave(store, false).map_err(Failure::Trap)?;
            post_return.call_async(&mut *store, &mut words).await.map_err(Failure::Trap)?;
            flags.set_may_leave(store, true).map_err(Failure::Trap)?;
        }
        Ok(result)
    }
}
