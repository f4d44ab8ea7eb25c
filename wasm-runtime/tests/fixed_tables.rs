//! Tables that can't grow, since their type says so. Their size is a constant in the code, whoever
//! defines them and whoever tries to grow them.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Engine, Func, Instance, Module, Ref, RefType, Result, Snapshot, Store, Table, TableType, Trap,
};

/// Two tables that can't grow. One of them is changed by everybody.
const WAT: &str = r#"(module
  (type $t (func (result i32)))
  (import "" "imported" (table $imported 3 3 funcref))
  (table $own (export "own") 2 2 funcref)
  (elem (table $own) (i32.const 0) func $one)
  (elem $more func $one $two)
  (func $one (type $t) (i32.const 1))
  (func $two (type $t) (i32.const 2))
  (func (export "call imported") (param i32) (result i32)
    (call_indirect $imported (type $t) (local.get 0)))
  (func (export "call own") (param i32) (result i32)
    (call_indirect $own (type $t) (local.get 0)))
  (func (export "sizes") (result i32 i32) (table.size $imported) (table.size $own))
  (func (export "grow") (param i32) (result i32 i32)
    (table.grow $imported (ref.func $one) (local.get 0))
    (table.grow $own (ref.func $one) (local.get 0)))
  (func (export "swap") (param i32 i32) (result i32) (local $first funcref)
    (local.set $first (table.get $own (local.get 0)))
    (table.set $own (local.get 0) (table.get $imported (local.get 1)))
    (table.set $imported (local.get 1) (local.get $first))
    (call_indirect $own (type $t) (local.get 0)))
  (func (export "init") (table.init $own $more (i32.const 0) (i32.const 0) (i32.const 2))))"#;

fn guest() -> Result<(Store<()>, Instance, Table)> {
    let engine = Engine::default();
    let module = Module::new(&engine, WAT)?;
    let mut store = Store::new(&engine, ());
    let ten = Func::wrap(&mut store, || 10);
    let ty = TableType::new(RefType::FUNCREF, 3, Some(3));
    let table = Table::new(&mut store, ty, Ref::Func(Some(ten)))?;
    let instance = Instance::new(&mut store, &module, &[table.into()])?;
    Ok((store, instance, table))
}

#[test]
fn calls_see_what_anybody_writes() -> Result<()> {
    let (mut store, instance, imported) = guest()?;
    let call_imported = instance.get_typed_func::<i32, i32>(&mut store, "call imported")?;
    let call_own = instance.get_typed_func::<i32, i32>(&mut store, "call own")?;
    let trap = |error: wasm_runtime::Error| error.downcast::<Trap>();
    assert_eq!(call_imported.call(&mut store, 2)?, 10);
    assert_eq!(trap(call_imported.call(&mut store, 3).unwrap_err())?, Trap::TableOutOfBounds);
    assert_eq!(call_own.call(&mut store, 0)?, 1);
    assert_eq!(trap(call_own.call(&mut store, 1).unwrap_err())?, Trap::IndirectCallToNull);
    assert_eq!(trap(call_own.call(&mut store, 2).unwrap_err())?, Trap::TableOutOfBounds);
    assert_eq!(trap(call_own.call(&mut store, -1).unwrap_err())?, Trap::TableOutOfBounds);

    let own = instance.get_table(&mut store, "own").expect("an export");
    let twenty = Func::wrap(&mut store, || 20);
    own.set(&mut store, 1, Ref::Func(Some(twenty)))?;
    imported.set(&mut store, 0, Ref::Func(None))?;
    assert_eq!(call_own.call(&mut store, 1)?, 20);
    assert_eq!(trap(call_imported.call(&mut store, 0).unwrap_err())?, Trap::IndirectCallToNull);
    let swap = instance.get_typed_func::<(i32, i32), i32>(&mut store, "swap")?;
    assert_eq!(swap.call(&mut store, (1, 2))?, 10);
    assert_eq!(call_imported.call(&mut store, 2)?, 20);
    instance.get_typed_func::<(), ()>(&mut store, "init")?.call(&mut store, ())?;
    assert_eq!(call_own.call(&mut store, 1)?, 2);
    Ok(())
}

#[test]
fn nobody_makes_them_larger() -> Result<()> {
    let (mut store, instance, imported) = guest()?;
    let sizes = instance.get_typed_func::<(), (i32, i32)>(&mut store, "sizes")?;
    let grow = instance.get_typed_func::<i32, (i32, i32)>(&mut store, "grow")?;
    let own = instance.get_table(&mut store, "own").expect("an export");
    assert_eq!(grow.call(&mut store, 0)?, (3, 2));
    assert_eq!(grow.call(&mut store, 1)?, (-1, -1));
    assert!(own.grow(&mut store, 1, Ref::Func(None)).is_err());
    assert!(imported.grow(&mut store, 1, Ref::Func(None)).is_err());
    assert_eq!(sizes.call(&mut store, ())?, (3, 2));
    // An imported table must not be able to grow either.
    let ty = TableType::new(RefType::FUNCREF, 3, Some(4));
    let growing = Table::new(&mut store, ty, Ref::Func(None))?;
    let module = instance.module(&store).clone();
    assert!(Instance::new(&mut store, &module, &[growing.into()]).is_err());
    Ok(())
}

#[test]
fn snapshots_put_them_back_in_place() -> Result<()> {
    let engine = Engine::default();
    let text = WAT.replace(
        r#"(import "" "imported" (table $imported 3 3 funcref))"#,
        "(table $imported 3 3 funcref)",
    );
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let call_own = instance.get_typed_func::<i32, i32>(&mut store, "call own")?;
    let init = instance.get_typed_func::<(), ()>(&mut store, "init")?;
    let snapshot = Snapshot::take(&mut store, &[instance])?;
    init.call(&mut store, ())?;
    assert_eq!(call_own.call(&mut store, 1)?, 2);
    snapshot.restore(&mut store)?;
    assert_eq!(call_own.call(&mut store, 0)?, 1);
    let error = call_own.call(&mut store, 1).unwrap_err();
    assert_eq!(error.downcast::<Trap>()?, Trap::IndirectCallToNull);
    Ok(())
}
