//! Threads that share a memory, on one of the two runtimes. This file is compiled once for each,
//! and `api` is the runtime's crate.

use std::time::Instant;

use super::api::{Config, Engine, Linker, MemoryType, Module, SharedMemory, Store, TypedFunc};

/// What is measured, in the order of the numbers for [`Shared::measure`], and how often.
pub(crate) const KINDS: [(&str, i32); 3] = [
    ("atomic operation, of one thread", 2_000_000),
    ("word through a queue between two threads", 1_000_000),
    ("`memory.atomic.notify` that wakes nobody", 200_000),
];

/// Two stores, for a thread each, and their memory.
pub(crate) struct Shared {
    stores: [(Store<()>, [TypedFunc<i32, i32>; 4]); 2],
}

impl Shared {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        config.wasm_threads(true).shared_memory(true);
        let engine = Engine::new(&config).expect("the settings are valid");
        let module = Module::new(&engine, WASM).expect("a valid module");
        let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1)).expect("a memory");
        let stores = [(); 2].map(|()| {
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            linker.define(&mut store, "", "memory", memory.clone()).expect("a new name");
            let instance = linker.instantiate(&mut store, &module).expect("all imports");
            let funcs = ["alone", "put", "take", "notify"].map(|name| {
                instance.get_typed_func(&mut store, name).expect("an export of this type")
            });
            (store, funcs)
        });
        Self { stores }
    }

    /// The time of one, in seconds.
    pub(crate) fn measure(&mut self, kind: usize, count: i32) -> f64 {
        let [first, second] = &mut self.stores;
        let call = |(store, funcs): &mut (Store<()>, [TypedFunc<i32, i32>; 4]), func: usize| {
            funcs[func].call(store, count).expect("no trap")
        };
        let start = Instant::now();
        match kind {
            0 => drop(call(first, 0)),
            1 => std::thread::scope(|scope| {
                scope.spawn(|| call(first, 1));
                let sum = call(second, 2);
                assert_eq!(sum, (1..=count).fold(0, i32::wrapping_add));
            }),
            _ => drop(call(first, 3)),
        }
        start.elapsed().as_secs_f64() / f64::from(count)
    }
}

/// The queue has room for 256 words from 1024 on. How many were put is at 0, and how many were
/// taken at 64. Who finds it full or empty waits; the other side wakes it at every 128th word.
const WASM: &str = r#"
(module
  (import "" "memory" (memory 1 1 shared))
  (func (export "alone") (param $n i32) (result i32) (local $old i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 4096) (i32.const 3)))
      (drop (i32.atomic.rmw.cmpxchg (i32.const 4104) (i32.const 0) (i32.const 1)))
      (i32.atomic.store (i32.const 4112) (i32.atomic.load (i32.const 4096)))
      (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 4)))
        (i32.const 0))))
    (local.get $n))
  (func $wake (param $at i32) (param $count i32)
    (if (i32.eqz (i32.and (local.get $count) (i32.const 127)))
      (then (drop (memory.atomic.notify (local.get $at) (i32.const 1))))))
  (func (export "put") (param $n i32) (result i32) (local $put i32) (local $taken i32)
    (local $end i32)
    (local.set $put (i32.atomic.load (i32.const 0)))
    (local.set $end (i32.add (local.get $put) (local.get $n)))
    (loop $again
      (local.set $taken (i32.atomic.load (i32.const 64)))
      (if (i32.eq (i32.sub (local.get $put) (local.get $taken)) (i32.const 256))
        (then
          (drop (memory.atomic.wait32 (i32.const 64) (local.get $taken) (i64.const 1000000)))
          (br $again)))
      (i32.store
        (i32.add (i32.const 1024)
          (i32.shl (i32.and (local.get $put) (i32.const 255)) (i32.const 2)))
        (i32.sub (i32.add (local.get $n) (i32.const 1)) (i32.sub (local.get $end) (local.get $put))))
      (local.set $put (i32.add (local.get $put) (i32.const 1)))
      (i32.atomic.store (i32.const 0) (local.get $put))
      (call $wake (i32.const 0) (local.get $put))
      (br_if $again (i32.ne (local.get $put) (local.get $end))))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
    (i32.const 0))
  (func (export "take") (param $n i32) (result i32) (local $put i32) (local $taken i32)
    (local $end i32) (local $sum i32)
    (local.set $taken (i32.atomic.load (i32.const 64)))
    (local.set $end (i32.add (local.get $taken) (local.get $n)))
    (loop $again
      (local.set $put (i32.atomic.load (i32.const 0)))
      (if (i32.eq (local.get $put) (local.get $taken))
        (then
          (drop (memory.atomic.wait32 (i32.const 0) (local.get $put) (i64.const 1000000)))
          (br $again)))
      (local.set $sum (i32.add (local.get $sum)
        (i32.load
          (i32.add (i32.const 1024)
            (i32.shl (i32.and (local.get $taken) (i32.const 255)) (i32.const 2))))))
      (local.set $taken (i32.add (local.get $taken) (i32.const 1)))
      (i32.atomic.store (i32.const 64) (local.get $taken))
      (call $wake (i32.const 64) (local.get $taken))
      (br_if $again (i32.ne (local.get $taken) (local.get $end))))
    (drop (memory.atomic.notify (i32.const 64) (i32.const 1)))
    (local.get $sum))
  (func (export "notify") (param $n i32) (result i32)
    (loop $again
      (drop (memory.atomic.notify (i32.const 8192) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $n)))
"#;
