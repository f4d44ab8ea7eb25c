//! Continuations: computations that are suspended and resumed, each on a stack of its own.

mod attacks;
mod collected;
mod exceptions;
mod generators;
mod host;
mod limits;
mod odd_hosts;
mod rules;
mod storm;
mod waiting;

use wasm_runtime::{Config, Engine, Instance, Linker, Module, Result, Store, Trap};

/// Settings that allow continuations.
fn config() -> Config {
    let mut config = Config::new();
    config.wasm_stack_switching(true);
    config
}

/// Engines with all that has to do with continuations set in one way or another.
fn engines() -> Vec<Kind> {
    let mut zeal = config();
    zeal.gc_zeal(true);
    let mut metered = config();
    metered.consume_fuel(true);
    let mut interrupted = config();
    interrupted.epoch_interruption(true);
    let mut plain = config();
    plain.cranelift_opt_level(wasm_runtime::OptLevel::None);
    let configs = [config(), zeal, metered, interrupted, plain];
    let kind = |(place, config)| Kind { engine: Engine::new(config).unwrap(), timed: place == 3 };
    configs.iter().enumerate().map(kind).collect()
}

/// An engine, and whether its code looks for a deadline.
struct Kind {
    engine: Engine,
    timed: bool,
}

/// A store of an engine, ready to run whatever it is set up for.
fn store<T: 'static>(kind: &Kind, data: T) -> Store<T> {
    let mut store = Store::new(&kind.engine, data);
    prepare(kind, &mut store);
    store
}

/// Makes a store ready to run whatever its engine is set up for.
fn prepare<T: 'static>(kind: &Kind, store: &mut Store<T>) {
    // Engines that do not count refuse.
    _ = store.set_fuel(u64::MAX / 2);
    if kind.timed {
        store.set_epoch_deadline(1 << 40);
    }
}

/// An instance of a module that imports nothing.
fn instantiate(kind: &Kind, text: &str) -> Result<(Store<()>, Instance)> {
    let engine = &kind.engine;
    let module = Module::new(engine, text)?;
    // What comes from a file is the same.
    let bytes = module.serialize()?;
    #[allow(unsafe_code, reason = "the bytes were just made")]
    // SAFETY: they are those of a module that was compiled right here.
    let module = unsafe { Module::deserialize(engine, bytes)? };
    let mut store = store(kind, ());
    let instance = Linker::new(engine).instantiate(&mut store, &module)?;
    Ok((store, instance))
}

/// Calls an exported function `run` of one integer, in each kind of engine.
fn run(text: &str, values: &[(i32, i32)]) {
    for kind in engines() {
        let (mut store, instance) = instantiate(&kind, text).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for (value, expected) in values {
            let found = run.call(&mut store, *value);
            assert_eq!(found.unwrap_or_else(|e| panic!("{e:?}")), *expected, "run({value})");
        }
    }
}

/// Calls an exported function without parameters and results, which traps, in each kind of engine;
/// and again, since a trap leaves nothing behind.
fn trap(text: &str, name: &str, expected: Trap) {
    for kind in engines() {
        let (mut store, instance) = instantiate(&kind, text).unwrap();
        let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        for _ in 0..3 {
            let error = func.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&expected), "{name}: {error:?}");
        }
    }
}

#[test]
fn scripts() {
    // A script neither sets fuel nor a deadline.
    for kind in
        engines().into_iter().enumerate().filter(|(n, _)| ![2, 3].contains(n)).map(|(_, kind)| kind)
    {
        let mut runner = wasm_runtime::wast::Runner::new(&kind.engine).unwrap();
        let summary = runner.run_to_end("script.wast", include_str!("script.wast")).unwrap();
        assert!(summary.failures().is_empty(), "{:?}", summary.failures());
        assert!(summary.passed() > 40, "{}", summary.passed());
    }
}
