//! What each operator, branch and trap uses, counted by hand.

use wasm_runtime::{Func, Instance, Module, Store, Trap, Val};

use crate::support::{PLENTY, metered, module_of, traps, uses};

#[test]
fn operators_are_counted() {
    // The entry.
    uses(r#"(func (export "run"))"#, &[], 1);
    uses(r#"(func (export "run") nop nop (block (block)) return)"#, &[], 1);
    // Two constants and their sum; dropping it costs nothing.
    uses(r#"(func (export "run") (drop (i32.add (i32.const 1) (i32.const 2))))"#, &[], 4);
    // The entry, two constants and a product; what is folded costs the same.
    uses(
        r#"(func (export "run") (i64.mul_wide_u (i64.const 3) (i64.const 5)) (drop) (drop))"#,
        &[],
        4,
    );
    uses(
        r#"(func (export "run") (param i64) (result i64 i64)
            (i64.add128 (local.get 0) (local.get 0) (i64.const 1) (i64.const 0)))"#,
        &[Val::I64(5)],
        6,
    );
    // What is never reached is never counted.
    uses(r#"(func (export "run") return (drop (i32.const 1)))"#, &[], 1);
}

#[test]
fn branches_are_counted_as_they_are_taken() {
    let both = r#"(func (export "run") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (i32.const 2)))
            (else (i32.const 5))))"#;
    // The entry, the operand, `if`, and one arm.
    uses(both, &[Val::I32(1)], 6);
    uses(both, &[Val::I32(0)], 4);
    let one = r#"(func (export "run") (param i32)
        (if (local.get 0) (then (drop (i32.const 1)) (drop (i32.const 1)))))"#;
    uses(one, &[Val::I32(1)], 5);
    uses(one, &[Val::I32(0)], 3);
    let branches = r#"(func (export "run") (param i32)
        (block
            (block
                (block (br_table 0 1 2 (local.get 0)))
                (drop (i32.const 1)) (br 1))
            (drop (i32.const 1)) (drop (i32.const 1)) (drop (i32.const 1))))"#;
    // The entry, the operand, `br_table`.
    uses(branches, &[Val::I32(0)], 3 + 2);
    uses(branches, &[Val::I32(1)], 3 + 3);
    uses(branches, &[Val::I32(2)], 3);
    uses(branches, &[Val::I32(7)], 3);
}

#[test]
fn loops_are_counted_for_each_iteration() {
    let sum = r#"(func (export "run") (param i32) (result i32) (local i32)
        (block $done
            (loop $again
                (br_if $done (i32.eqz (local.get 0)))
                (local.set 1 (i32.add (local.get 1) (local.get 0)))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br $again)))
        (local.get 1))"#;
    // The entry, `local.get` at the end, 3 for the last comparison, and for each iteration 3 + 4 +
    // 4 + 1.
    for times in [0, 1, 2, 100] {
        uses(sum, &[Val::I32(times)], 2 + 3 + 12 * times as u64);
    }
    let nested = r#"(func (export "run") (param i32) (local i32)
        (loop $outer
            (local.set 1 (i32.const 3))
            (loop $inner
                (i32.store (local.get 1) (i32.load (local.get 0)))
                (br_if $inner (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
            (br_if $outer (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"#;
    // An inner iteration is 4 + 5. An outer one is 2, three inner ones, and 5.
    uses(nested, &[Val::I32(4)], 1 + 4 * (2 + 3 * 9 + 5));
    let early = r#"(func (export "run") (param i32) (local i32)
        (block $a (block $b (loop $again
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if $a (i32.eq (local.get 1) (local.get 0)))
            (if (i32.and (local.get 1) (i32.const 1))
                (then (drop (i32.load8_u (local.get 1)))))
            (br_if $b (i32.eq (local.get 1) (i32.const 10)))
            (br $again)))
          (drop (i32.const 1)) (drop (i32.const 1))))"#;
    let round = |number: u64| 4 + 4 + 4 + 2 * (number % 2) + 4 + 1;
    // Left in the middle of the third iteration.
    uses(early, &[Val::I32(3)], 1 + round(1) + round(2) + 8);
    // Left at the end of the tenth iteration.
    uses(early, &[Val::I32(0)], 1 + (1..=10).map(round).sum::<u64>() - 1 + 2);
}

/// So many ways that come together again are handled in another way than a few.
#[test]
fn functions_with_many_branches_are_counted_like_others() {
    const BRANCHES: u64 = 1100;
    let branch = |number| {
        format!(
            "(if (i32.and (local.get 0) (i32.const {}))
                (then (local.set 1 (i32.add (local.get 1) (i32.const 1)))))",
            1 + number % 2
        )
    };
    let branches: String = (0..BRANCHES).map(branch).collect();
    let wat = format!(
        r#"(func (export "run") (param i32) (local i32 i32)
            (local.set 2 (i32.const 3))
            (loop
                {branches}
                (call $host)
                (drop (i32.load (i32.mul (local.get 1) (i32.const 32))))
                (br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 1))))))"#
    );
    // The condition of each branch, and the arms of half of them; the call, the access, and the end
    // of the loop.
    let first = 1 + 2 + 4 * BRANCHES + 4 * BRANCHES / 2 + 1;
    let iteration = first - 3 + 4 + 5;
    uses(&wat, &[Val::I32(1)], 3 + 3 * iteration);
    // All arms: the second access is beyond the end.
    let (first, iteration) = (first + 2 * BRANCHES, iteration + 2 * BRANCHES);
    traps(&wat, &[Val::I32(3)], Trap::MemoryOutOfBounds, first + iteration + 4);
}

#[test]
fn calls_are_counted_with_what_they_call() {
    uses(r#"(func (export "run") (call $two))"#, &[], 1 + 1 + 3);
    uses(r#"(func (export "run") (call $host))"#, &[], 2);
    uses(r#"(func (export "run") (call_indirect (type $nothing) (i32.const 0)))"#, &[], 3 + 3);
    uses(r#"(func (export "run") (call_indirect (type $nothing) (i32.const 1)))"#, &[], 3);
    uses(r#"(func (export "run") (return_call $two))"#, &[], 2 + 3);
    uses(r#"(func (export "run") (return_call $host))"#, &[], 2);
    uses(
        r#"(func (export "run") (return_call_indirect (type $nothing) (i32.const 0)))"#,
        &[],
        3 + 3,
    );
    let leaves = r#"(func (export "run") (param i32) (local i32)
        (loop $again
            (local.set 1 (call $leaf (local.get 1)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"#;
    uses(leaves, &[Val::I32(5)], 1 + 5 * (3 + 4 + 5));
    let recursion = r#"(func $run (export "run") (param i32)
        (if (local.get 0) (then (call $run (i32.sub (local.get 0) (i32.const 1))))))"#;
    uses(recursion, &[Val::I32(10)], 10 * (3 + 4) + 3);
}

#[test]
fn memories_and_tables_are_paid_by_the_piece() {
    for len in [0, 1, 7, 64, 65, 128, 129, 1000] {
        let fill = format!(
            r#"(func (export "run")
                (memory.fill (i32.const 8) (i32.const 1) (i32.const {len}))
                (memory.copy (i32.const 9) (i32.const 8) (i32.const {len})))"#
        );
        uses(&fill, &[], 1 + 2 * (4 + len));
        let variable = r#"(func (export "run") (param i32)
            (memory.fill (i32.const 8) (i32.const 1) (local.get 0)))"#;
        uses(variable, &[Val::I32(len as i32)], 1 + 4 + len);
    }
    uses(r#"(func (export "run") (drop (memory.grow (i32.const 1))))"#, &[], 3);
    uses(
        r#"(func (export "run") (drop (table.grow $t (ref.null func) (i32.const 3))))"#,
        &[],
        4 + 3,
    );
    // All of it is paid for before it turns out that there is no room.
    traps(
        r#"(func (export "run") (param i32)
            (memory.fill (local.get 0) (i32.const 1) (i32.const 7)) (drop (i32.const 1)))"#,
        &[Val::I32(-1)],
        Trap::MemoryOutOfBounds,
        1 + 4 + 7,
    );
    traps(
        r#"(func (export "run") (param i32)
            (memory.fill (i32.const 0) (i32.const 1) (local.get 0)) (drop (i32.const 1)))"#,
        &[Val::I32(-1)],
        Trap::MemoryOutOfBounds,
        1 + 4 + u64::from(u32::MAX),
    );
}

#[test]
fn arrays_are_paid_by_the_element() {
    for len in [0, 1, 7, 129, 1000, 100_000] {
        let used = |body: &str, expected: u64| {
            let text = format!(
                r#"(type $a (array (mut i16)))
                (func (export "run") (param i32) (local $a (ref null $a)) {body})"#
            );
            uses(&text, &[Val::I32(len as i32)], expected);
        };
        used("(drop (array.new_default $a (local.get 0)))", 1 + 2 + len);
        used("(drop (array.new $a (i32.const 3) (local.get 0)))", 1 + 3 + len);
        used(
            "(local.set $a (array.new_default $a (local.get 0)))
            (array.fill $a (local.get $a) (i32.const 0) (i32.const 7) (local.get 0))",
            1 + 3 + len + 5 + len,
        );
        used(
            "(local.set $a (array.new_default $a (local.get 0)))
            (array.copy $a $a (local.get $a) (i32.const 0) (local.get $a) (i32.const 0)
                (local.get 0))",
            1 + 3 + len + 6 + len,
        );
    }
}

#[test]
fn what_comes_after_a_trap_is_not_counted() {
    let tail = "(drop (i32.const 1)) (drop (i32.const 1)) (drop (i32.const 1))";
    let run = |body: &str| {
        format!(
            r#"(func (export "run") (param i32) (local i32) (local.set 1 (i32.const 1)) {body} {tail})"#
        )
    };
    let zero = &[Val::I32(0)];
    let far = &[Val::I32(-4)];
    traps(&run("(unreachable)"), zero, Trap::UnreachableCodeReached, 3);
    traps(
        &run("(local.set 1 (i32.div_u (local.get 1) (local.get 0)))"),
        zero,
        Trap::IntegerDivisionByZero,
        3 + 3,
    );
    traps(
        &run(
            "(local.set 1 (i32.div_s (i32.const 0x80000000) (i32.sub (local.get 0) (i32.const 1))))",
        ),
        zero,
        Trap::IntegerOverflow,
        3 + 5,
    );
    traps(
        &run("(local.set 1 (i32.trunc_f32_s (f32.const nan)))"),
        zero,
        Trap::BadConversionToInteger,
        3 + 2,
    );
    traps(
        &run("(i32.store (i32.const 0) (i32.add (local.get 1) (i32.load (local.get 0))))"),
        far,
        Trap::MemoryOutOfBounds,
        3 + 4,
    );
    // One machine instruction may be three operators.
    traps(
        &run("(i32.store (local.get 0) (i32.add (local.get 1) (i32.load (local.get 0))))"),
        far,
        Trap::MemoryOutOfBounds,
        3 + 4,
    );
    traps(
        &run("(i32.store (local.get 0) (i32.add (local.get 1) (i32.load (i32.const 0))))"),
        far,
        Trap::MemoryOutOfBounds,
        3 + 6,
    );
    traps(
        &run(
            "(local.set 1 (i32.add (i32.add (local.get 1) (i32.const 5)) (i32.mul (i32.load (local.get 0)) (local.get 1))))",
        ),
        far,
        Trap::MemoryOutOfBounds,
        3 + 5,
    );
    traps(
        &run("(call_indirect (type $nothing) (i32.const 3))"),
        zero,
        Trap::IndirectCallToNull,
        3 + 2,
    );
    traps(
        &run("(call_indirect (type $nothing) (i32.const 9))"),
        zero,
        Trap::TableOutOfBounds,
        3 + 2,
    );
    traps(
        &run("(drop (call_indirect (result i32) (i32.const 0)))"),
        zero,
        Trap::BadSignature,
        3 + 2,
    );
    traps(&run("(drop (table.get $t (i32.const 9)))"), zero, Trap::TableOutOfBounds, 3 + 2);
    // In the fourth iteration of a loop, in one of two branches.
    traps(
        r#"(func (export "run") (local i32)
            (loop $again
                (local.set 0 (i32.add (local.get 0) (i32.const 16384)))
                (if (i32.and (local.get 0) (i32.const 16384))
                    (then (drop (i32.const 1)))
                    (else (drop (i32.load (local.get 0))) (drop (i32.const 2))))
                (br $again)))"#,
        &[],
        Trap::MemoryOutOfBounds,
        1 + 2 * (4 + 4 + 1 + 1) + (4 + 4 + 3 + 1) + (4 + 4 + 2),
    );
}

#[test]
fn an_inlined_function_counts_as_if_it_were_called() {
    let with_load = r#"
        (func $at (param i32) (result i32) (i32.load offset=4 (i32.add (local.get 0) (i32.const 1))))
        (func $pick (param i32) (result i32)
            (if (result i32) (local.get 0) (then (i32.const 7)) (else (i32.add (local.get 0) (i32.const 1)))))
        (func (export "run") (param i32)
            (drop (call $at (i32.const 8)))
            (drop (call $pick (local.get 0)))
            (drop (call $at (local.get 0)))
            (drop (i32.const 1)))"#;
    uses(with_load, &[Val::I32(0)], 1 + (2 + 5) + (2 + 3 + 3) + (2 + 5) + 1);
    traps(
        with_load,
        &[Val::I32(-16)],
        Trap::MemoryOutOfBounds,
        1 + (2 + 5) + (2 + 3 + 1) + (2 + 5),
    );
}

#[test]
fn the_stack_overflows_at_a_call() {
    let body = r#"(func $run (export "run") (call $run))"#;
    let (used, trap) = {
        let engine = metered();
        let module = Module::new(&engine, module_of(body)).unwrap();
        let mut store = Store::new(&engine, ());
        let host = Func::wrap(&mut store, || {});
        store.set_fuel(PLENTY).unwrap();
        let instance = Instance::new(&mut store, &module, &[host.into()]).unwrap();
        store.set_fuel(PLENTY).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        (PLENTY - store.get_fuel().unwrap(), *error.downcast_ref::<Trap>().unwrap())
    };
    assert_eq!(trap, Trap::StackOverflow);
    // Each call is an entry and a call. The last one was counted, but did not enter.
    assert_eq!(used % 2, 0);
    assert!(used > 1000, "{used}");
}

/// A load that succeeds, and a store of more bytes at the same address that does not.
#[test]
fn a_store_after_a_narrow_load_traps_as_itself() {
    let wat = r#"(module (memory 1) (func (export "run") (param i32)
        (i32.store (local.get 0) (i32.add (i32.load8_u (local.get 0)) (i32.const 1)))))"#;
    assert_eq!(crate::support::used(wat, &[Val::I32(65535)]), (7, Some(Trap::MemoryOutOfBounds)));
    // The load itself.
    assert_eq!(crate::support::used(wat, &[Val::I32(65536)]), (4, Some(Trap::MemoryOutOfBounds)));
}
