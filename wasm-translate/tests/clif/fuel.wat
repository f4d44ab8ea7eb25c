;;! fuel
;;! assembly
(module
  (import "" "" (func $host))
  (memory 1)
  ;; No look at the entry, and the difference between the two ways is taken on one.
  (func $ways (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0) (i32.const 2)))
      (else (i32.const 5))))
  ;; All of an iteration is taken at once, and what is left is in a register.
  (func $sum (param i32) (result i32) (local i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 4)))
        (br $again)))
    (local.get 1))
  ;; Others see what is left.
  (func $calls (param i32)
    (loop $again
      (drop (call $ways (local.get 0)))
      (call $host)
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $fill (param i32)
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 8))
    (memory.fill (i32.const 0) (i32.const 1) (local.get 0))))
