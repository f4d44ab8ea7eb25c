;;! interruptible
;;! assembly
;; Reads of the page below the first memory, each of a place of its own. What calls nothing has none at its entry.
(module
  (import "" "host" (func $host))
  (memory 1)
  (func $leaf (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1)))
  (func $only_loops (param i32) (result i32)
    (loop $again
      (i32.store (local.get 0) (i32.const 7))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 4)))))
    (local.get 0))
  (func $calls (param i32)
    (if (local.get 0) (then (drop (call $leaf (local.get 0)))))
    (call $host)
    (loop $outer
      (loop $inner
        (br_if $inner (call $leaf (local.get 0))))
      (br_if $outer (local.get 0))))
  (func $tail_calls (param i32) (result i32)
    (return_call $only_loops (local.get 0)))
  (func $never_reached
    (unreachable)
    (loop (br 0))))
