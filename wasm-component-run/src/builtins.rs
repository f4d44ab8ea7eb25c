//! The core functions that the runtime provides to components, but for what they import:
//! resources and traps.

use std::sync::Arc;

use wasm_component::{ComponentInstanceIndex, ResourceIndex, Trampoline};
use wasm_store::{Func, FuncType, Result, StoreContextMut, bail};

use crate::handles::{Kind, Table};
use crate::instance::data::InstanceData;
use crate::resource::Destructor;
use crate::state::state;
use crate::trap;

/// Makes `resource.drop`, which runs destructors.
pub(crate) type Drops<T> = fn(&mut StoreContextMut<'_, T>, Dropped, FuncType) -> Result<Func>;

/// What a `resource.drop` drops.
pub(crate) struct Dropped {
    data: Arc<InstanceData>,
    resource: ResourceIndex,
    instance: ComponentInstanceIndex,
}

/// Makes a function.
pub(crate) fn make<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    data: &Arc<InstanceData>,
    what: Trampoline,
    ty: FuncType,
    drops: &Drops<T>,
) -> Result<Func> {
    let kind = |resource: ResourceIndex| Kind::Guest(resource.as_u32());
    match what {
        Trampoline::LowerImport { .. } => {
            bail!("the plan of the component is damaged: a lowered import has no lowering")
        }
        Trampoline::ResourceNew { resource, instance } => {
            let (flags, table) = (data.flags(instance)?, Table::Guest(data.table(instance)));
            function(store, ty, move |store, slots| {
                flags.check_may_leave(store)?;
                let resources = &mut state(store).resources;
                replace(slots, |rep| resources.lower_own(table, rep, kind(resource)))
            })
        }
        Trampoline::ResourceRep { resource, instance } => {
            let table = Table::Guest(data.table(instance));
            function(store, ty, move |store, slots| {
                let resources = &mut state(store).resources;
                replace(slots, |index| resources.rep(table, index, kind(resource)))
            })
        }
        Trampoline::ResourceDrop { resource, instance } => {
            drops(store, Dropped { data: Arc::clone(data), resource, instance }, ty)
        }
        Trampoline::ResourceTransferOwn { resource, from, to } => {
            let (from, to) = (Table::Guest(data.table(from)), Table::Guest(data.table(to)));
            function(store, ty, move |store, slots| {
                let resources = &mut state(store).resources;
                replace(slots, |index| {
                    let rep = resources.lift_own(from, index, kind(resource))?;
                    resources.lower_own(to, rep, kind(resource))
                })
            })
        }
        Trampoline::ResourceTransferBorrow { resource, from, to } => {
            let defined_there = data.defines(to, resource);
            let (from, to) = (Table::Guest(data.table(from)), Table::Guest(data.table(to)));
            function(store, ty, move |store, slots| {
                let resources = &mut state(store).resources;
                replace(slots, |index| {
                    let rep = resources.lift_borrow(from, index, kind(resource))?;
                    if defined_there {
                        return Ok(rep);
                    }
                    resources.lower_borrow(to, rep, kind(resource))
                })
            })
        }
        Trampoline::ResourceEnterCall => function(store, ty, |store, _| {
            state(store).resources.enter_call();
            Ok(())
        }),
        Trampoline::ResourceExitCall => {
            function(store, ty, |store, _| state(store).resources.exit_call())
        }
        Trampoline::Trap { code } => function(store, ty, move |_, _| Err(trap::of_adapter(code))),
        Trampoline::Unavailable { builtin, instance, .. } => {
            let flags = data.flags(instance)?;
            function(store, ty, move |store, _| {
                flags.check_may_leave(store)?;
                bail!("the component calls `{builtin}`, which comes with WASI 0.3: not supported")
            })
        }
    }
}

fn function<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    ty: FuncType,
    run: impl Fn(&mut StoreContextMut<'_, T>, &mut [u64]) -> Result<()> + Send + Sync + 'static,
) -> Result<Func> {
    Func::new_numeric(store, ty, move |caller, slots| run(&mut caller.into(), slots))
}

/// Replaces the parameter of a function by its result.
fn replace(slots: &mut [u64], with: impl FnOnce(u32) -> Result<u32>) -> Result<()> {
    if let Some(slot) = slots.first_mut() {
        *slot = u64::from(with(*slot as u32)?);
    }
    Ok(())
}

impl Dropped {
    /// Takes the handle out of its table. If it was an own, returns what is to be destroyed, and by
    /// what.
    fn begin<T: 'static>(
        &self,
        store: &mut StoreContextMut<'_, T>,
        slots: &[u64],
    ) -> Result<Option<(u32, Destructor)>> {
        self.data.flags(self.instance)?.check_may_leave(store)?;
        let index = slots.first().copied().unwrap_or(0) as u32;
        let table = Table::Guest(self.data.table(self.instance));
        let kind = Kind::Guest(self.resource.as_u32());
        let Some(rep) = state(store).resources.drop(table, index, kind)? else { return Ok(None) };
        Ok(self.data.destructor(self.resource)?.map(|destructor| (rep, destructor)))
    }
}

/// Makes a `resource.drop` whose destructors do not wait.
pub(crate) fn drop_at_once<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    dropped: Dropped,
    ty: FuncType,
) -> Result<Func> {
    function(store, ty, move |store, slots| match dropped.begin(store, slots)? {
        Some((rep, destructor)) => destructor.func.call_at_once(store, &mut [u64::from(rep)]),
        None => Ok(()),
    })
}

/// Makes a `resource.drop` whose destructors may wait.
#[cfg(feature = "async")]
pub(crate) fn drop_waiting<T: Send + 'static>(
    store: &mut StoreContextMut<'_, T>,
    dropped: Dropped,
    ty: FuncType,
) -> Result<Func> {
    let dropped = Arc::new(dropped);
    Func::new_numeric_async(store, ty, move |caller, slots| {
        let dropped = Arc::clone(&dropped);
        Box::new(async move {
            let mut store = StoreContextMut::from(caller);
            match dropped.begin(&mut store, slots)? {
                Some((rep, destructor)) => {
                    destructor.func.call_async(&mut store, &mut [u64::from(rep)]).await
                }
                None => Ok(()),
            }
        })
    })
}
