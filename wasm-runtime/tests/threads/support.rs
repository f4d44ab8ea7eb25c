//! What the tests share: an engine with shared memories, and a program that uses one.

use wasm_runtime::{
    Config, Engine, Instance, MemoryType, Module, Result, SharedMemory, Store, WasmParams,
    WasmResults,
};

/// A program with a memory that it imports.
pub(crate) const PROGRAM: &str = r#"(module
    (import "" "memory" (memory 1 16 shared))
    ;; Adds 1 so many times.
    (func (export "count") (param $place i32) (param $times i32)
        (loop $again
            (drop (i32.atomic.rmw.add (local.get $place) (i32.const 1)))
            (br_if $again
                (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
    ;; Waits until a place is not zero any more. The result is that of the last wait.
    (func (export "await") (param $place i32) (param $timeout i64) (result i32)
        (memory.atomic.wait32 (local.get $place) (i32.const 0) (local.get $timeout)))
    (func (export "await64") (param $place i32) (param $timeout i64) (result i32)
        (memory.atomic.wait64 offset=8 (local.get $place) (i64.const 0) (local.get $timeout)))
    (func (export "notify") (param $place i32) (param $count i32) (result i32)
        (memory.atomic.notify (local.get $place) (local.get $count)))
    ;; Hands a number to and fro: waits for one place to have a round's number, and then writes it
    ;; to another.
    (func (export "rounds") (param $own i32) (param $other i32) (param $rounds i32)
        (local $round i32) (local $seen i32)
        (loop $next
            (local.set $round (i32.add (local.get $round) (i32.const 1)))
            (loop $again
                (local.set $seen (i32.atomic.load (local.get $own)))
                (if (i32.lt_u (local.get $seen) (local.get $round)) (then
                    (drop (memory.atomic.wait32
                        (local.get $own) (local.get $seen) (i64.const -1)))
                    (br $again))))
            (i32.atomic.store (local.get $other) (local.get $round))
            (drop (memory.atomic.notify (local.get $other) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $round) (local.get $rounds)))))
    (func (export "spin") (param $place i32)
        (loop $again (br_if $again (i32.eqz (i32.atomic.load (local.get $place))))))
    (func (export "forever") (loop $again (br $again)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
    (func (export "size") (result i32) (memory.size))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "fill") (param i32 i32 i32)
        (memory.fill (local.get 0) (local.get 1) (local.get 2))))"#;

/// An engine that allows shared memories.
pub(crate) fn engine(configure: impl FnOnce(&mut Config)) -> Engine {
    let mut config = Config::new();
    config.shared_memory(true);
    configure(&mut config);
    Engine::new(&config).unwrap()
}

/// What the threads of a test share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) module: Module,
    pub(crate) memory: SharedMemory,
}

impl Shared {
    pub(crate) fn new(engine: &Engine) -> Self {
        let module = Module::new(engine, PROGRAM).unwrap();
        let memory = SharedMemory::new(engine, MemoryType::shared(1, 16)).unwrap();
        Self { module, memory }
    }

    /// A store of its own with an instance.
    pub(crate) fn thread(&self) -> Thread {
        let mut store = Store::new(self.module.engine(), ());
        let imports = [self.memory.clone().into()];
        let instance = Instance::new(&mut store, &self.module, &imports).unwrap();
        Thread { store, instance }
    }
}

/// A store with an instance, for one thread.
pub(crate) struct Thread {
    pub(crate) store: Store<()>,
    pub(crate) instance: Instance,
}

impl Thread {
    pub(crate) fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &str,
        params: P,
    ) -> Result<R> {
        let func = self.instance.get_typed_func::<P, R>(&mut self.store, name)?;
        func.call(&mut self.store, params)
    }
}
