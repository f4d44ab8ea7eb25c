//! Each optimization leaves everything as it was: results, memory, traps and backtraces.

use std::sync::Arc;

use wasm_artifact::WriteOptions;
use wasm_runtime::{
    CompileRequest, Compiler, Config, Engine, Instance, Module, Result, Store, Trap, Val,
    WasmBacktrace, WasmFeatures,
};
use wasm_translate::Settings;

/// The usual compiler, with some optimizations.
#[derive(Debug)]
struct Optimized(fn(&mut Settings));

// SAFETY: it is the usual compiler with switches for optimizations, each of which leaves everything
// as it was.
unsafe impl Compiler for Optimized {
    fn compile(&self, wasm: &[u8], request: &CompileRequest) -> Result<Vec<u8>> {
        let mut settings = wasm_runtime::CraneliftCompiler::new().settings(request)?;
        settings
            .reorder(false)
            .idioms(false)
            .inlining(false)
            .small_bulk(false)
            .direct_bulk(false)
            .immutable_tables(false)
            .save_when_full(false)
            .cold_traps(false)
            .wide_indices(false)
            .loop_globals(false)
            .verifier(true);
        (self.0)(&mut settings);
        let parsed = wasm_types::Module::parse_with_bodies(wasm, request.features)?;
        let compiled = wasm_translate::compile_module(&parsed, wasm, &settings)?;
        Ok(wasm_artifact::write(parsed.module(), wasm, &compiled, &WriteOptions::new())?)
    }

    fn validate(&self, wasm: &[u8], features: WasmFeatures) -> Result<()> {
        Ok(wasm_types::Module::validate(wasm, features)?)
    }

    fn identity(&self, _request: &CompileRequest) -> Option<String> {
        None
    }

    fn accepts_text(&self) -> bool {
        false
    }
}

/// What came of a call: results or the trap with its backtrace, and the memory after it.
#[derive(PartialEq, Debug)]
struct Outcome {
    results: Vec<i64>,
    trap: Option<Trap>,
    frames: Vec<(Option<String>, Option<usize>)>,
    memory: Vec<u8>,
    globals: Vec<i64>,
}

/// Calls each export that takes numbers with each of the arguments.
fn outcomes(
    wat: &str,
    optimization: fn(&mut Settings),
    arguments: &[[i32; 2]],
) -> Result<Vec<Outcome>> {
    let mut config = Config::new();
    config.compiler(Arc::new(Optimized(optimization)));
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, wat::parse_str(wat)?)?;
    let names: Vec<String> = module.exports().map(|export| export.name().to_owned()).collect();
    let contents: Vec<u8> = (0..65536).map(|at| (at * 31 + at / 251) as u8).collect();
    let mut outcomes = Vec::new();
    let (globals, functions): (Vec<&String>, Vec<&String>) = names
        .iter()
        .filter(|name| *name != "memory")
        .partition(|name| module.get_export(name).is_some_and(|ty| ty.global().is_some()));
    for name in functions {
        for arguments in arguments {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[])?;
            let func = instance.get_func(&mut store, name).expect("an export of this name");
            let memory = instance.get_memory(&mut store, "memory").expect("a memory");
            memory.data_mut(&mut store).copy_from_slice(&contents);
            let mut results = vec![Val::I64(0); func.ty(&store).results().len()];
            let call = func.call(&mut store, &arguments.map(Val::I32), &mut results);
            let mut outcome = Outcome {
                results: results.iter().map(Val::unwrap_i64).collect(),
                trap: None,
                frames: Vec::new(),
                memory: memory.data(&store).to_vec(),
                globals: Vec::new(),
            };
            for global in &globals {
                let global = instance.get_global(&mut store, global).expect("an export");
                outcome.globals.push(global.get(&mut store).unwrap_i64());
            }
            if let Err(error) = call {
                outcome.results.clear();
                outcome.trap = Some(*error.downcast_ref::<Trap>().expect("a trap"));
                let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
                outcome.frames = backtrace
                    .frames()
                    .iter()
                    .map(|frame| (frame.func_name().map(str::to_owned), frame.module_offset()))
                    .collect();
            }
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}

/// Compares all outcomes with an optimization to those without; there must be traps and results
/// among them.
fn compare(wat: &str, optimization: fn(&mut Settings), arguments: &[[i32; 2]]) -> Result<()> {
    let (with, without) =
        (outcomes(wat, optimization, arguments)?, outcomes(wat, |_| (), arguments)?);
    assert!(without.iter().any(|outcome| outcome.trap.is_some()));
    assert!(without.iter().any(|outcome| outcome.trap.is_none()));
    for (number, (with, without)) in with.into_iter().zip(without).enumerate() {
        assert!(
            with == without,
            "outcome {number}: {:?} {:?} {:?} in place of {:?} {:?} {:?}, or another memory",
            with.results,
            with.trap,
            with.frames,
            without.results,
            without.trap,
            without.frames
        );
    }
    Ok(())
}

/// Addresses near each other, at the ends of the memory and beyond.
fn addresses() -> Vec<[i32; 2]> {
    const PLACES: [i32; 12] =
        [0, 1, 5, 40, 41, 100, 65536 - 64, 65536 - 63, 65536 - 8, 65536 - 1, 65536, -1];
    PLACES.iter().flat_map(|a| PLACES.map(|b| [*a, b])).collect()
}

#[test]
fn inlined_functions_trap_where_they_are_written() -> Result<()> {
    const WAT: &str = r#"(module
      (memory (export "memory") 1)
      (global $g (mut i64) (i64.const 3))
      (func $pick (param $x i32) (param $y i32) (result i64) (local $z i64)
        (if (i32.gt_u (local.get $x) (local.get $y))
          (then (local.set $z (i64.load offset=2 (local.get $x))))
          (else (return (i64.load8_s (local.get $y)))))
        (i64.add (local.get $z) (i64.load32_u (local.get $y))))
      (func $exchange (param $x i32) (param $y i64) (result i64)
        (global.get $g)
        (drop (f64.load (local.get $x)))
        (i64.store offset=1 (local.get $x) (local.get $y))
        (global.set $g (i64.add (global.get $g) (local.get $y))))
      (func $choose (param $x i32) (result i32)
        (block (block (br_table 0 1 0 (local.get $x))) (return (i32.const 4)))
        (i32.load16_s (local.get $x)))
      (func (export "picks") (param i32 i32) (result i64 i64)
        (call $pick (local.get 0) (local.get 1))
        (call $pick (local.get 1) (local.get 0)))
      (func (export "loops") (param i32 i32) (result i64) (local $n i32) (local $sum i64)
        (local.set $n (i32.const 5))
        (loop $again
          (local.set $sum (i64.add (local.get $sum)
            (call $exchange (i32.add (local.get 0) (local.get $n)) (local.get $sum))))
          (local.set $sum (i64.xor (local.get $sum)
            (call $pick (local.get 0) (i32.add (local.get 1) (local.get $n)))))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
      (func (export "choices") (param i32 i32) (result i64)
        (i64.extend_i32_s (i32.sub (call $choose (local.get 0)) (call $choose (local.get 1))))))"#;
    compare(WAT, |settings| _ = settings.inlining(true), &addresses())?;
    compare(WAT, |settings| _ = settings.inlining(true).reorder(true), &addresses())
}

#[test]
fn globals_that_loops_keep_are_in_memory_at_once() -> Result<()> {
    const WAT: &str = r#"(module
      (memory (export "memory") 1)
      (global $a (export "a") (mut i64) (i64.const 3))
      (global $b (export "b") (mut i64) (i64.const -7))
      (global $c (export "c") (mut i64) (i64.const 40))
      (global $n (export "n") (mut i64) (i64.const 0))
      (func $step (param $at i32)
        (global.set $a (i64.add (global.get $a) (i64.load8_u (local.get $at))))
        (global.set $b (i64.xor (global.get $b) (global.get $a))))
      (func $reset (global.set $c (i64.const 1)) (global.set $n (i64.const 2)))
      ;; What is written before a trap stays, in whichever turn that is.
      (func (export "sums") (param i32 i32) (result i64)
        (loop $again
          (global.set $n (i64.add (global.get $n) (i64.const 1)))
          (call $step (local.get 0))
          (global.set $c (i64.sub (global.get $c) (global.get $b)))
          (local.set 0 (i32.add (local.get 0) (i32.const 7)))
          (br_if $again (i64.lt_u (global.get $n) (i64.const 9))))
        (i64.div_s (global.get $c) (i64.extend_i32_s (local.get 1))))
      ;; Loops in loops; the inner one may be left for the end of the outer.
      (func (export "nested") (param i32 i32) (result i64)
        (block $out
          (loop $outer
            (global.set $a (i64.add (global.get $a) (i64.const 1)))
            (loop $inner
              (br_if $out (i64.gt_s (global.get $a) (i64.const 90)))
              (global.set $b (i64.add (global.get $b) (i64.load16_u (local.get 1))))
              (global.set $a (i64.add (global.get $a) (i64.and (global.get $b) (i64.const 15))))
              (local.set 1 (i32.add (local.get 1) (i32.const 1)))
              (br_if $inner (i64.ne (i64.and (global.get $b) (i64.const 3)) (i64.const 0))))
            (br $outer)))
        (i64.add (global.get $a) (global.get $b)))
      ;; A call changes what the loop around it has read.
      (func (export "called") (param i32 i32) (result i64)
        (loop $again
          (global.set $n (i64.add (global.get $n) (i64.const 5)))
          (loop $kept
            (global.set $c (i64.add (global.get $c) (global.get $n)))
            (br_if $kept (i64.lt_s (global.get $c) (i64.const 100))))
          (global.set $a (i64.add (global.get $a) (global.get $c)))
          (if (i32.lt_u (local.get 0) (i32.const 6))
            (then (call $reset) (local.set 0 (i32.const 100)) (br $again))))
        (i64.add (i64.load (local.get 1)) (i64.mul (global.get $a) (global.get $n)))))"#;
    for inlining in [false, true] {
        let switches: fn(&mut Settings) = match inlining {
            true => |settings| _ = settings.loop_globals(true).inlining(true),
            false => |settings| _ = settings.loop_globals(true),
        };
        compare(WAT, switches, &addresses())?;
    }
    compare(WAT, |settings| _ = settings.loop_globals(true).reorder(true), &addresses())
}

#[test]
fn small_copies_and_fills_write_all_or_nothing() -> Result<()> {
    let mut wat = String::from("(module (memory (export \"memory\") 1)\n");
    for len in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 23, 24, 31, 33, 48, 63, 64, 65] {
        wat += &format!(
            "(func (export \"copy{len}\") (param i32 i32)
               (memory.copy (local.get 0) (local.get 1) (i32.const {len})))
             (func (export \"fill{len}\") (param i32 i32)
               (memory.fill (local.get 0) (local.get 1) (i32.const {len})))
             (func (export \"clear{len}\") (param i32 i32)
               (memory.fill (local.get 0) (i32.const 0x1ff) (i32.const {len})))\n"
        );
    }
    wat += ")";
    compare(&wat, |settings| _ = settings.small_bulk(true), &addresses())?;
    compare(&wat, |settings| _ = settings.small_bulk(true).reorder(true), &addresses())
}

#[test]
fn copies_and_fills_of_any_length_write_all_or_nothing() -> Result<()> {
    let mut wat = String::from(
        "(module (memory (export \"memory\") 1) (memory $other 1) (global $len (mut i32) (i32.const 0))\n",
    );
    for len in [0, 1, 7, 64, 65, 1000, 65536 - 100, 65536 - 1, 65536, 65537, -1, i32::MIN] {
        wat += &format!(
            "(func (export \"copy{len}\") (param i32 i32)
               (global.set $len (i32.const {len}))
               (memory.copy (local.get 0) (local.get 1) (global.get $len)))
             (func (export \"there and back{len}\") (param i32 i32)
               (global.set $len (i32.const {len}))
               (memory.fill $other (i32.const 3) (local.get 0) (i32.const 60000))
               (memory.copy $other 0 (local.get 0) (local.get 1) (global.get $len))
               (memory.copy 0 $other (i32.const 1) (local.get 0) (global.get $len)))
             (func (export \"fill{len}\") (param i32 i32)
               (global.set $len (i32.const {len}))
               (memory.fill (local.get 0) (local.get 1) (global.get $len)))\n"
        );
    }
    wat += ")";
    compare(&wat, |settings| _ = settings.direct_bulk(true), &addresses())?;
    compare(&wat, |settings| _ = settings.direct_bulk(true).reorder(true), &addresses())
}

#[test]
fn calls_through_tables_that_nothing_changes_do_what_they_did() -> Result<()> {
    const WAT: &str = r#"(module
      (memory (export "memory") 1)
      (type $binary (func (param i32 i32) (result i64)))
      (type $same (func (param i32 i32) (result i64)))
      (type $unary (func (param i32) (result i64)))
      (table $mixed 8 funcref)
      (elem (table $mixed) (i32.const 1) func $divide $load $widen $again $divide)
      (elem (table $mixed) (i32.const 3) func $load)
      (table $alike funcref (elem $divide $load $again))
      (func $divide (type $binary)
        (i64.extend_i32_u (i32.div_u (local.get 0) (local.get 1))))
      (func $load (type $same) (i64.load (i32.mul (local.get 0) (local.get 1))))
      (func $widen (type $unary) (i64.extend_i32_s (local.get 0)))
      (func $again (type $binary)
        (call_indirect $mixed (type $same)
          (local.get 1) (local.get 0) (i32.sub (local.get 0) (i32.const 1))))
      (func (export "mixed") (param i32 i32) (result i64)
        (call_indirect $mixed (type $binary) (local.get 0) (local.get 1) (local.get 0)))
      (func (export "narrow") (param i32 i32) (result i64)
        (call_indirect $mixed (type $unary) (local.get 0) (local.get 1)))
      (func (export "alike") (param i32 i32) (result i64)
        (call_indirect $alike (type $same) (local.get 0) (local.get 1) (local.get 1)))
      (func (export "tail") (param i32 i32) (result i64)
        (return_call_indirect $mixed (type $binary) (local.get 1) (local.get 0) (local.get 0)))
      (func (export "sum") (param i32 i32) (result i64) (local $sum i64)
        (loop $again
          (local.set $sum (i64.add (local.get $sum)
            (call_indirect $alike (type $binary) (local.get 0) (i32.const 3)
              (i32.and (local.get 0) (i32.const 1)))))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $again (i32.gt_s (local.get 0) (i32.const 0))))
        (local.get $sum)))"#;
    let indices = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 1 << 29, i32::MIN];
    let arguments: Vec<[i32; 2]> = indices.iter().flat_map(|a| indices.map(|b| [*a, b])).collect();
    compare(WAT, |settings| _ = settings.immutable_tables(true), &arguments)?;
    compare(WAT, |settings| _ = settings.immutable_tables(true).reorder(true), &arguments)
}

#[test]
fn reordered_code_traps_where_it_did() -> Result<()> {
    const WAT: &str = r#"(module
      (memory (export "memory") 1)
      (func (export "mixed") (param i32 i32) (result i64) (local $a i32) (local $b i32)
        (local.set $a (i32.mul (i32.load (local.get 0)) (local.get 1)))
        (i32.store offset=4 (local.get 0) (local.get 1))
        (local.set $b (i32.div_u (local.get 0) (local.get 1)))
        (i32.store8 offset=8 (local.get 1) (local.get $a))
        (i64.extend_i32_u
          (i32.sub
            (i32.xor (local.get $b) (i32.load offset=60 (local.get 1)))
            (i32.rem_s (local.get $a) (i32.load8_u (local.get 0)))))))"#;
    compare(WAT, |settings| _ = settings.reorder(true), &addresses())
}
