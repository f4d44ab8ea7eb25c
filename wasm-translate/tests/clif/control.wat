;;! assembly
(module
  (func $sum (param i32) (result i32) (local i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again)))
    (local.get 1))
  (func $if_without_else (param i32)
    (if (local.get 0) (then (unreachable))))
  (func $if_with_else (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
  (func $block_with_no_branch (result i32)
    (block (result i32) (i32.const 1))))
