//! Calls with words that may wait.

#![allow(unsafe_code)]

use super::super::call_async::{Running, Values, close};
use super::{NumericFunc, fill, read};
use crate::error::Result;
use crate::store::AsContextMut;
use crate::watch::call_hook::InSlots;

impl NumericFunc {
    /// Calls the function, and waits for the host functions that it calls and that are not ready:
    /// see [`Func::call_async`](crate::Func::call_async). The words are used as by
    /// [`NumericFunc::call`].
    ///
    /// # Errors
    ///
    /// As for [`NumericFunc::call`].
    ///
    /// # Panics
    ///
    /// As for [`NumericFunc::call`]: when the future is polled.
    pub async fn call_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        slots: &mut [u64],
    ) -> Result<()> {
        let store = store.as_context_mut().0;
        self.func.store.assert_is(store.id());
        if slots.len() < self.slot_count() {
            return self.too_few(slots.len());
        }
        let ty = self.func.record(store);
        let mut running = Running::new(store, self.func.func, &InSlots(&mut *slots))?;
        let mut values = Values::new(self.slot_count());
        let values = values.as_mut_slice();
        fill(values, slots, ty);
        running.pass(values.as_mut_ptr(), |_, _| Ok(()))?;
        let ended = (&mut running).await;
        let open = running.over();
        let results = ended.map(|()| {
            // SAFETY: the call has written its results, each of its type.
            unsafe { read(values, slots, ty) };
            InSlots(slots)
        });
        close(store, open, results).map(|_| ())
    }
}
