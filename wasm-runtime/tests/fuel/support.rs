//! Configurations of the compiler, and what a call uses in all of them.

use std::sync::Arc;

use wasm_runtime::{
    Caller, Config, CraneliftCompiler, Engine, Func, Instance, Linker, Module, OptLevel, Result,
    Store, Trap, Val,
};
use wasm_translate::Settings;

/// Configurations of the compiler that must not differ in what is used.
pub(crate) fn settings() -> Vec<(String, Config)> {
    let mut all = Vec::new();
    for level in [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize] {
        for (what, reservation) in [("reserved", 4 << 30), ("checked", 0)] {
            for variant in
                ["plain", "each operator", "inlined", "without optimizations", "interruptible"]
            {
                let mut config = Config::new();
                config
                    .consume_fuel(true)
                    .wasm_wide_arithmetic(true)
                    .cranelift_opt_level(level)
                    .memory_reservation(reservation);
                config.cranelift_debug_verifier(true).interruption(variant == "interruptible");
                let adjust = move |settings: &mut Settings| {
                    settings
                        .fuel_for_each_operator(variant == "each operator")
                        .inlining(variant == "inlined");
                    if variant == "without optimizations" {
                        settings
                            .reorder(false)
                            .idioms(false)
                            .small_bulk(false)
                            .save_when_full(false)
                            .cold_traps(false)
                            .wide_indices(false)
                            .loop_globals(false);
                    }
                };
                // SAFETY: these settings leave what the code does as it is, and only change when it
                // takes fuel.
                let compiler = unsafe { CraneliftCompiler::new().adjust(adjust) };
                config.compiler(Arc::new(compiler));
                all.push((format!("{level:?}, {what}, {variant}"), config));
            }
        }
    }
    all
}

/// An engine that counts fuel.
pub(crate) fn metered() -> Engine {
    Engine::new(Config::new().consume_fuel(true)).unwrap()
}

pub(crate) const PLENTY: u64 = 1 << 40;

/// The fuel that a call of the function `run` uses, and its trap if there is one, in all
/// configurations.
pub(crate) fn used(wat: &str, params: &[Val]) -> (u64, Option<Trap>) {
    let mut found: Option<(u64, Option<Trap>)> = None;
    for (name, config) in settings() {
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        // SAFETY: the artifact was made right here.
        let loaded = unsafe { Module::deserialize(&engine, module.serialize().unwrap()).unwrap() };
        for module in [module, loaded] {
            let mut store = Store::new(&engine, ());
            let host = Func::wrap(&mut store, || {});
            let imports = vec![host.into(); module.imports().len()];
            store.set_fuel(PLENTY).unwrap();
            let instance = Instance::new(&mut store, &module, &imports).unwrap();
            store.set_fuel(PLENTY).unwrap();
            let run = instance.get_func(&mut store, "run").unwrap();
            let mut results = vec![Val::I32(0); run.ty(&store).results().len()];
            let trap = run.call(&mut store, params, &mut results).err();
            let trap = trap.map(|error| *error.downcast_ref::<Trap>().unwrap());
            let now = (PLENTY - store.get_fuel().unwrap(), trap);
            let before = *found.get_or_insert(now);
            assert_eq!(now, before, "{name}: {wat}");
        }
    }
    found.unwrap()
}

pub(crate) fn module_of(body: &str) -> String {
    format!(
        r#"(module
            (import "" "" (func $host))
            (memory (export "memory") 1)
            (table $t 4 funcref)
            (elem (i32.const 0) $two $host)
            (type $nothing (func))
            (func $two nop (drop (i32.const 1)) (drop (i32.const 1)))
            (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            {body})"#
    )
}

#[track_caller]
pub(crate) fn uses(body: &str, params: &[Val], expected: u64) {
    assert_eq!(used(&module_of(body), params), (expected, None), "{body}");
}

#[track_caller]
pub(crate) fn traps(body: &str, params: &[Val], trap: Trap, expected: u64) {
    assert_eq!(used(&module_of(body), params), (expected, Some(trap)), "{body}");
}

/// A store with an instance of a module. Its import `see` records the fuel that is left.
pub(crate) fn watched(engine: &Engine, wat: &str) -> (Store<Vec<u64>>, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, Vec::new());
    store.set_fuel(PLENTY).unwrap();
    let mut linker = Linker::new(engine);
    linker
        .func_wrap("", "see", |mut caller: Caller<'_, Vec<u64>>| {
            let left = caller.get_fuel().unwrap();
            caller.data_mut().push(left);
        })
        .unwrap();
    linker
        .func_wrap("", "set", |mut caller: Caller<'_, Vec<u64>>, fuel: u64| {
            caller.set_fuel(fuel).unwrap();
        })
        .unwrap();
    linker
        .func_wrap("", "fail", |_: Caller<'_, Vec<u64>>| -> Result<()> {
            wasm_runtime::bail!("as requested")
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}
