;;! assembly
;;! optimized
;; What is unlikely to run stands behind the rest of its function.
(module
  (import "" "rare" (func $rare (param i32) (result i32)))

  ;; An `if` without `else`, unlikely.
  (func $then (param i32) (result i32)
    local.get 0
    (@metadata.code.branch_hint "\00") if
      (local.set 0 (call $rare (local.get 0)))
    end
    local.get 0)

  ;; The `else` of a likely `if`.
  (func $else (param i32) (result i32)
    local.get 0
    (@metadata.code.branch_hint "\01") if (result i32)
      i32.const 1
    else
      (call $rare (local.get 0))
    end)

  ;; An `else` that comes after all.
  (func $late (param i32) (result i32)
    local.get 0
    (@metadata.code.branch_hint "\01") if
      (local.set 0 (i32.const 1))
    else
      (local.set 0 (call $rare (local.get 0)))
    end
    local.get 0)

  ;; A way out that is only taken by unlikely branches is as unlikely, with all that follows there.
  (func $out (param i32) (result i32)
    (block $failed
      (i32.gt_u (local.get 0) (i32.const 1000))
      (@metadata.code.branch_hint "\00") br_if $failed
      (i32.lt_u (local.get 0) (i32.const 10))
      (@metadata.code.branch_hint "\00") br_if $failed
      (return (i32.mul (local.get 0) (local.get 0))))
    (if (i32.eqz (call $rare (local.get 0))) (then (return (i32.const -1))))
    i32.const -2)

  ;; A loop that is likely to go on, and one that is not.
  (func $loops (param i32) (result i32)
    (loop $again
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (@metadata.code.branch_hint "\01") br_if $again)
    (loop $again
      (local.tee 0 (i32.add (local.get 0) (i32.const 3)))
      (@metadata.code.branch_hint "\00") br_if $again)
    local.get 0)

  ;; Where others come, too, it is not unlikely.
  (func $shared (param i32) (result i32)
    (block $next
      (i32.eqz (local.get 0))
      (@metadata.code.branch_hint "\00") br_if $next
      (local.set 0 (call $rare (local.get 0))))
    (i32.add (local.get 0) (i32.const 1))))
