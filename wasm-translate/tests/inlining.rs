//! Which calls are replaced by what they call; the CLIF itself is in `tests/clif`.

mod common;

use common::{TARGETS, compile, parse, settings};
use wasm_translate::{ClifStage, ErrorKind, clif};
use wasm_types::{DefinedFuncIndex, OptLevel, Tunables};

/// How many calls the CLIF of a function has.
fn calls(text: &str, func: u32, on: bool, level: OptLevel) -> usize {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut tunables = Tunables::default();
    tunables.opt_level = level;
    let mut settings = settings(TARGETS[0]);
    settings.inlining(on).tunables(tunables);
    let func = DefinedFuncIndex::new(func);
    let text = clif(&parse(&wasm), &wasm, func, &settings, ClifStage::Raw).unwrap();
    text.lines().filter(|line| line.contains("call ")).count()
}

/// How many calls are left of one of this body in a loop, in a function whose type is `() -> ()`.
fn left(ty: &str, body: &str, args: &str) -> usize {
    let drops = if ty.contains("result") { "drop" } else { "" };
    let text = format!(
        "(module (memory 1) (global $g (mut i32) (i32.const 0)) (table 1 funcref)
           (func $callee {ty} {body})
           (func (loop {args} (call $callee) {drops})))"
    );
    calls(&text, 1, true, OptLevel::Speed)
}

#[test]
fn small_functions_are_replaced_whatever_they_do() {
    let float = "(param f64 f64) (result f64)";
    for (ty, body, args) in [
        ("", "", ""),
        ("", "(unreachable)", ""),
        ("", "(global.set $g (i32.const 0)) (drop (i32.load (i32.const 0)))", ""),
        ("", "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 0) (i32.const 0))", ""),
        ("", "(drop (i32.load offset=0x80000000 (i32.const 0)))", ""),
        ("", "(drop (v128.load (i32.const 0)))", ""),
        ("", "(loop)", ""),
        ("", "(call_indirect (i32.const 0))", ""),
        ("", "(drop (memory.grow (i32.const 0)))", ""),
        ("", "(drop (table.get 0 (i32.const 0)))", ""),
        ("(param i32) (result i32)", "(i32.div_u (i32.const 1) (local.get 0))", "(i32.const 1)"),
        ("(param f32)", "(drop (i32.trunc_f32_s (local.get 0)))", "(f32.const 1)"),
        (float, "(f64.min (local.get 0) (local.get 1))", "(f64.const 1) (f64.const 2)"),
        ("(param i32)", "(block (br_table 0 1 0 (local.get 0)))", "(i32.const 1)"),
        ("(param i32)", "(if (local.get 0) (then (return)) (else))", "(i32.const 1)"),
    ] {
        assert_eq!(left(ty, body, args), 0, "{body}");
    }
}

#[test]
fn what_a_function_calls_is_called_in_its_place() {
    // The functions that are called are never put in place of calls.
    let text = |body: &str| {
        format!(
            "(module (import \"\" \"\" (func $f)) (table 1 funcref)
               (func $large {}) (func $callee {body}) (func (loop (call $callee))))",
            "(drop (memory.grow (memory.size)))".repeat(50)
        )
        .replace("(table", "(memory 1) (table")
    };
    for (body, left) in [
        ("(call $large)", 1),
        ("(call $large) (call $large)", 2),
        ("(return_call $large)", 1),
        // It would be called by the wrong function, if anything asks.
        ("(return_call $f)", 1),
        ("(return_call_indirect (i32.const 0))", 1),
    ] {
        assert_eq!(calls(&text(body), 2, true, OptLevel::Speed), left, "{body}");
    }
    let chain = "(module (func $a) (func $b (call $a)) (func $c (call $b) (call $b)) (func (loop (call $c))))";
    assert_eq!(calls(chain, 3, true, OptLevel::Speed), 0);
}

/// A caller of a function of so much code: one call outside of loops, and one in as many as that.
fn nested(operators: usize, loops: usize) -> String {
    format!(
        "(module (func $callee (param i32) {}) (func (call $callee (i32.const 1))
           {} (call $callee (i32.const 2)) {}))",
        "(drop (i32.popcnt (local.get 0)))".repeat(operators),
        "(loop".repeat(loops),
        ")".repeat(loops),
    )
}

#[test]
fn what_is_called_more_often_may_be_larger() {
    let left = |operators, loops| calls(&nested(operators, loops), 1, true, OptLevel::Speed);
    assert_eq!(left(4, 1), 0);
    assert_eq!(left(20, 1), 1);
    assert_eq!(left(20, 0), 2);
    assert_eq!(left(200, 3), 2);
}

#[test]
fn functions_go_into_themselves_for_a_level_or_two() {
    let text = "(module (func $f (param i32) (result i32)
      (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add (call $f (i32.sub (local.get 0) (i32.const 1)))
                       (call $f (i32.sub (local.get 0) (i32.const 2))))))))";
    let left = calls(text, 0, true, OptLevel::Speed);
    assert!((3..=8).contains(&left), "{left} calls are left");
    assert_eq!(calls(text, 0, false, OptLevel::Speed), 2);
}

#[test]
fn the_code_of_functions_in_place_of_calls_says_so() {
    let text = "(module (memory 1)
      (func $inner (param i32) (result i32) (i32.load (local.get 0)))
      (func $middle (param i32) (result i32) (i32.div_s (call $inner (local.get 0)) (local.get 0)))
      (func (export \"f\") (param i32) (result i32)
        (loop (result i32) (call $middle (local.get 0)))))";
    let wasm = wat::parse_str(text).unwrap();
    for target in TARGETS {
        let compiled = compile(&wasm, settings(target).inlining(true)).unwrap();
        let own = compiled.functions[2];
        let ranges = compiled.inlined_ranges.iter().filter(|range| range.offset >= own.offset);
        let mut chains: Vec<Vec<u32>> = Vec::new();
        for range in ranges {
            let mut chain = Vec::new();
            let mut next = range.function;
            while let Some(number) = next {
                let inlined = compiled.inlined_functions[number as usize];
                chain.push(inlined.func.as_u32());
                next = inlined.caller;
            }
            chains.push(chain);
        }
        assert!(chains.contains(&vec![0, 1]), "{target}: {chains:?}");
        assert!(chains.contains(&vec![1]), "{target}: {chains:?}");
        assert!(compiled.functions.len() == 3 && chains.iter().all(|chain| chain.len() < 3));
        let off = compile(&wasm, settings(target).inlining(false)).unwrap();
        assert!(off.inlined_functions.is_empty() && off.inlined_ranges.is_empty());
    }
}

#[test]
fn the_switch_and_the_level_turn_it_off() {
    let text = nested(1, 0);
    assert_eq!(calls(&text, 1, true, OptLevel::SpeedAndSize), 0);
    assert_eq!(calls(&text, 1, true, OptLevel::None), 2);
    assert_eq!(calls(&text, 1, false, OptLevel::Speed), 2);
}

#[test]
fn limits_are_those_of_the_function_alone() {
    let text = nested(4, 1);
    let wasm = wat::parse_str(&text).unwrap();
    // The caller has fewer operators by itself, and more with what it calls.
    let limits = wasm_types::CompileLimits::new().operators(20);
    let mut settings = settings(TARGETS[0]);
    settings.inlining(true).limits(limits);
    let func = DefinedFuncIndex::new(1);
    let text = clif(&parse(&wasm), &wasm, func, &settings, ClifStage::Raw).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("call ")).count(), 2);
}

#[test]
fn the_error_of_a_body_is_told_where_it_is() {
    let text = "(module (func (call $callee)) (func $callee (i32.const 1)))";
    let error =
        compile(&wat::parse_str(text).unwrap(), settings(TARGETS[0]).inlining(true)).unwrap_err();
    assert_eq!((error.kind(), error.function().unwrap().as_u32()), (ErrorKind::Invalid, 1));
}

#[test]
fn bodies_fit_where_they_are_put_on_every_target() {
    // Operands below the arguments, several results, vectors, names of locals that clash, dead
    // code.
    let text = "(module (global $g (mut i32) (i32.const 0))
        (func $swap (param i32 i64) (result i64 i32) (local v128 i32)
          (local.set 3 (i32.add (local.get 0) (global.get $g)))
          (block (result i64 i32) (local.get 1) (local.get 3) (br 1) (unreachable)))
        (func $lanes (param v128) (result v128) (local.get 0))
        (func $never (param i32) (result i32) (return (local.get 0)))
        (func (export \"f\") (param i32 i64 v128) (result i64 v128) (local i32 i64)
          (i64.const 9)
          (call $swap (local.get 0) (local.get 1))
          (local.set 3)
          (i64.add)
          (if (result v128) (call $never (local.get 3))
            (then (call $lanes (i32x4.add (local.get 2) (local.get 2))))
            (else (br 0 (call $lanes (local.get 2)))))))";
    let wasm = wat::parse_str(text).unwrap();
    for target in TARGETS {
        compile(&wasm, settings(target).inlining(true))
            .unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}
