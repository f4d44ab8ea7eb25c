//! The ready-made observers on running code, and what they collect. The files that they write are
//! tested with `wasm-hooks`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wasm_runtime::observe::{CallCounter, CallTracer, FunctionCoverage, Moment};
use wasm_runtime::{
    CallFilter, CallHook, Caller, Config, Engine, Func, GuestProfiler, Instance, Linker, Module,
    NamePattern, Result, Store, Trap, UpdateDeadline,
};

const PROGRAM: &str = r#"(module $program
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (func $main (export "main") (param i32) (result i32)
        (drop (call $inner (local.get 0)))
        (call $inner (i32.const 1)))
    (func $inner (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (call $add (local.get 0) (i32.const 1)))
    (func $unused))"#;

fn observed() -> Engine {
    Engine::new(Config::new().function_hooks([NamePattern::any()])).unwrap()
}

fn set_up(engine: &Engine) -> (Store<()>, Instance, Module) {
    let module = Module::new(engine, PROGRAM).unwrap();
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "add", |x: i32, y: i32| x + y).unwrap();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance, module)
}

fn run(store: &mut Store<()>, instance: Instance, argument: i32) -> Result<i32> {
    let main = instance.get_typed_func::<i32, i32>(&mut *store, "main")?;
    main.call(store, argument)
}

/// A buffer that can be written to from anywhere.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_counter_counts_calls_and_times() {
    let (mut store, instance, _) = set_up(&observed());
    // Each reading of the clock advances it by a step.
    let mut time = 0;
    let counter = CallCounter::with_clock(move || {
        time += 1;
        Moment { nanoseconds: time, cycles: 10 * time }
    });
    store.function_hook(counter.hook());
    run(&mut store, instance, 5).unwrap();
    let totals = counter.totals();
    let names: Vec<&str> = totals.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["main", "inner"]);
    let times: Vec<(u64, u64, u64)> = totals
        .iter()
        .map(|(_, totals)| (totals.calls, totals.total.nanoseconds, totals.own.cycles))
        .collect();
    assert_eq!(times, [(1, 5, 30), (2, 2, 20)]);
    // A call that traps has ended, too.
    run(&mut store, instance, 0).unwrap_err();
    let calls: Vec<u64> = counter.totals().iter().map(|(_, totals)| totals.calls).collect();
    assert_eq!(calls, [2, 3]);
    run(&mut store, instance, 5).unwrap();
    assert_eq!(counter.totals()[0].1.total.nanoseconds, 5 + 3 + 5);
    let mut table = Vec::new();
    counter.write_table(&mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert!(table.lines().count() == 3 && table.contains("  inner\n"), "{table}");
}

#[test]
fn the_clock_of_a_counter_knows_cycles() {
    let (mut store, instance, _) = set_up(&observed());
    let counter = CallCounter::new();
    store.function_hook(counter.hook());
    run(&mut store, instance, 5).unwrap();
    let (_, totals) = &counter.totals()[0];
    assert!(totals.total.cycles > totals.own.cycles);
}

#[test]
fn a_tracer_shows_wasm_and_host_functions() {
    let (mut store, instance, _) = set_up(&observed());
    let out = Shared::default();
    let tracer = CallTracer::to_writer(out.clone());
    store.function_hook(tracer.hook());
    let imports = tracer.clone();
    store.add_call_hook(CallFilter::to_host(), move |call| imports.observe_import(&call));
    run(&mut store, instance, 5).unwrap();
    assert_eq!(
        out.take(),
        "\
> main(5)
  > inner(5)
    > host.add(5, 1)
    < host.add = 6
  < inner = 6
  > inner(1)
    > host.add(1, 1)
    < host.add = 2
  < inner = 2
< main = 2
"
    );
    run(&mut store, instance, 0).unwrap_err();
    assert_eq!(
        out.take(),
        "\
> main(0)
  > inner(0)
  ! inner: wasm trap: wasm `unreachable` instruction executed
! main: wasm trap: wasm `unreachable` instruction executed
"
    );
}

#[test]
fn a_tracer_that_fails_ends_the_call() {
    let (mut store, instance, _) = set_up(&observed());
    let mut room = 3;
    let tracer = CallTracer::new(move |_| {
        room -= 1;
        wasm_runtime::ensure!(room >= 0, "no room left");
        Ok(())
    });
    store.function_hook(tracer.hook());
    let error = run(&mut store, instance, 5).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "no room left");
}

#[test]
fn coverage_knows_what_was_not_called() {
    let engine = observed();
    let (mut store, instance, module) = set_up(&engine);
    let coverage = FunctionCoverage::new();
    coverage.add_module("program.wasm", &module).unwrap();
    assert_eq!(coverage.summary(), (0, 3));
    store.function_hook(coverage.hook());
    run(&mut store, instance, 5).unwrap();
    // Another store that shares the coverage.
    let (mut other, instance, _) = set_up(&engine);
    other.function_hook(coverage.hook());
    run(&mut other, instance, 5).unwrap();
    let mut file = Vec::new();
    coverage.write_lcov("test", &mut file).unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(
        file.contains("TN:test\nSF:program.wasm\nFN:2,main\nFN:3,inner\nFN:4,unused\n"),
        "{file}"
    );
    assert!(file.contains("FNDA:1,main\nFNDA:2,inner\nFNDA:0,unused\nFNF:3\nFNH:2\n"), "{file}");
    // The module in the other store was compiled anew and got no name.
    assert!(file.contains("SF:program\n"), "{file}");
}

#[test]
fn modules_without_a_name_are_distinguished() {
    let engine = observed();
    let coverage = FunctionCoverage::new();
    for _ in 0..2 {
        let module = Module::new(&engine, r#"(module (func (export "f")))"#).unwrap();
        let mut store = Store::new(&engine, ());
        store.function_hook(coverage.hook());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        instance.get_typed_func::<(), ()>(&mut store, "f").unwrap().call(&mut store, ()).unwrap();
    }
    let mut file = Vec::new();
    coverage.write_lcov("", &mut file).unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(file.contains("SF:module0\n") && file.contains("SF:module1\n"), "{file}");
}

#[test]
fn a_hook_knows_all_names_of_a_function() {
    let engine = observed();
    let wat = r#"(module (func $f (export "a") (export "b")) (func (export "c") (call 2)) (func))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    store.function_hook(|mut call| {
        let names = ["f", "a", "b", "c", "func[2]"];
        let matches = |name| call.matches(&[NamePattern::new(name).unwrap()]);
        let found: Vec<&str> = match call.event().is_entry() {
            true => names.into_iter().filter(|name| matches(name)).collect(),
            false => Vec::new(),
        };
        call.data_mut().extend(found);
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    for name in ["a", "c"] {
        instance.get_typed_func::<(), ()>(&mut store, name).unwrap().call(&mut store, ()).unwrap();
    }
    assert_eq!(store.into_data(), ["f", "a", "b", "c", "func[2]"]);
}

#[test]
fn functions_without_hooks_are_not_covered() {
    let engine = Engine::new(Config::new().function_hooks([NamePattern::new("main").unwrap()]));
    let (mut store, instance, module) = set_up(&engine.unwrap());
    let coverage = FunctionCoverage::new();
    coverage.add_module("program", &module).unwrap();
    store.function_hook(coverage.hook());
    run(&mut store, instance, 5).unwrap();
    assert_eq!(coverage.summary(), (1, 1));
}

#[test]
fn a_profiler_sees_the_functions_on_the_stack() {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "sample" (func $sample))
            (func $main (export "main") (call $left) (call $left) (call $right))
            (func $left (call $sample))
            (func $right (call $left) (call $sample))
            (func (export "unnamed") (call $sample)))"#,
    )
    .unwrap();
    let modules = [("app.wasm".to_string(), module.clone())];
    let profiler =
        GuestProfiler::new(&engine, "app", Duration::from_millis(1), modules.clone()).unwrap();
    let mut store = Store::new(&engine, profiler);
    let sample = Func::wrap(&mut store, move |mut caller: Caller<'_, GuestProfiler>| {
        let none = GuestProfiler::new(caller.engine(), "", Duration::ZERO, [])?;
        let mut profiler = std::mem::replace(caller.data_mut(), none);
        profiler.sample(&caller, Duration::from_micros(500));
        *caller.data_mut() = profiler;
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[sample.into()]).unwrap();
    for name in ["main", "unnamed"] {
        instance.get_typed_func::<(), ()>(&mut store, name).unwrap().call(&mut store, ()).unwrap();
    }
    // Without Wasm on the stack there is a sample all the same.
    let mut profiler = store.into_data();
    assert_eq!(profiler.samples(), 5);
    let idle = Store::new(&engine, ());
    profiler.call_hook(&idle, CallHook::CallingHost);
    profiler.sample(&idle, Duration::ZERO);
    profiler.call_hook(&idle, CallHook::ReturningFromHost);
    let mut json = Vec::new();
    let mut folded = Vec::new();
    let other = GuestProfiler::new(&engine, "app", Duration::ZERO, modules).unwrap();
    other.finish_folded(&mut folded).unwrap();
    assert!(folded.is_empty());
    profiler.finish(&mut json).unwrap();
    let json = String::from_utf8(json).unwrap();
    assert!(
        json.contains(r#""stringArray":["app.wasm","main","left","right","unnamed","host call"]"#),
        "{json}"
    );
    // Offsets in functions distinguish calls of the same function.
    assert!(json.contains(r#""stack":[1,3,6,7,8,null]"#), "{json}");
    assert!(json.contains(r#""threadCPUDelta":[500,500,500,500,500,0]"#), "{json}");

    let foreign = Engine::default();
    let modules = [("app.wasm".to_string(), module)];
    let error = GuestProfiler::new(&foreign, "app", Duration::ZERO, modules).unwrap_err();
    assert!(error.to_string().contains("app.wasm"), "{error}");
}

#[test]
fn a_profiler_samples_code_that_runs() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let wat = r#"(module
        (func $main (export "main") (call $work))
        (func $work (loop $forever (br $forever))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let modules = [("app.wat".to_string(), module.clone())];
    let profiler = GuestProfiler::new(&engine, "app", Duration::ZERO, modules).unwrap();
    let profiler = Arc::new(Mutex::new(profiler));
    let mut store = Store::new(&engine, ());
    let sampled = profiler.clone();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |store| {
        let mut profiler = sampled.lock().unwrap();
        profiler.sample(&store, Duration::ZERO);
        Ok(match profiler.samples() {
            50.. => UpdateDeadline::Interrupt,
            _ => UpdateDeadline::Continue(1),
        })
    });
    let done = AtomicBool::new(false);
    let tick = || {
        while !done.load(Ordering::Relaxed) {
            engine.increment_epoch();
        }
    };
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let main = instance.get_typed_func::<(), ()>(&mut store, "main").unwrap();
    let error = std::thread::scope(|scope| {
        scope.spawn(tick);
        let result = main.call(&mut store, ());
        done.store(true, Ordering::Relaxed);
        result.unwrap_err()
    });
    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
    drop(store);
    let profiler = Arc::into_inner(profiler).unwrap().into_inner().unwrap();
    let mut folded = Vec::new();
    profiler.finish_folded(&mut folded).unwrap();
    let folded = String::from_utf8(folded).unwrap();
    let counts = folded.lines().map(|line| {
        let (stack, count) = line.rsplit_once(' ').unwrap();
        assert!(["main", "main;work"].contains(&stack), "{folded}");
        count.parse::<u32>().unwrap()
    });
    assert_eq!(counts.sum::<u32>(), 50);
    assert!(folded.contains("main;work "), "{folded}");
}

#[test]
fn several_observers_share_a_hook() {
    let (mut store, instance, module) = set_up(&observed());
    let (counter, coverage, out) = (CallCounter::new(), FunctionCoverage::new(), Shared::default());
    coverage.add_module("program", &module).unwrap();
    let tracer = CallTracer::to_writer(out.clone());
    let observers = (counter.clone(), coverage.clone());
    store.function_hook(move |call| {
        observers.0.observe(&call);
        observers.1.observe(&call)?;
        tracer.observe(&call)
    });
    run(&mut store, instance, 5).unwrap();
    assert_eq!(counter.totals().len(), 2);
    assert_eq!(coverage.summary(), (2, 3));
    let lines: VecDeque<String> = out.take().lines().map(String::from).collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines.front().unwrap(), "> main(5)");
    assert_eq!(lines.back().unwrap(), "< main = 2");
}
