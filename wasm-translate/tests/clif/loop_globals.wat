;;! optimized
;; A loop that calls nothing reads the globals that it changes before it begins, and stores them as
;; they change. One that calls something does not, but the loop within it does.
(module
  (global $sum (mut i32) (i32.const 0))
  (global $count (mut i32) (i32.const 0))
  (global $step (mut i32) (i32.const 1))
  (global $last (mut i64) (i64.const 0))
  (func $callee (global.set $step (i32.const 2)))
  (func
    (loop $again
      (global.set $sum (i32.add (global.get $sum) (global.get $step)))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (br_if $again (i32.lt_u (global.get $count) (i32.const 100)))))
  (func
    (loop $outer
      (call $callee)
      (loop $inner
        (global.set $sum (i32.add (global.get $sum) (global.get $step)))
        (br_if $inner (i32.lt_u (global.get $sum) (i32.const 100))))
      (br_if $outer (i64.eqz (global.get $last))))))
