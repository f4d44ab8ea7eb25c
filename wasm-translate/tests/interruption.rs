//! Code that can be interrupted: where it looks for that, on every target.

mod common;

use common::{TARGETS, compile, settings};
use wasm_types::{CompiledModule, OptLevel, TrapCode, Tunables};

fn compiled(wat: &str, target: &str, adjust: impl Fn(&mut Tunables)) -> CompiledModule {
    let wasm = wat::parse_str(wat).unwrap();
    let mut tunables = Tunables::default();
    tunables.interruption = true;
    adjust(&mut tunables);
    let mut settings = settings(target);
    settings.tunables(tunables);
    compile(&wasm, &settings).unwrap()
}

/// How many places of each function look.
fn places(compiled: &CompiledModule) -> Vec<usize> {
    let of = |start: u32, len: u32| {
        let here = |trap: &&wasm_types::TrapEntry| (start..start + len).contains(&trap.offset);
        let traps = compiled.traps.iter().filter(|trap| trap.code == TrapCode::Interrupt);
        traps.filter(here).count()
    };
    compiled.functions.iter().map(|function| of(function.offset, function.len)).collect()
}

const WAT: &str = r#"(module
    (import "" "host" (func $host))
    (type $f (func))
    (table 2 10 funcref)
    (func $leaf)
    (func $calls (call $leaf) (call $leaf))
    (func $calls_host (call $host))
    (func $calls_through_table (call_indirect (type $f) (i32.const 0)))
    (func $tail_call (return_call $leaf))
    (func $tail_call_through_table (return_call_indirect (type $f) (i32.const 0)))
    (func $loop (param i32) (loop (br_if 0 (local.get 0))))
    (func $loops (param i32)
        (loop (loop (call $leaf) (br_if 0 (local.get 0))) (loop (br_if 1 (local.get 0)))))
    (func $grows (drop (table.grow (ref.null func) (i32.const 1))))
    (func $never_reached (unreachable) (loop (call $leaf) (br 0))))"#;

const PLACES: [usize; 10] = [0, 1, 1, 1, 1, 1, 1, 4, 0, 0];

#[test]
fn loops_and_functions_that_call_look() {
    let memories = ["(module (memory 1)", "(module", "(module (memory i64 1)"];
    for target in TARGETS {
        for memory in memories {
            let wat = WAT.replacen("(module", memory, 1);
            // An imported function has to come before.
            let wat = wat.replacen("(import \"\" \"host\" (func $host))", "", 1).replacen(
                "(module",
                "(module (import \"\" \"host\" (func $host))",
                1,
            );
            for level in [OptLevel::None, OptLevel::Speed, OptLevel::SpeedAndSize] {
                let compiled = compiled(&wat, target, |tunables| tunables.opt_level = level);
                assert_eq!(places(&compiled), PLACES, "{target}, {memory}, {level:?}");
                assert!(compiled.tunables.interruption);
            }
        }
        let off = compiled(WAT, target, |tunables| tunables.interruption = false);
        assert_eq!(places(&off), [0; 10]);
    }
}

/// The optimiser may not take two places for one, or move one out of a loop, however many there
/// are.
#[test]
fn every_loop_looks_on_its_own() {
    let loops = "(loop (br_if 0 (local.get 0)))".repeat(1100);
    let wat = format!("(module (memory 1) (func (param i32) {loops}))");
    for target in TARGETS {
        assert_eq!(places(&compiled(&wat, target, |_| {})), [1100], "{target}");
    }
}
