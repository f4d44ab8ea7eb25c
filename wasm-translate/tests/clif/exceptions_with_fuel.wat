;;! fuel
(module
  (import "m" "f" (func $import (param i32) (result i32)))
  (tag $a (param i32))
  (func $callee (param i32) (result i32) (local.get 0))
  (func $loop (param i32) (result i32)
    (loop $again (result i32)
      (block $a (result i32)
        (try_table (result i32) (catch $a $a)
          (call $callee (i32.add (local.get 0) (i32.const 1)))
          (call $import)))
      (local.tee 0)
      (br_if $again (i32.eqz (local.get 0))))))
