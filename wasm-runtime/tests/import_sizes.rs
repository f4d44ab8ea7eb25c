//! Tables and memories that become smaller because an earlier state is put back. An instance that
//! imports more than is left can't be made, and one that was made before can't run.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Engine, ExternRef, Instance, Linker, Module, Result, Rooted, Snapshot, Store, Table, Trap,
};

const ELEMENTS: i32 = 100_000;

/// Has a table and a memory that grow, and calls what is in its other table.
const OWNER: &str = r#"(module
  (type $f (func (result i32)))
  (table $t (export "t") 1 100000 externref)
  (memory (export "m") 1 10)
  (table $funcs (export "funcs") 2 funcref)
  (func (export "grow") (param externref)
    (drop (table.grow $t (local.get 0) (i32.const 99999)))
    (drop (memory.grow (i32.const 9))))
  (func (export "call") (param i32) (result i32) (call_indirect $funcs (type $f) (local.get 0))))"#;

/// Its code has the size of the table as a constant.
const USER: &str = r#"(module
  (import "o" "t" (table $t 100000 100000 externref))
  (import "o" "m" (memory 10 10))
  (import "o" "funcs" (table $funcs 2 funcref))
  (global (export "g") i32 (i32.const 7))
  (table $lazy (export "lazy") 1 funcref)
  (elem (table $lazy) (i32.const 0) func $hidden)
  (elem declare func $seven)
  (func $hidden (result i32) (i32.const 8))
  (func $seven (export "seven") (result i32) (i32.const 7))
  (func (export "publish") (table.set $funcs (i32.const 1) (ref.func $seven)))
  (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
  (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
  (func (export "many") (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32 i64 f32 v128 i32 i32)
    (local.get 8) (i64.const 1) (f32.const 2) (v128.const i64x2 1 2) (i32.const 3) (i32.const 4))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;

/// Another instance that calls the user's functions, through an import and through a table that it
/// imports.
const CALLER: &str = r#"(module
  (type $f (func (result i32)))
  (import "u" "seven" (func $seven (result i32)))
  (import "u" "lazy" (table $lazy 1 funcref))
  (func (export "import") (result i32) (call $seven))
  (func (export "tail") (result i32) (return_call $seven))
  (func (export "lazy") (result i32) (call_indirect $lazy (type $f) (i32.const 0))))"#;

struct Guests {
    store: Store<()>,
    owner: Instance,
    user: Module,
    caller: Module,
}

fn guests() -> Result<Guests> {
    let engine = Engine::default();
    let owner = Module::new(&engine, OWNER)?;
    let user = Module::new(&engine, USER)?;
    let caller = Module::new(&engine, CALLER)?;
    let mut store = Store::new(&engine, ());
    let owner = Instance::new(&mut store, &owner, &[])?;
    Ok(Guests { store, owner, user, caller })
}

fn linker(store: &mut Store<()>, owner: Instance) -> Result<Linker<()>> {
    let mut linker = Linker::new(store.engine());
    linker.instance(store, "o", owner)?;
    Ok(linker)
}

fn grow(store: &mut Store<()>, owner: Instance) -> Result<()> {
    let grow = owner.get_typed_func::<Option<Rooted<ExternRef>>, ()>(&mut *store, "grow")?;
    grow.call(store, None)
}

fn table(store: &mut Store<()>, owner: Instance) -> Table {
    owner.get_table(store, "t").expect("an export")
}

/// Calls everything that an instance of the user exports, through the host and through other
/// instances. Either all of it can be called, or nothing.
fn runs(store: &mut Store<()>, owner: Instance, user: Instance, caller: Instance) -> bool {
    let mut outcomes = Vec::new();
    let mut note = |result: Result<i32>, expected: i32| match result {
        Ok(value) => {
            assert_eq!(value, expected);
            outcomes.push(true);
        }
        Err(error) => {
            let text = format!("{error:#}");
            for part in ["can't run any more", "`o::t`", "has 1 element(s)", "100000"] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!error.is::<Trap>(), "{text}");
            outcomes.push(false);
        }
    };
    let seven = user.get_typed_func::<(), i32>(&mut *store, "seven").unwrap();
    note(seven.call(&mut *store, ()), 7);
    let get = user.get_typed_func::<i32, Option<Rooted<ExternRef>>>(&mut *store, "get").unwrap();
    note(get.call(&mut *store, 5).map(|found| found.map_or(1, |_| 2)), 1);
    let many = user.get_func(&mut *store, "many").unwrap();
    let mut results = vec![wasm_runtime::Val::I32(0); 6];
    let args = [wasm_runtime::Val::I32(9); 9];
    note(many.call(&mut *store, &args, &mut results).map(|()| results[0].unwrap_i32()), 9);
    for (name, expected) in [("import", 7), ("tail", 7), ("lazy", 8)] {
        let call = caller.get_typed_func::<(), i32>(&mut *store, name).unwrap();
        note(call.call(&mut *store, ()), expected);
    }
    let call = owner.get_typed_func::<i32, i32>(&mut *store, "call").unwrap();
    note(call.call(&mut *store, 0), 7);
    assert!(outcomes.iter().all(|ran| *ran == outcomes[0]), "{outcomes:?}");
    // Whatever is not code can be read all the same.
    let global = user.get_global(&mut *store, "g").unwrap();
    assert_eq!(global.get(&mut *store).i32(), Some(7));
    outcomes[0]
}

fn instances(guests: &mut Guests) -> Result<(Instance, Instance)> {
    let Guests { store, owner, user, caller } = guests;
    let mut linker = linker(store, *owner)?;
    let user = linker.instantiate(&mut *store, user)?;
    linker.instance(&mut *store, "u", user)?;
    let caller = linker.instantiate(&mut *store, caller)?;
    // In a table that belongs to the host. No state that is put back includes it.
    Ok((user, caller))
}

/// Puts one of the user's functions into the owner's table of functions.
fn publish(store: &mut Store<()>, owner: Instance, user: Instance) -> Result<()> {
    let seven = user.get_func(&mut *store, "seven").expect("an export");
    let funcs = owner.get_table(&mut *store, "funcs").expect("an export");
    funcs.set(store, 0, wasm_runtime::Ref::Func(Some(seven)))
}

#[test]
fn instances_made_in_a_transaction_that_is_undone_cannot_run_with_too_little() -> Result<()> {
    let mut guests = guests()?;
    let mut transaction = guests.store.begin()?;
    grow(&mut transaction, guests.owner)?;
    let mut linker = linker(&mut transaction, guests.owner)?;
    let user = linker.instantiate(&mut *transaction, &guests.user)?;
    linker.instance(&mut *transaction, "u", user)?;
    let caller = linker.instantiate(&mut *transaction, &guests.caller)?;
    publish(&mut transaction, guests.owner, user)?;
    assert!(runs(&mut transaction, guests.owner, user, caller));
    transaction.rollback()?;

    let Guests { store, owner, .. } = &mut guests;
    assert_eq!(table(store, *owner).size(&*store), 1);
    publish(store, *owner, user)?;
    assert!(!runs(store, *owner, user, caller));
    // The next one is refused. It can be made when there is enough again.
    let Err(error) = instances(&mut guests) else { panic!("the table is too small") };
    assert!(format!("{error:#}").contains("`o::t`"), "{error:#}");
    grow(&mut guests.store, guests.owner)?;
    assert!(runs(&mut guests.store, guests.owner, user, caller));
    instances(&mut guests)?;
    Ok(())
}

#[test]
fn instances_with_enough_again_run_again() -> Result<()> {
    let mut guests = guests()?;
    let small = Snapshot::of_store(&mut guests.store)?;
    grow(&mut guests.store, guests.owner)?;
    let (user, caller) = instances(&mut guests)?;
    publish(&mut guests.store, guests.owner, user)?;
    let large = Snapshot::of_store(&mut guests.store)?;
    let Guests { store, owner, .. } = &mut guests;
    for _ in 0..2 {
        small.restore(&mut *store)?;
        publish(store, *owner, user)?;
        assert!(!runs(store, *owner, user, caller));
        // A snapshot of an instance that can't run is taken and put back like any other.
        let between = Snapshot::of_store(&mut *store)?;
        large.restore(&mut *store)?;
        assert!(runs(store, *owner, user, caller));
        between.restore(&mut *store)?;
        assert!(!runs(store, *owner, user, caller));
        // But it can't be used to make an instance elsewhere.
        let error = between.fork(Store::new(store.engine(), ()), &Linker::new(store.engine()));
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("`o::t`") && error.contains("100000"), "{error}");
        large.restore(&mut *store)?;
        assert!(runs(store, *owner, user, caller));
    }
    let mut other = Store::new(store.engine(), ());
    let forked = large.fork(&mut other, &Linker::new(store.engine()))?;
    assert!(runs(&mut other, forked[0], forked[1], forked[2]));
    Ok(())
}

#[test]
fn looking_up_imports_early_does_not_avoid_the_check() -> Result<()> {
    let Guests { mut store, owner, user, .. } = guests()?;
    let mut transaction = store.begin()?;
    grow(&mut transaction, owner)?;
    let linker = linker(&mut transaction, owner)?;
    let pre = linker.instantiate_pre(&user)?;
    pre.instantiate(&mut *transaction)?;
    transaction.rollback()?;
    for error in [pre.instantiate(&mut store), linker.instantiate(&mut store, &user)] {
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("incompatible import type for `o::t`"), "{error}");
    }
    grow(&mut store, owner)?;
    pre.instantiate(&mut store)?;
    Ok(())
}

#[test]
fn memories_too() -> Result<()> {
    let engine = Engine::default();
    let owner = Module::new(&engine, r#"(module (memory (export "m") 1 10))"#)?;
    let user = Module::new(
        &engine,
        r#"(module (import "o" "m" (memory 2)) (func (export "size") (result i32) (memory.size)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let owner = Instance::new(&mut store, &owner, &[])?;
    let memory = owner.get_memory(&mut store, "m").expect("an export");
    let before = Snapshot::of_store(&mut store)?;
    memory.grow(&mut store, 1)?;
    let linker = linker(&mut store, owner)?;
    let pre = linker.instantiate_pre(&user)?;
    let user = pre.instantiate(&mut store)?;
    let size = user.get_typed_func::<(), i32>(&mut store, "size")?;
    let after = Snapshot::of_store(&mut store)?;
    assert_eq!(size.call(&mut store, ())?, 2);
    before.restore(&mut store)?;
    let error = format!("{:#}", size.call(&mut store, ()).unwrap_err());
    assert!(error.contains("`o::m`") && error.contains("has 1 page(s)"), "{error}");
    assert!(pre.instantiate(&mut store).is_err());
    after.restore(&mut store)?;
    assert_eq!(size.call(&mut store, ())?, 2);
    Ok(())
}

/// When a fork is made, what it imports from outside of the snapshot is checked.
#[test]
fn forks_look_at_what_is_left_outside() -> Result<()> {
    let engine = Engine::default();
    let owner = Module::new(&engine, OWNER)?;
    let user = Module::new(
        &engine,
        r#"(module (import "o" "t" (table 100000 100000 externref))
            (func (export "get") (param i32) (result externref) (table.get (local.get 0))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let owner = Instance::new(&mut store, &owner, &[])?;
    let small = Snapshot::take(&mut store, &[owner])?;
    grow(&mut store, owner)?;
    let linker = linker(&mut store, owner)?;
    let user = linker.instantiate(&mut store, &user)?;
    let mut builder = Snapshot::builder();
    builder.instances(&[user]).outside(wasm_runtime::Outside::LeaveOut);
    let snapshot = builder.take(&mut store)?;
    let pre = snapshot.fork_pre(&linker)?;
    let fork = pre.fork(&mut store)?[0];
    let get = fork.get_typed_func::<i32, Option<Rooted<ExternRef>>>(&mut store, "get")?;
    assert!(get.call(&mut store, ELEMENTS - 1)?.is_none());
    small.restore(&mut store)?;
    assert!(get.call(&mut store, 0).is_err_and(|error| !error.is::<Trap>()));
    for error in [pre.fork(&mut store), snapshot.fork(&mut store, &linker)] {
        assert!(format!("{:#}", error.unwrap_err()).contains("`o::t`"));
    }
    Ok(())
}

/// An instance that can't run is not reused by the next store.
#[test]
fn nothing_is_left_of_it_for_the_next_store() -> Result<()> {
    let engine = Engine::default();
    let owner = Module::new(&engine, OWNER)?;
    let user = Module::new(&engine, USER)?;
    for _ in 0..3 {
        let mut store = Store::new(&engine, ());
        let owner = Instance::new(&mut store, &owner, &[])?;
        let before = Snapshot::of_store(&mut store)?;
        grow(&mut store, owner)?;
        let user = linker(&mut store, owner)?.instantiate(&mut store, &user)?;
        let seven = user.get_typed_func::<(), i32>(&mut store, "seven")?;
        assert_eq!(seven.call(&mut store, ())?, 7);
        before.restore(&mut store)?;
        assert!(seven.call(&mut store, ()).is_err());
    }
    Ok(())
}
