;;! interruptible
;;! callbacks
;;! optimized
;;! assembly
;; Where a callback may have changed what was read, it is read anew: the global at the head of the loop, too.
(module
  (memory 1)
  (global $g (export "g") (mut i32) (i32.const 0))
  (func (result i32)
    (if (i32.eqz (global.get $g))
      (then (loop $again (br_if $again (i32.eqz (global.get $g))))))
    (i32.load (i32.const 0))))
