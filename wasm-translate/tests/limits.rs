//! Limits of compilation: what is beyond one is refused by name, what is within compiles to the
//! same as ever.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{TARGETS, compile, settings};
use wasm_translate::cranelift_codegen::ir::{self, Opcode};
use wasm_translate::{Error, ErrorKind, PassContext, PassPoint};
use wasm_types::{CompileLimit, CompileLimits};

/// What becomes of a function whose name is `$f`, after one that is within all limits.
fn result(function: &str, limits: CompileLimits) -> Result<(), Error> {
    let text = format!(
        "(module (type $many (func (param i32 i32 i32) (result i32 i32)))
           (type $array (array i32)) (type $struct (struct (field i32 i32 i32)))
           (table 1 funcref) (func $first) {function})"
    );
    let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    compile(&wasm, settings(TARGETS[0]).limits(limits)).map(|_| ())
}

/// Checks that a function is beyond a limit of `most`, and within one of one more.
#[track_caller]
fn check(limit: CompileLimit, most: u32, function: &str) {
    let limits = |most: u32| match limit {
        CompileLimit::Operators => CompileLimits::unlimited().operators(most),
        CompileLimit::Blocks => CompileLimits::unlimited().blocks(most),
        CompileLimit::Locals => CompileLimits::unlimited().locals(most),
        CompileLimit::Parameters => CompileLimits::unlimited().parameters(most),
        _ => unreachable!("time is no number"),
    };
    result(function, limits(most + 1)).expect(function);
    let error = result(function, limits(most)).expect_err(function);
    assert_eq!((error.kind(), error.limit()), (ErrorKind::Limit, Some(limit)), "{error}");
    assert_eq!(error.function().map(|func| func.as_u32()), Some(1), "{error}");
    let text = error.to_string();
    for part in ["function 1 `f`", &format!("CompileLimits::{limit}"), &format!(" {most}")] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn operators_are_counted_to_the_last_end() {
    check(CompileLimit::Operators, 3, "(func $f nop nop nop)");
    check(CompileLimit::Operators, 4, "(func $f return nop nop nop)");
    // A call counts its parameters and results.
    check(
        CompileLimit::Operators,
        5,
        "(func $f (param i32 i32) local.get 0 local.get 1 (call $f))",
    );
    let indirect = "(func $f i32.const 0 i32.const 0 i32.const 0 i32.const 0
        call_indirect (type $many) drop drop)";
    check(CompileLimit::Operators, 4 + 1 + 5 + 2, indirect);
}

#[test]
fn what_objects_are_made_of_is_counted() {
    let fields = |count: usize| "i32.const 0 ".repeat(count);
    check(
        CompileLimit::Operators,
        5 + 5 + 2,
        &format!("(func $f {} (array.new_fixed $array 5) drop)", fields(5)),
    );
    check(CompileLimit::Operators, 2 + 3, "(func $f (struct.new_default $struct) drop)");
    let text = format!("(func $f {} (struct.new $struct) drop)", fields(3));
    check(CompileLimit::Operators, 3 + 3 + 2, &text);
}

#[test]
fn what_exceptions_carry_and_what_catches_them_is_counted() {
    let operators = |body: &str| {
        let text = format!(
            "(module (tag $t (param i32 i32 i32)) (tag $u) (func) (func (param i32) {body}))"
        );
        let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let compiles = |most: u32| {
            let limits = CompileLimits::unlimited().operators(most);
            compile(&wasm, settings(TARGETS[0]).limits(limits)).is_ok()
        };
        (0..200).find(|most| compiles(*most)).expect("200 are enough")
    };
    let caught = |tag: &str, code: &str| operators(&format!("try call 0 catch {tag} {code} end"));
    // Each clause makes as many values as its exception has.
    assert_eq!(caught("$t", "drop drop drop"), caught("$u", "nop nop nop") + 3);
    // As does each that is thrown again, with what it carries.
    let again = "(if (local.get 0) (then rethrow 1))";
    let twice = [again, again].concat();
    assert_eq!(
        caught("$t", &format!("drop drop drop {twice}")),
        caught("$u", &format!("nop nop nop {twice}")) + 3 + 2 * 3
    );
    // A construct hands on what is around it, where it begins and behind it.
    let nested = |inner: &str| operators(&format!("try {inner} catch $u catch_all end"));
    assert_eq!(nested("(try_table)"), nested("(block)") + 2 * 2);
}

#[test]
fn blocks_are_counted_with_what_they_take() {
    for (most, body) in [
        (2, "(block) (block) (loop)"),
        (1, "(if (local.get 0) (then) (else))"),
        (1, "(block (br 0))"),
        (1, "(block (br_if 0 (local.get 0)))"),
        (5, "(block (br_table 0 0 0 0 0 (local.get 0)))"),
        (1, "(drop (block (result i32) (i32.const 1)))"),
        // The block, and three entries with a value each.
        (7, "(drop (block (result i32) (br_table 0 0 0 (i32.const 1) (local.get 0))))"),
        (5, "i32.const 0 i32.const 0 i32.const 0 (block (type $many) drop) drop drop"),
    ] {
        check(CompileLimit::Blocks, most, &format!("(func $f (param i32) {body})"));
    }
    // No code is made of what is not reached.
    result("(func $f return (block) (block))", CompileLimits::unlimited().blocks(0)).unwrap();
}

#[test]
fn locals_that_go_with_blocks_are_counted() {
    // Each of the locals is changed in the innermost loop, so that it goes with all of them.
    let nested = |loops: usize, locals: usize| {
        let changes: String = (0..locals)
            .map(|local| format!("(local.set {local} (i32.add (local.get {local}) (i32.const 1)))"))
            .collect();
        format!(
            "(func $f (local {}) {} {changes} {})",
            "i32 ".repeat(locals),
            "(loop ".repeat(loops),
            "(br_if 0 (local.get 0)))".repeat(loops)
        )
    };
    let limits = CompileLimits::new().blocks(5_000);
    result(&nested(100, 100), limits).unwrap();
    let error = result(&nested(200, 200), limits).unwrap_err();
    assert_eq!(error.limit(), Some(CompileLimit::Blocks), "{error}");
}

#[test]
fn locals_and_parameters_are_counted() {
    check(CompileLimit::Locals, 2, "(func $f (param i32) (local i64 f32))");
    check(CompileLimit::Parameters, 1, "(func $f (param i32 i32))");
    check(CompileLimit::Parameters, 2, "(func $f (result i32 i32 i32) unreachable)");
    let block = "(func $f i32.const 0 i32.const 0 i32.const 0 (block (type $many) drop) drop drop)";
    check(CompileLimit::Parameters, 2, block);
    let call = "(func $f i32.const 0 i32.const 0 i32.const 0 i32.const 0
        call_indirect (type $many) drop drop)";
    check(CompileLimit::Parameters, 2, call);
}

#[test]
fn time_ends_a_compilation() {
    for threads in [1, 3] {
        let wasm = wat::parse_str(format!("(module {})", "(func nop nop)".repeat(5000))).unwrap();
        let mut settings = settings(TARGETS[0]);
        settings.threads(threads).limits(CompileLimits::unlimited().time(Duration::ZERO));
        let error = compile(&wasm, &settings).unwrap_err();
        assert_eq!(error.limit(), Some(CompileLimit::Time));
        assert!(error.function().is_some() && error.to_string().contains("0ns"), "{error}");
    }
    let ages = CompileLimits::unlimited().time(Duration::MAX);
    result("(func $f nop)", ages).unwrap();
}

#[test]
fn a_function_is_not_read_to_its_end_when_the_time_is_up() {
    // The last operator is not valid, and nobody gets there.
    let text = format!("(module (func {} i32.add))", "nop ".repeat(40_000));
    let wasm = wat::parse_str(text).unwrap();
    let limits = CompileLimits::unlimited().time(Duration::ZERO);
    let error = compile(&wasm, settings(TARGETS[0]).limits(limits)).unwrap_err();
    assert_eq!(error.limit(), Some(CompileLimit::Time), "{error}");
}

#[test]
fn limits_leave_the_code_as_it_is() {
    let wasm = wat::parse_str(include_str!("modules/control.wat")).unwrap();
    let unlimited = compile(&wasm, settings(TARGETS[0]).limits(CompileLimits::unlimited()));
    assert!(unlimited == compile(&wasm, &settings(TARGETS[0])));
}

/// Functions that are about as large: few of their values are alive at once in the first, many in
/// the others.
#[test]
fn what_is_alive_far_apart_takes_effort() {
    let count = 2000;
    let repeat = |text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<String>();
    let module = |locals: usize, body: String| {
        format!(
            "(module (memory 1) (func $f (param i32) (result i32) (local {}) {body}))",
            "i32 ".repeat(locals)
        )
    };
    let load = |i: usize| format!("(i32.load offset={i} (local.get 0))");
    let set = |i: usize| format!("(local.set {} {})", i + 1, load(i));
    let add = |i: usize| format!("(i32.add (local.get {}))", i + 1);
    let limits = CompileLimits::unlimited().effort(50);
    let compiled = |text: &str| {
        let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
        compile(&wasm, settings(TARGETS[0]).limits(limits)).map(|_| ())
    };

    let near = repeat(&|i| format!("{} i32.add ", load(i)));
    compiled(&module(0, format!("i32.const 0 {near}"))).unwrap();
    for (what, text) in [
        ("on the stack", module(0, repeat(&load) + &"i32.add ".repeat(count - 1))),
        ("in locals", module(count, format!("{} i32.const 0 {}", repeat(&set), repeat(&add)))),
        (
            // They are used at the start of the loop only, but by each round.
            "through a loop",
            module(
                count,
                format!(
                    "{} (loop i32.const 0 i32.const 0 {} i32.store {} (br_if 0 (local.get 0))) i32.const 0",
                    repeat(&set),
                    repeat(&add),
                    repeat(&|i| format!("(i32.store (local.get 0) (i32.const {i}))"))
                ),
            ),
        ),
    ] {
        let error = compiled(&text).expect_err(what);
        assert_eq!(error.limit(), Some(CompileLimit::Effort), "{what}: {error}");
        assert!(error.to_string().contains("more than 50"), "{what}: {error}");
    }
}

/// Each local goes with each loop: as many parameters as their product, of few values in few
/// instructions.
#[test]
fn what_goes_with_many_blocks_takes_effort() {
    let nested = |loops: usize, locals: usize| {
        let changes: String = (0..locals)
            .map(|local| format!("(local.set {local} (i32.add (local.get {local}) (i32.const 1)))"))
            .collect();
        format!(
            "(func $f (local {}) {} {changes} {})",
            "i32 ".repeat(locals),
            "(loop ".repeat(loops),
            "(br_if 0 (local.get 0)))".repeat(loops)
        )
    };
    let limits = CompileLimits::unlimited().effort(20);
    result(&nested(20, 20), limits).unwrap();
    let error = result(&nested(80, 80), limits).unwrap_err();
    assert_eq!(error.limit(), Some(CompileLimit::Effort), "{error}");
}

/// Small tables are comparisons, but not all of thousands.
#[test]
fn few_tables_of_a_function_become_comparisons() {
    let tables = |count: usize| {
        let table = "(block (block (block (br_table 0 1 2 (local.get 0)))))";
        let wasm = wat::parse_str(format!("(module (func (param i32) {}))", table.repeat(count)));
        let jumps = Arc::new(AtomicUsize::new(0));
        let seen = jumps.clone();
        let mut settings = settings(TARGETS[0]);
        let count = move |func: &mut ir::Function, _: PassContext<'_>| {
            let insts = func.layout.blocks().flat_map(|block| func.layout.block_insts(block));
            let tables = insts.filter(|inst| func.dfg.insts[*inst].opcode() == Opcode::BrTable);
            seen.fetch_add(tables.count(), Ordering::Relaxed);
            Ok(())
        };
        settings.pass(PassPoint::BeforeOptimization, Arc::new(count));
        compile(&wasm.unwrap(), &settings).unwrap();
        jumps.load(Ordering::Relaxed)
    };
    assert_eq!([tables(1), tables(200)], [0, 0]);
    assert!(tables(2_000) > 1_500);
}
