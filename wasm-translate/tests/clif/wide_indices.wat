;;! optimized
;;! assembly
(module
  (memory 1)
  ;; The index goes around the loop.
  (func (export "sum") (param $at i32) (param $end i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.ne (local.get $at) (local.get $end))))
    (local.get $sum))
  ;; What is loaded is the next index.
  (func (export "last") (param $at i32) (result i32)
    (loop $next
      (local.set $at (i32.load offset=4 (local.get $at)))
      (br_if $next (i32.load (local.get $at))))
    (local.get $at))
  ;; The index changes on one of the ways around the loop.
  (func (export "find") (param $at i32) (param $end i32) (result i32) (local $found i32)
    (loop $next
      (if (i32.load8_u (local.get $at))
        (then (local.set $at (i32.add (local.get $at) (i32.const 2))))
        (else (local.set $found (local.get $at))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))))
      (br_if $next (i32.ne (local.get $at) (local.get $end))))
    (local.get $found))
  ;; What comes around this loop would be extended on the way.
  (func (export "random") (param $at i32) (param $n i32) (result i32)
    (loop $next
      (local.set $at (i32.rotl (i32.load8_u (local.get $at)) (local.get $n)))
      (br_if $next (local.get $at)))
    (local.get $at)))
