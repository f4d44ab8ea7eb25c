;;! profile 10 1000 1 0 10
;; Code that hardly ran stands behind the rest: a branch out of a loop, and an `if`. The loop ended
;; by its last branch, each time.
(module
  (func (param i32 i32) (result i32)
    (block $out
      (loop $next
        (br_if $out (i32.eq (local.get 0) (local.get 1)))
        (if (i32.lt_s (local.get 1) (i32.const 0))
          (then (local.set 1 (i32.div_s (local.get 0) (local.get 1)))))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (local.get 1)))
