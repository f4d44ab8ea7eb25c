//! Snapshots, transactions, forks and instances that are used again, with references in globals and
//! tables.

use std::any::Any;

use wasm_runtime::{
    Config, Engine, ExternRef, Global, GlobalType, HostState, Instance, Linker, Module, Mutability,
    Ref, RefType, Result, RootScope, Snapshot, Store, Table, TableType, Val, ValType,
};

use crate::support::{Alive, Counted, engines};

const GUEST: &str = r#"(module
    (import "host" "table" (table $outer 2 externref))
    (import "host" "global" (global $shared (mut externref)))
    (table $t (export "t") 3 externref)
    (global $g (export "g") (mut externref) (ref.null extern))
    (func (export "set") (param externref)
        (global.set $g (local.get 0))
        (global.set $shared (local.get 0))
        (table.set $t (i32.const 1) (local.get 0))
        (table.set $outer (i32.const 1) (local.get 0)))
    (func (export "get") (result externref externref externref externref)
        (global.get $g) (global.get $shared) (table.get $t (i32.const 1))
        (table.get $outer (i32.const 1))))"#;

/// The data of a store: how many values live, and what is saved of it.
struct Host(Alive);

impl HostState for Host {
    type Saved = ();

    fn save(&mut self) -> Result<()> {
        Ok(())
    }

    fn restore(&mut self, (): &()) -> Result<()> {
        Ok(())
    }

    fn copy_extern(value: &(dyn Any + Send + Sync)) -> Option<Box<dyn Any + Send + Sync>> {
        let value = value.downcast_ref::<Counted>()?;
        Some(Box::new(value.copy()))
    }
}

struct Guest {
    store: Store<Host>,
    instance: Instance,
    /// A global that no instance imports.
    alone: Global,
}

fn outer(store: &mut Store<Host>, linker: &mut Linker<Host>) -> Result<Global> {
    let ty = TableType::new(RefType::EXTERNREF, 2, None);
    let table = Table::new(&mut *store, ty, Ref::Extern(None))?;
    let ty = GlobalType::new(ValType::EXTERNREF, Mutability::Var);
    let global = Global::new(&mut *store, ty.clone(), Val::ExternRef(None))?;
    linker.define(&*store, "host", "table", table)?;
    linker.define(&*store, "host", "global", global)?;
    Global::new(store, ty, Val::ExternRef(None))
}

impl Guest {
    fn new(engine: &Engine) -> Result<Self> {
        let module = Module::new(engine, GUEST)?;
        let mut store = Store::new(engine, Host(Alive::default()));
        let mut linker = Linker::new(engine);
        let alone = outer(&mut store, &mut linker)?;
        let instance = linker.instantiate(&mut store, &module)?;
        Ok(Self { store, instance, alone })
    }

    fn set(&mut self, number: i32) -> Result<()> {
        let mut scope = RootScope::new(&mut self.store);
        let value = Counted::new(&wasm_runtime::AsContext::as_context(&scope).data().0, number);
        let value = ExternRef::new(&mut scope, value)?;
        self.alone.set(&mut scope, value.into())?;
        let set = self.instance.get_func(&mut scope, "set").unwrap();
        set.call(&mut scope, &[value.into()], &mut [])
    }

    /// The number that is everywhere.
    fn get(&mut self) -> Result<i32> {
        self.store.gc(None)?;
        let mut numbers = numbers(&mut self.store, self.instance)?;
        let mut scope = RootScope::new(&mut self.store);
        let value = self.alone.get(&mut scope);
        numbers.push(number(&scope, value)?);
        numbers.dedup();
        assert_eq!(numbers.len(), 1, "{numbers:?}");
        Ok(numbers[0])
    }
}

fn number(scope: &RootScope<&mut Store<Host>>, value: Val) -> Result<i32> {
    let Some(value) = value.unwrap_externref() else { return Ok(-1) };
    let value = value.data(scope)?.unwrap();
    Ok(value.downcast_ref::<Counted>().unwrap().number)
}

fn numbers(store: &mut Store<Host>, instance: Instance) -> Result<Vec<i32>> {
    let mut scope = RootScope::new(store);
    let get = instance.get_func(&mut scope, "get").unwrap();
    let mut results = [Val::I32(0); 4];
    get.call(&mut scope, &[], &mut results)?;
    results.into_iter().map(|value| number(&scope, value)).collect()
}

#[test]
fn a_snapshot_keeps_what_it_refers_to() -> Result<()> {
    for engine in engines() {
        let mut guest = Guest::new(&engine)?;
        guest.set(1)?;
        let one = Snapshot::of_store(&mut guest.store)?;
        guest.set(2)?;
        let two = Snapshot::of_store(&mut guest.store)?;
        guest.set(3)?;
        assert_eq!((guest.get()?, guest.store.data().0.count()), (3, 3));
        for (snapshot, expected) in [(&one, 1), (&two, 2), (&one, 1)] {
            snapshot.restore(&mut guest.store)?;
            assert_eq!(guest.get()?, expected);
        }
        drop((one, two));
        assert_eq!((guest.get()?, guest.store.data().0.count()), (1, 1));
    }
    Ok(())
}

#[test]
fn a_transaction_that_is_given_up_has_made_nothing() -> Result<()> {
    for engine in engines() {
        let mut guest = Guest::new(&engine)?;
        guest.set(1)?;
        let instance = guest.instance;
        for number in 2..20 {
            let mut transaction = guest.store.begin()?;
            let scope = &mut transaction;
            let value = Counted::new(&wasm_runtime::AsContext::as_context(scope).data().0, number);
            let value = ExternRef::new(&mut *scope, value)?;
            let set = instance.get_func(&mut *scope, "set").unwrap();
            set.call(&mut *scope, &[value.into()], &mut [])?;
            transaction.rollback()?;
        }
        assert_eq!(numbers(&mut guest.store, instance)?, [1; 4]);
    }
    Ok(())
}

#[test]
fn forks_have_values_of_their_own() -> Result<()> {
    for engine in engines() {
        let mut guest = Guest::new(&engine)?;
        guest.set(1)?;
        let snapshot = Snapshot::builder()
            .instances(&[guest.instance])
            .outside(wasm_runtime::Outside::Include)
            .take_with_host(&mut guest.store)?;
        guest.set(2)?;
        let mut stores = Vec::new();
        for _ in 0..3 {
            let mut store = Store::new(&engine, Host(Alive::default()));
            let forked = snapshot.fork(&mut store, &Linker::new(&engine))?;
            store.gc(None)?;
            assert_eq!(numbers(&mut store, forked[0])?, [1; 4]);
            stores.push(store);
        }
        // In the same store, beside what is there.
        let forked = snapshot.fork(&mut guest.store, &Linker::new(&engine))?;
        guest.store.gc(None)?;
        assert_eq!(numbers(&mut guest.store, forked[0])?, [1; 4]);
        assert_eq!(guest.get()?, 2);
    }
    Ok(())
}

/// An instance that was used in another store refers to nothing of it, also if making it fails.
#[test]
fn an_instance_that_is_used_again_has_forgotten_its_references() -> Result<()> {
    let engine = Engine::new(&Config::new())?;
    let module = Module::new(
        &engine,
        r#"(module
            (memory (import "host" "memory") 1)
            (global $g (export "g") (mut externref) (ref.null extern))
            (table $t (export "t") 2 externref)
            (data (i32.const 65536) "x")
            (func (export "set") (param externref)
                (global.set $g (local.get 0)) (table.set $t (i32.const 0) (local.get 0))))"#,
    )?;
    for round in 0..10 {
        let mut store = Store::new(&engine, ());
        let pages = if round % 2 == 0 { 2 } else { 1 };
        let ty = wasm_runtime::MemoryType::new(pages, None);
        let memory = wasm_runtime::Memory::new(&mut store, ty)?;
        let made = Instance::new(&mut store, &module, &[memory.into()]);
        assert_eq!(made.is_ok(), pages == 2);
        let value = ExternRef::new(&mut store, round)?;
        if let Ok(instance) = made {
            let global = instance.get_global(&mut store, "g").unwrap();
            assert!(global.get(&mut store).unwrap_externref().is_none());
            let set = instance.get_func(&mut store, "set").unwrap();
            set.call(&mut store, &[value.into()], &mut [])?;
        }
        store.gc(None)?;
        assert_eq!(value.data(&store)?.unwrap().downcast_ref(), Some(&round));
    }
    Ok(())
}
