//! The core functions that the runtime provides to components, but for what they import:
//! resources and traps.

use wasm_component::{ComponentInstanceIndex, ResourceIndex, Trampoline};
use wasm_store::{FuncType, NumericDef, Result, StoreContextMut, bail};

use crate::handles::{Kind, Table};
use crate::instance::data::{InstanceData, RuntimeFunc};
use crate::intrinsics;
use crate::resource::Destructor;
use crate::state::state;
use crate::tasks::Context;
use crate::trap;

/// Makes `resource.drop`, which runs destructors.
pub(crate) type Drops<T> = fn(Dropped, FuncType) -> Result<RuntimeFunc<T>>;

/// What a `resource.drop` drops.
#[derive(Clone, Copy)]
pub(crate) struct Dropped {
    resource: ResourceIndex,
    instance: ComponentInstanceIndex,
}

/// Makes a function.
pub(crate) fn make<T: 'static>(
    what: Trampoline,
    ty: FuncType,
    drops: Drops<T>,
) -> Result<RuntimeFunc<T>> {
    let kind = |resource: ResourceIndex| Kind::Guest(resource.as_u32());
    match what {
        Trampoline::LowerImport { .. } => {
            bail!("the plan of the component is damaged: a lowered import has no lowering")
        }
        Trampoline::ResourceNew { resource, instance } => {
            function(ty, move |store, data, slots| {
                data.flags(instance)?.check_may_leave(store)?;
                let table = Table::Guest(data.table(instance));
                let resources = &mut state(store).resources;
                replace(slots, |rep| resources.lower_own(table, rep, kind(resource)))
            })
        }
        Trampoline::ResourceRep { resource, instance } => {
            function(ty, move |store, data, slots| {
                let table = Table::Guest(data.table(instance));
                let resources = &mut state(store).resources;
                replace(slots, |index| resources.rep(table, index, kind(resource)))
            })
        }
        Trampoline::ResourceDrop { resource, instance } => {
            drops(Dropped { resource, instance }, ty)
        }
        Trampoline::ResourceTransferOwn { resource, from, to } => {
            function(ty, move |store, data, slots| {
                let (from, to) = (Table::Guest(data.table(from)), Table::Guest(data.table(to)));
                let resources = &mut state(store).resources;
                replace(slots, |index| {
                    let rep = resources.lift_own(from, index, kind(resource))?;
                    resources.lower_own(to, rep, kind(resource))
                })
            })
        }
        Trampoline::ResourceTransferBorrow { resource, from, to } => {
            function(ty, move |store, data, slots| {
                let defined_there = data.defines(to, resource);
                let (from, to) = (Table::Guest(data.table(from)), Table::Guest(data.table(to)));
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
        Trampoline::ResourceEnterCall => function(ty, |store, data, _| {
            state(store).resources.enter_call(data.root());
            Ok(())
        }),
        Trampoline::ResourceExitCall => {
            function(ty, |store, data, _| state(store).resources.exit_call(data.root()))
        }
        Trampoline::ContextGet { slot, instance } => function(ty, move |store, data, slots| {
            // The flag is of the last call by an adapter, and the values of that by the host.
            let (of, is_set) = data.flags(instance)?.context(store);
            let tasks = state(store).tasks(data.root()).filter(|_| is_set);
            let value = tasks.map_or(0, |tasks| tasks.context(instance, of, slot));
            if let Some(result) = slots.first_mut() {
                *result = value.into();
            }
            Ok(())
        }),
        Trampoline::ContextSet { slot, instance } => function(ty, move |store, data, slots| {
            let flags = data.flags(instance)?;
            let (of, is_set) = flags.context(store);
            let value = slots.first().copied().unwrap_or(0) as u32;
            if let Some(tasks) = state(store).tasks(data.root()) {
                tasks.set_context(instance, of, slot, value, !is_set);
            }
            if is_set { Ok(()) } else { flags.set_has_context(store, of, true) }
        }),
        Trampoline::BackpressureInc { instance } => press(ty, instance, true),
        Trampoline::BackpressureDec { instance } => press(ty, instance, false),
        Trampoline::Intrinsic(of) => {
            function(ty, move |store, _, slots| intrinsics::run(of, store, slots))
        }
        Trampoline::Trap { code } => function(ty, move |_, _, _| Err(trap::of_adapter(code))),
        Trampoline::Unavailable { builtin, instance, .. } => function(ty, move |store, data, _| {
            data.flags(instance)?.check_may_leave(store)?;
            bail!("the component calls `{builtin}`, which comes with WASI 0.3: not supported")
        }),
    }
}

/// Makes `backpressure.inc` or `backpressure.dec`.
fn press<T: 'static>(
    ty: FuncType,
    instance: ComponentInstanceIndex,
    more: bool,
) -> Result<RuntimeFunc<T>> {
    function(ty, move |store, data, _| {
        state(store).tasks(data.root()).map_or(Ok(()), |tasks| tasks.press(instance, more))
    })
}

fn function<T: 'static>(
    ty: FuncType,
    run: impl Fn(&mut StoreContextMut<'_, T>, &InstanceData, &mut [u64]) -> Result<()>
    + Send
    + Sync
    + 'static,
) -> Result<RuntimeFunc<T>> {
    NumericDef::new(ty, move |caller, data, slots| run(&mut caller.into(), data, slots))
}

/// Replaces the parameter of a function by its result.
fn replace(slots: &mut [u64], with: impl FnOnce(u32) -> Result<u32>) -> Result<()> {
    if let Some(slot) = slots.first_mut() {
        *slot = u64::from(with(*slot as u32)?);
    }
    Ok(())
}

impl Dropped {
    /// Takes the handle out of its table. If it was an own, begins the call of what destroys it.
    fn begin<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        data: &InstanceData,
        slots: &[u64],
    ) -> Result<Option<Destroyed>> {
        data.flags(self.instance)?.check_may_leave(store)?;
        let index = slots.first().copied().unwrap_or(0) as u32;
        let table = Table::Guest(data.table(self.instance));
        let kind = Kind::Guest(self.resource.as_u32());
        let Some(rep) = state(store).resources.drop(table, index, kind)? else { return Ok(None) };
        let Some(destructor) = data.destructor(self.resource)? else { return Ok(None) };
        let owner = data.owner(self.resource);
        let mut context = None;
        if let Some(owner) = owner {
            let flags = data.flags(owner)?;
            if let (of, true) = flags.context(store) {
                context = state(store).tasks(data.root()).and_then(|tasks| tasks.values(owner));
                flags.set_has_context(store, of, false)?;
            }
        }
        Ok(Some(Destroyed { rep, destructor, owner, context }))
    }
}

/// A resource that is being destroyed, which is a call of its own: also if it is a component's own.
struct Destroyed {
    rep: u32,
    destructor: Destructor,
    /// Who defines it, if a component does.
    owner: Option<ComponentInstanceIndex>,
    /// The values of the call that the owner is in.
    context: Option<Context>,
}

impl Destroyed {
    /// Ends the call: the owner is in the call again in which it was.
    fn end<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        data: &InstanceData,
        outcome: Result<()>,
    ) -> Result<()> {
        outcome.map_err(|error| trap::contained(store, error))?;
        let Some(owner) = self.owner else { return Ok(()) };
        let flags = data.flags(owner)?;
        let (of, is_set) = flags.context(store);
        if let (Some(context), Some(tasks)) = (self.context, state(store).tasks(data.root())) {
            tasks.set_values(owner, context);
        }
        let was_set = self.context.is_some();
        if is_set == was_set { Ok(()) } else { flags.set_has_context(store, of, was_set) }
    }
}

/// Makes a `resource.drop` whose destructors do not wait.
pub(crate) fn drop_at_once<T: 'static>(dropped: Dropped, ty: FuncType) -> Result<RuntimeFunc<T>> {
    function(ty, move |store, data, slots| match dropped.begin(store, data, slots)? {
        Some(dropped) => {
            let mut words = [u64::from(dropped.rep)];
            let outcome = dropped.destructor.func.call_at_once(&mut *store, &mut words);
            dropped.end(store, data, outcome)
        }
        None => Ok(()),
    })
}

/// Makes a `resource.drop` whose destructors may wait.
#[cfg(feature = "async")]
pub(crate) fn drop_waiting<T: Send + 'static>(
    dropped: Dropped,
    ty: FuncType,
) -> Result<RuntimeFunc<T>> {
    NumericDef::new_async(ty, move |caller, data: &InstanceData, slots| {
        Box::new(async move {
            let mut store = StoreContextMut::from(caller);
            match dropped.begin(&mut store, data, slots)? {
                Some(dropped) => {
                    let mut words = [u64::from(dropped.rep)];
                    let func = dropped.destructor.func;
                    let outcome = func.call_async(&mut store, &mut words).await;
                    dropped.end(&mut store, data, outcome)
                }
                None => Ok(()),
            }
        })
    })
}
