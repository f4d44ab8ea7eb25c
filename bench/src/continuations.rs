//! Switching between stacks, on one of the two runtimes. This file is compiled once for each, and
//! `api` is the runtime's crate.

use std::time::Instant;

use super::api::{Config, Engine, Instance, Module, Store, TypedFunc};

/// What is measured: the export, what one of it is, and how often. Wasmtime keeps the stacks of a
/// store's continuations until the store is dropped, so that there can't be many new ones.
pub(crate) const KINDS: [(&str, &str, i32); 4] = [
    ("generator", "`suspend` and `resume`", 200_000),
    ("seesaw", "`switch`", 200_000),
    ("fresh", "`cont.new`, `resume` and the end of it", 500),
    ("deep", "`suspend` through 8 stacks and `resume`", 50_000),
];

/// A store with continuations.
pub(crate) struct Continuations {
    store: Store<()>,
    funcs: [TypedFunc<i32, i32>; 4],
}

impl Continuations {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        config.wasm_function_references(true).wasm_gc(true).wasm_exceptions(true);
        config.wasm_stack_switching(true);
        let engine = Engine::new(&config).expect("the settings are valid");
        let module = Module::new(&engine, WASM).expect("a valid module");
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).expect("no imports");
        let funcs = KINDS.map(|(name, _, _)| {
            instance.get_typed_func(&mut store, name).expect("an export of this type")
        });
        Self { store, funcs }
    }

    /// The time of one, in seconds.
    pub(crate) fn measure(&mut self, kind: usize, count: i32) -> f64 {
        let start = Instant::now();
        let result = self.funcs[kind].call(&mut self.store, count).expect("no trap");
        let time = start.elapsed().as_secs_f64();
        assert_eq!(result, count);
        time / f64::from(count)
    }
}

const WASM: &str = r#"
(module
  (type $f (func)) (type $k (cont $f))
  (type $down (func (param i32))) (type $kd (cont $down))
  (tag $yield)
  (elem declare func $endless $one $below)
  (func $endless (loop $again (suspend $yield) (br $again)))
  (func (export "generator") (param $n i32) (result i32)
    (local $k (ref null $k)) (local $sum i32)
    (local.set $k (cont.new $k (ref.func $endless)))
    (loop $again
      (local.set $k
        (block $on (result (ref $k))
          (resume $k (on $yield $on) (local.get $k))
          (unreachable)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  (rec (type $s (func (param (ref null $ks)))) (type $ks (cont $s)))
  (tag $swap)
  (global $left (mut i32) (i32.const 0))
  (elem declare func $side)
  (func $side (type $s) (param $other (ref null $ks))
    (loop $again
      (global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (if (i32.eqz (global.get $left)) (then (return)))
      (local.set $other (switch $ks $swap (local.get $other)))
      (br $again)))
  (func (export "seesaw") (param $n i32) (result i32)
    (global.set $left (local.get $n))
    (resume $ks (on $swap switch) (cont.new $ks (ref.func $side)) (cont.new $ks (ref.func $side)))
    (i32.sub (local.get $n) (global.get $left)))

  (func $one)
  (func (export "fresh") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (resume $k (cont.new $k (ref.func $one)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  (func $below (param $depth i32)
    (if (local.get $depth)
      (then (resume $kd (i32.sub (local.get $depth) (i32.const 1))
        (cont.new $kd (ref.func $below))))
      (else (loop $again (suspend $yield) (br $again)))))
  (func (export "deep") (param $n i32) (result i32)
    (local $k (ref null $k)) (local $sum i32)
    (local.set $k
      (block $on (result (ref $k))
        (resume $kd (on $yield $on) (i32.const 7) (cont.new $kd (ref.func $below)))
        (unreachable)))
    (loop $again
      (local.set $k
        (block $on (result (ref $k))
          (resume $k (on $yield $on) (local.get $k))
          (unreachable)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
"#;
