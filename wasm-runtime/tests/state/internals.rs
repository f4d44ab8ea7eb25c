//! What a module neither exports nor imports, read and written by the host.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    Config, Engine, Instance, Internals, Linker, Memory, MemoryType, Module, Outside, Ref,
    Snapshot, Store, Val,
};

/// An instance of a module that exports nothing but one function, in an engine with this level of
/// access.
fn internals(level: Internals) -> (Store<()>, Instance) {
    let mut config = Config::new();
    config.internals(level);
    let engine = Engine::new(&config).unwrap();
    let wat = r#"(module
        (import "host" "m" (memory $imported 1))
        (memory $own 1) (table $table 2 funcref) (global $count (mut i32) (i32.const 5))
        (global $constant i64 (i64.const 6)) (global $open (export "shown") (mut i32) (i32.const 7))
        (data $text (memory $own) (i32.const 3) "text") (data $later "abc")
        (elem $list (i32.const 1) func $get)
        (func $get (export "get") (result i32) (global.get $count))
        (func $add (param i32) (result i32) (i32.add (local.get 0) (global.get $count)))
        (func (drop (call $add (i32.const 1)))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let instance = Instance::new(&mut store, &module, &[memory.into()]).unwrap();
    assert_eq!(instance.internals(&store), level);
    (store, instance)
}

#[test]
fn everything_can_be_read() {
    let (mut store, instance) = internals(Internals::Readable);
    let globals = instance.globals(&mut store).unwrap();
    let found: Vec<_> = globals
        .iter()
        .map(|it| (it.index, it.name.as_deref().unwrap(), it.is_imported, it.is_exported))
        .collect();
    assert_eq!(
        found,
        [(0, "count", false, false), (1, "constant", false, false), (2, "open", false, true)]
    );
    assert_eq!(globals[0].item.get(&mut store).i32(), Some(5));
    let memories = instance.memories(&mut store).unwrap();
    assert!(memories[0].is_imported && !memories[1].is_imported);
    assert_eq!(&memories[1].item.data(&store)[..8], b"\0\0\0text\0");
    let own = instance.memory_named(&mut store, "own").unwrap();
    assert_eq!(own, memories[1].item);
    assert_eq!(instance.table_at(&mut store, 0).unwrap().size(&store), 2);
    let functions = instance.functions(&mut store).unwrap();
    assert_eq!(functions.len(), 3);
    assert_eq!(functions[2].name, None);
    // Functions can be called by index and by name.
    let add = instance.func_named(&mut store, "add").unwrap();
    assert_eq!(add.typed::<i32, i32>(&store).unwrap().call(&mut store, 2).unwrap(), 7);
    assert_eq!(instance.func_at(&mut store, 1).unwrap(), add);
    // If there is no name section, the name of the export is used.
    assert!(instance.global_named(&mut store, "shown").is_ok());
    let error = instance.global_named(&mut store, "cout").unwrap_err().to_string();
    assert!(error.contains("did you mean `count`?"), "{error}");
    let error = instance.global_at(&mut store, 3).unwrap_err().to_string();
    assert!(error.contains("it has 3 of them"), "{error}");
    let data = instance.data_segments(&store).unwrap();
    assert_eq!((data[1].name.as_deref(), data[1].item.bytes), (Some("later"), &b"abc"[..]));
    assert!(data[0].item.is_active && data[0].item.is_dropped && !data[1].item.is_dropped);
    let elements = instance.element_segments(&store).unwrap();
    assert_eq!((elements[0].item.len, elements[0].item.is_dropped), (1, true));
}

#[test]
fn only_what_the_artifact_allows_can_be_written() {
    let (mut store, instance) = internals(Internals::Readable);
    let how = "`Config::internals(Internals::Writable)`";
    let count = instance.global_named(&mut store, "count").unwrap();
    let error = count.set(&mut store, Val::I32(1)).unwrap_err().to_string();
    assert!(error.contains("global") && error.contains(how), "{error}");
    let table = instance.table_at(&mut store, 0).unwrap();
    assert!(table.set(&mut store, 0, Ref::Func(None)).is_err());
    assert!(table.grow(&mut store, 1, Ref::Func(None)).is_err());
    assert!(table.fill(&mut store, 0, Ref::Func(None), 1).is_err());
    assert!(table.get(&mut store, 1).unwrap().is_non_null());
    let own = instance.memory_at(&mut store, 1).unwrap();
    let error = own.write(&mut store, 0, b"x").unwrap_err().to_string();
    assert!(error.contains("memory") && error.contains(how), "{error}");
    assert!(own.grow(&mut store, 1).is_err());
    let panic = catch_unwind(AssertUnwindSafe(|| own.data_mut(&mut store)[0] = 1)).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains(how));
    assert_eq!(own.data(&store)[0], 0);
    // Other instances, which could write to it, can't import it either.
    let module = Module::new(store.engine(), r#"(module (import "" "" (memory 1)))"#).unwrap();
    assert!(Instance::new(&mut store, &module, &[own.into()]).is_err());
    let mut linker = Linker::new(store.engine());
    assert!(linker.define(&store, "", "", own).is_err());
    // What is imported or exported is open to everybody.
    instance.memory_at(&mut store, 0).unwrap().write(&mut store, 0, b"x").unwrap();
    let shown = instance.global_at(&mut store, 2).unwrap();
    shown.set(&mut store, Val::I32(8)).unwrap();
    assert_eq!(instance.get_global(&mut store, "shown").unwrap(), shown);

    let (mut store, instance) = internals(Internals::Writable);
    instance.global_at(&mut store, 0).unwrap().set(&mut store, Val::I32(50)).unwrap();
    assert!(instance.global_at(&mut store, 1).unwrap().set(&mut store, Val::I64(5)).is_err());
    instance.memory_at(&mut store, 1).unwrap().write(&mut store, 0, b"x").unwrap();
    let get = instance.get_typed_func::<(), i32>(&mut store, "get").unwrap();
    assert_eq!(get.call(&mut store, ()).unwrap(), 50);
}

#[test]
fn sealed_modules_show_what_they_export() {
    let (mut store, instance) = internals(Internals::Sealed);
    for error in [
        instance.globals(&mut store).unwrap_err(),
        instance.global_at(&mut store, 0).unwrap_err(),
        instance.func_named(&mut store, "add").unwrap_err(),
        instance.data_segments(&store).unwrap_err(),
    ] {
        assert!(error.to_string().contains("Internals::Readable"), "{error}");
    }
    assert!(instance.global_named(&mut store, "shown").is_ok());
    assert!(instance.func_at(&mut store, 0).is_ok());
    let snapshot =
        Snapshot::builder().instances(&[instance]).outside(Outside::Include).take(&mut store);
    let snapshot = snapshot.unwrap();
    assert!(snapshot.state(instance).is_err());
    snapshot.restore(&mut store).unwrap();
}

#[test]
fn artifacts_say_who_may_write() {
    let mut config = Config::new();
    let wat = r#"(module (global (mut i32) (i32.const 0)))"#;
    let readable = Engine::new(&config).unwrap().precompile_module(wat.as_bytes()).unwrap();
    config.internals(Internals::Sealed);
    let sealed = Engine::new(&config).unwrap().precompile_module(wat.as_bytes()).unwrap();
    config.internals(Internals::Writable);
    let writable = Engine::new(&config).unwrap();
    for artifact in [&readable, &sealed] {
        // SAFETY: made above.
        let error = unsafe { Module::deserialize(&writable, artifact) }.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("`Config::internals(Internals::Writable)`"), "{error}");
    }
    // SAFETY: made above.
    let module = unsafe { Module::deserialize(&Engine::default(), &sealed) }.unwrap();
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert_eq!(instance.internals(&store), Internals::Sealed);
    assert!(instance.global_at(&mut store, 0).is_err());
}
