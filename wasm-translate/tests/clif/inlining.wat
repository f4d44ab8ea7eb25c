;;! assembly
;;! optimized
;;! inlined
;; Calls of small functions are replaced by what they call, traps included.
(module
  (memory 1)
  (global $g (mut i64) (i64.const 0))
  (func $rotate (param $x i32) (result i32) (local $y i32)
    (local.set $y (i32.shl (local.get $x) (i32.const 5)))
    (i32.or (local.get $y) (i32.shr_u (local.get $x) (i32.const 27))))
  (func $early (param $x i64) (result i64)
    (if (i64.eqz (local.get $x)) (then (return (i64.const 1))))
    (global.set $g (local.get $x))
    (br_if 0 (i64.const 2) (i64.gt_s (local.get $x) (global.get $g)))
    (drop)
    (i64.const 3))
  (func $loads (param i32) (result i32)
    (i32.add (i32.load (local.get 0)) (i32.load offset=4 (local.get 0))))
  (func $stores (param i32 i32)
    (i32.store (local.get 0) (i32.load (local.get 1)))
    (global.set $g (i64.const 5)))
  (func $may_trap_late (param i32 i32)
    (global.set $g (i64.const 5))
    (i32.store (local.get 0) (local.get 1)))
  (func $caller (param $n i32) (result i32) (local $h i32)
    (loop $next
      (local.set $h (i32.add (call $rotate (local.get $h)) (call $loads (local.get $n))))
      (call $stores (local.get $n) (local.get $h))
      (call $may_trap_late (local.get $n) (local.get $h))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 4)))))
    (local.get $h))
  (func $twice (param i64) (result i64)
    (i64.add (call $early (local.get 0)) (call $early (i64.const 7)))))
