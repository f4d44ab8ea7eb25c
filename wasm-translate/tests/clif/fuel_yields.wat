;;! fuel yields
(module
  (import "" "" (func $host))
  (memory 1)
  ;; A cold block at the head of the loop, and what is left read anew behind it.
  (func $sum (export "sum") (param i32) (result i32) (local i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 4)))
        (br $again)))
    (local.get 1))
  (func $fill (param i32)
    (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
    (call $host)))
