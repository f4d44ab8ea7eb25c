//! Calls through tables that nothing changes; their elements are stored beside the code. Most tests
//! run a module twice: as it is, and with its tables exported, so that the same calls take the
//! general path. Nothing else may differ.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{
    Caller, Config, Engine, FrameInfo, Func, Instance, Internals, Linker, Module, Ref, Result,
    Snapshot, Store, Trap, Val, WasmBacktrace,
};

/// Host functions log their calls here.
type Log = Vec<String>;

/// The outcome of a call.
#[derive(PartialEq, Debug)]
struct Outcome {
    results: Vec<String>,
    trap: Option<Trap>,
    /// Names of functions, and offsets in them.
    frames: Vec<(Option<String>, Option<usize>)>,
    log: Log,
}

fn outcome(store: &mut Store<Log>, func: Func, args: &[Val]) -> Outcome {
    store.data_mut().clear();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    let called = func.call(&mut *store, args, &mut results);
    let mut outcome = Outcome {
        results: results.iter().map(|value| format!("{value:?}")).collect(),
        trap: None,
        frames: Vec::new(),
        log: store.data().clone(),
    };
    if let Err(error) = called {
        outcome.results = vec![error.root_cause().to_string()];
        outcome.trap = error.downcast_ref::<Trap>().copied();
        let frames = error.downcast_ref::<WasmBacktrace>().map_or(&[][..], WasmBacktrace::frames);
        let frame = |frame: &FrameInfo| (frame.func_name().map(Into::into), frame.func_offset());
        outcome.frames = frames.iter().map(frame).collect();
    }
    outcome
}

/// The imports that the tests' modules may need.
fn linker(engine: &Engine, store: &mut Store<Log>) -> Result<Linker<Log>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "log", |mut caller: Caller<'_, Log>, x: i32| -> i32 {
        let memory = caller.get_export("memory").and_then(|memory| memory.into_memory());
        let first = memory.map(|memory| memory.data(&caller)[0]);
        caller.data_mut().push(format!("{x} of {first:?}"));
        x + 1000
    })?;
    linker.func_wrap("host", "fail", |x: i32| -> Result<i32> {
        Err(wasm_runtime::Error::msg(format!("no to {x}")))
    })?;
    linker.func_wrap(
        "host",
        "many",
        |a: i64, b: f64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: f64, j: i64| {
            (a + c, b + i, d - e, f * g, h as f32, i32::try_from(j).unwrap_or(-1), b)
        },
    )?;
    let other = Module::new(
        engine,
        r#"(module
          (memory (export "memory") 1) (data (i32.const 0) "\07")
          (func $triple (export "triple") (param i32) (result i32)
            (i32.mul (local.get 0) (i32.const 3)))
          (func $own (export "own") (param i32) (result i32)
            (i32.add (local.get 0) (i32.load8_u (i32.const 0))))
          (func $bad (export "bad") (param i32) (result i32) (unreachable)))"#,
    )?;
    linker.module(&mut *store, "other", &other)?;
    Ok(linker)
}

/// Calls an export with each argument.
fn outcomes(engine: &Engine, wat: &str, export: &str, args: &[Vec<Val>]) -> Result<Vec<Outcome>> {
    let mut store = Store::new(engine, Log::new());
    let linker = linker(engine, &mut store)?;
    let module = Module::new(engine, wat)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let func = instance.get_func(&mut store, export).expect("the export");
    Ok(args.iter().map(|args| outcome(&mut store, func, args)).collect())
}

/// Whether the code of a module has tables beside it.
fn has_tables(engine: &Engine, wat: &str) -> bool {
    let artifact = engine.precompile_module(wat.as_bytes()).unwrap();
    let artifact = wasm_artifact::Artifact::parse(&artifact).unwrap();
    let mut items = artifact.text_items().unwrap();
    items.any(|item| matches!(item.unwrap().kind, wasm_types::TextItemKind::Table(_)))
}

/// Calls exports of a module that has `EXPORT` where a table can be exported, with and without
/// that.
fn compare(wat: &str, exports: &[&str], args: &[Vec<Val>]) -> Result<Vec<Outcome>> {
    let engine = Engine::default();
    let general = wat.replace("EXPORT", r#"(export "table")"#);
    let beside = wat.replace("EXPORT", "");
    assert!(has_tables(&engine, &beside) && !has_tables(&engine, &general));
    let mut all = Vec::new();
    for export in exports {
        let expected = outcomes(&engine, &general, export, args)?;
        let found = outcomes(&engine, &beside, export, args)?;
        for ((mut expected, found), args) in expected.into_iter().zip(found).zip(args) {
            if found.trap.is_none() && export.starts_with("tail") {
                // A host function that is called through a reference finds its caller by the
                // caller's frame, which the general path keeps. Here the call is a tail call.
                expected.frames.retain(|(name, _)| name.as_deref() != Some(export));
            }
            assert_eq!(found, expected, "{export} with {args:?}");
            all.push(found);
        }
    }
    Ok(all)
}

fn numbers(numbers: impl IntoIterator<Item = i32>) -> Vec<Vec<Val>> {
    numbers.into_iter().map(|number| vec![Val::I32(number)]).collect()
}

/// All kinds of elements, and all kinds of indices.
#[test]
fn every_index_behaves_as_in_general_tables() -> Result<()> {
    const WAT: &str = r#"(module $m
      (type $unary (func (param i32) (result i32)))
      (type $none (func))
      (type $same (func (param i32) (result i32)))
      (import "host" "log" (func $log (type $unary)))
      (import "other" "own" (func $own (type $same)))
      (import "other" "bad" (func $bad (type $unary)))
      (import "host" "fail" (func $fail (type $unary)))
      (memory (export "memory") 1) (data (i32.const 0) "\05")
      (table $t EXPORT 12 funcref)
      (elem (i32.const 1) func $inc $inc $inc $nothing $nothing)
      (elem (i32.const 2) func $log $twice $own)
      (elem (i32.const 7) funcref (ref.null func) (ref.func $bad) (ref.func $fail) (ref.func $traps))
      (func $inc (type $same) (i32.add (local.get 0) (i32.const 1)))
      (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
      (func $nothing (type $none))
      (func $traps (type $unary) (i32.div_u (local.get 0) (i32.const 0)))
      (func $calls (export "unary") (param i32) (result i32)
        (i32.add (call_indirect $t (type $unary) (i32.const 20) (local.get 0)) (i32.const 1)))
      (func (export "same") (param i32) (result i32)
        (call_indirect $t (type $same) (local.get 0) (local.get 0)))
      (func (export "none") (param i32) (call_indirect $t (type $none) (local.get 0)))
      (func $tail (export "tail") (param i32) (result i32)
        (return_call_indirect $t (type $unary) (i32.const 20) (local.get 0)))
      (func (export "tail of tail") (param i32) (result i32)
        (i32.sub (call $calls (local.get 0)) (i32.const 1)))
    )"#;
    let indices = (-2..14).chain([i32::MIN, i32::MAX, 1 << 28, (1 << 29) + 1, 0x2000_0000 - 1]);
    let found = compare(
        WAT,
        &["unary", "same", "none", "tail", "tail of tail"],
        &numbers(indices.clone()),
    )?;
    let count = |trap| found.iter().filter(|outcome| outcome.trap == Some(trap)).count();
    assert!(count(Trap::IndirectCallToNull) > 10);
    assert!(count(Trap::BadSignature) > 10);
    assert!(count(Trap::TableOutOfBounds) > 20);
    assert!(count(Trap::UnreachableCodeReached) == 4 && count(Trap::IntegerDivisionByZero) == 4);
    assert!(found.iter().any(|outcome| outcome.log == ["20 of Some(5)"]), "the caller is known");
    assert!(found.iter().any(|outcome| outcome.results == ["I32(28)"]), "the other's memory");
    assert!(found.iter().any(|outcome| outcome.results == ["no to 20"]));
    Ok(())
}

/// All elements have one type and none is null. Then calls with this type need no comparison.
#[test]
fn elements_of_one_type_behave_as_in_general_tables() -> Result<()> {
    const WAT: &str = r#"(module $m
      (type $unary (func (param i32) (result i32)))
      (type $same (func (param i32) (result i32)))
      (type $other (func (param i32) (result i64)))
      (import "other" "triple" (func $triple (type $unary)))
      (table $t EXPORT 3 funcref)
      (elem (i32.const 0) func $inc $triple $inc)
      (func $inc (type $same) (i32.add (local.get 0) (i32.const 1)))
      (func (export "unary") (param i32) (result i32)
        (call_indirect $t (type $unary) (i32.const 20) (local.get 0)))
      (func (export "other") (param i32) (result i64)
        (call_indirect $t (type $other) (i32.const 20) (local.get 0)))
      (func (export "tail") (param i32) (result i32)
        (return_call_indirect $t (type $same) (i32.const 20) (local.get 0))))"#;
    let found = compare(WAT, &["unary", "other", "tail"], &numbers(-1..5))?;
    let ends =
        |outcome: &Outcome| outcome.trap.map_or(outcome.results.concat(), |t| format!("{t:?}"));
    let found: Vec<String> = found.iter().map(ends).collect();
    let outside = "TableOutOfBounds";
    let unary = [outside, "I32(21)", "I32(60)", "I32(21)", outside, outside];
    let other = [outside, "BadSignature", "BadSignature", "BadSignature", outside, outside];
    assert_eq!(found, [unary, other, unary].concat());
    Ok(())
}

#[test]
fn empty_and_null_tables_trap() -> Result<()> {
    for (size, traps) in [
        (0, [Trap::TableOutOfBounds; 3]),
        (1, [Trap::TableOutOfBounds, Trap::IndirectCallToNull, Trap::TableOutOfBounds]),
    ] {
        let wat = format!(
            r#"(module (type $t (func)) (table EXPORT {size} funcref)
              (func (export "f") (param i32) (call_indirect (type $t) (local.get 0))))"#
        );
        let found = compare(&wat, &["f"], &numbers(-1..2))?;
        let found: Vec<_> = found.iter().filter_map(|outcome| outcome.trap).collect();
        assert_eq!(found, traps);
    }
    Ok(())
}

#[test]
fn indices_of_64_bits_are_taken_whole() -> Result<()> {
    const WAT: &str = r#"(module
      (type $t (func (param i32) (result i32)))
      (import "other" "triple" (func $triple (type $t)))
      (table EXPORT i64 3 funcref)
      (elem (i64.const 1) func $triple $f)
      (func $f (type $t) (local.get 0))
      (func (export "f") (param i64) (result i32)
        (call_indirect (type $t) (i32.const 9) (local.get 0))))"#;
    let indices = [0, 1, 2, 3, -1, 1 << 32, (1 << 32) + 1, 1 << 61, (1 << 61) + 1, i64::MIN];
    let args: Vec<_> = indices.iter().map(|index| vec![Val::I64(*index)]).collect();
    let found = compare(WAT, &["f"], &args)?;
    assert_eq!(found[1].results, ["I32(27)"]);
    assert_eq!(found[2].results, ["I32(9)"]);
    assert!(found[3..].iter().all(|outcome| outcome.trap == Some(Trap::TableOutOfBounds)));
    Ok(())
}

/// Arguments and results that do not fit into registers reach an imported function.
#[test]
fn imported_functions_of_all_shapes_are_called() -> Result<()> {
    const WAT: &str = r#"(module
      (type $many (func (param i64 f64 i64 i64 i64 i64 i64 i64 f64 i64)
                        (result i64 f64 i64 i64 f32 i32 f64)))
      (import "host" "many" (func $many (type $many)))
      (table EXPORT 2 funcref)
      (elem (i32.const 0) func $many $own)
      (func $own (type $many)
        (i64.const 1) (f64.const 2) (i64.const 3) (i64.const 4) (f32.const 5) (i32.const 6)
        (local.get 1))
      (func $call (export "call") (param i32) (result i64 f64 i64 i64 f32 i32 f64)
        (call_indirect (type $many) (i64.const 1) (f64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
          (i64.const 6) (i64.const 7) (i64.const 8) (f64.const 9) (i64.const 10) (local.get 0)))
      (func (export "tail") (param i32) (result i64 f64 i64 i64 f32 i32 f64)
        (return_call_indirect (type $many) (i64.const 1) (f64.const 2) (i64.const 3) (i64.const 4)
          (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8) (f64.const 9) (i64.const 10)
          (local.get 0))))"#;
    let found = compare(WAT, &["call", "tail"], &numbers(0..2))?;
    assert_eq!(found[0].results, found[2].results);
    assert!(found[0].results[3].contains("42"), "{found:?}");
    Ok(())
}

#[test]
fn tail_calls_take_no_stack_and_deep_recursion_is_a_trap() -> Result<()> {
    const WAT: &str = r#"(module
      (type $t (func (param i32) (result i32)))
      (import "other" "triple" (func $triple (type $t)))
      (table EXPORT 3 funcref)
      (elem (i32.const 0) func $triple $even $odd)
      (func $even (type $t)
        (if (i32.eqz (local.get 0))
          (then (return_call_indirect (type $t) (i32.const 14) (i32.const 0))))
        (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 2)))
      (func $odd (type $t)
        (if (i32.eqz (local.get 0)) (then (return (i32.const 43))))
        (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))
      (func $deep (export "deep") (param i32) (result i32)
        (i32.add (i32.const 1) (call_indirect (type $t) (i32.const 3000000) (i32.const 1))))
    )"#;
    let found = compare(WAT, &["deep"], &numbers([0]))?;
    assert_eq!(found[0].results, ["I32(43)"]);

    const ENDLESS: &str = r#"(module
      (type $t (func (param i32) (result i32)))
      (table EXPORT 1 funcref) (elem (i32.const 0) func $f)
      (func $f (export "f") (type $t)
        (i32.add (i32.const 1) (call_indirect (type $t) (local.get 0) (i32.const 0)))))"#;
    let engine = Engine::default();
    let wat = ENDLESS.replace("EXPORT", "");
    assert!(has_tables(&engine, &wat));
    let found = outcomes(&engine, &wat, "f", &numbers([0]))?;
    assert_eq!(found[0].trap, Some(Trap::StackOverflow));
    assert!(found[0].frames.len() > 5);
    Ok(())
}

/// The binding of an import is looked up at each call, since the instances of a module share the
/// code.
#[test]
fn each_instance_has_its_own_imports() -> Result<()> {
    const WAT: &str = r#"(module
      (type $t (func (result i32)))
      (import "" "f" (func $f (type $t)))
      (memory (export "memory") 1)
      (table 1 funcref) (elem (i32.const 0) func $f)
      (func (export "call") (result i32) (call_indirect (type $t) (i32.const 0))))"#;
    let engine = Engine::default();
    assert!(has_tables(&engine, WAT));
    let module = Module::new(&engine, WAT)?;
    let mut first = None;
    for round in 0..3 {
        // In reused instances as well, and when one instance calls another.
        let mut store = Store::new(&engine, round);
        let number = Func::wrap(&mut store, |mut caller: Caller<'_, i32>| -> i32 {
            let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
            memory.data_mut(&mut caller)[0] += 1;
            *caller.data() * 10 + i32::from(memory.data(&caller)[0])
        });
        let inner = Instance::new(&mut store, &module, &[number.into()])?;
        let inner_call = inner.get_func(&mut store, "call").unwrap();
        let outer = Instance::new(&mut store, &module, &[inner_call.into()])?;
        let inner_call = inner.get_typed_func::<(), i32>(&mut store, "call")?;
        let outer_call = outer.get_typed_func::<(), i32>(&mut store, "call")?;
        assert_eq!(inner_call.call(&mut store, ())?, round * 10 + 1);
        assert_eq!(outer_call.call(&mut store, ())?, round * 10 + 2);
        assert_eq!(inner_call.call(&mut store, ())?, round * 10 + 3);
        let memory = outer.get_memory(&mut store, "memory").unwrap();
        assert_eq!(memory.data(&store)[0], 0, "the host function is called by the inner one");
        first.get_or_insert(memory);
    }
    Ok(())
}

/// A module that reads its table in every way.
const READ: &str = r#"(module
  (type $t (func (result i32)))
  (import "" "f" (func $f (type $t)))
  (table $t 4 funcref) (elem (table $t) (i32.const 1) func $one $f)
  (table $other (export "other") 4 funcref)
  (func $one (type $t) (i32.const 1))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $t) (local.get 0)))
  (func (export "call other") (param i32) (result i32)
    (call_indirect $other (type $t) (local.get 0)))
  (func (export "get") (param i32) (result funcref) (table.get $t (local.get 0)))
  (func (export "size") (result i32) (table.size $t))
  (func (export "copy")
    (table.copy $other $t (i32.const 0) (i32.const 1) (i32.const 3))))"#;

fn read(engine: &Engine) -> Result<(Store<()>, Instance)> {
    assert!(has_tables(engine, READ));
    let module = Module::new(engine, READ)?;
    let mut store = Store::new(engine, ());
    let two = Func::wrap(&mut store, || 2);
    let instance = Instance::new(&mut store, &module, &[two.into()])?;
    Ok((store, instance))
}

#[test]
fn operators_read_the_table() -> Result<()> {
    let (mut store, instance) = read(&Engine::default())?;
    let size = instance.get_typed_func::<(), i32>(&mut store, "size")?;
    assert_eq!(size.call(&mut store, ())?, 4);
    let get = instance.get_typed_func::<i32, Option<Func>>(&mut store, "get")?;
    let mut found = Vec::new();
    for index in 0..4 {
        let func = get.call(&mut store, index)?;
        found.push(func.map(|f| f.typed::<(), i32>(&store)?.call(&mut store, ())).transpose()?);
    }
    assert_eq!(found, [None, Some(1), Some(2), None]);
    assert_eq!(get.call(&mut store, 4).unwrap_err().downcast::<Trap>()?, Trap::TableOutOfBounds);
    instance.get_typed_func::<(), ()>(&mut store, "copy")?.call(&mut store, ())?;
    let call = instance.get_typed_func::<i32, i32>(&mut store, "call other")?;
    assert_eq!(call.call(&mut store, 0)?, 1);
    assert_eq!(call.call(&mut store, 1)?, 2);
    assert_eq!(call.call(&mut store, 2).unwrap_err().downcast::<Trap>()?, Trap::IndirectCallToNull);
    Ok(())
}

#[test]
fn the_host_reads_the_table_but_does_not_write_to_it() -> Result<()> {
    let (mut store, instance) = read(&Engine::default())?;
    let table = instance.table_at(&mut store, 0)?;
    assert_eq!(table.size(&store), 4);
    assert!(matches!(table.get(&mut store, 0), Some(Ref::Func(None))));
    for (index, expected) in [(1, 1), (2, 2)] {
        let Some(Ref::Func(Some(func))) = table.get(&mut store, index) else {
            panic!("a function")
        };
        assert_eq!(func.typed::<(), i32>(&store)?.call(&mut store, ())?, expected);
    }
    assert!(table.set(&mut store, 0, Ref::Func(None)).is_err());
    assert!(table.grow(&mut store, 1, Ref::Func(None)).is_err());
    Ok(())
}

#[test]
fn where_the_host_may_write_calls_see_what_it_wrote() -> Result<()> {
    let mut config = Config::new();
    config.internals(Internals::Writable);
    let engine = Engine::new(&config)?;
    assert!(!has_tables(&engine, READ));
    let module = Module::new(&engine, READ)?;
    let mut store = Store::new(&engine, ());
    let two = Func::wrap(&mut store, || 2);
    let instance = Instance::new(&mut store, &module, &[two.into()])?;
    let table = instance.table_at(&mut store, 0)?;
    let three = Func::wrap(&mut store, || 3);
    table.set(&mut store, 1, Ref::Func(Some(three)))?;
    let call = instance.get_typed_func::<i32, i32>(&mut store, "call")?;
    assert_eq!(call.call(&mut store, 1)?, 3);
    Ok(())
}

#[test]
fn snapshots_and_forks_have_the_table() -> Result<()> {
    let engine = Engine::default();
    let (mut store, instance) = read(&engine)?;
    let call = instance.get_typed_func::<i32, i32>(&mut store, "call")?;
    let before = Snapshot::take(&mut store, &[instance])?;
    assert_eq!(call.call(&mut store, 1)?, 1);
    instance.get_typed_func::<(), ()>(&mut store, "copy")?.call(&mut store, ())?;
    let after = Snapshot::take(&mut store, &[instance])?;
    for (snapshot, copied) in [(&before, false), (&after, true)] {
        snapshot.restore(&mut store)?;
        assert_eq!(call.call(&mut store, 2)?, 2);
        let mut linker = Linker::new(&engine);
        linker.func_wrap("", "f", || 5)?;
        let mut other = Store::new(&engine, ());
        let fork = snapshot.fork(&mut other, &linker)?[0];
        let call = fork.get_typed_func::<i32, i32>(&mut other, "call")?;
        assert_eq!(call.call(&mut other, 1)?, 1);
        assert_eq!(call.call(&mut other, 2)?, 5, "the fork's own import");
        let table = fork.table_at(&mut other, 0)?;
        let Some(Ref::Func(Some(func))) = table.get(&mut other, 2) else { panic!("a function") };
        assert_eq!(func.typed::<(), i32>(&other)?.call(&mut other, ())?, 5);
        let call = fork.get_typed_func::<i32, i32>(&mut other, "call other")?;
        assert_eq!(call.call(&mut other, 0).is_ok(), copied);
    }
    let state = after.state(instance)?;
    assert_eq!(state.tables[0].as_ref().map(|table| table.size), Some(4));
    Ok(())
}

#[test]
fn artifacts_take_their_tables_along() -> Result<()> {
    let engine = Engine::default();
    let artifact = engine.precompile_module(READ.as_bytes())?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &artifact)?;
    // SAFETY: the artifact was made above.
    let modules = unsafe {
        [Module::deserialize(&engine, &artifact)?, Module::deserialize_file(&engine, file.path())?]
    };
    for module in modules {
        let mut store = Store::new(&engine, ());
        let two = Func::wrap(&mut store, || 2);
        let instance = Instance::new(&mut store, &module, &[two.into()])?;
        let call = instance.get_typed_func::<i32, i32>(&mut store, "call")?;
        assert_eq!(call.call(&mut store, 1)?, 1);
        assert_eq!(call.call(&mut store, 2)?, 2);
        let trap = call.call(&mut store, 3).unwrap_err().downcast::<Trap>()?;
        assert_eq!(trap, Trap::IndirectCallToNull);
    }
    Ok(())
}
