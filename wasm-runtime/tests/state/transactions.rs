//! Calls that are undone, and the state of the host that is undone with them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    Engine, ExternRef, Instance, Linker, Module, Ref, Result, Snapshot, Store, Trap,
};

use crate::support::{EVERYTHING, Guest, Host, check_pristine};

#[test]
fn the_host_can_take_part() {
    let engine = Engine::default();
    let module = Module::new(&engine, EVERYTHING).unwrap();
    let mut store = Store::new(&engine, Host { count: 1, refuse: false });
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let table = instance.get_table(&mut store, "x").unwrap();
    let value = ExternRef::new(&mut store, "text".to_string()).unwrap();
    table.set(&mut store, 0, value.into()).unwrap();
    let snapshot = Snapshot::builder().instances(&[instance]).take_with_host(&mut store).unwrap();
    store.data_mut().count = 2;
    table.set(&mut store, 0, Ref::Extern(None)).unwrap();
    store.data_mut().refuse = true;
    let error = snapshot.restore(&mut store).unwrap_err();
    assert!(format!("{error:#}").contains("refused"), "{error:?}");
    assert!(table.get(&mut store, 0).unwrap().is_null(), "nothing has changed");
    store.data_mut().refuse = false;
    snapshot.restore(&mut store).unwrap();
    assert_eq!(store.data().count, 1);
    assert!(table.get(&mut store, 0).unwrap().is_non_null());

    let mut other = Store::new(&engine, Host { count: 9, refuse: false });
    let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
    assert_eq!(other.data().count, 1);
    let forked = fork.get_table(&mut other, "x").unwrap().get(&mut other, 0).unwrap();
    let text = forked.unwrap_extern().unwrap().data(&other).unwrap().unwrap();
    assert_eq!(text.downcast_ref::<String>().unwrap(), "text");
    let error = snapshot.fork(&mut Store::new(&engine, 5u8), &Linker::new(&engine)).unwrap_err();
    assert!(error.to_string().contains("`u8`"), "{error}");
    // Without the host's help nobody copies the value.
    let plain = Snapshot::take(&mut store, &[instance]).unwrap();
    let error = plain.fork_pre(&Linker::<Host>::new(&engine)).unwrap_err().to_string();
    assert!(error.contains("copy_extern"), "{error}");
}

#[test]
fn transactions_are_undone_by_errors_traps_panics_and_on_request() {
    let mut guest = Guest::new();
    let instance = guest.instance;
    let mut run = |body: &mut dyn FnMut(&mut Store<()>) -> Result<i32>| {
        catch_unwind(AssertUnwindSafe(|| guest.store.transaction(|store| body(store))))
    };
    let change = |store: &mut Store<()>| {
        let func = instance.get_typed_func::<(i32, i32), ()>(&mut *store, "store")?;
        func.call(&mut *store, (0, 1))?;
        let grow = instance.get_typed_func::<i32, i32>(&mut *store, "grow")?;
        grow.call(&mut *store, 1)
    };
    let error = run(&mut |store| {
        change(store)?;
        wasm_runtime::bail!("no")
    });
    assert_eq!(error.unwrap().unwrap_err().to_string(), "no");
    let error = run(&mut |store| {
        change(store)?;
        instance.get_typed_func::<(), ()>(&mut *store, "fail")?.call(&mut *store, ())?;
        Ok(0)
    });
    assert!(error.unwrap().unwrap_err().is::<Trap>());
    let panic = run(&mut |store| {
        change(store)?;
        panic!("oh")
    });
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"oh"));
    check_pristine(&mut guest);

    let mut transaction = guest.store.begin().unwrap();
    change(&mut transaction).unwrap();
    transaction.rollback().unwrap();
    let mut transaction = guest.store.begin().unwrap();
    change(&mut transaction).unwrap();
    drop(transaction);
    check_pristine(&mut guest);
    assert_eq!(guest.store.transaction(change).unwrap(), 2);
    assert_eq!(guest.call("load", &[0]).unwrap(), 1);
    assert_eq!(guest.store.transaction(change).unwrap(), 3);

    let mut store = Store::new(guest.store.engine(), Host { count: 1, refuse: false });
    let result: Result<()> = store.transaction_with_host(|store| {
        store.data_mut().count = 5;
        wasm_runtime::bail!("no")
    });
    assert!(result.is_err());
    assert_eq!(store.data().count, 1);
}
