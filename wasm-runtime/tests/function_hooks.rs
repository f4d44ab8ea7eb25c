//! Function hooks: what is told of functions that were compiled to tell, on every way in and out of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    AsContextMut, Caller, Config, Engine, Error, Extern, Func, FunctionEvent, FunctionHookContext,
    Instance, Linker, Module, NamePattern, OptLevel, Ref, Result, Snapshot, Store, Trap, V128, Val,
    WasmBacktrace, bail,
};

/// What the store's data is: a line for each event.
type Log = Vec<String>;

fn pattern(text: &str) -> NamePattern {
    text.parse().unwrap()
}

fn config(patterns: &[&str]) -> Config {
    let mut config = Config::new();
    config.function_hooks(patterns.iter().map(|text| pattern(text)));
    config
}

fn engine(patterns: &[&str]) -> Engine {
    Engine::new(&config(patterns)).unwrap()
}

fn show(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => format!("{value}i64"),
        Val::F32(bits) => format!("{}f32", f32::from_bits(*bits)),
        Val::F64(bits) => format!("{}f64", f64::from_bits(*bits)),
        Val::V128(value) => format!("{:#x}", value.as_u128()),
        Val::FuncRef(None) | Val::ExternRef(None) => "null".into(),
        Val::FuncRef(Some(_)) => "func".into(),
        Val::ExternRef(Some(_)) => "extern".into(),
    }
}

fn line<T>(call: &FunctionHookContext<'_, T>) -> String {
    let (indent, name) = ("  ".repeat(call.depth() - 1), call.display_name());
    let list = |values: Vec<Val>| values.iter().map(show).collect::<Vec<_>>().join(", ");
    let event = call.event();
    assert_eq!(call.args().is_some(), event == FunctionEvent::Entered);
    assert_eq!(call.results().is_some(), event == FunctionEvent::Returned);
    match event {
        FunctionEvent::Entered => format!("{indent}> {name}({})", list(call.args().unwrap())),
        FunctionEvent::Returned => format!("{indent}< {name} = {}", list(call.results().unwrap())),
        FunctionEvent::TailCalled => format!("{indent}~ {name}"),
        FunctionEvent::Unwound => {
            let why =
                call.failure().map_or("a panic".to_owned(), |error| match error.downcast_ref() {
                    Some(trap) => format!("{:?}", Trap::clone(trap)),
                    None => error.root_cause().to_string(),
                });
            format!("{indent}! {name}: {why}")
        }
    }
}

/// Writes a line for each event.
fn log(store: &mut Store<Log>) {
    store.function_hook(|mut call| {
        let line = line(&call);
        call.data_mut().push(line);
        Ok(())
    });
}

/// A store with a log, and an instance in it.
fn set_up(engine: &Engine, wat: &str, imports: &[Extern], store: &mut Store<Log>) -> Instance {
    let module = Module::new(engine, wat).unwrap();
    Instance::new(store, &module, imports).unwrap()
}

fn call(store: &mut Store<Log>, instance: Instance, name: &str, args: &[Val]) -> Result<Vec<Val>> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(store, args, &mut results)?;
    Ok(results)
}

#[track_caller]
fn logged(store: &mut Store<Log>, lines: &[&str]) {
    assert_eq!(std::mem::take(store.data_mut()), lines);
}

/// A store of an engine with the patterns, with an instance, and with a log of what the instance does from now on.
fn logging(patterns: &[&str], wat: &str) -> (Store<Log>, Instance) {
    let engine = engine(patterns);
    let mut store = Store::new(&engine, Log::new());
    log(&mut store);
    let instance = set_up(&engine, wat, &[], &mut store);
    (store, instance)
}

const FACTORIAL: &str = r#"(module
    (func $main (export "main") (param i32) (result i32)
        (call $check (local.get 0))
        (call $factorial (local.get 0)))
    (func $check (param i32)
        (if (i32.gt_u (local.get 0) (i32.const 12)) (then unreachable)))
    (func $factorial (param i32) (result i32)
        (if (i32.le_u (local.get 0) (i32.const 1)) (then (return (i32.const 1))))
        (i32.mul (local.get 0) (call $factorial (i32.sub (local.get 0) (i32.const 1))))))"#;

#[test]
fn entries_and_exits_nest() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    let results = call(&mut store, instance, "main", &[Val::I32(3)]).unwrap();
    assert_eq!(results[0].unwrap_i32(), 6);
    logged(
        &mut store,
        &[
            "> main(3)",
            "  > check(3)",
            "  < check = ",
            "  > factorial(3)",
            "    > factorial(2)",
            "      > factorial(1)",
            "      < factorial = 1",
            "    < factorial = 2",
            "  < factorial = 6",
            "< main = 6",
        ],
    );
}

#[test]
fn only_functions_that_match_tell() {
    let lines: [(&[&str], &[&str]); 5] = [
        (&["main"], &["> main(1)", "< main = 1"]),
        (&["m*", "check"], &["> main(1)", "  > check(1)", "  < check = ", "< main = 1"]),
        (&["?heck"], &["> check(1)", "< check = "]),
        (&["other"], &[]),
        // They have names, so their numbers are none.
        (&["func*"], &[]),
    ];
    for (patterns, lines) in lines {
        let (mut store, instance) = logging(patterns, FACTORIAL);
        call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
        logged(&mut store, lines);
    }
}

#[test]
fn functions_go_by_exports_and_numbers_too() {
    let wat = r#"(module
        (func (export "run") (export "start") (call 1) (call $named))
        (func)
        (func $named (export "exported")))"#;
    for (pattern, names) in
        [("run", "run"), ("start", "run"), ("func[1]", "func[1]"), ("exported", "named")]
    {
        let (mut store, instance) = logging(&[pattern], wat);
        call(&mut store, instance, "run", &[]).unwrap();
        let (entered, left) = (format!("> {names}()"), format!("< {names} = "));
        logged(&mut store, &[&entered, &left]);
    }
}

#[test]
fn the_context_says_what_is_called() {
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let wat = r#"(module $counted
        (import "" "f" (func $f))
        (func $main (export "main") (param i64) (result f64) (f64.const 1)))"#;
    let f = Func::wrap(&mut store, || ());
    let instance = set_up(&engine, wat, &[f.into()], &mut store);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    store.function_hook(move |mut call| {
        assert_eq!(call.function_index(), 1);
        assert_eq!(call.function_name(), Some("main"));
        assert_eq!(call.module().name(), Some("counted"));
        assert_eq!(call.ty().to_string(), "(func (param i64) (result f64))");
        let instance = call.instance().unwrap();
        // The instance can be used, and what it runs is not told of.
        let main = instance.get_typed_func::<i64, f64>(&mut call, "main")?;
        assert_eq!(main.call(&mut call, 5)?, 1.0);
        let text = format!("{call:?}");
        call.data_mut().push(text);
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    call(&mut store, instance, "main", &[Val::I64(7)]).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 2);
    assert!(store.data()[0].contains("Entered"), "{:?}", store.data());
    assert!(store.data()[1].contains("Returned"), "{:?}", store.data());
}

#[test]
fn values_of_every_type_are_told() {
    let params = "i32 i64 f32 f64 v128 funcref externref i64 i64 i64 f32 f32 f32 f32 f32 f32 f32 f32 \
                  i32 v128 f64";
    let get: String = (0..21).map(|number| format!("(local.get {number})")).collect();
    let wat = format!(
        r#"(module
            (func $all (export "all") (param {params}) (result {params}) {get})
            (func $outer (export "outer") (param {params}) (result {params}) (call $all {get})))"#
    );
    let (mut store, instance) = logging(&["*"], &wat);
    let all = instance.get_func(&mut store, "all").unwrap();
    let mut args = vec![
        Val::I32(-1),
        Val::I64(i64::MIN),
        Val::F32(1.5f32.to_bits()),
        Val::F64((-0.25f64).to_bits()),
        Val::V128(V128::from(u128::MAX - 7)),
        Val::FuncRef(Some(all)),
        Val::ExternRef(None),
    ];
    args.extend([Val::I64(1), Val::I64(2), Val::I64(3)]);
    args.extend((1..=8).map(|number| Val::F32((number as f32).to_bits())));
    args.extend([Val::I32(9), Val::V128(V128::from(3)), Val::F64(2.0f64.to_bits())]);
    let texts: Vec<String> = args.iter().map(show).collect();
    let texts = texts.join(", ");
    let results = call(&mut store, instance, "outer", &args).unwrap();
    let shown: Vec<String> = results.iter().map(show).collect();
    assert_eq!(shown.join(", "), texts);
    logged(
        &mut store,
        &[
            &format!("> outer({texts})"),
            &format!("  > all({texts})"),
            &format!("  < all = {texts}"),
            &format!("< outer = {texts}"),
        ],
    );
}

#[test]
fn a_trap_tells_of_all_that_it_ends() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    let error = call(&mut store, instance, "main", &[Val::I32(13)]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
    logged(
        &mut store,
        &[
            "> main(13)",
            "  > check(13)",
            "  ! check: UnreachableCodeReached",
            "! main: UnreachableCodeReached",
        ],
    );
    // Nothing is left over.
    call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
    assert_eq!(store.data()[0], "> main(1)");
}

#[test]
fn traps_of_every_kind_tell() {
    let wat = r#"(module
        (memory 1)
        (table 1 funcref)
        (func $divide (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0))))
        (func $load (export "load") (drop (i32.load (i32.const -1))))
        (func $fill (export "fill") (memory.fill (i32.const -1) (i32.const 0) (i32.const 2)))
        (func $null (export "null") (call_indirect (i32.const 0)))
        (func $deep (export "deep") (call $deep)))"#;
    let (mut store, instance) = logging(&["*"], wat);
    for (name, trap) in [
        ("divide", Trap::IntegerDivisionByZero),
        ("load", Trap::MemoryOutOfBounds),
        ("fill", Trap::MemoryOutOfBounds),
        ("null", Trap::IndirectCallToNull),
    ] {
        let error = call(&mut store, instance, name, &[]).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&trap));
        logged(&mut store, &[&format!("> {name}()"), &format!("! {name}: {trap:?}")]);
    }
    let error = call(&mut store, instance, "deep", &[]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
    let lines = std::mem::take(store.data_mut());
    let (entries, exits) = lines.split_at(lines.len() / 2);
    assert!(entries.len() > 1000);
    assert!(entries.iter().all(|line| line.ends_with("> deep()")));
    assert!(exits.iter().all(|line| line.ends_with("! deep: StackOverflow")));
    assert_eq!(exits.last().unwrap(), "! deep: StackOverflow");
}

const BETWEEN: &str = r#"(module
    (import "" "host" (func $host (param i32) (result i32)))
    (func $outer (export "outer") (param i32) (result i32) (call $middle (local.get 0)))
    (func $middle (param i32) (result i32) (call $host (local.get 0)))
    (func $inner (export "inner") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (local.get 0)))"#;

/// `outer` calls the host through `middle`, and the host calls `inner`, after which it does what it is told.
fn between(after: fn(Result<i32>) -> Result<i32>) -> (Store<Log>, Instance) {
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let host = Func::wrap(&mut store, move |mut caller: Caller<'_, Log>, value: i32| {
        let inner = caller.get_export("inner").and_then(Extern::into_func).unwrap();
        let inner = inner.typed::<i32, i32>(&caller)?;
        after(inner.call(&mut caller, value))
    });
    let instance = set_up(&engine, BETWEEN, &[host.into()], &mut store);
    log(&mut store);
    (store, instance)
}

const ENTRIES: [&str; 3] = ["> outer(0)", "  > middle(0)", "    > inner(0)"];

#[test]
fn calls_that_go_through_the_host_nest() {
    let (mut store, instance) = between(|result| result);
    call(&mut store, instance, "outer", &[Val::I32(4)]).unwrap();
    logged(
        &mut store,
        &[
            "> outer(4)",
            "  > middle(4)",
            "    > inner(4)",
            "    < inner = 4",
            "  < middle = 4",
            "< outer = 4",
        ],
    );
}

#[test]
fn only_what_a_trap_ends_is_told_of() {
    // The host goes on after the trap.
    let (mut store, instance) = between(|result| Ok(result.map_or(-1, |value| value)));
    call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap();
    let exits = ["    ! inner: UnreachableCodeReached", "  < middle = -1", "< outer = -1"];
    logged(&mut store, &[ENTRIES, exits].concat());
    // The host hands it on.
    let (mut store, instance) = between(|result| result);
    call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap_err();
    let exits = [
        "    ! inner: UnreachableCodeReached",
        "  ! middle: UnreachableCodeReached",
        "! outer: UnreachableCodeReached",
    ];
    logged(&mut store, &[ENTRIES, exits].concat());
}

#[test]
fn errors_of_the_host_tell() {
    let (mut store, instance) = between(|_| bail!("no more"));
    let error = call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "no more");
    let exits = ["    ! inner: UnreachableCodeReached", "  ! middle: no more", "! outer: no more"];
    logged(&mut store, &[ENTRIES, exits].concat());
}

#[test]
fn panics_of_the_host_tell_and_go_on() {
    let (mut store, instance) = between(|_| panic!("all is lost"));
    let payload =
        catch_unwind(AssertUnwindSafe(|| call(&mut store, instance, "outer", &[Val::I32(0)])))
            .unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"all is lost"));
    let exits = ["    ! inner: UnreachableCodeReached", "  ! middle: a panic", "! outer: a panic"];
    logged(&mut store, &[ENTRIES, exits].concat());
    // The hook is there for what comes next.
    call(&mut store, instance, "inner", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> inner(1)", "< inner = 1"]);
}

#[test]
fn tail_calls_leave_before_the_callee_is_entered() {
    let wat = r#"(module
        (import "" "host" (func $host (param i32) (result i32)))
        (table funcref (elem $done $host))
        (type $t (func (param i32) (result i32)))
        (func $loop (export "loop") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return_call $done (local.get 0))))
            (return_call $loop (i32.sub (local.get 0) (i32.const 1))))
        (func $done (param i32) (result i32) (i32.const 42))
        (func $indirect (export "indirect") (param i32) (result i32)
            (return_call_indirect (type $t) (i32.const 7) (local.get 0)))
        (func $import (export "import") (param i32) (result i32)
            (return_call $host (local.get 0))))"#;
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let host = Func::wrap(&mut store, |mut caller: Caller<'_, Log>, value: i32| {
        caller.data_mut().push("host".into());
        value
    });
    let instance = set_up(&engine, wat, &[host.into()], &mut store);
    log(&mut store);
    call(&mut store, instance, "loop", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> loop(1)", "~ loop", "> loop(0)", "~ loop", "> done(0)", "< done = 42"]);
    call(&mut store, instance, "indirect", &[Val::I32(0)]).unwrap();
    logged(&mut store, &["> indirect(0)", "~ indirect", "> done(7)", "< done = 42"]);
    // A host function is called in the usual way, and the caller tells no second time that it is over.
    call(&mut store, instance, "indirect", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> indirect(1)", "~ indirect", "host"]);
    call(&mut store, instance, "import", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> import(1)", "~ import", "host"]);
    // One that finds nothing to call is not over before it has trapped.
    let error = call(&mut store, instance, "indirect", &[Val::I32(2)]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::TableOutOfBounds));
    logged(&mut store, &["> indirect(2)", "! indirect: TableOutOfBounds"]);
}

#[test]
fn many_tail_calls_take_no_room() {
    let wat = r#"(module
        (func $loop (export "loop") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
            (return_call $loop (i32.sub (local.get 0) (i32.const 1)))))"#;
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let instance = set_up(&engine, wat, &[], &mut store);
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let counted = counts.clone();
    store.function_hook(move |call| {
        assert_eq!(call.depth(), 1);
        counted[usize::from(call.event().is_exit())].fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    call(&mut store, instance, "loop", &[Val::I32(100_000)]).unwrap();
    assert_eq!(counts.each_ref().map(|count| count.load(Ordering::Relaxed)), [100_001; 2]);
}

#[test]
fn start_functions_tell() {
    let wat = r#"(module
        (func $begin (call $inner))
        (func $inner)
        (start $begin))"#;
    let (mut store, _) = logging(&["*"], wat);
    logged(&mut store, &["> begin()", "  > inner()", "  < inner = ", "< begin = "]);
    // One that traps, too.
    let module =
        Module::new(store.engine(), "(module (func $bad unreachable) (start $bad))").unwrap();
    Instance::new(&mut store, &module, &[]).unwrap_err();
    logged(&mut store, &["> bad()", "! bad: UnreachableCodeReached"]);
}

#[test]
fn functions_of_other_instances_tell_as_their_own_modules_do() {
    let engine = engine(&["shown*"]);
    let mut store = Store::new(&engine, Log::new());
    log(&mut store);
    let library = r#"(module $library
        (func $shown_add (export "add") (param i32) (result i32) (call $hidden (local.get 0)))
        (func $hidden (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#;
    let library = set_up(&engine, library, &[], &mut store);
    let program = r#"(module $program
        (import "library" "add" (func $add (param i32) (result i32)))
        (table (export "table") funcref (elem $add))
        (func $shown_main (export "main") (param i32) (result i32)
            (i32.add
                (call $add (local.get 0))
                (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))))"#;
    let mut linker = Linker::new(&engine);
    linker.instance(&mut store, "library", library).unwrap();
    let program = linker.instantiate(&mut store, &Module::new(&engine, program).unwrap()).unwrap();
    call(&mut store, program, "main", &[Val::I32(1)]).unwrap();
    logged(
        &mut store,
        &[
            "> shown_main(1)",
            "  > shown_add(1)",
            "  < shown_add = 2",
            "  > shown_add(1)",
            "  < shown_add = 2",
            "< shown_main = 4",
        ],
    );
    // By a reference, from the host.
    let table = program.get_table(&mut store, "table").unwrap();
    let Some(Ref::Func(Some(add))) = table.get(&mut store, 0) else { panic!("a function") };
    add.typed::<i32, i32>(&store).unwrap().call(&mut store, 5).unwrap();
    logged(&mut store, &["> shown_add(5)", "< shown_add = 6"]);
}

/// Fails where it is told to.
fn fail_at(store: &mut Store<Log>, name: &'static str, at: FunctionEvent) {
    store.function_hook(move |mut call| {
        let line = line(&call);
        call.data_mut().push(line);
        if call.event() == at && call.display_name() == name {
            bail!("not {name}");
        }
        Ok(())
    });
}

#[test]
fn an_error_at_an_entry_ends_the_call() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    fail_at(&mut store, "factorial", FunctionEvent::Entered);
    let error = call(&mut store, instance, "main", &[Val::I32(2)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not factorial");
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let names: Vec<_> = backtrace.frames().iter().map(|frame| frame.func_name()).collect();
    assert_eq!(names, [Some("factorial"), Some("main")]);
    // What refused to be entered is not left.
    logged(
        &mut store,
        &["> main(2)", "  > check(2)", "  < check = ", "  > factorial(2)", "! main: not factorial"],
    );
}

#[test]
fn an_error_at_an_exit_ends_the_call() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    fail_at(&mut store, "check", FunctionEvent::Returned);
    let error = call(&mut store, instance, "main", &[Val::I32(2)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not check");
    logged(&mut store, &["> main(2)", "  > check(2)", "  < check = ", "! main: not check"]);
    fail_at(&mut store, "main", FunctionEvent::Returned);
    let error = call(&mut store, instance, "main", &[Val::I32(1)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not main");
}

#[test]
fn an_error_while_others_are_told_of_wins() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    fail_at(&mut store, "check", FunctionEvent::Unwound);
    let error = call(&mut store, instance, "main", &[Val::I32(13)]).unwrap_err();
    assert_eq!(error.to_string(), "not check");
    logged(
        &mut store,
        &["> main(13)", "  > check(13)", "  ! check: UnreachableCodeReached", "! main: not check"],
    );
}

#[test]
fn a_panic_of_the_hook_is_the_callers() {
    for at in [FunctionEvent::Entered, FunctionEvent::Returned, FunctionEvent::Unwound] {
        let (mut store, instance) = logging(&["*"], FACTORIAL);
        let armed = Arc::new(AtomicUsize::new(1));
        store.function_hook(move |mut call| {
            let line = line(&call);
            call.data_mut().push(line);
            if call.event() == at
                && call.display_name() == "check"
                && armed.swap(0, Ordering::Relaxed) == 1
            {
                panic!("checked");
            }
            Ok(())
        });
        let payload = catch_unwind(AssertUnwindSafe(|| {
            call(
                &mut store,
                instance,
                "main",
                &[Val::I32(13 * i32::from(at == FunctionEvent::Unwound))],
            )
        }))
        .unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"checked"), "{at:?}");
        store.data_mut().clear();
        call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
        assert_eq!(store.data().len(), 6, "{:?}", store.data());
        assert_eq!(store.data()[0], "> main(1)");
    }
}

#[test]
fn hooks_are_set_replaced_and_removed_between_calls() {
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let instance = set_up(&engine, FACTORIAL, &[], &mut store);
    let run = |store: &mut Store<Log>, lines: usize| {
        call(store, instance, "main", &[Val::I32(1)]).unwrap();
        assert_eq!(store.data().len(), lines);
        store.data_mut().clear();
    };
    run(&mut store, 0);
    log(&mut store);
    run(&mut store, 6);
    store.function_hook(|mut call| {
        call.data_mut().push("one".into());
        Ok(())
    });
    run(&mut store, 6);
    store.remove_function_hook();
    run(&mut store, 0);
    log(&mut store);
    run(&mut store, 6);
    // A store with a hook can be taken apart.
    assert!(store.into_data().is_empty());
}

#[test]
fn a_hook_can_use_the_store() {
    let engine = engine(&["main"]);
    let mut store = Store::new(&engine, Log::new());
    let wat = r#"(module
        (memory (export "memory") 1)
        (func $main (export "main") (result i32) (i32.load (i32.const 0))))"#;
    let instance = set_up(&engine, wat, &[], &mut store);
    store.function_hook(|mut call| {
        let instance = call.instance().unwrap();
        let memory = instance.get_memory(&mut call, "memory").unwrap();
        let data = memory.data_mut(call.as_context_mut());
        data[0] += 5;
        Ok(())
    });
    assert_eq!(call(&mut store, instance, "main", &[]).unwrap()[0].unwrap_i32(), 5);
    assert_eq!(call(&mut store, instance, "main", &[]).unwrap()[0].unwrap_i32(), 15);
}

#[test]
fn artifacts_record_which_functions_tell() {
    let telling = engine(&["f*"]).precompile_module(FACTORIAL.as_bytes()).unwrap();
    let silent = engine(&[]).precompile_module(FACTORIAL.as_bytes()).unwrap();
    let load = |patterns: &[&str], artifact: &[u8]| {
        let engine = engine(patterns);
        // SAFETY: the compiler has just made it.
        let module = unsafe { Module::deserialize(&engine, artifact) }?;
        let mut store = Store::new(&engine, Log::new());
        log(&mut store);
        let instance = Instance::new(&mut store, &module, &[])?;
        call(&mut store, instance, "main", &[Val::I32(1)])?;
        Ok::<_, Error>(store.into_data())
    };
    // Whoever asks for nothing gets what the artifact has.
    assert_eq!(load(&[], &telling).unwrap(), ["> factorial(1)", "< factorial = 1"]);
    assert_eq!(load(&["factorial"], &telling).unwrap().len(), 2);
    assert!(load(&[], &silent).unwrap().is_empty());
    assert!(load(&["nothing"], &silent).unwrap().is_empty());
    let error = load(&["*"], &telling).unwrap_err().to_string();
    assert!(error.contains("function hooks") && error.contains("`main`"), "{error}");
    let error = load(&["main", "factorial"], &silent).unwrap_err().to_string();
    assert!(error.contains("Config::function_hooks"), "{error}");
}

#[test]
fn an_engine_asks_its_compiler_for_what_it_wants() {
    let mut config = Config::new();
    config.function_hooks([pattern("a*"), NamePattern::any()]);
    assert_eq!(config.compile_request().function_hooks, ["a*", "*"]);
    config.function_hooks([]);
    assert!(config.compile_request().function_hooks.is_empty());
    let mut request = config.compile_request().clone();
    request.function_hooks = vec!["\\".into()];
    let compiler = wasm_runtime::CraneliftCompiler::new();
    let error =
        wasm_runtime::Compiler::compile(&compiler, b"\0asm\x01\0\0\0", &request).unwrap_err();
    assert!(format!("{error:#}").contains("backslash"), "{error:#}");
}

/// The code of each function of a module that calls no other.
fn code(config: &Config, wat: &str) -> Vec<(String, Vec<u8>)> {
    let module = Module::new(&Engine::new(config).unwrap(), wat).unwrap();
    let function = |function: wasm_runtime::ModuleFunction| {
        let code = module.text()[function.offset..][..function.len].to_vec();
        (function.name.unwrap(), code)
    };
    module.functions().map(function).collect()
}

#[test]
fn functions_that_do_not_tell_are_what_they_were() {
    let wat = r#"(module
        (memory 1)
        (func $sum (export "sum") (param i32 i32) (result i32)
            (local i32)
            (loop $next
                (local.set 2 (i32.add (local.get 2) (i32.load (local.get 0))))
                (local.set 0 (i32.add (local.get 0) (i32.const 4)))
                (br_if $next (i32.lt_u (local.get 0) (local.get 1))))
            (local.get 2))
        (func $told (export "told") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
        (func $swap (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))"#;
    let plain = code(&config(&[]), wat);
    assert_eq!(code(&config(&["nothing"]), wat), plain);
    let told = code(&config(&["told"]), wat);
    for ((name, told), (_, plain)) in told.iter().zip(&plain) {
        assert_eq!(told == plain, name != "told", "{name}");
    }
    // Not only the code: everything.
    let artifact = |patterns| engine(patterns).precompile_module(wat.as_bytes()).unwrap();
    assert_eq!(artifact(&["nothing"]), artifact(&[]));
}

#[test]
fn each_level_of_optimisation_tells_the_same() {
    let mut logs = Vec::new();
    for level in [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize] {
        let engine = Engine::new(config(&["*"]).cranelift_opt_level(level)).unwrap();
        let mut store = Store::new(&engine, Log::new());
        let instance = set_up(&engine, FACTORIAL, &[], &mut store);
        log(&mut store);
        call(&mut store, instance, "main", &[Val::I32(5)]).unwrap();
        call(&mut store, instance, "main", &[Val::I32(50)]).unwrap_err();
        logs.push(store.into_data());
    }
    assert_eq!(logs[0].len(), 18);
    assert!(logs.iter().all(|log| *log == logs[0]));
}

#[test]
fn small_functions_that_tell_are_not_put_into_their_callers() {
    let engine = {
        let compiler = wasm_runtime::CraneliftCompiler::new();
        // SAFETY: measures for faster code leave what it does as it is.
        let compiler = unsafe {
            compiler.adjust(|settings| {
                settings.inlining(true);
            })
        };
        let mut config = config(&["small"]);
        config.compiler(Arc::new(compiler));
        Engine::new(&config).unwrap()
    };
    let wat = r#"(module
        (func $small (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "main") (param i32) (result i32)
            (call $small (call $small (local.get 0)))))"#;
    let mut store = Store::new(&engine, Log::new());
    let instance = set_up(&engine, wat, &[], &mut store);
    log(&mut store);
    call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> small(1)", "< small = 2", "> small(2)", "< small = 3"]);
}

#[test]
fn functions_that_tell_are_called_even_if_a_machine_has_an_instruction_for_them() {
    let wat = include_str!("../../wasm-translate/tests/clif/wide_multiply.wat");
    let args: Vec<Val> = [Val::I32(16)].into_iter().chain([7, 0, 6, 0].map(Val::I64)).collect();
    for name in ["by_halves", "by_comparisons", "by_conversion"] {
        let (mut store, instance) = logging(&["by_*"], wat);
        call(&mut store, instance, &format!("call_{name}"), &args).unwrap();
        let entered = format!("> {name}(16, 7i64, 0i64, 6i64, 0i64)");
        logged(&mut store, &[&entered, &format!("< {name} = ")]);
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let mut product = [0; 16];
        let place = if name == "by_conversion" { 32 } else { 16 };
        memory.read(&store, place, &mut product).unwrap();
        assert_eq!(u128::from_le_bytes(product), 42, "{name}");
    }
}

#[test]
fn forks_and_recycled_instances_tell() {
    let engine = engine(&["*"]);
    let module = Module::new(&engine, FACTORIAL).unwrap();
    // An instance that a store leaves is the next store's, which has no hook unless it sets one.
    for hooked in [true, false, true] {
        let mut store = Store::new(&engine, Log::new());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        if hooked {
            log(&mut store);
        }
        call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
        assert_eq!(store.data().len(), if hooked { 6 } else { 0 });
    }
    let mut store = Store::new(&engine, Log::new());
    Instance::new(&mut store, &module, &[]).unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    let mut other = Store::new(&engine, Log::new());
    log(&mut other);
    let forks = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap();
    call(&mut other, forks[0], "main", &[Val::I32(1)]).unwrap();
    assert_eq!(other.data().len(), 6);
}

/// A tail call may leave with a smaller frame than its function was called with: what called that still runs.
#[test]
fn functions_below_a_tail_call_still_run() {
    let engine = engine(&["outer"]);
    let mut store = Store::new(&engine, Log::new());
    log(&mut store);
    let host = Func::wrap(&mut store, |mut caller: Caller<'_, Log>| {
        let trap = caller.get_export("trap").and_then(Extern::into_func).unwrap();
        assert!(trap.call(&mut caller, &[], &mut []).is_err());
    });
    let parameters = "i32 ".repeat(16);
    let arguments = "(i32.const 7) ".repeat(16);
    let wat = format!(
        r#"(module
            (import "" "host" (func $host))
            (func $away (param {parameters}) (return_call $host))
            (func (export "trap") (unreachable))
            (func $outer (export "run") (call $away {arguments})))"#
    );
    let instance = set_up(&engine, &wat, &[host.into()], &mut store);
    call(&mut store, instance, "run", &[]).unwrap();
    logged(&mut store, &["> outer()", "< outer = "]);
}
