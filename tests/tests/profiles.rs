//! A profile makes no difference but in speed, whatever it says, and neither does gathering one:
//! results, memory, traps, backtraces and fuel are the same.

use std::sync::Arc;

use proptest::prelude::*;
use wasm_runtime::profile::Profile;
use wasm_runtime::{
    Config, CraneliftCompiler, Engine, Func, Instance, Module, Store, Trap, Val, WasmBacktrace,
};
use wasm_tests::AnyProfile;

/// Loops, branches and jump tables; calls through a table that nothing changes, one that is
/// exported, and references; traps of all of them.
const PROGRAM: &str = r#"(module
    (type $f (func (param i32) (result i32)))
    (type $g (func (param i64) (result i64)))
    (import "" "host" (func $host (type $f)))
    (memory (export "memory") 1)
    (table $fixed funcref (elem $a $b $host $c $wide))
    (table $open (export "table") 8 funcref)
    (elem (table $open) (i32.const 1) func $a $b $host $c $wide)
    (global $calls (mut i32) (i32.const 0))
    (func $a (type $f) (i32.add (local.get 0) (i32.const 1)))
    (func $b (type $f)
        (if (i32.eq (local.get 0) (i32.const 77)) (then unreachable))
        (i32.mul (local.get 0) (i32.const 3)))
    (func $c (type $f) (i32.div_s (i32.const 1000) (local.get 0)))
    (func $wide (type $g) (local.get 0))
    (func $through_fixed (param i32 i32) (result i32)
        (call_indirect $fixed (type $f) (local.get 1) (local.get 0)))
    (func $through_open (param i32 i32) (result i32)
        (call_indirect $open (type $f) (local.get 1) (local.get 0)))
    (func $through_tail (param i32 i32) (result i32)
        (return_call_indirect $fixed (type $f) (local.get 1) (local.get 0)))
    (func $pick (param i32) (result (ref null $f))
        (block $none (block $b (block $a
            (br_table $a $b $none (i32.and (local.get 0) (i32.const 3))))
            (return (ref.func $a)))
            (return (ref.func $c)))
        (ref.null $f))
    (func $through_reference (param i32 i32) (result i32)
        (call_ref $f (local.get 1) (call $pick (local.get 0))))
    (func (export "run") (param $n i32) (param $x i32) (result i32) (local $sum i32)
        (local.set $sum (local.get $x))
        (block $out
            (loop $next
                (br_if $out (i32.eqz (local.get $n)))
                (block $d (block $c (block $b (block $a
                    (br_table $a $b $c $d (i32.and (i32.shr_u (local.get $x) (local.get $n))
                        (i32.const 3))))
                    (local.set $sum (i32.add (local.get $sum)
                        (call $through_fixed (i32.and (local.get $x) (i32.const 7))
                            (local.get $n))))
                    (br $d))
                    (local.set $sum (i32.xor (local.get $sum)
                        (call $through_open (i32.and (local.get $sum) (i32.const 7))
                            (local.get $n)))))
                    (if (i32.lt_s (local.get $sum) (i32.const 0))
                        (then (local.set $sum (call $through_tail
                            (i32.and (local.get $n) (i32.const 3)) (local.get $sum))))
                        (else (local.set $sum (call $through_reference
                            (local.get $n) (local.get $x))))))
                (i32.store (i32.and (local.get $sum) (i32.const 0x1fffc)) (local.get $n))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br $next)))
        (local.get $sum)))"#;

/// What came of a call.
#[derive(PartialEq, Debug)]
struct Outcome {
    result: Option<i32>,
    trap: Option<Trap>,
    frames: Vec<(Option<String>, Option<usize>)>,
    fuel: Option<u64>,
    memory: Vec<u8>,
}

fn outcomes(config: &Config, calls: &[(i32, i32)]) -> Vec<Outcome> {
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    let outcome = |(n, x): &(i32, i32)| {
        let mut store = Store::new(&engine, ());
        // Some calls run out of it.
        let metered = store.set_fuel(90).is_ok();
        let host = Func::wrap(&mut store, |x: i32| x.wrapping_mul(7));
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let mut results = [Val::I32(0)];
        let called = run.call(&mut store, &[Val::I32(*n), Val::I32(*x)], &mut results);
        let error = called.err();
        let backtrace = error.as_ref().and_then(|error| error.downcast_ref::<WasmBacktrace>());
        let frames = backtrace.map_or(&[][..], |backtrace| backtrace.frames()).iter();
        Outcome {
            result: error.is_none().then(|| results[0].unwrap_i32()),
            trap: error.as_ref().map(|error| *error.downcast_ref::<Trap>().expect("a trap")),
            frames: frames
                .map(|frame| (frame.func_name().map(str::to_owned), frame.module_offset()))
                .collect(),
            fuel: metered.then(|| store.get_fuel().unwrap()),
            memory: instance.get_memory(&mut store, "memory").unwrap().data(&store).to_vec(),
        }
    };
    calls.iter().map(outcome).collect()
}

/// Many short calls with everything in them.
fn calls() -> Vec<(i32, i32)> {
    let numbers = |place: i32| (place % 9, place.wrapping_mul(0x9e37_79b1_u32 as i32) >> 3);
    (0..120).map(numbers).chain([(3, 77), (5, -1), (1, 0)]).collect()
}

/// Settings that the code depends on beside profiles.
fn config(fuel: bool, hooks: bool, writable: bool) -> Config {
    let mut config = Config::new();
    config.consume_fuel(fuel).wasm_function_references(true).wasm_tail_call(true);
    if hooks {
        config.function_hooks([wasm_runtime::NamePattern::any()]);
    }
    if writable {
        config.internals(wasm_runtime::Internals::Writable);
    }
    config
}

fn same(one: &[Outcome], other: &[Outcome]) {
    for (place, (one, other)) in one.iter().zip(other).enumerate() {
        assert!(
            one == other,
            "call {place}: {:?} {:?} {:?} {:?} in place of {:?} {:?} {:?} {:?}, or another memory",
            one.result,
            one.trap,
            one.frames,
            one.fuel,
            other.result,
            other.trap,
            other.frames,
            other.fuel
        );
    }
}

/// What the program did in all calls.
fn gathered(calls: &[(i32, i32)]) -> Profile {
    let engine = Engine::new(config(false, false, false).gather_profile(true)).unwrap();
    let module = Module::new(&engine, PROGRAM).unwrap();
    for (n, x) in calls {
        let mut store = Store::new(&engine, ());
        let host = Func::wrap(&mut store, |x: i32| x.wrapping_mul(7));
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        let _ = run.call(&mut store, &[Val::I32(*n), Val::I32(*x)], &mut [Val::I32(0)]);
    }
    module.profile().unwrap().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_profile_gives_the_same(seed: u64, fuel: bool, hooks: bool, writable: bool) {
        let calls = calls();
        let without = outcomes(&config(fuel, hooks, writable), &calls);
        let mut with = config(fuel, hooks, writable);
        with.compiler(Arc::new(AnyProfile { compiler: CraneliftCompiler::new(), seed }));
        with.cranelift_debug_verifier(true);
        same(&outcomes(&with, &calls), &without);
    }
}

#[test]
fn gathering_and_what_was_gathered_give_the_same() {
    let calls = calls();
    let profile = gathered(&calls);
    // Training on one half is what makes guards fail on the other.
    let half = gathered(&calls[..calls.len() / 2]);
    for fuel in [false, true] {
        for writable in [false, true] {
            let without = outcomes(&config(fuel, false, writable), &calls);
            let kinds = |trap: Trap| without.iter().any(|outcome| outcome.trap == Some(trap));
            assert!(without.iter().any(|outcome| outcome.trap.is_none()));
            assert!(kinds(Trap::TableOutOfBounds) && kinds(Trap::BadSignature));
            assert!(kinds(Trap::NullReference) && kinds(Trap::IndirectCallToNull));
            assert_eq!(kinds(Trap::OutOfFuel), fuel);
            let mut gathering = config(fuel, false, writable);
            gathering.gather_profile(true).cranelift_debug_verifier(true);
            same(&outcomes(&gathering, &calls), &without);
            for profile in [&profile, &half] {
                let mut with = config(fuel, false, writable);
                with.profile(profile.clone()).cranelift_debug_verifier(true);
                same(&outcomes(&with, &calls), &without);
            }
        }
    }
}

#[test]
fn a_foreign_profile_is_left_aside() {
    let profile = gathered(&calls());
    let other = "(module (func (export \"f\") (loop (br_if 0 (i32.const 0)))))";
    let plain = Engine::default().precompile_module(other.as_bytes()).unwrap();
    let engine = Engine::new(Config::new().profile(profile)).unwrap();
    assert_eq!(engine.precompile_module(other.as_bytes()).unwrap(), plain);
}

#[test]
fn threads_make_no_difference() {
    let profile = gathered(&calls());
    let compiled = |parallel: bool| {
        let mut with = config(false, false, false);
        with.profile(profile.clone()).parallel_compilation(parallel);
        Engine::new(&with).unwrap().precompile_module(PROGRAM.as_bytes()).unwrap()
    };
    assert_eq!(compiled(true), compiled(false));
    let artifact = compiled(true);
    let artifact = wasm_artifact::Artifact::parse(&artifact).unwrap();
    assert_eq!(artifact.profile().unwrap(), Some(profile.identity()));
}
