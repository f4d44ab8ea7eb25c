;;! assembly
(module
  (import "m" "f" (func $import (param i32) (result i32)))
  (tag $a (param i32 i64))
  (tag $b)
  (func $throw (param i32)
    (throw $a (local.get 0) (i64.const 1)))
  (func $table (param i32) (result i32)
    (block $b
      (block $a (result i32 i64)
        (try_table (catch $a $a) (catch $b $b)
          (local.set 0 (call $import (local.get 0)))
          (call $throw (local.get 0)))
        (return (i32.const 0)))
      (drop)
      (return))
    (local.get 0))
  (func $cleanup (param i32) (result i32)
    try (result i32)
      (call $import (local.get 0))
    catch_all
      (drop (call $import (i32.const 1)))
      rethrow 0
    end))
