//! The rules of the proposal, one by one.

use wasm_runtime::{Engine, Module, Trap};

use super::{config, run, trap};

const ONE_SHOT: &str = r#"(module
  (tag $e (param i32)) (tag $other)
  (type $f (func)) (type $k (cont $f))
  (type $g (func (param i32))) (type $h (cont $g))
  (func $nothing)
  (func $twice (suspend $e (i32.const 1)) (suspend $e (i32.const 2)))
  (elem declare func $nothing $twice $unhandled $one)
  (func $one (param i32))
  (func (export "again after the end") (local $c (ref $k))
    (local.set $c (cont.new $k (ref.func $nothing)))
    (resume $k (local.get $c)) (resume $k (local.get $c)))
  (func (export "again after a suspension") (local $c (ref $k))
    (local.set $c (cont.new $k (ref.func $twice)))
    (block $on (result i32 (ref $k))
      (resume $k (on $e $on) (local.get $c)) (unreachable))
    (drop) (drop)
    (resume $k (local.get $c)))
  (func (export "again after it was bound") (local $c (ref $h))
    (local.set $c (cont.new $h (ref.func $one)))
    (resume $k (cont.bind $h $k (i32.const 1) (local.get $c)))
    (resume $h (i32.const 1) (local.get $c)))
  (func (export "bound twice") (local $c (ref $h))
    (local.set $c (cont.new $h (ref.func $one)))
    (drop (cont.bind $h $k (i32.const 1) (local.get $c)))
    (drop (cont.bind $h $k (i32.const 1) (local.get $c))))
  (func (export "thrown into again") (local $c (ref $k))
    (local.set $c (cont.new $k (ref.func $nothing)))
    (resume $k (local.get $c)) (resume_throw $k $other (local.get $c)))
  (func (export "null") (resume $k (ref.null $k)))
  (func (export "null bound") (drop (cont.bind $h $k (i32.const 1) (ref.null $h))))
  (func (export "null function") (drop (cont.new $k (ref.null $f))))
  (func (export "null thrown into") (resume_throw $k $other (ref.null $k)))
  (func $unhandled (export "unhandled") (suspend $e (i32.const 3)))
  (func (export "unhandled below") (resume $k (cont.new $k (ref.func $unhandled))))
  (func (export "another tag")
    (block $on (result (ref $k))
      (resume $k (on $other $on) (cont.new $k (ref.func $unhandled))) (return))
    (drop)))"#;

#[test]
fn what_is_not_allowed_traps() {
    for (name, code) in [
        ("again after the end", Trap::ContinuationAlreadyConsumed),
        ("again after a suspension", Trap::ContinuationAlreadyConsumed),
        ("again after it was bound", Trap::ContinuationAlreadyConsumed),
        ("bound twice", Trap::ContinuationAlreadyConsumed),
        ("thrown into again", Trap::ContinuationAlreadyConsumed),
        ("null", Trap::NullReference),
        ("null bound", Trap::NullReference),
        ("null function", Trap::NullReference),
        ("null thrown into", Trap::NullReference),
        ("unhandled", Trap::UnhandledTag),
        ("unhandled below", Trap::UnhandledTag),
        ("another tag", Trap::UnhandledTag),
    ] {
        trap(ONE_SHOT, name, code);
    }
}

#[test]
fn the_proposal_is_off_by_default() {
    for text in [
        "(module (type $f (func)) (type (cont $f)))",
        "(module (tag $t) (func (suspend $t)))",
        "(module (func (param (ref null cont))))",
        "(module (tag (result i32)))",
    ] {
        let error = Module::new(&Engine::default(), text).unwrap_err();
        assert!(error.to_string().contains("stack-switching"), "{text}: {error}");
        Module::new(&Engine::new(&config()).unwrap(), text).unwrap();
    }
}

#[test]
fn values_go_both_ways() {
    run(
        r#"(module
          (type $f (func (param i32 i64) (result i32 f64 i64)))
          (type $k (cont $f))
          (type $r (func (param f32 i32) (result i32 f64 i64)))
          (type $l (cont $r))
          (tag $ask (param i32 f64 i32 i64) (result f32 i32))
          (func $f (param $a i32) (param $b i64) (result i32 f64 i64)
            (local $x f32) (local $y i32)
            (suspend $ask (i32.add (local.get $a) (i32.const 1)) (f64.const 2.5)
              (i32.const 3) (i64.add (local.get $b) (i64.const 4)))
            (local.set $y) (local.set $x)
            (i32.add (local.get $y) (local.get $a))
            (f64.promote_f32 (local.get $x))
            (i64.add (local.get $b) (i64.const 100)))
          (elem declare func $f)
          (func (export "run") (param $n i32) (result i32)
            (local $a i32) (local $b f64) (local $c i32) (local $d i64) (local $k (ref null $l))
            (block $on (result i32 f64 i32 i64 (ref $l))
              (resume $k (on $ask $on) (local.get $n) (i64.const 10) (cont.new $k (ref.func $f)))
              (unreachable))
            (local.set $k) (local.set $d) (local.set $c) (local.set $b) (local.set $a)
            ;; a = n + 1, b = 2.5, c = 3, d = 14
            (resume $l (f32.const 0.5) (local.get $a) (local.get $k))
            ;; 2n + 1, 0.5, 110
            (local.set $d) (local.set $b) (local.set $a)
            (i32.add (local.get $a)
              (i32.add (i32.trunc_f64_s (f64.mul (local.get $b) (f64.const 8)))
                (i32.add (i32.wrap_i64 (local.get $d)) (local.get $c))))))"#,
        &[(0, 1 + 4 + 110 + 3), (20, 41 + 4 + 110 + 3)],
    );
}

#[test]
fn many_values_of_all_kinds_are_passed() {
    // More than there are registers for, both ways.
    let params =
        "i32 i64 f32 f64 v128 i32 i64 f32 f64 v128 i32 i32 i32 i32 i64 i64 f64 f64 f64 f64 f64 f64";
    let one = |ty: &str, n: usize| match ty {
        "v128" => format!("(v128.const i32x4 {n} 0 0 0)"),
        ty => format!("({ty}.const {n})"),
    };
    let as_i32 = |ty: &str, value: String| match ty {
        "i32" => value,
        "i64" => format!("(i32.wrap_i64 {value})"),
        "v128" => format!("(i32x4.extract_lane 0 {value})"),
        float => format!("(i32.trunc_{float}_s {value})"),
    };
    let types: Vec<&str> = params.split(' ').collect();
    let all = |from: usize| {
        (types.iter().enumerate()).map(|(n, ty)| one(ty, n + from)).collect::<String>()
    };
    let gets = |prefix: &str| {
        (0..types.len()).map(|n| format!("(local.get ${prefix}{n})")).collect::<String>()
    };
    let sets = |prefix: &str| {
        (0..types.len()).rev().map(|n| format!("(local.set ${prefix}{n})")).collect::<String>()
    };
    let declare = |what: &str, prefix: &str| {
        let each = |(n, ty): (usize, &&str)| format!("({what} ${prefix}{n} {ty})");
        types.iter().enumerate().map(each).collect::<String>()
    };
    let weighted = |prefix: &str| {
        (types.iter().enumerate()).fold("(i32.const 0)".to_owned(), |sum, (n, ty)| {
            let value = as_i32(ty, format!("(local.get ${prefix}{n})"));
            format!("(i32.add {sum} (i32.mul (i32.const {}) {value}))", n + 1)
        })
    };
    let count = types.len();
    let text = format!(
        r#"(module
          (type $f (func (param {params}) (result {params}))) (type $k (cont $f))
          (tag $t (param {params}) (result {params}))
          (global $sum (mut i32) (i32.const 0))
          (func $f {} (result {params}) {}
            (global.set $sum (i32.add (global.get $sum) {}))
            (suspend $t {}) {}
            (global.set $sum (i32.add (global.get $sum) {}))
            {})
          (elem declare func $f)
          (func (export "run") (param $n i32) (result i32) (local $k (ref null $k)) {}
            (global.set $sum (i32.const 0))
            (block $on (result {params} (ref $k))
              (resume $k (on $t $on) {} (cont.new $k (ref.func $f)))
              (unreachable))
            (local.set $k) {}
            (global.set $sum (i32.add (global.get $sum) {}))
            (resume $k {} (local.get $k)) {}
            (i32.add (global.get $sum) {})))"#,
        declare("param", "p"),
        declare("local", "q"),
        weighted("p"),
        gets("p"),
        sets("q"),
        weighted("q"),
        gets("q"),
        declare("local", "r"),
        all(0),
        sets("r"),
        weighted("r"),
        all(10),
        sets("r"),
        weighted("r"),
    );
    let sum = |from: usize| (0..count).map(|n| (n + 1) * (n + from)).sum::<usize>() as i32;
    run(&text, &[(0, 2 * sum(0) + 2 * sum(10))]);
}

#[test]
fn bound_arguments_come_first() {
    run(
        r#"(module
          (type $f3 (func (param i32 i32 i32) (result i32))) (type $k3 (cont $f3))
          (type $f2 (func (param i32 i32) (result i32))) (type $k2 (cont $f2))
          (type $f0 (func (result i32))) (type $k0 (cont $f0))
          (tag $t (result i32 i32 i32))
          (func $digits (param i32 i32 i32) (result i32)
            (i32.add (i32.mul (local.get 0) (i32.const 100))
              (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
          (func $late (result i32) (call $digits (suspend $t)))
          (elem declare func $digits $late)
          (func (export "run") (param $n i32) (result i32) (local $c (ref null $k3))
            (block $on (result (ref $k3))
              (resume $k0 (on $t $on) (cont.new $k0 (ref.func $late)))
              (unreachable))
            (local.set $c)
            (i32.add
              (resume $k2 (i32.const 5) (i32.const 6)
                (cont.bind $k3 $k2 (local.get $n) (local.get $c)))
              (i32.mul (i32.const 1000)
                (resume $k0
                  (cont.bind $k2 $k0 (i32.const 2) (i32.const 3)
                    (cont.bind $k3 $k2 (i32.const 1)
                      (cont.bind $k3 $k3 (cont.new $k3 (ref.func $digits))))))))))"#,
        &[(4, 123_456), (9, 123_956)],
    );
}

#[test]
fn the_innermost_handler_of_a_tag_takes_a_suspension() {
    run(
        r#"(module
          (type $f (func (result i32))) (type $k (cont $f))
          (type $g (func (param i32) (result i32))) (type $l (cont $g))
          (tag $a (result i32)) (tag $b (result i32))
          (func $inner (result i32)
            (i32.add (suspend $a) (i32.mul (i32.const 10) (suspend $b))))
          ;; Handles $a, and leaves $b to who has resumed it.
          (func $middle (result i32) (local $c (ref null $l))
            (block $on (result (ref $l))
              (return (resume $k (on $a $on) (cont.new $k (ref.func $inner)))))
            (local.set $c)
            (i32.add (i32.const 1000) (resume $l (i32.const 3) (local.get $c))))
          (elem declare func $inner $middle)
          (func (export "run") (param $n i32) (result i32) (local $c (ref null $l))
            (block $wrong (result (ref $l))
              (block $on (result (ref $l))
                (return (resume $k (on $b $on) (on $a $wrong) (cont.new $k (ref.func $middle)))))
              (local.set $c)
              (return (resume $l (local.get $n) (local.get $c))))
            (drop) (i32.const -1)))"#,
        &[(7, 1073), (0, 1003)],
    );
}

#[test]
fn switches_go_on_below_the_same_handler() {
    // Two that switch to each other, under a third which only sees the end.
    run(
        r#"(module
          (rec (type $f (func (param i32 (ref null $k)) (result i32))) (type $k (cont $f)))
          (tag $t (result i32))
          (func $ping (type $f) (param $n i32) (param $other (ref null $k)) (result i32)
            (loop $again
              (if (i32.eqz (local.get $n)) (then (return (i32.const 1000))))
              (switch $k $t (i32.sub (local.get $n) (i32.const 1)) (local.get $other))
              (local.set $other) (local.set $n)
              (br $again))
            (unreachable))
          (func $start (type $f) (param $n i32) (param $other (ref null $k)) (result i32)
            (i32.add (i32.const 1)
              (call $ping (local.get $n) (cont.new $k (ref.func $ping)))))
          (elem declare func $ping $start)
          (func (export "run") (param $n i32) (result i32)
            (resume $k (on $t switch) (local.get $n) (ref.null $k)
              (cont.new $k (ref.func $start)))))"#,
        &[(0, 1001), (1, 1000), (2, 1001), (3, 1000), (10_000, 1001)],
    );
    let unhandled = r#"(module
          (rec (type $f (func (param (ref null $k)))) (type $k (cont $f)))
          (type $g (func)) (type $l (cont $g))
          (tag $t) (tag $other)
          (func $nothing (type $f))
          (func $f (drop (switch $k $t (cont.new $k (ref.func $nothing)))))
          (func $null (drop (switch $k $t (ref.null $k))))
          (elem declare func $nothing $f $null)
          (func (export "nothing") (call $f))
          (func (export "a label") (block $on (result (ref $l))
            (resume $l (on $t $on) (cont.new $l (ref.func $f))) (return)) (drop))
          (func (export "null") (resume $l (on $t switch) (cont.new $l (ref.func $null)))))"#;
    trap(unhandled, "nothing", Trap::UnhandledTag);
    trap(unhandled, "a label", Trap::UnhandledTag);
    trap(unhandled, "null", Trap::NullReference);
}

#[test]
fn continuations_are_values_as_others() {
    run(
        r#"(module
          (type $f (func (result i32))) (type $k (cont $f))
          (type $box (struct (field (mut (ref null $k)))))
          (type $list (array (mut (ref null $k))))
          (global $g (mut (ref null $k)) (ref.null $k))
          (table $t 4 (ref null $k))
          (tag $yield)
          (func $one (result i32) (suspend $yield) (i32.const 1))
          (elem declare func $one)
          (func $new (result (ref $k))
            (block $on (result (ref $k))
              (resume $k (on $yield $on) (cont.new $k (ref.func $one))) (unreachable)))
          (func (export "run") (param $n i32) (result i32)
            (local $box (ref $box)) (local $list (ref $list)) (local $any (ref null cont))
            (local.set $box (struct.new $box (call $new)))
            (local.set $list (array.new $list (ref.null $k) (i32.const 3)))
            (array.set $list (local.get $list) (i32.const 1) (call $new))
            (global.set $g (call $new))
            (table.set $t (i32.const 2) (call $new))
            (local.set $any (table.get $t (i32.const 2)))
            (if (ref.is_null (local.get $any)) (then (return (i32.const -1))))
            (if (i32.eqz (ref.is_null (ref.null nocont))) (then (return (i32.const -2))))
            (i32.add (resume $k (struct.get $box 0 (local.get $box)))
              (i32.add (resume $k (array.get $list (local.get $list) (i32.const 1)))
                (i32.add (resume $k (global.get $g))
                  (resume $k (table.get $t (i32.const 2))))))))"#,
        &[(0, 4)],
    );
}

#[test]
fn labels_of_loops_and_of_the_function_take_suspensions() {
    run(
        r#"(module
          (type $f (func)) (type $k (cont $f))
          (tag $yield (param i32))
          (global $sum (mut i32) (i32.const 0))
          (func $count (local $n i32)
            (loop $more
              (suspend $yield (local.get $n))
              (local.set $n (i32.add (local.get $n) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $n) (i32.const 10)))))
          (elem declare func $count)
          (func $first (result i32 (ref $k))
            (resume $k (on $yield 0) (cont.new $k (ref.func $count)))
            (unreachable))
          (func (export "run") (param $n i32) (result i32) (local $c (ref null $k))
            (global.set $sum (i32.const 0))
            (call $first)
            (loop $next (param i32 (ref $k))
              (local.set $c)
              global.get $sum i32.add global.set $sum
              (resume $k (on $yield $next) (local.get $c)))
            (global.get $sum)))"#,
        &[(0, 45)],
    );
}
