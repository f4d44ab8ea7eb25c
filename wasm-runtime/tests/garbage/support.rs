//! Stores whose values are counted, and host functions that make and compare them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    Caller, Config, Engine, ExternRef, Instance, Linker, Module, Result, Rooted, Store,
};

/// How many values live.
#[derive(Clone, Default)]
pub(crate) struct Alive(Arc<AtomicUsize>);

impl Alive {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A value that is counted.
pub(crate) struct Counted {
    pub(crate) number: i32,
    alive: Alive,
}

impl Counted {
    pub(crate) fn new(alive: &Alive, number: i32) -> Self {
        alive.0.fetch_add(1, Ordering::Relaxed);
        Self { number, alive: alive.clone() }
    }

    pub(crate) fn copy(&self) -> Self {
        Self::new(&self.alive, self.number)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) type Reference = Option<Rooted<ExternRef>>;

/// The number of a value; -1 for null.
pub(crate) fn number_of(caller: &Caller<'_, Alive>, value: Reference) -> Result<i32> {
    let Some(value) = value else { return Ok(-1) };
    let value = value.data(caller)?.expect("a value of the host");
    Ok(value.downcast_ref::<Counted>().expect("all values are counted").number)
}

/// Host functions: `make` a value with a number, get the `number` of one, collect with `gc`.
pub(crate) fn linker(engine: &Engine) -> Linker<Alive> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap("host", "make", |mut caller: Caller<'_, Alive>, number: i32| {
            let value = Counted::new(caller.data(), number);
            ExternRef::new(&mut caller, value).map(Some)
        })
        .unwrap();
    linker
        .func_wrap("host", "number", |caller: Caller<'_, Alive>, value: Reference| {
            number_of(&caller, value)
        })
        .unwrap();
    linker.func_wrap("host", "gc", |mut caller: Caller<'_, Alive>| caller.gc(None)).unwrap();
    linker
}

/// What the texts of guests begin with.
pub(crate) const IMPORTS: &str = r#"
    (import "host" "make" (func $make (param i32) (result externref)))
    (import "host" "number" (func $number (param externref) (result i32)))
    (import "host" "gc" (func $gc))
"#;

/// An engine that moves everything whenever it can, and one that does not.
pub(crate) fn engines() -> [Engine; 2] {
    [true, false].map(|zeal| Engine::new(Config::new().gc_zeal(zeal)).unwrap())
}

/// An instance of a guest, whose text follows the imports.
pub(crate) fn guest(engine: &Engine, text: &str) -> (Store<Alive>, Instance) {
    let module = Module::new(engine, format!("(module {IMPORTS} {text})")).unwrap();
    let mut store = Store::new(engine, Alive::default());
    let instance = linker(engine).instantiate(&mut store, &module).unwrap();
    (store, instance)
}
