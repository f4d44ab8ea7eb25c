//! Calls in a store that may have a hook, on one of the two runtimes. This file is compiled once
//! for each, and `api` is the runtime's crate.

use std::hint::black_box;
use std::time::Instant;

use super::api::{Engine, Func, FuncType, Linker, Module, Store, TypedFunc, Val, ValType};

/// A store, and the functions that are called in it.
pub(crate) struct Hooked {
    store: Store<u64>,
    add: TypedFunc<(i32, i32), i32>,
    untyped_add: Func,
    loops: [TypedFunc<i32, i32>; 2],
}

/// The kinds of calls, in the order of the numbers for [`Hooked::measure`].
pub(crate) const KINDS: [&str; 4] = [
    "host → Wasm, `TypedFunc`",
    "host → Wasm, `Func`",
    "Wasm → host, `func_wrap`",
    "Wasm → host, `func_new`",
];

impl Hooked {
    /// A store in which `set` may set hooks.
    pub(crate) fn new(set: fn(&mut Store<u64>)) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, WASM).expect("a valid module");
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "typed", |a: i32, _: i64| a).expect("a new name");
        let ty = FuncType::new(&engine, [ValType::I32, ValType::I64], [ValType::I32]);
        linker
            .func_new("host", "untyped", ty, |_, arguments, results| {
                results[0] = Val::I32(arguments[0].unwrap_i32());
                Ok(())
            })
            .expect("a new name");
        let mut store = Store::new(&engine, 0);
        set(&mut store);
        let instance = linker.instantiate(&mut store, &module).expect("an instance");
        let mut func = |name: &str| instance.get_func(&mut store, name).expect("an export");
        let (add, loops) = (func("add"), ["loop_typed", "loop_untyped"].map(func));
        Self {
            add: add.typed(&store).expect("this type"),
            untyped_add: add,
            loops: loops.map(|func| func.typed(&store).expect("this type")),
            store,
        }
    }

    /// The time of one call, in seconds.
    pub(crate) fn measure(&mut self, kind: usize, count: i32) -> f64 {
        let store = &mut self.store;
        let start = Instant::now();
        match kind {
            0 => {
                let mut sum = 0;
                for i in 0..count {
                    sum = self.add.call(&mut *store, (sum, i)).expect("no trap");
                }
                black_box(sum);
            }
            1 => {
                let mut results = [Val::I32(0)];
                for i in 0..count {
                    let arguments = [results[0], Val::I32(i)];
                    self.untyped_add.call(&mut *store, &arguments, &mut results).expect("no trap");
                }
            }
            _ => {
                self.loops[kind - 2].call(&mut *store, count).expect("no trap");
            }
        }
        start.elapsed().as_secs_f64() / f64::from(count)
    }

    /// How many events the hook has counted.
    pub(crate) fn events(&self) -> u64 {
        *self.store.data()
    }
}

/// A hook that counts.
pub(crate) fn count(store: &mut Store<u64>) {
    store.call_hook(|mut store, _| {
        *store.data_mut() += 1;
        Ok(())
    });
}

const WASM: &str = r#"
(module
  (import "host" "typed" (func $typed (param i32 i64) (result i32)))
  (import "host" "untyped" (func $untyped (param i32 i64) (result i32)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "loop_typed") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $typed (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func (export "loop_untyped") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $untyped (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum)))
"#;
