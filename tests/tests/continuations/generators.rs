//! Programs that are made of continuations.

use super::run;

#[test]
fn a_tree_is_walked_by_generators_that_walk_its_branches() {
    // Each node is walked by a generator of its own, which goes on with those of its branches.
    run(
        r#"(module
          (type $f (func (param i32))) (type $k (cont $f))
          (type $g (func)) (type $l (cont $g))
          (tag $yield (param i32))
          (func $walk (param $depth i32)
            (if (i32.eqz (local.get $depth)) (then (suspend $yield (i32.const 1)) (return)))
            (call $each (i32.sub (local.get $depth) (i32.const 1)))
            (suspend $yield (local.get $depth))
            (call $each (i32.sub (local.get $depth) (i32.const 1))))
          (func $each (param $depth i32) (local $c (ref null $l)) (local $v i32)
            (local.set $c (cont.bind $k $l (local.get $depth) (cont.new $k (ref.func $walk))))
            (loop $next
              (block $on (result i32 (ref $l))
                (resume $l (on $yield $on) (local.get $c))
                (return))
              (local.set $c) (local.set $v)
              (suspend $yield (local.get $v))
              (br $next)))
          (elem declare func $walk)
          (func (export "run") (param $depth i32) (result i32)
            (local $c (ref null $l)) (local $sum i32)
            (local.set $c (cont.bind $k $l (local.get $depth) (cont.new $k (ref.func $walk))))
            (loop $next
              (block $on (result i32 (ref $l))
                (resume $l (on $yield $on) (local.get $c))
                (return (local.get $sum)))
              (local.set $c)
              local.get $sum i32.add local.set $sum
              (br $next))
            (unreachable)))"#,
        // s(0) = 1, s(d) = 2 s(d - 1) + d
        &[(0, 1), (1, 3), (2, 8), (5, 89), (7, 375)],
    );
}

#[test]
fn a_suspension_takes_all_stacks_up_to_its_handler() {
    // What is suspended from deep within a chain goes on there, wherever it is resumed.
    run(
        r#"(module
          (type $f (func (param i32) (result i32))) (type $k (cont $f))
          (type $g (func (param i32) (result i32))) (type $l (cont $g))
          (tag $deep (result i32))
          (func $nest (param $depth i32) (result i32)
            (if (i32.eqz (local.get $depth))
              (then (return (i32.add (suspend $deep) (suspend $deep)))))
            (i32.add (i32.const 1)
              (resume $k (i32.sub (local.get $depth) (i32.const 1))
                (cont.new $k (ref.func $nest)))))
          (elem declare func $nest)
          (func $once (param $c (ref $k)) (param $v i32) (result (ref $k))
            (block $on (result (ref $k))
              (drop (resume $k (on $deep $on) (local.get $v) (local.get $c)))
              (unreachable)))
          (func (export "run") (param $depth i32) (result i32) (local $c (ref null $k))
            (local.set $c (call $once (cont.new $k (ref.func $nest)) (local.get $depth)))
            (local.set $c (call $once (ref.as_non_null (local.get $c)) (i32.const 100)))
            (resume $k (i32.const 1000) (local.get $c))))"#,
        &[(0, 1100), (1, 1101), (50, 1150)],
    );
}
