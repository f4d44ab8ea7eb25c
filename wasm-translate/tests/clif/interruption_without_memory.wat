;;! interruptible
;;! optimized
;; Reads of the page that the context has the address above of.
(module
  (func $leaf)
  (func $run (param i32)
    (call $leaf)
    (loop $again
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
