//! Dumps of stores at the moment of a trap.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Config, Engine, Func, Instance, Internals, Linker, Memory, MemoryType, Module, Result, Store,
    Trap, Val, WasmBacktrace, WasmCoreDump,
};

fn engine(set: impl FnOnce(&mut Config)) -> Result<Engine> {
    let mut config = Config::new();
    config.coredump_on_trap(true);
    set(&mut config);
    Engine::new(&config)
}

/// The error of the function `run`.
fn run(store: &mut Store<()>, instance: Instance) -> wasm_runtime::Error {
    let run = instance.get_typed_func::<(), ()>(&mut *store, "run").expect("an export");
    run.call(store, ()).expect_err("it traps")
}

#[test]
fn dumps_have_frames_and_what_instances_have() -> Result<()> {
    let engine = engine(|_| ())?;
    let mut store = Store::new(&engine, ());
    let lower = Module::new(
        &engine,
        r#"(module $lower (memory (export "memory") 2 3) (data (i32.const 70000) "deep")
            (global (mut i64) (i64.const -3)) (func $fail (export "fail") unreachable))"#,
    )?;
    let upper = Module::new(
        &engine,
        r#"(module $upper (import "lower" "fail" (func $fail))
            (import "lower" "memory" (memory 1))
            (global (mut f32) (f32.const 1.5)) (global externref (ref.null extern))
            (func $run (export "run") (call $fail)))"#,
    )?;
    let mut linker = Linker::new(&engine);
    linker.module(&mut store, "lower", &lower)?;
    let instance = linker.instantiate(&mut store, &upper)?;
    let error = run(&mut store, instance);
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert!(error.is::<WasmBacktrace>());
    let dump = error.downcast_ref::<WasmCoreDump>().expect("a dump");
    let names: Vec<_> = dump.frames().iter().map(|frame| frame.func_name()).collect();
    assert_eq!(names, [Some("fail"), Some("run")]);
    assert_eq!((dump.modules().len(), dump.instances().len()), (2, 2));
    // The memory is one, though both have it.
    assert_eq!((dump.memories().len(), dump.globals().len()), (1, 3));
    let written = dump.serialize(&mut store, "a test");
    // It is a module with the same memory and globals.
    let again = Module::new(&engine, &written)?;
    let instance = Instance::new(&mut store, &again, &[])?;
    let memory = instance.memory_at(&mut store, 0)?;
    assert_eq!(&memory.data(&store)[69_999..70_005], b"\0deep\0");
    assert_eq!(memory.size(&store), 2);
    let globals = instance.globals(&mut store)?;
    let values: Vec<_> = globals.iter().map(|global| global.item.get(&mut store)).collect();
    assert!(matches!(values[..], [Val::I64(-3), Val::F32(_), Val::ExternRef(None)]), "{values:?}");
    let has = |text: &[u8]| written.windows(text.len()).any(|window| window == text);
    for text in ["a test", "coremodules", "coreinstances", "corestack", "lower", "upper"] {
        assert!(has(text.as_bytes()), "{text}");
    }
    Ok(())
}

#[test]
fn errors_of_the_host_have_one_too() -> Result<()> {
    let engine = engine(|config| _ = config.wasm_backtrace(false))?;
    let mut store = Store::new(&engine, ());
    let text = r#"(module (import "" "" (func)) (func (export "run") (call 0)))"#;
    let module = Module::new(&engine, text)?;
    let host = Func::wrap(&mut store, || -> Result<()> { wasm_runtime::bail!("no") });
    let instance = Instance::new(&mut store, &module, &[host.into()])?;
    let error = run(&mut store, instance);
    assert!(!error.is::<WasmBacktrace>());
    let dump = error.downcast_ref::<WasmCoreDump>().expect("a dump");
    assert_eq!(dump.frames().len(), 1);
    assert_eq!(error.root_cause().to_string(), "no");
    // Without Wasm on the stack there is nothing to dump.
    let error = host.call(&mut store, &[], &mut []).unwrap_err();
    assert!(!error.is::<WasmCoreDump>());
    Ok(())
}

#[test]
fn what_is_sealed_or_shared_is_not_in_dumps() -> Result<()> {
    let engine = engine(|config| {
        config.internals(Internals::Sealed).shared_memory(true);
    })?;
    let mut store = Store::new(&engine, ());
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (memory 1 1 shared) (memory (export "m") 1)
            (global (mut i32) (i32.const 1)) (func (export "run") unreachable))"#,
    )?;
    let instance = Instance::new(&mut store, &module, &[])?;
    Memory::new(&mut store, MemoryType::new(1, None))?;
    let error = run(&mut store, instance);
    let dump = error.downcast_ref::<WasmCoreDump>().expect("a dump");
    assert_eq!((dump.memories().len(), dump.globals().len()), (1, 0));
    Module::validate(&engine, &dump.serialize(&mut store, ""))?;
    Ok(())
}

#[test]
fn there_are_none_by_default() -> Result<()> {
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), r#"(module (func (export "run") unreachable))"#)?;
    let instance = Instance::new(&mut store, &module, &[])?;
    assert!(!run(&mut store, instance).is::<WasmCoreDump>());
    Ok(())
}
