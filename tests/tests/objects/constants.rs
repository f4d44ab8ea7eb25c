//! Objects that constant expressions make.

use wasm_runtime::{
    ArrayRef, ArrayRefPre, ArrayType, Engine, FieldType, GcHeapOutOfMemory, Instance, Module,
    Mutability, Result, RootScope, Store, StoreLimits, StoreLimitsBuilder, Val, ValType,
};

/// A store whose heap of 2 MiB is full of what is dead.
fn full_store(engine: &Engine) -> Result<Store<StoreLimits>> {
    let limits = StoreLimitsBuilder::new().memory_size(2 << 20).build();
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits);
    let field = FieldType::new(Mutability::Const, ValType::I64.into());
    let pre = ArrayRefPre::new(&mut store, ArrayType::new(engine, field));
    let mut scope = RootScope::new(&mut store);
    while ArrayRef::new(&mut scope, &pre, &Val::I64(-1), 10_000).is_ok() {}
    drop(scope);
    Ok(store)
}

/// A module with so many segments of three arrays of 80 KB each for one place.
fn module(engine: &Engine, globals: usize, segments: usize) -> Result<Module> {
    let array = |value: usize| format!("(array.new $array (i64.const {value}) (i32.const 10000))");
    let mut text =
        String::from("(module (type $array (array i64)) (table $table 3 (ref null $array))");
    for global in 0..globals {
        text += &format!("(global $g{global} (ref $array) {})", array(global));
    }
    for segment in 0..segments {
        let items = (0..3).map(|item| format!("(item {})", array(100 * segment + item)));
        let items: String = items.collect();
        text += &format!("(elem (table $table) (i32.const 0) (ref null $array) {items})");
    }
    let items: String = (0..3).map(|item| format!("(item {})", array(1000 + item))).collect();
    text += &format!("(elem $passive (ref null $array) {items})");
    text += r#"
      (func (export "element") (param i32) (result i64)
        (array.get $array (table.get $table (local.get 0)) (i32.const 9999)))
      (func (export "passive")
        (table.init $table $passive (i32.const 0) (i32.const 0) (i32.const 3)))"#;
    for global in 0..globals {
        text += &format!(
            "(func (export \"g{global}\") (result i64)
               (array.get $array (global.get $g{global}) (i32.const 9999)))"
        );
    }
    Module::new(engine, text + ")")
}

#[test]
fn a_full_heap_is_collected_before_an_instance_is_refused() -> Result<()> {
    let engine = Engine::default();
    let (globals, segments) = (4, 12);
    let module = module(&engine, globals, segments)?;
    let mut store = full_store(&engine)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    for global in 0..globals {
        let value = instance.get_typed_func::<(), i64>(&mut store, &format!("g{global}"))?;
        assert_eq!(value.call(&mut store, ())?, global as i64);
    }
    let element = instance.get_typed_func::<i32, i64>(&mut store, "element")?;
    for at in 0..3 {
        let expected = 100 * (segments as i64 - 1) + i64::from(at);
        assert_eq!(element.call(&mut store, at)?, expected);
    }
    let passive = instance.get_typed_func::<(), ()>(&mut store, "passive")?;
    passive.call(&mut store, ())?;
    for at in 0..3 {
        assert_eq!(element.call(&mut store, at)?, 1000 + i64::from(at));
    }
    Ok(())
}

#[test]
fn an_instance_with_too_many_objects_is_refused() -> Result<()> {
    let engine = Engine::default();
    let module = module(&engine, 40, 1)?;
    let mut store = full_store(&engine)?;
    for _ in 0..2 {
        let error = Instance::new(&mut store, &module, &[]).unwrap_err();
        assert!(error.is::<GcHeapOutOfMemory<()>>(), "{error:?}");
    }
    Ok(())
}
