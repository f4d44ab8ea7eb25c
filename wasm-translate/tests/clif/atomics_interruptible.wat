;;! interruptible
;;! inlined
;; Code whose first memory is shared finds out elsewhere whether it is to stop, and calls of
;; functions that access the memory are not replaced.
(module
  (memory 1 4 shared)
  (func $get (param i32) (result i32) (i32.load (local.get 0)))
  (func $spin (param i32)
    (loop $again
      (br_if $again (i32.eqz (i32.atomic.load (local.get 0))))))
  (func $call (param i32) (result i32) (call $get (local.get 0))))
