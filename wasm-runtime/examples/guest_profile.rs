//! Samples a guest while it runs, and writes a profile for <https://profiler.firefox.com>.
//!
//! `cargo run --release -p wasm-runtime --features observe --example guest_profile > profile.json`

use std::sync::{Arc, Mutex};
use std::time::Duration;

use wasm_runtime::{
    Config, Engine, GuestProfiler, Instance, Module, Result, Store, UpdateDeadline,
};

const PROGRAM: &str = r#"(module
    (func $main (export "main")
        (call $work (i32.const 100000000))
        (call $more (i32.const 200000000)))
    (func $more (param i32) (call $work (local.get 0)))
    (func $work (param i32)
        (loop $next
            (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;

fn main() -> Result<()> {
    let interval = Duration::from_millis(1);
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let module = Module::new(&engine, PROGRAM)?;
    let modules = [("program.wat".to_string(), module.clone())];
    let profiler = GuestProfiler::new(&engine, "program", interval, modules)?;
    let profiler = Arc::new(Mutex::new(profiler));

    // The epoch advances for as long as the engine exists.
    let ticker = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = ticker.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(interval);
        }
    });

    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(1);
    let sampled = profiler.clone();
    store.epoch_deadline_callback(move |store| {
        let mut profiler = sampled.lock().expect("no sample panics");
        profiler.sample(&store, Duration::ZERO);
        Ok(UpdateDeadline::Continue(1))
    });
    let instance = Instance::new(&mut store, &module, &[])?;
    instance.get_typed_func::<(), ()>(&mut store, "main")?.call(&mut store, ())?;

    // The store's callback holds a share of the profiler, which is dropped with the store.
    drop(store);
    let profiler = Arc::into_inner(profiler).expect("the store is gone");
    let profiler = profiler.into_inner().expect("no sample panics");
    eprintln!("{} samples", profiler.samples());
    profiler.finish(std::io::stdout())
}
