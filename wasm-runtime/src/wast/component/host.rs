//! What scripts with components may import from the host, as Wasmtime's runner of scripts defines
//! it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::component::{Linker, LinkerInstance, Resource, ResourceAny, ResourceType, Val};
use crate::{AsContextMut as _, Engine, Error, Module, Result, StoreContextMut};

/// The resource that the host counts.
struct Counted;

/// Another one.
struct Other;

/// What became of the resources of the host.
#[derive(Default)]
struct Drops {
    count: AtomicU32,
    last: AtomicU32,
}

/// A linker in which nothing else is defined.
pub(super) fn linker(engine: &Engine) -> Result<Linker<()>> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    let mut root = linker.root();
    define(&mut root, "host-echo-u32", |_, params| Ok(params.first().cloned()))?;
    define(&mut root, "host-return-two", |_, _| Ok(Some(Val::U32(2))))?;
    let mut host = linker.instance("host")?;
    define(&mut host, "return-three", |_, _| Ok(Some(Val::U32(3))))?;
    define(&mut host.instance("nested")?, "return-four", |_, _| Ok(Some(Val::U32(4))))?;
    let module = Module::new(
        engine,
        r#"(module
            (global (export "g") i32 i32.const 100)
            (func (export "f") (result i32) i32.const 101))"#,
    )?;
    host.module("simple-module", &module)?;
    define(&mut host, "return-hi", |_, _| Ok(Some(Val::String("hi".to_owned()))))?;
    resources(&mut host)?;
    define(&mut linker.instance("wasmtime")?, "gc", |mut store, _| {
        store.gc(None)?;
        Ok(None)
    })?;
    Ok(linker)
}

fn resources(host: &mut LinkerInstance<'_, ()>) -> Result<()> {
    let drops = Arc::new(Drops::default());
    let counted = ResourceType::host::<Counted>();
    host.resource("resource1", counted, {
        let drops = Arc::clone(&drops);
        move |_, rep| {
            drops.count.fetch_add(1, Ordering::Relaxed);
            drops.last.store(rep, Ordering::Relaxed);
            Ok(())
        }
    })?;
    host.resource("resource2", ResourceType::host::<Other>(), |_, _| Ok(()))?;
    host.resource("resource1-again", counted, |_, _| {
        Err(Error::msg("nobody destroys a resource by its second name"))
    })?;
    define(host, "[constructor]resource1", |store, params| {
        let resource = Resource::<Counted>::new_own(number(params, 0)?);
        Ok(Some(Val::Resource(resource.try_into_resource_any(store)?)))
    })?;
    define(host, "[static]resource1.assert", |store, params| {
        check(store, params, 0, true, Some(number(params, 1)?))
    })?;
    define(host, "[static]resource1.last-drop", {
        let drops = Arc::clone(&drops);
        move |_, _| Ok(Some(Val::U32(drops.last.load(Ordering::Relaxed))))
    })?;
    define(host, "[static]resource1.drops", move |_, _| {
        Ok(Some(Val::U32(drops.count.load(Ordering::Relaxed))))
    })?;
    define(host, "[method]resource1.simple", |store, params| {
        check(store, params, 0, false, Some(number(params, 1)?))
    })?;
    define(host, "[method]resource1.take-borrow", |mut store, params| {
        check(store.as_context_mut(), params, 0, false, None)?;
        check(store, params, 1, false, None)
    })?;
    define(host, "[method]resource1.take-own", |mut store, params| {
        check(store.as_context_mut(), params, 0, false, None)?;
        check(store, params, 1, true, None)
    })
}

fn define(
    instance: &mut LinkerInstance<'_, ()>,
    name: &str,
    func: impl Fn(StoreContextMut<'_, ()>, &[Val]) -> Result<Option<Val>> + Send + Sync + 'static,
) -> Result<()> {
    instance.func_new(name, move |store, _, params, results| {
        if let (Some(result), Some(place)) = (func(store, params)?, results.first_mut()) {
            *place = result;
        }
        Ok(())
    })
}

fn number(params: &[Val], place: usize) -> Result<u32> {
    match params.get(place) {
        Some(Val::U32(number)) => Ok(*number),
        other => Err(Error::msg(format!("expected a u32, found {other:?}"))),
    }
}

fn resource(params: &[Val], place: usize) -> Result<ResourceAny> {
    match params.get(place) {
        Some(Val::Resource(resource)) => Ok(*resource),
        other => Err(Error::msg(format!("expected a resource, found {other:?}"))),
    }
}

/// Checks that a parameter is a resource as the test of the host expects it.
fn check(
    store: StoreContextMut<'_, ()>,
    params: &[Val],
    place: usize,
    owned: bool,
    rep: Option<u32>,
) -> Result<Option<Val>> {
    let resource = resource(params, place)?.try_into_resource::<Counted>(store)?;
    if resource.owned() != owned {
        return Err(Error::msg(format!("expected a resource with owned = {owned}")));
    }
    if let Some(rep) = rep
        && resource.rep() != rep
    {
        return Err(Error::msg(format!("expected resource {rep}, found {}", resource.rep())));
    }
    Ok(None)
}
