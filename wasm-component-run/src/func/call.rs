//! Calls of what components export: parameters in, results out, and the rules in between.

use std::sync::Arc;

use wasm_store::{Error, Result, StoreContextMut, bail};

use super::Func;
use crate::component::Signature;
use crate::context::{
    Destination, FlatReader, FlatSlots, LiftContext, LowerContext, Options, Source,
};
use crate::instance::data::{FuncRecord, InstanceData};
use crate::state::{ComponentState, state};
use crate::trap::contained;
use crate::unfinished::Unfinished;

/// The words of a call: parameters, or a result.
pub(super) type Words = [u64; wasm_component::MAX_FLAT_PARAMS];

/// A call that was begun.
pub(super) struct Entered {
    pub(super) data: Arc<InstanceData>,
    /// How many calls that resources may be lent to there were before.
    scopes: usize,
}

/// Why a call failed.
pub(super) enum Failure {
    /// What it was called with does not fit: nothing has happened.
    Arguments(Error),
    /// The guest has trapped, or has broken a rule: its instance can't be used any more.
    Trap(Error),
}

impl Func {
    /// Calls the function with what `lower` writes, and returns what `lift` reads.
    pub(crate) fn call_raw<T: 'static, R>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, Destination<'_>) -> Result<()>,
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<R>,
    ) -> Result<R> {
        store.check_calls_at_once()?;
        let entered = self.enter(store)?;
        let outcome = self.call_entered(store, &entered.data, lower, lift);
        entered.leave(store, outcome)
    }

    #[inline(always)]
    fn call_entered<T: 'static, R>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        data: &InstanceData,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, Destination<'_>) -> Result<()>,
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<R>,
    ) -> Result<R, Failure> {
        let record = data.func(self.number).map_err(Failure::Arguments)?;
        let mut words: Words = [0; _];
        begin(store, data, record, &mut words, lower).map_err(Failure::Arguments)?;
        record.callee.call(&mut *store, &mut words).map_err(Failure::Trap)?;
        let result = end(store, data, record, &words, lift).map_err(Failure::Trap)?;
        if let Some(post_return) = &record.options.post_return {
            let flags = record.options.flags;
            flags.set_may_leave(store, false).map_err(Failure::Trap)?;
            post_return.call(&mut *store, &mut words).map_err(Failure::Trap)?;
            flags.set_may_leave(store, true).map_err(Failure::Trap)?;
        }
        Ok(result)
    }

    /// Enters the instance.
    #[inline(always)]
    pub(super) fn enter<T: 'static>(&self, store: &mut StoreContextMut<'_, T>) -> Result<Entered> {
        let state = state(store);
        let data = state.enter(self.root, self.id)?;
        Ok(Entered { data, scopes: state.resources.calls() })
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Entered {
    /// Leaves the instance, for good if it has trapped.
    #[inline(always)]
    pub(super) fn leave<T: 'static, R>(
        self,
        store: &mut StoreContextMut<'_, T>,
        outcome: Result<R, Failure>,
    ) -> Result<R> {
        let state = state(store);
        match outcome {
            Ok(result) => {
                state.leave(self.data);
                Ok(result)
            }
            Err(failure) => {
                let error = self.fail(state, failure);
                Err(contained(store, error))
            }
        }
    }

    /// What is left of the call if it is given up.
    pub(super) fn unfinished(&self) -> Unfinished {
        Unfinished { calls: self.scopes, root: Some(self.data.root()), tables: 0..0 }
    }

    #[cold]
    #[inline(never)]
    fn fail(self, state: &mut ComponentState, failure: Failure) -> Error {
        let unfinished = self.unfinished();
        let error = match failure {
            Failure::Arguments(error) => {
                Unfinished { root: None, ..unfinished }.give_up(state);
                error
            }
            Failure::Trap(error) => {
                unfinished.give_up(state);
                error
            }
        };
        state.leave(self.data);
        error
    }
}

/// Lowers the parameters.
#[inline(always)]
pub(super) fn begin<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    data: &InstanceData,
    record: &FuncRecord,
    words: &mut Words,
    lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, Destination<'_>) -> Result<()>,
) -> Result<()> {
    let signature = &record.signature;
    if signature.borrows {
        state(store).resources.enter_call(data.root());
    }
    let mut cx =
        LowerContext::new(wasm_store::AsContextMut::as_context_mut(store), &record.options, data);
    if signature.params_flat.is_some() {
        return lower(&mut cx, signature, Destination::Flat(FlatSlots::new(words)));
    }
    let layout = signature.params_layout;
    let place = cx.realloc(0, 0, layout.align, layout.size as usize)?;
    // A memory has 32-bit addresses.
    words[0] = place as u64;
    lower(&mut cx, signature, Destination::Memory(place))
}

/// Ends the call as far as resources are concerned, and lifts the result.
#[inline(always)]
pub(super) fn end<T: 'static, R>(
    store: &mut StoreContextMut<'_, T>,
    data: &InstanceData,
    record: &FuncRecord,
    words: &Words,
    lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<R>,
) -> Result<R> {
    let signature = &record.signature;
    if signature.borrows {
        state(store).resources.exit_call(data.root())?;
    }
    if signature.plain {
        let mut cx = LiftContext::of_words(&record.options, data);
        return lift(&mut cx, signature, Source::Flat(FlatReader::new(words)));
    }
    with_lift_context(store, data, &record.options, |cx| {
        if signature.result_flat.is_some() {
            return lift(cx, signature, Source::Flat(FlatReader::new(words)));
        }
        let (pointer, layout) = (words[0] as u32, signature.result_layout);
        if !pointer.is_multiple_of(layout.align) {
            bail!("return pointer not aligned");
        }
        let Ok(bytes) = cx.record_bytes(pointer, layout.size, 1) else {
            bail!("pointer out of bounds of memory");
        };
        lift(cx, signature, Source::Memory(bytes))
    })
}

/// Lifts something, with the memory and the state of the store.
#[inline(always)]
pub(crate) fn with_lift_context<T: 'static, R>(
    store: &mut StoreContextMut<'_, T>,
    data: &InstanceData,
    options: &Options,
    lift: impl FnOnce(&mut LiftContext<'_>) -> Result<R>,
) -> Result<R> {
    match &options.memory {
        Some(memory) => {
            let (memory, state) = memory.data_and_attachment::<ComponentState, _>(&mut *store);
            lift(&mut LiftContext::new(memory, state, options, data))
        }
        None => lift(&mut LiftContext::new(&[], state(store), options, data)),
    }
}
