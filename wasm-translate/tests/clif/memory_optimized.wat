;;! optimized
(module
  (memory 1)
  (func $sum (param i32 i32) (result i32) (local i32)
    (loop $next
      (local.set 2 (i32.add (local.get 2) (i32.load (local.get 0))))
      (local.set 0 (i32.add (local.get 0) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get 0) (local.get 1))))
    (local.get 2)))
