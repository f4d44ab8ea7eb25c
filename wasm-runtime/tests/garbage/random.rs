//! Random guests that pass references around, compared with a model of what is where.

use std::fmt::Write as _;

use proptest::prelude::*;
use wasm_runtime::{Config, Engine, OptLevel};

use crate::support::guest;

const LOCALS: usize = 5;
const GLOBALS: usize = 2;
const ELEMENTS: usize = 3;

/// What a guest does next; numbers choose locals, globals and elements.
#[derive(Clone, Debug)]
enum Step {
    Make(usize),
    Forget(usize),
    Copy(usize, usize),
    ToGlobal(usize, usize),
    FromGlobal(usize, usize),
    ToTable(usize, usize),
    FromTable(usize, usize),
    Collect,
    Through(usize, usize),
    Select(usize, usize, usize, bool),
    Block(usize, usize, usize, bool),
    Swap(usize, usize),
    Loop(usize, usize, u8),
    Check(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let local = || 0..LOCALS;
    prop_oneof![
        4 => local().prop_map(Step::Make),
        1 => local().prop_map(Step::Forget),
        2 => (local(), local()).prop_map(|(a, b)| Step::Copy(a, b)),
        2 => (0..GLOBALS, local()).prop_map(|(a, b)| Step::ToGlobal(a, b)),
        2 => (local(), 0..GLOBALS).prop_map(|(a, b)| Step::FromGlobal(a, b)),
        2 => (0..ELEMENTS, local()).prop_map(|(a, b)| Step::ToTable(a, b)),
        2 => (local(), 0..ELEMENTS).prop_map(|(a, b)| Step::FromTable(a, b)),
        2 => Just(Step::Collect),
        2 => (local(), local()).prop_map(|(a, b)| Step::Through(a, b)),
        2 => (local(), local(), local(), any::<bool>())
            .prop_map(|(a, b, c, d)| Step::Select(a, b, c, d)),
        2 => (local(), local(), local(), any::<bool>())
            .prop_map(|(a, b, c, d)| Step::Block(a, b, c, d)),
        2 => (local(), local()).prop_map(|(a, b)| Step::Swap(a, b)),
        1 => (local(), local(), 1..4u8).prop_map(|(a, b, c)| Step::Loop(a, b, c)),
        2 => local().prop_map(Step::Check),
    ]
}

/// The text of a function that does the steps, and traps where something is not what it should be.
fn text(steps: &[Step]) -> String {
    let mut locals = [-1; LOCALS];
    let mut globals = [-1; GLOBALS];
    let mut elements = [-1; ELEMENTS];
    let mut body = String::new();
    let check = |value: &str, expected: i32| {
        format!(
            "(if (i32.ne (call $number {value}) (i32.const {expected})) (then (unreachable)))\n"
        )
    };
    for (number, step) in steps.iter().enumerate() {
        let number = number as i32;
        let line = match *step {
            Step::Make(a) => {
                locals[a] = number;
                format!("(local.set {a} (call $make (i32.const {number})))")
            }
            Step::Forget(a) => {
                locals[a] = -1;
                format!("(local.set {a} (ref.null extern))")
            }
            Step::Copy(a, b) => {
                locals[a] = locals[b];
                format!("(local.set {a} (local.get {b}))")
            }
            Step::ToGlobal(a, b) => {
                globals[a] = locals[b];
                format!("(global.set {a} (local.get {b}))")
            }
            Step::FromGlobal(a, b) => {
                locals[a] = globals[b];
                format!("(local.set {a} (global.get {b}))")
            }
            Step::ToTable(a, b) => {
                elements[a] = locals[b];
                format!("(table.set (i32.const {a}) (local.get {b}))")
            }
            Step::FromTable(a, b) => {
                locals[a] = elements[b];
                format!("(local.set {a} (table.get (i32.const {b})))")
            }
            Step::Collect => "(call $gc)".to_string(),
            Step::Through(a, b) => {
                locals[a] = locals[b];
                format!("(local.set {a} (call $through (local.get {b})))")
            }
            Step::Select(a, b, c, first) => {
                locals[a] = if first { locals[b] } else { locals[c] };
                format!(
                    "(local.set {a} (select (result externref) (local.get {b}) (local.get {c})
                        (call $same (i32.const {}))))",
                    i32::from(first)
                )
            }
            Step::Block(a, b, c, first) => {
                locals[a] = if first { locals[b] } else { locals[c] };
                format!(
                    "(local.set {a} (if (result externref) (call $same (i32.const {}))
                        (then (local.get {b}) (call $gc))
                        (else (call $through (local.get {c})))))",
                    i32::from(first)
                )
            }
            Step::Swap(a, b) => {
                locals.swap(a, b);
                format!(
                    "(call $both (local.get {a}) (local.get {b})) (local.set {a}) (local.set {b})"
                )
            }
            Step::Loop(a, b, times) => {
                locals[a] = locals[b];
                format!(
                    "(local.set 5 (i32.const {times})) (local.get {b})
                    (loop (param externref) (result externref)
                        (call $through)
                        (br_if 0 (local.tee 5 (i32.sub (local.get 5) (i32.const 1)))))
                    (local.set {a})"
                )
            }
            Step::Check(a) => check(&format!("(local.get {a})"), locals[a]),
        };
        writeln!(body, "{line}").unwrap();
    }
    for (place, expected) in locals.iter().enumerate() {
        body += &check(&format!("(local.get {place})"), *expected);
    }
    for (place, expected) in globals.iter().enumerate() {
        body += &check(&format!("(global.get {place})"), *expected);
    }
    for (place, expected) in elements.iter().enumerate() {
        body += &check(&format!("(table.get (i32.const {place}))"), *expected);
    }
    format!(
        r#"(table {ELEMENTS} externref)
        (global (mut externref) (ref.null extern)) (global (mut externref) (ref.null extern))
        (func $same (param i32) (result i32) (call $gc) (local.get 0))
        (func $through (param externref) (result externref) (call $gc) (local.get 0))
        (func $both (param externref externref) (result externref externref)
            (call $through (local.get 0)) (call $through (local.get 1)))
        (func (export "run") (local externref externref externref externref externref i32)
            {body})"#
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn references_stay_what_they_are(
        steps in proptest::collection::vec(step(), 1..60),
        optimized in any::<bool>(),
        zeal in any::<bool>(),
    ) {
        let level = if optimized { OptLevel::Speed } else { OptLevel::None };
        let mut config = Config::new();
        config.gc_zeal(zeal).cranelift_opt_level(level).cranelift_debug_verifier(true);
        let (mut store, instance) = guest(&Engine::new(&config).unwrap(), &text(&steps));
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        run.call(&mut store, ()).unwrap();
        store.gc(None).unwrap();
        prop_assert!(store.data().count() <= GLOBALS + ELEMENTS);
    }
}
