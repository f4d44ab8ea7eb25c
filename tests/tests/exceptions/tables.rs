//! `throw` and `try_table`.

use super::run;

#[test]
fn the_clause_of_the_tag_takes_the_values() {
    run(
        r#"(module
            (tag $one (param i32)) (tag $two (param i32 i64 f32 f64))
            (func $thrower (param i32)
                (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $one (i32.const 10))))
                (if (i32.eq (local.get 0) (i32.const 2))
                    (then (throw $two (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)))))
            (func (export "run") (param i32) (result i32)
                (local i32 i64 f32 f64)
                (block $two (result i32 i64 f32 f64)
                    (block $one (result i32)
                        (try_table (catch $two $two) (catch $one $one)
                            (call $thrower (local.get 0)))
                        (return (i32.const 100)))
                    (return (i32.add (i32.const 1))))
                (local.set 4) (local.set 3) (local.set 2) (local.set 1)
                (i32.add (local.get 1) (i32.wrap_i64 (local.get 2)))
                (i32.add (i32.trunc_f32_s (local.get 3)))
                (i32.add (i32.trunc_f64_s (local.get 4)))))"#,
        &[(0, 100), (1, 11), (2, 10), (1, 11), (0, 100)],
    );
}

#[test]
fn frames_without_handlers_are_left() {
    run(
        r#"(module
            (tag $deep (param i32))
            (tag $other)
            (func $down (param i32)
                (if (i32.eqz (local.get 0)) (then (throw $deep (i32.const 7))))
                (call $down (i32.sub (local.get 0) (i32.const 1))))
            (func $between (param i32)
                (block $other (try_table (catch $other $other) (call $down (local.get 0)))))
            (func (export "run") (param i32) (result i32)
                (block $all
                    (block $deep (result i32)
                        (try_table (catch $deep $deep) (catch_all $all)
                            (call $between (local.get 0)))
                        (return (i32.const -1)))
                    (return (i32.add (local.get 0))))
                (i32.const -2)))"#,
        &[(0, 7), (1, 8), (1000, 1007)],
    );
}

#[test]
fn locals_are_what_they_were_at_the_call() {
    run(
        r#"(module
            (tag $t)
            (func $maybe (param i32) (if (local.get 0) (then (throw $t))))
            (func (export "run") (param i32) (result i32)
                (local $n i32)
                (block $caught
                    (try_table (catch $t $caught)
                        (local.set $n (i32.const 1))
                        (call $maybe (i32.eq (local.get 0) (i32.const 1)))
                        (local.set $n (i32.const 2))
                        (call $maybe (i32.eq (local.get 0) (i32.const 2)))
                        (local.set $n (i32.const 3))
                        (call $maybe (i32.eq (local.get 0) (i32.const 3)))
                        (local.set $n (i32.const 4))))
                (local.get $n)))"#,
        &[(1, 1), (2, 2), (3, 3), (4, 4)],
    );
}
