//! Handles of the host: how long they last, and what happens to those that are used later.

use wasm_runtime::{
    AsContextMut, Caller, Engine, ExternRef, Func, Global, GlobalType, Mutability, OwnedRooted,
    Ref, RefType, Result, RootScope, Rooted, Store, Table, TableType, Val, ValType,
};

use crate::support::engines;

const ENDED: &str = "attempted to use a garbage-collected object that has been unrooted";

fn ended<T>(result: Result<T>) {
    let Err(error) = result else { panic!("a handle that has ended was taken") };
    assert!(format!("{error:#}").contains(ENDED), "{error:#}");
}

#[test]
fn a_handle_that_has_ended_is_refused_everywhere() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let gone = {
            let mut scope = RootScope::new(&mut store);
            scope.reserve(1);
            ExternRef::new(&mut scope, 1)?
        };
        // Another has its place.
        let kept = ExternRef::new(&mut store, 2)?;
        ended(gone.data(&store));
        ended(gone.data_mut(&mut store));
        ended(gone.to_owned_rooted(&mut store));
        ended(Rooted::ref_eq(&store, &gone, &kept));
        let content = GlobalType::new(ValType::EXTERNREF, Mutability::Var);
        ended(Global::new(&mut store, content.clone(), gone.into()));
        let global = Global::new(&mut store, content, kept.into())?;
        ended(global.set(&mut store, gone.into()));
        let ty = TableType::new(RefType::EXTERNREF, 1, None);
        ended(Table::new(&mut store, ty.clone(), gone.into()));
        let table = Table::new(&mut store, ty, Ref::Extern(None))?;
        ended(table.set(&mut store, 0, gone.into()));
        ended(table.fill(&mut store, 0, gone.into(), 1));
        ended(table.grow(&mut store, 1, gone.into()));
        let takes = Func::wrap(&mut store, |_: Option<Rooted<ExternRef>>| {});
        ended(takes.call(&mut store, &[gone.into()], &mut []));
        let typed = takes.typed::<Rooted<ExternRef>, ()>(&store)?;
        ended(typed.call(&mut store, gone));
        let returns = Func::wrap(&mut store, move || Some(gone));
        ended(returns.call(&mut store, &[], &mut [Val::I32(0)]));
        let returns_list = wasm_runtime::FuncType::new(&engine, [], [ValType::EXTERNREF]);
        let returns_list = Func::new(&mut store, returns_list, move |_, _, results| {
            results[0] = gone.into();
            Ok(())
        });
        ended(returns_list.call(&mut store, &[], &mut [Val::I32(0)]));
    }
    Ok(())
}

#[test]
fn a_host_function_is_a_scope() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, None);
        let keep = Func::wrap(
            &mut store,
            |mut caller: Caller<'_, Option<Rooted<ExternRef>>>,
             value: Option<Rooted<ExternRef>>| {
                *caller.data_mut() = value;
                value
            },
        );
        let keep = keep.typed::<Option<Rooted<ExternRef>>, Option<Rooted<ExternRef>>>(&store)?;
        let value = ExternRef::new(&mut store, "kept")?;
        let back = keep.call(&mut store, Some(value))?.unwrap();
        // What came back is a handle of the scope around the call.
        assert!(Rooted::ref_eq(&store, &value, &back)?);
        let inner = store.data().unwrap();
        ended(inner.data(&store));
    }
    Ok(())
}

#[test]
fn an_owned_handle_lasts_as_long_as_its_owner() -> Result<()> {
    struct Flag(#[allow(dead_code, reason = "is only dropped")] std::sync::Arc<()>);
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let alive = std::sync::Arc::new(());
        let owned: OwnedRooted<ExternRef> = {
            let mut scope = RootScope::new(&mut store);
            let value = ExternRef::new(&mut scope, Flag(alive.clone()))?;
            value.to_owned_rooted(&mut scope)?
        };
        let clone = owned.clone();
        drop(owned);
        store.gc(None)?;
        assert!(clone.data(&store)?.unwrap().is::<Flag>());
        // It is a value for calls, too.
        let same = Func::wrap(&mut store, |value: Option<OwnedRooted<ExternRef>>| value);
        let same = same.typed::<OwnedRooted<ExternRef>, Option<OwnedRooted<ExternRef>>>(&store)?;
        let back = same.call(&mut store, clone.clone())?.unwrap();
        {
            let mut scope = RootScope::new(&mut store);
            let rooted = back.to_rooted(&mut scope);
            assert!(OwnedRooted::ref_eq(scope.as_context_mut(), &clone, &rooted)?);
        }
        drop((back, clone));
        store.gc(None)?;
        let flag = std::sync::Arc::strong_count(&alive);
        assert_eq!(flag, 1);
    }
    Ok(())
}

#[test]
fn handles_can_be_sent_and_compared() -> Result<()> {
    let mut store = Store::new(&Engine::default(), ());
    let one = ExternRef::new(&mut store, 1)?;
    let copy = std::thread::spawn(move || one).join().unwrap();
    assert!(Rooted::rooted_eq(one, copy));
    let ty = TableType::new(RefType::EXTERNREF, 1, None);
    let table = Table::new(&mut store, ty, one.into())?;
    let got = *table.get(&mut store, 0).unwrap().unwrap_extern().unwrap();
    assert!(!Rooted::rooted_eq(one, got));
    assert!(Rooted::ref_eq(&store, &one, &got)?);
    Ok(())
}
