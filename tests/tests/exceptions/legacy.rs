//! `try`, `catch`, `catch_all`, `rethrow` and `delegate`, in the text format as a flat list, for
//! which alone there is a syntax.

use wasm_runtime::Trap;

use super::{instantiate, run};

#[test]
fn clauses_are_tried_in_order() {
    run(
        r#"(module
            (tag $one (param i32)) (tag $two)
            (func $thrower (param i32)
                (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $one (i32.const 10))))
                (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $two))))
            (func (export "run") (param i32) (result i32)
                try (result i32)
                    local.get 0
                    call $thrower
                    i32.const 0
                catch $one
                    i32.const 1
                    i32.add
                catch_all
                    i32.const 99
                end))"#,
        &[(0, 0), (1, 11), (2, 99)],
    );
}

#[test]
fn exceptions_are_thrown_again_as_they_were() {
    run(
        r#"(module
            (tag $one (param i32)) (tag $two (param i64)) (tag $inner)
            (global $cleanups (mut i32) (i32.const 0))
            (func $thrower (param i32)
                (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $one (i32.const 10))))
                (throw $two (i64.const 20)))
            (func $cleanup
                (global.set $cleanups (i32.add (global.get $cleanups) (i32.const 1)))
                try
                    throw $inner
                catch $inner
                end)
            (func $guarded (param i32)
                try
                    local.get 0
                    call $thrower
                catch_all
                    call $cleanup
                    rethrow 0
                end)
            (func (export "run") (param i32) (result i32)
                try (result i32)
                    try
                        local.get 0
                        call $guarded
                    catch $two
                        drop
                        rethrow 0
                    end
                    i32.const 0
                catch $one
                    (i32.add (i32.mul (i32.const 100) (global.get $cleanups)))
                catch $two
                    i32.wrap_i64
                    (i32.add (i32.mul (i32.const 100) (global.get $cleanups)))
                end))"#,
        &[(1, 110), (2, 220), (1, 310)],
    );
}

#[test]
fn delegates_send_exceptions_on() {
    run(
        r#"(module
            (tag $t (param i32))
            (func $thrower (param i32) (throw $t (local.get 0)))
            (func (export "run") (param i32) (result i32)
                try $outer (result i32)
                    try (result i32)
                        try (result i32)
                            local.get 0
                            call $thrower
                            i32.const 0
                        delegate $outer
                    catch_all
                        i32.const -1
                    end
                catch $t
                    i32.const 1
                    i32.add
                end))"#,
        &[(5, 6), (-5, -4)],
    );
}

#[test]
fn delegates_to_the_function_leave_it() {
    run(
        r#"(module
            (tag $t (param i32))
            (func $inner (param i32)
                try
                    try
                        (throw $t (local.get 0))
                    delegate 1
                catch_all
                    (throw $t (i32.const 1000))
                end)
            (func (export "run") (param i32) (result i32)
                try (result i32)
                    local.get 0
                    call $inner
                    i32.const 0
                catch $t
                end))"#,
        &[(5, 5), (-5, -5)],
    );
}

#[test]
fn handlers_in_each_other_keep_their_own_exceptions() {
    run(
        r#"(module
            (tag $t (param i32))
            (func $throw (param i32) (throw $t (local.get 0)))
            ;; Throws the value again from within a handler for another, or that other one.
            (func $nested (param i32)
                try
                    local.get 0
                    call $throw
                catch_all
                    try
                        (call $throw (i32.const 77))
                    catch_all
                        (br_if 0 (i32.eq (local.get 0) (i32.const 3)))
                        (if (i32.and (local.get 0) (i32.const 1))
                            (then rethrow 1)
                            (else rethrow 2))
                    end
                    rethrow 0
                end)
            (func (export "run") (param i32) (result i32)
                try (result i32)
                    local.get 0
                    call $nested
                    i32.const 0
                catch $t
                end))"#,
        &[(1, 77), (2, 2), (3, 3), (5, 77)],
    );
}

/// To throw again what an outer handler caught does not end an inner one, if the exception is
/// caught within it.
#[test]
fn an_inner_handler_outlives_what_an_outer_one_throws_again() {
    run(
        r#"(module
            (tag $t (param i32))
            (func $throw (param i32) (throw $t (local.get 0)))
            (func (export "run") (param i32) (result i32)
                try (result i32)
                    try
                        (call $throw (i32.const 1))
                    catch_all
                        try
                            (call $throw (i32.const 2))
                        catch_all
                            try
                                rethrow 2
                            catch_all
                            end
                            (if (local.get 0) (then rethrow 1))
                        end
                        rethrow 0
                    end
                    i32.const 0
                catch $t
                end))"#,
        &[(1, 2), (0, 1), (1, 2)],
    );
}

/// Each handler keeps what it caught as long as it may throw it again.
#[test]
fn no_more_exceptions_are_kept_than_the_stack_is_large() {
    let params = 1_000;
    let module = |handlers: usize| {
        format!(
            "(module
               (tag $large (param {})) (tag $small)
               (func $large {} throw $large)
               (func (export \"run\") {} {}))",
            "v128 ".repeat(params),
            "(v128.const i64x2 1 2)".repeat(params),
            "try call $large catch_all ".repeat(handlers),
            "(if (i32.const 0) (then rethrow 1)) end ".repeat(handlers),
        )
    };
    let run = |handlers: usize| {
        let (mut store, instance) = instantiate(&module(handlers)).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        run.call(&mut store, ())
    };
    // 16 bytes each, on a stack of 1 MiB.
    run(20).unwrap();
    let error = run(100).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow), "{error:?}");
}
