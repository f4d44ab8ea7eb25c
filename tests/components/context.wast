;; What a call keeps for itself (`context.get`, `context.set`) is that of no other call, and
;; `backpressure` counts.

;; Sets and gets both values, and returns what it found.
(component definition $contexts
  (component $C
    (core func $get0 (canon context.get i32 0))
    (core func $set0 (canon context.set i32 0))
    (core func $get1 (canon context.get i32 1))
    (core func $set1 (canon context.set i32 1))
    (core module $m
      (import "" "get0" (func $get0 (result i32)))
      (import "" "set0" (func $set0 (param i32)))
      (import "" "get1" (func $get1 (result i32)))
      (import "" "set1" (func $set1 (param i32)))
      (global $seen (mut i32) (i32.const 0))
      (func (export "swap") (param i32) (result i32)
        (local $old i32)
        (local.set $old (call $get0))
        (call $set0 (local.get 0))
        ;; The other value is still 0.
        (if (call $get1) (then (unreachable)))
        (call $set1 (i32.const 9))
        (if (i32.ne (call $get0) (local.get 0)) (then (unreachable)))
        (local.get $old))
      (func (export "post") (param i32) (global.set $seen (call $get0)))
      (func (export "seen") (result i32) (global.get $seen)))
    (core instance $i (instantiate $m (with "" (instance
      (export "get0" (func $get0)) (export "set0" (func $set0))
      (export "get1" (func $get1)) (export "set1" (func $set1))))))
    (func (export "swap") (param "x" u32) (result u32)
      (canon lift (core func $i "swap") (post-return (core func $i "post"))))
    (func (export "seen") (result u32) (canon lift (core func $i "seen"))))
  (instance $c (instantiate $C))
  ;; Calls it, with values of its own before and after.
  (component $D
    (import "swap" (func $swap (param "x" u32) (result u32)))
    (core func $swap' (canon lower (func $swap)))
    (core func $get (canon context.get i32 0))
    (core func $set (canon context.set i32 0))
    (core module $m
      (import "" "swap" (func $swap (param i32) (result i32)))
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (func (export "twice") (result i32)
        (if (call $get) (then (unreachable)))
        (call $set (i32.const 5))
        (if (call $swap (i32.const 3)) (then (unreachable)))
        (if (call $swap (i32.const 4)) (then (unreachable)))
        (call $get)))
    (core instance $i (instantiate $m (with "" (instance
      (export "swap" (func $swap')) (export "get" (func $get)) (export "set" (func $set))))))
    (func (export "twice") (result u32) (canon lift (core func $i "twice"))))
  (instance $d (instantiate $D (with "swap" (func $c "swap"))))
  (func (export "swap") (alias export $c "swap"))
  (func (export "seen") (alias export $c "seen"))
  (func (export "twice") (alias export $d "twice")))

(component instance $i $contexts)
(assert_return (invoke "swap" (u32.const 7)) (u32.const 0))
;; `post-return` is part of the call.
(assert_return (invoke "seen") (u32.const 7))
(assert_return (invoke "swap" (u32.const 8)) (u32.const 0))
(assert_return (invoke "twice") (u32.const 5))
(assert_return (invoke "twice") (u32.const 5))
(assert_return (invoke "seen") (u32.const 4))
(assert_return (invoke "swap" (u32.const 1)) (u32.const 0))

(assert_invalid
  (component (core func (canon context.get i32 2)))
  "immediate must be zero or one")

(component definition $presses
  (core func $inc (canon backpressure.inc))
  (core func $dec (canon backpressure.dec))
  (core module $m
    (import "" "inc" (func $inc))
    (import "" "dec" (func $dec))
    (func (export "press") (param i32)
      (loop $again
        (if (local.get 0) (then
          (call $inc)
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br $again)))))
    (func (export "cease") (call $dec)))
  (core instance $i (instantiate $m (with "" (instance
    (export "inc" (func $inc)) (export "dec" (func $dec))))))
  (func (export "press") (param "times" u32) (canon lift (core func $i "press")))
  (func (export "cease") (canon lift (core func $i "cease"))))

(component instance $i $presses)
(assert_return (invoke "press" (u32.const 2)))
(assert_return (invoke "cease"))
(assert_return (invoke "cease"))
(assert_trap (invoke "cease") "underflow")
(component instance $i $presses)
(assert_return (invoke "press" (u32.const 65535)))
(assert_trap (invoke "press" (u32.const 1)) "overflow")
