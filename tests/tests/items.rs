//! Memories, tables and globals from the host's side.

use wasm_runtime::{
    Engine, Func, Global, GlobalType, Instance, Linker, Memory, MemoryType, MemoryTypeBuilder,
    Module, Mutability, Ref, RefType, Result, Store, Table, TableType, Val, ValType,
};

#[test]
fn a_memory_is_read_written_and_grown_from_both_sides() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (memory (export "memory") 1 5)
             (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
             (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
             (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
             (func (export "size") (result i32) (memory.size)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let memory = instance.get_memory(&mut store, "memory").expect("a memory");
    let load = instance.get_typed_func::<i32, i32>(&mut store, "load")?;
    let put = instance.get_typed_func::<(i32, i32), ()>(&mut store, "store")?;
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow")?;
    let size = instance.get_typed_func::<(), i32>(&mut store, "size")?;

    assert_eq!(memory.size(&store), 1);
    assert_eq!(memory.data_size(&store), 65536);
    assert_eq!(memory.page_size(&store), 65536);
    assert_eq!((memory.ty(&store).minimum(), memory.ty(&store).maximum()), (1, Some(5)));
    memory.write(&mut store, 100, b"wasm")?;
    assert_eq!(load.call(&mut store, 103)?, i32::from(b'm'));
    put.call(&mut store, (101, i32::from(b'o')))?;
    let mut word = [0; 4];
    memory.read(&store, 100, &mut word)?;
    assert_eq!(&word, b"wosm");
    assert!(memory.write(&mut store, 65533, b"wasm").is_err());
    assert!(memory.read(&store, usize::MAX, &mut word).is_err());

    assert!(load.call(&mut store, 65536).is_err());
    assert_eq!(memory.grow(&mut store, 2)?, 1);
    assert_eq!(load.call(&mut store, 65536)?, 0);
    assert_eq!(size.call(&mut store, ())?, 3);
    assert_eq!(grow.call(&mut store, 1)?, 3);
    assert_eq!(memory.size(&store), 4);
    assert_eq!(memory.data(&store).len(), 4 * 65536);
    assert!(memory.grow(&mut store, 2).is_err());
    assert_eq!(grow.call(&mut store, 2)?, -1);
    assert_eq!(grow.call(&mut store, -1)?, -1);
    memory.data_mut(&mut store)[4 * 65536 - 1] = 9;
    assert_eq!(load.call(&mut store, 4 * 65536 - 1)?, 9);
    Ok(())
}

#[test]
fn memories_of_the_host_are_shared_between_instances() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "host" "memory" (memory $a 1)) (memory $b (export "own") 1)
             (func (export "copy") (param i32 i32 i32)
               (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2)))
             (func (export "grow") (result i32) (memory.grow $a (i32.const 1)))
             (func (export "last") (result i32)
               (i32.load8_u $a (i32.sub (i32.mul (memory.size $a) (i32.const 65536)) (i32.const 1)))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(10)))?;
    memory.write(&mut store, 10, b"shared")?;
    let first = Instance::new(&mut store, &module, &[memory.into()])?;
    let second = Instance::new(&mut store, &module, &[memory.into()])?;
    for instance in [first, second] {
        let copy = instance.get_typed_func::<(i32, i32, i32), ()>(&mut store, "copy")?;
        copy.call(&mut store, (0, 10, 6))?;
        let own = instance.get_memory(&mut store, "own").expect("a memory");
        assert_eq!(&own.data(&store)[..6], b"shared");
        assert!(copy.call(&mut store, (0, 65531, 6)).is_err());
    }
    let grow = first.get_typed_func::<(), i32>(&mut store, "grow")?;
    let last = second.get_typed_func::<(), i32>(&mut store, "last")?;
    for pages in 1..10 {
        assert_eq!(grow.call(&mut store, ())?, pages);
        let end = memory.data_size(&store) - 1;
        memory.data_mut(&mut store)[end] = pages as u8;
        assert_eq!(last.call(&mut store, ())?, pages);
    }
    assert_eq!(grow.call(&mut store, ())?, -1);
    Ok(())
}

#[test]
fn large_memories_are_addressed_with_64_bits() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "host" "memory" (memory i64 1))
             (func (export "load") (param i64) (result i32) (i32.load8_u (local.get 0)))
             (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let ty = MemoryTypeBuilder::new().memory64(true).min(1).max(Some(20)).build()?;
    let memory = Memory::new(&mut store, ty)?;
    let instance = Instance::new(&mut store, &module, &[memory.into()])?;
    let load = instance.get_typed_func::<i64, i32>(&mut store, "load")?;
    let grow = instance.get_typed_func::<i64, i64>(&mut store, "grow")?;
    memory.data_mut(&mut store)[65535] = 1;
    assert_eq!(load.call(&mut store, 65535)?, 1);
    assert!(load.call(&mut store, 65536).is_err());
    assert!(load.call(&mut store, 1 << 32).is_err());
    assert!(load.call(&mut store, -1).is_err());
    assert_eq!(grow.call(&mut store, 10)?, 1);
    assert_eq!(load.call(&mut store, 65535)?, 1);
    assert_eq!(load.call(&mut store, 11 * 65536 - 1)?, 0);
    assert_eq!(grow.call(&mut store, 10)?, -1);
    assert_eq!(grow.call(&mut store, 1 << 50)?, -1);
    Ok(())
}

#[test]
fn tables_are_read_written_grown_and_copied() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
             (table $t (export "table") 3 8 funcref)
             (elem (table $t) (i32.const 1) func $one $two)
             (func $one (result i32) (i32.const 1))
             (func $two (result i32) (i32.const 2))
             (func (export "call") (param i32) (result i32)
               (call_indirect $t (result i32) (local.get 0)))
             (func (export "null") (param i32) (result i32)
               (ref.is_null (table.get $t (local.get 0)))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let table = instance.get_table(&mut store, "table").expect("a table");
    let call = instance.get_typed_func::<i32, i32>(&mut store, "call")?;
    let null = instance.get_typed_func::<i32, i32>(&mut store, "null")?;
    assert_eq!(table.size(&store), 3);
    assert_eq!((table.ty(&store).minimum(), table.ty(&store).maximum()), (3, Some(8)));
    assert!(table.get(&mut store, 0).expect("inside").is_null());
    assert!(table.get(&mut store, 3).is_none());

    // An element that was never accessed exists nevertheless.
    let one = table.get(&mut store, 1).expect("inside");
    let one = *one.unwrap_func().expect("not null");
    assert_eq!(one.typed::<(), i32>(&store)?.call(&mut store, ())?, 1);
    table.set(&mut store, 0, Ref::Func(Some(one)))?;
    assert_eq!(call.call(&mut store, 0)?, 1);
    assert_eq!(call.call(&mut store, 2)?, 2);
    let three = Func::wrap(&mut store, || 3);
    assert_eq!(table.grow(&mut store, 2, Ref::Func(Some(three)))?, 3);
    assert_eq!(call.call(&mut store, 4)?, 3);
    assert!(table.grow(&mut store, 4, Ref::Func(None)).is_err());
    table.fill(&mut store, 1, Ref::Func(None), 2)?;
    assert_eq!((null.call(&mut store, 1)?, null.call(&mut store, 3)?), (1, 0));
    assert!(call.call(&mut store, 1).is_err());
    assert!(table.fill(&mut store, 4, Ref::Func(None), 2).is_err());
    assert!(table.set(&mut store, 5, Ref::Func(None)).is_err());
    assert!(table.set(&mut store, 0, Ref::Extern(None)).is_err());

    let other = Table::new(&mut store, TableType::new(RefType::FUNCREF, 4, None), Ref::Func(None))?;
    Table::copy(&mut store, &other, 1, &table, 3, 2)?;
    assert!(!other.get(&mut store, 2).expect("inside").is_null());
    assert!(Table::copy(&mut store, &other, 3, &table, 3, 2).is_err());
    Ok(())
}

#[test]
fn globals_of_every_type() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let function = Func::wrap(&mut store, || 5);
    let values = [
        ("i32", ValType::I32, Val::I32(-3)),
        ("i64", ValType::I64, Val::I64(1 << 40)),
        ("f32", ValType::F32, Val::F32(0x7fa0_0001)),
        ("f64", ValType::F64, Val::F64(2.5_f64.to_bits())),
        ("v128", ValType::V128, Val::V128((7_u128 << 100).into())),
        ("funcref", ValType::FUNCREF, Val::FuncRef(Some(function))),
        ("externref", ValType::EXTERNREF, Val::ExternRef(None)),
    ];
    for (name, ty, value) in values {
        let global = Global::new(&mut store, GlobalType::new(ty.clone(), Mutability::Var), value)?;
        let module = Module::new(
            &engine,
            format!(
                "(module (import \"host\" \"g\" (global $g (mut {name})))
                   (func (export \"get\") (result {name}) (global.get $g))
                   (func (export \"set\") (param {name}) (global.set $g (local.get 0)))
                   (export \"g\" (global $g)))"
            ),
        )?;
        let instance = Instance::new(&mut store, &module, &[global.into()])?;
        let get = instance.get_func(&mut store, "get").expect("a function");
        let set = instance.get_func(&mut store, "set").expect("a function");
        let mut results = [Val::I32(0)];
        get.call(&mut store, &[], &mut results)?;
        assert_same(&results[0], &value);
        let zero = Val::default_for_ty(&ty).expect("a default");
        set.call(&mut store, &[zero], &mut [])?;
        assert_same(&global.get(&mut store), &zero);
        let exported = instance.get_global(&mut store, "g").expect("a global");
        exported.set(&mut store, value)?;
        assert_same(&global.get(&mut store), &value);
        let wrong = if name == "i64" { Val::I32(1) } else { Val::I64(1) };
        assert!(exported.set(&mut store, wrong).is_err());
    }
    let ty = GlobalType::new(ValType::I32, Mutability::Const);
    let constant = Global::new(&mut store, ty, Val::I32(1))?;
    assert!(constant.set(&mut store, Val::I32(2)).is_err());
    let ty = GlobalType::new(ValType::I32, Mutability::Const);
    assert!(Global::new(&mut store, ty, Val::F32(1)).is_err());
    Ok(())
}

#[track_caller]
fn assert_same(a: &Val, b: &Val) {
    match (a, b) {
        (Val::FuncRef(a), Val::FuncRef(b)) => assert_eq!(a.is_some(), b.is_some()),
        (Val::ExternRef(a), Val::ExternRef(b)) => assert_eq!(a.is_some(), b.is_some()),
        (Val::V128(a), Val::V128(b)) => assert_eq!(a.as_u128(), b.as_u128()),
        _ => assert_eq!(format!("{a:?}"), format!("{b:?}")),
    }
}

#[test]
fn a_module_lists_its_imports_and_exports() -> Result<()> {
    let engine = Engine::default();
    for pipeline in wasm_tests::Pipeline::ALL {
        let module = pipeline.module(
            &engine,
            br#"(module $named
                  (import "a" "f" (func (param i32) (result i64)))
                  (import "a" "m" (memory 1 2))
                  (import "b" "t" (table 3 funcref))
                  (import "" "" (global (mut f64)))
                  (func (export "run") (param f32))
                  (memory (export "mem") i64 1)
                  (export "again" (func 0)))"#,
        )?;
        assert_eq!(module.name(), Some("named"));
        let imports: Vec<_> =
            module.imports().map(|import| (import.module(), import.name())).collect();
        assert_eq!(imports, [("a", "f"), ("a", "m"), ("b", "t"), ("", "")]);
        let exports: Vec<_> = module.exports().map(|export| export.name()).collect();
        assert_eq!(exports, ["run", "mem", "again"]);
        let memory = module.get_export("mem").expect("an export");
        assert!(memory.unwrap_memory().is_64());
        let again = module.get_export("again").expect("an export");
        let again = again.unwrap_func().clone();
        assert!(matches!(again.param(0), Some(ValType::I32)));
        assert!(matches!(again.result(0), Some(ValType::I64)));
        assert!(module.get_export("nothing").is_none());
        let index = module.get_export_index("run");
        assert!(index.is_some());
    }
    Ok(())
}

#[test]
fn instances_can_be_linked_to_each_other() -> Result<()> {
    let engine = Engine::default();
    let provider = Module::new(
        &engine,
        r#"(module (memory (export "memory") 1) (global (export "base") i32 (i32.const 64))
             (table (export "table") 2 funcref)
             (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"#,
    )?;
    let user = Module::new(
        &engine,
        r#"(module (import "lib" "memory" (memory 1)) (import "lib" "base" (global $base i32))
             (import "lib" "table" (table 2 funcref))
             (import "lib" "double" (func $double (param i32) (result i32)))
             (data (global.get $base) "\15") (elem (i32.const 0) $double $quadruple)
             (func $quadruple (param i32) (result i32) (call $double (call $double (local.get 0))))
             (func (export "run") (result i32)
               (call_indirect (param i32) (result i32) (i32.load8_u (global.get $base)) (i32.const 1))))"#,
    )?;
    let mut linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let lib = linker.instantiate(&mut store, &provider)?;
    linker.instance(&mut store, "lib", lib)?;
    let instance = linker.instantiate(&mut store, &user)?;
    assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())?, 84);
    // The function of the other instance, from the shared table.
    let table = lib.get_table(&mut store, "table").expect("a table");
    let quadruple = *table.get(&mut store, 1).expect("inside").unwrap_func().expect("not null");
    assert_eq!(quadruple.typed::<i32, i32>(&store)?.call(&mut store, 5)?, 20);
    Ok(())
}
