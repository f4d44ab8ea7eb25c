//! The parameters and results of calls with values of any type.

use wasm_store::{Result, bail};

use super::Val;
use crate::component::Signature;
use crate::context::{Destination, LiftContext, LowerContext, Source};

/// The parameters and results of a host function, in one list.
pub(crate) struct ValList {
    pub(crate) values: Vec<Val>,
    /// How many of them are parameters.
    pub(crate) params: usize,
}

impl Val {
    /// Lowers the parameters of a call of a guest.
    pub(crate) fn lower_params<T: 'static>(
        cx: &mut LowerContext<'_, T>,
        signature: &Signature,
        params: &[Val],
        results: usize,
        to: Destination<'_>,
    ) -> Result<()> {
        let types = cx.types()?;
        let func = types.func(signature.ty)?;
        let fields = func.params();
        if fields.len() != params.len() {
            bail!("expected {} argument(s), got {}", fields.len(), params.len());
        }
        let expected = usize::from(func.result()?.is_some());
        if expected != results {
            bail!("expected {expected} result(s), got {results}");
        }
        match to {
            Destination::Flat(mut slots) => {
                for (field, value) in fields.iter().zip(params) {
                    value.lower_flat(cx, types, field?.ty, &mut slots)?;
                }
            }
            Destination::Memory(offset) => {
                for (field, value) in fields.iter().zip(params) {
                    let field = field?;
                    value.store(cx, types, field.ty, offset + field.offset as usize)?;
                }
            }
        }
        Ok(())
    }

    /// Lifts the result of a call of a guest, if there is one.
    pub(crate) fn lift_result(
        cx: &mut LiftContext<'_>,
        signature: &Signature,
        from: Source<'_>,
    ) -> Result<Option<Val>> {
        let types = cx.types()?;
        let Some(ty) = types.func(signature.ty)?.result()? else { return Ok(None) };
        match from {
            Source::Flat(mut words) => Val::lift_flat(cx, types, ty, &mut words).map(Some),
            Source::Memory(bytes) => Val::load(cx, types, ty, bytes).map(Some),
        }
    }

    /// Lifts the parameters of a call of the host. The list has room for its results.
    pub(crate) fn lift_params(
        cx: &mut LiftContext<'_>,
        signature: &Signature,
        from: Source<'_>,
    ) -> Result<ValList> {
        let types = cx.types()?;
        let func = types.func(signature.ty)?;
        let fields = func.params();
        let results = usize::from(func.result()?.is_some());
        let mut values = Vec::with_capacity(fields.len() + results);
        match from {
            Source::Flat(mut words) => {
                for field in fields.iter() {
                    values.push(Val::lift_flat(cx, types, field?.ty, &mut words)?);
                }
            }
            Source::Memory(bytes) => {
                for field in fields.iter() {
                    let field = field?;
                    let bytes = bytes.get(field.offset as usize..).unwrap_or_default();
                    values.push(Val::load(cx, types, field.ty, bytes)?);
                }
            }
        }
        let params = values.len();
        values.resize(params + results, Val::Bool(false));
        Ok(ValList { values, params })
    }

    /// Lowers the result of a host function, if its type has one.
    pub(crate) fn lower_result<T: 'static>(
        cx: &mut LowerContext<'_, T>,
        signature: &Signature,
        result: Option<&Val>,
        to: Destination<'_>,
    ) -> Result<()> {
        let types = cx.types()?;
        let Some(ty) = types.func(signature.ty)?.result()? else { return Ok(()) };
        let Some(value) = result else { bail!("expected 1 result(s), got 0") };
        match to {
            Destination::Flat(mut slots) => value.lower_flat(cx, types, ty, &mut slots),
            Destination::Memory(offset) => value.store(cx, types, ty, offset),
        }
    }
}
