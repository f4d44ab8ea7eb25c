//! The code that the compiler generates for functions with hooks, and for functions without.

use std::sync::Arc;

use wasm_runtime::{
    Caller, Config, Engine, Error, Extern, Func, Instance, Linker, Module, NamePattern, OptLevel,
    Snapshot, Store, Val,
};

use crate::support::{FACTORIAL, Log, call, config, engine, log, logged, logging, pattern, set_up};

#[test]
fn artifacts_record_which_functions_have_hooks() {
    let hooked = engine(&["f*"]).precompile_module(FACTORIAL.as_bytes()).unwrap();
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
    // An engine without patterns accepts whatever the artifact has.
    assert_eq!(load(&[], &hooked).unwrap(), ["> factorial(1)", "< factorial = 1"]);
    assert_eq!(load(&["factorial"], &hooked).unwrap().len(), 2);
    assert!(load(&[], &silent).unwrap().is_empty());
    assert!(load(&["nothing"], &silent).unwrap().is_empty());
    let error = load(&["*"], &hooked).unwrap_err().to_string();
    assert!(error.contains("function hooks") && error.contains("`main`"), "{error}");
    let error = load(&["main", "factorial"], &silent).unwrap_err().to_string();
    assert!(error.contains("Config::function_hooks"), "{error}");
}

#[test]
fn an_engine_requests_hooks_from_its_compiler() {
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

/// The code of each function, for a module whose functions call no others.
fn code(config: &Config, wat: &str) -> Vec<(String, Vec<u8>)> {
    let module = Module::new(&Engine::new(config).unwrap(), wat).unwrap();
    let function = |function: wasm_runtime::ModuleFunction| {
        let code = module.text()[function.offset..][..function.len].to_vec();
        (function.name.unwrap(), code)
    };
    module.functions().map(function).collect()
}

#[test]
fn functions_without_hooks_are_unchanged() {
    let wat = r#"(module
        (memory 1)
        (func $sum (export "sum") (param i32 i32) (result i32)
            (local i32)
            (loop $next
                (local.set 2 (i32.add (local.get 2) (i32.load (local.get 0))))
                (local.set 0 (i32.add (local.get 0) (i32.const 4)))
                (br_if $next (i32.lt_u (local.get 0) (local.get 1))))
            (local.get 2))
        (func $hooked (export "hooked") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
        (func $swap (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))"#;
    let plain = code(&config(&[]), wat);
    assert_eq!(code(&config(&["nothing"]), wat), plain);
    let hooked = code(&config(&["hooked"]), wat);
    for ((name, hooked), (_, plain)) in hooked.iter().zip(&plain) {
        assert_eq!(hooked == plain, name != "hooked", "{name}");
    }
    // Not only the code is the same: the whole artifact is.
    let artifact = |patterns| engine(patterns).precompile_module(wat.as_bytes()).unwrap();
    assert_eq!(artifact(&["nothing"]), artifact(&[]));
}

#[test]
fn hooks_observe_the_same_at_each_level_of_optimisation() {
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
fn small_functions_with_hooks_are_not_inlined() {
    let engine = {
        let compiler = wasm_runtime::CraneliftCompiler::new();
        // SAFETY: these optimizations leave what the code does as it is.
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
fn functions_with_hooks_are_called_even_if_a_machine_has_an_instruction_for_them() {
    let wat = include_str!("../../../wasm-translate/tests/clif/wide_multiply.wat");
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
fn forks_and_reused_instances_have_hooks() {
    let engine = engine(&["*"]);
    let module = Module::new(&engine, FACTORIAL).unwrap();
    // The next store reuses the instance that a store leaves behind. It has no hook unless it sets
    // one.
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

/// A tail call may leave with a smaller frame than its function was called with. The function below
/// it still has to run.
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
