//! Calls of host functions by components: parameters out, results in, and the rules in between.

use wasm_component::OptionsIndex;
use wasm_store::{AsContextMut, Result, StoreContextMut, bail};

use super::call::with_lift_context;
use crate::component::Signature;
use crate::context::{
    Destination, FlatReader, FlatSlots, LiftContext, LowerContext, Options, Source,
};
use crate::instance::data::InstanceData;
use crate::state::state;
use crate::types::ComponentFunc;

/// An import of a component, as it is lowered. What is done for a call is told of which instance.
#[derive(Clone, Copy)]
pub(crate) struct LoweredImport {
    options: OptionsIndex,
    signature: Signature,
}

impl LoweredImport {
    pub(crate) fn new(options: OptionsIndex, signature: Signature) -> Self {
        Self { options, signature }
    }

    /// The type as the API shows it.
    pub(crate) fn ty(&self, data: &InstanceData) -> ComponentFunc {
        ComponentFunc::new(data.instance_type().to_owned(), self.signature.ty)
    }

    /// Calls a host function: `lift` reads its parameters, `run` is what it does, and `lower`
    /// writes its result.
    #[inline(always)]
    pub(crate) fn call<T: 'static, P, R>(
        &self,
        data: &InstanceData,
        mut store: StoreContextMut<'_, T>,
        slots: &mut [u64],
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<P>,
        run: impl FnOnce(StoreContextMut<'_, T>, P) -> Result<R>,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, R, Destination<'_>) -> Result<()>,
    ) -> Result<()> {
        let options = data.options(self.options)?;
        let params = self.begin(&mut store, data, options, slots, lift)?;
        let result = run(store.as_context_mut(), params)?;
        self.end(store, data, options, slots, result, lower)
    }

    /// Calls a host function that may wait, as [`call`](Self::call).
    #[cfg(feature = "async")]
    pub(crate) async fn call_async<T: Send + 'static, P, R>(
        &self,
        data: &InstanceData,
        mut store: StoreContextMut<'_, T>,
        slots: &mut [u64],
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<P>,
        run: impl for<'b> FnOnce(
            StoreContextMut<'b, T>,
            P,
        )
            -> std::pin::Pin<Box<dyn Future<Output = Result<R>> + Send + 'b>>,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, R, Destination<'_>) -> Result<()>,
    ) -> Result<()> {
        let options = data.options(self.options)?;
        let params = self.begin(&mut store, data, options, slots, lift)?;
        let result = run(store.as_context_mut(), params).await?;
        self.end(store, data, options, slots, result, lower)
    }

    #[inline(always)]
    fn begin<T: 'static, P>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        data: &InstanceData,
        options: &Options,
        slots: &[u64],
        lift: impl FnOnce(&mut LiftContext<'_>, &Signature, Source<'_>) -> Result<P>,
    ) -> Result<P> {
        options.flags.check_may_leave(store)?;
        let signature = &self.signature;
        if signature.borrows {
            state(store).resources.enter_call(data.root());
        }
        if signature.plain {
            let mut cx = LiftContext::of_words(options, data);
            return lift(&mut cx, signature, Source::Flat(FlatReader::new(slots)));
        }
        with_lift_context(store, data, options, |cx| {
            let from = match signature.params_flat {
                Some(_) => Source::Flat(FlatReader::new(slots)),
                None => {
                    let pointer = slots.first().copied().unwrap_or(0) as u32;
                    let layout = signature.params_layout;
                    Source::Memory(cx.record_bytes(pointer, layout.size, layout.align)?)
                }
            };
            lift(cx, signature, from)
        })
    }

    #[inline(always)]
    fn end<T: 'static, R>(
        &self,
        mut store: StoreContextMut<'_, T>,
        data: &InstanceData,
        options: &Options,
        slots: &mut [u64],
        result: R,
        lower: impl FnOnce(&mut LowerContext<'_, T>, &Signature, R, Destination<'_>) -> Result<()>,
    ) -> Result<()> {
        let signature = &self.signature;
        if signature.borrows {
            state(&mut store).resources.exit_call(data.root())?;
        }
        let mut cx = LowerContext::new(store, options, data);
        if signature.result_flat.is_some() {
            return lower(&mut cx, signature, result, Destination::Flat(FlatSlots::new(slots)));
        }
        let pointer = slots.get(signature.result_pointer()).copied().unwrap_or(0) as u32;
        let layout = signature.result_layout;
        if !pointer.is_multiple_of(layout.align) {
            bail!("pointer not aligned");
        }
        let (place, size) = (pointer as usize, layout.size as usize);
        if place.checked_add(size).is_none_or(|end| cx.memory_mut().is_ok_and(|m| m.len() < end)) {
            bail!("pointer out of bounds");
        }
        lower(&mut cx, signature, result, Destination::Memory(place))
    }
}
