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

/// How many of the calls of this body, in a function whose type is `() -> ()`, are left.
fn left(ty: &str, body: &str, args: &str) -> usize {
    let drops = if ty.contains("result") { "drop" } else { "" };
    let text = format!(
        "(module (memory 1) (global $g (mut i32) (i32.const 0)) (table 1 funcref)
           (func $callee {ty} {body})
           (func {args} (call $callee) {drops}))"
    );
    calls(&text, 1, true, OptLevel::Speed)
}

#[test]
fn what_neither_traps_nor_calls_is_replaced() {
    let float = "(param f64 f64) (result f64)";
    for (ty, body, args) in [
        ("", "", ""),
        ("", "(global.set $g (i32.const 1))", ""),
        ("(result i32)", "(memory.size)", ""),
        ("(param i32) (result i32)", "(i32.eqz (local.get 0))", "(i32.const 1)"),
        (float, "(f64.min (local.get 0) (local.get 1))", "(f64.const 1) (f64.const 2)"),
        ("(param f64) (result i32)", "(i32.trunc_sat_f64_s (local.get 0))", "(f64.const 1)"),
        ("(param i32)", "(block (br_table 0 1 0 (local.get 0)))", "(i32.const 1)"),
        ("(param i32)", "(if (local.get 0) (then (return)) (else))", "(i32.const 1)"),
    ] {
        assert_eq!(left(ty, body, args), 0, "{body}");
    }
}

#[test]
fn what_traps_calls_or_takes_its_time_is_called() {
    for (ty, body, args) in [
        ("", "(unreachable)", ""),
        ("", "(global.set $g (i32.const 0)) (drop (i32.load (i32.const 0)))", ""),
        ("", "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 0) (i32.const 0))", ""),
        ("", "(drop (i32.load offset=0x80000000 (i32.const 0)))", ""),
        ("", "(drop (v128.load (i32.const 0)))", ""),
        ("", "(loop)", ""),
        ("", "(call $callee)", ""),
        ("", "(call_indirect (i32.const 0))", ""),
        ("", "(return_call $callee)", ""),
        ("", "(drop (memory.grow (i32.const 0)))", ""),
        ("", "(drop (table.get 0 (i32.const 0)))", ""),
        ("(param i32)", "(drop (i32.div_u (i32.const 1) (local.get 0)))", "(i32.const 1)"),
        ("(param f32)", "(drop (i32.trunc_f32_s (local.get 0)))", "(f32.const 1)"),
    ] {
        assert_eq!(left(ty, body, args), 1, "{body}");
    }
}

#[test]
fn accesses_are_checked_and_the_function_called_for_those_out_of_bounds() {
    for body in [
        "(drop (i32.add (i32.load (i32.const 0)) (i32.load8_u offset=9 (i32.const 1))))",
        "(i64.store (i32.load (i32.const 0)) (i64.load (i32.const 8))) (global.set $g (i32.const 1))",
    ] {
        let text = format!(
            "(module (memory 1) (global $g (mut i32) (i32.const 0))
               (func $callee {body}) (func (call $callee)))"
        );
        let wasm = wat::parse_str(text).unwrap();
        let func = DefinedFuncIndex::new(1);
        let one = |checked| {
            let mut settings = settings(TARGETS[0]);
            let mut tunables = Tunables::default();
            if checked {
                tunables.memory_reservation = 1 << 20;
            }
            settings.inlining(true).tunables(tunables);
            clif(&parse(&wasm), &wasm, func, &settings, ClifStage::Raw).unwrap()
        };
        let text = one(false);
        let cold = text.split("cold:").nth(1).expect("a block that is seldom reached");
        let cold = cold.split("block").next().unwrap();
        assert!(cold.contains("call fn0(v0)") && cold.contains("trap heap_oob"), "{text}");
        assert_eq!(text.matches("call fn").count(), 1, "{text}");
        assert!(text.contains("load notrap") || text.contains("notrap little"), "{text}");
        // Where addresses are not enough to decide, the function is called.
        let text = one(true);
        assert!(text.contains("call fn0(v0)") && !text.contains("cold:"), "{text}");
    }
}

#[test]
fn large_functions_are_called() {
    let body = |operators: usize| "(nop)".repeat(operators);
    assert_eq!(left("", &body(40), ""), 0);
    assert_eq!(left("", &body(41), ""), 1);
    let locals = |count: usize| format!("(local {})", "i32 ".repeat(count));
    assert_eq!(left("", &locals(32), ""), 0);
    assert_eq!(left("", &locals(33), ""), 1);
}

/// A caller of a function of so many operators: calls outside of loops, then in one, then in one in
/// that.
fn nested(operators: usize, counts: [usize; 3]) -> String {
    let call = |count| "(call $callee)".repeat(count);
    format!(
        "(module (func $callee {}) (func {} (loop {} (loop {}))))",
        "(nop)".repeat(operators),
        call(counts[0]),
        call(counts[1]),
        call(counts[2])
    )
}

#[test]
fn growth_is_bounded_and_inner_loops_come_first() {
    // A small caller may have 60 operators more.
    assert_eq!(calls(&nested(20, [4, 0, 0]), 1, true, OptLevel::Speed), 1);
    assert_eq!(calls(&nested(20, [2, 2, 2]), 1, true, OptLevel::Speed), 3);
    // No caller has more than 400 more.
    assert_eq!(calls(&nested(40, [600, 0, 0]), 1, true, OptLevel::Speed), 590);

    let wasm = wat::parse_str(nested(30, [2, 2, 1])).unwrap();
    let func = DefinedFuncIndex::new(1);
    let mut settings = settings(TARGETS[0]);
    settings.inlining(true);
    let text = clif(&parse(&wasm), &wasm, func, &settings, ClifStage::Raw).unwrap();
    // The two calls before the loops are left, and one of the two in the outer one.
    let blocks: Vec<usize> = text
        .split("\nblock")
        .flat_map(|part| part.split("  block"))
        .map(|block| block.matches("call fn").count())
        .filter(|count| *count > 0)
        .collect();
    assert_eq!(blocks, [2, 1], "{text}");
}

#[test]
fn the_switch_and_the_level_turn_it_off() {
    let text = nested(1, [1, 0, 0]);
    assert_eq!(calls(&text, 1, true, OptLevel::SpeedAndSize), 0);
    assert_eq!(calls(&text, 1, true, OptLevel::None), 1);
    assert_eq!(calls(&text, 1, false, OptLevel::Speed), 1);
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
