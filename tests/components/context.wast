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

;; `realloc` is a call of its own each time: it finds nothing, and leaves nothing. So it is for what
;; it makes room for: parameters of another component and of the host, and results of both.
(component definition $allocates
  (import "host" (instance $host (export "return-hi" (func (result string)))))
  (component $Allocator
    (core func $get (canon context.get i32 0))
    (core func $set (canon context.set i32 0))
    (core module $M
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (if (call $get) (then (unreachable)))
        (call $set (i32.const 77))
        (if (i32.ne (call $get) (i32.const 77)) (then (unreachable)))
        (i32.const 64))
      (func (export "take") (param i32 i32 i32 i32) (result i32)
        (if (call $get) (then (unreachable)))
        (call $set (i32.const 5))
        (i32.store (i32.const 8) (i32.const 64))
        (i32.store (i32.const 12) (i32.const 1))
        (i32.const 8))
      (func (export "post") (param i32)
        (if (i32.ne (call $get) (i32.const 5)) (then (unreachable)))))
    (core instance $m (instantiate $M (with "" (instance
      (export "get" (func $get)) (export "set" (func $set))))))
    (alias core export $m "memory" (core memory $memory))
    (func (export "take") (param "x" string) (param "y" string) (result string)
      (canon lift (core func $m "take") (memory $memory) (realloc (core func $m "realloc"))
        (post-return (core func $m "post")))))
  (component $Caller
    (import "take" (func $take (param "x" string) (param "y" string) (result string)))
    (import "hi" (func $hi (result string)))
    (core func $get (canon context.get i32 0))
    (core func $set (canon context.set i32 0))
    (core module $Libc
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "ab")
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (if (call $get) (then (unreachable)))
        (call $set (i32.const 88))
        (i32.const 128)))
    (core instance $libc (instantiate $Libc (with "" (instance
      (export "get" (func $get)) (export "set" (func $set))))))
    (alias core export $libc "memory" (core memory $memory))
    (core func $take'
      (canon lower (func $take) (memory $memory) (realloc (core func $libc "realloc"))))
    (core func $hi'
      (canon lower (func $hi) (memory $memory) (realloc (core func $libc "realloc"))))
    (core module $M
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (import "" "take" (func $take (param i32 i32 i32 i32 i32)))
      (import "" "hi" (func $hi (param i32)))
      (func (export "run") (result i32)
        (if (call $get) (then (unreachable)))
        ;; Before anything is set, and after.
        (call $hi (i32.const 256))
        (if (call $get) (then (unreachable)))
        (call $set (i32.const 6))
        (call $take
          (i32.const 16) (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 256))
        (call $hi (i32.const 256))
        (call $get)))
    (core instance $m (instantiate $M (with "" (instance
      (export "get" (func $get)) (export "set" (func $set))
      (export "take" (func $take')) (export "hi" (func $hi'))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $a (instantiate $Allocator))
  (instance $c (instantiate $Caller
    (with "take" (func $a "take")) (with "hi" (func $host "return-hi"))))
  (func (export "run") (alias export $c "run"))
  (func (export "take") (alias export $a "take")))
(component instance $i $allocates)
(assert_return (invoke "run") (u32.const 6))
;; Both are at the same place.
(assert_return (invoke "take" (str.const "x") (str.const "yz")) (str.const "y"))
(assert_return (invoke "run") (u32.const 6))

;; So is a destructor, also that of a resource of one's own, and within another destructor.
(component definition $destroys
  (core func $get (canon context.get i32 0))
  (core func $set (canon context.set i32 0))
  (core module $Inner
    (import "" "get" (func $get (result i32)))
    (import "" "set" (func $set (param i32)))
    (global $count (export "count") (mut i32) (i32.const 0))
    (func (export "destroy") (param i32)
      (if (call $get) (then (unreachable)))
      (call $set (i32.const 3))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))))
  (core instance $inner (instantiate $Inner (with "" (instance
    (export "get" (func $get)) (export "set" (func $set))))))
  (type $a (resource (rep i32) (dtor (core func $inner "destroy"))))
  (core func $new-a (canon resource.new $a))
  (core func $drop-a (canon resource.drop $a))
  (core module $Outer
    (import "" "get" (func $get (result i32)))
    (import "" "set" (func $set (param i32)))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "destroy") (param i32)
      (if (call $get) (then (unreachable)))
      ;; Before anything is set, and after.
      (call $drop (call $new (i32.const 1)))
      (if (call $get) (then (unreachable)))
      (call $set (i32.const 2))
      (call $drop (call $new (i32.const 1)))
      (if (i32.ne (call $get) (i32.const 2)) (then (unreachable)))))
  (core instance $outer (instantiate $Outer (with "" (instance
    (export "get" (func $get)) (export "set" (func $set))
    (export "new" (func $new-a)) (export "drop" (func $drop-a))))))
  (type $b (resource (rep i32) (dtor (core func $outer "destroy"))))
  (core func $new-b (canon resource.new $b))
  (core func $drop-b (canon resource.drop $b))
  (core module $M
    (import "" "get" (func $get (result i32)))
    (import "" "set" (func $set (param i32)))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "count" (global $count (mut i32)))
    (func (export "run") (result i32)
      (call $set (i32.const 1))
      (call $drop (call $new (i32.const 1)))
      (if (i32.ne (call $get) (i32.const 1)) (then (unreachable)))
      (global.get $count)))
  (core instance $m (instantiate $M (with "" (instance
    (export "get" (func $get)) (export "set" (func $set))
    (export "new" (func $new-b)) (export "drop" (func $drop-b))
    (export "count" (global $inner "count"))))))
  (func (export "run") (result u32) (canon lift (core func $m "run"))))
(component instance $i $destroys)
(assert_return (invoke "run") (u32.const 2))
(assert_return (invoke "run") (u32.const 4))

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
(assert_trap (invoke "cease") "overflow")
(component instance $i $presses)
(assert_return (invoke "press" (u32.const 65535)))
(assert_trap (invoke "press" (u32.const 1)) "overflow")
