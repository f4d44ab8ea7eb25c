;; Both kinds of operators for exceptions, around each kind of call.
(module
  (type $many (func (param i32 i64 f32 f64) (result i32 i64 f32 f64 i32)))
  (import "m" "f" (func $import (param i32) (result i32)))
  (import "m" "t" (tag $imported (param i32)))
  (tag (export "exported") (import "m" "u") (param f64))
  (tag $none)
  (tag $many (param i32 i64 f32 f64 funcref externref))
  (table 4 funcref)
  (func $callee (type $many) (unreachable))
  (elem (i32.const 0) $callee $import)
  (func $throws (param i32)
    (if (local.get 0) (then (throw $none)))
    (throw $many (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)
      (ref.func $callee) (ref.null extern)))
  (func (export "tables") (param i32) (result i32)
    (local $sum i32)
    (loop $again
      (block $none
        (block $imported (result i32)
          (block $many (result i32 i64 f32 f64 funcref externref)
            (try_table (result i32) (catch $many $many) (catch $imported $imported)
                (catch_all $none)
              (call $import (local.get 0))
              (call $callee (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4))
              drop drop drop drop
              (i32.add)
              (i32.const 1)
              (call_indirect (type $many) (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)
                (i32.const 0))
              drop drop drop drop
              drop
              (call $throws (local.get 0))
              (if (local.get 0) (then (throw $imported (i32.const 5))))
              (drop))
            (return))
          drop drop drop drop drop)
        (local.set $sum (i32.add (local.get $sum)))
        (br_if $again (local.get $sum)))
      (try_table (call $throws (i32.const 1))))
    (local.get $sum))
  (func (export "legacy") (param i32) (result i32)
    (local $n i32)
    try $outer (result i32)
      loop $again
        try
          try
            local.get 0
            call $import
            local.set $n
            local.get $n
            return_call $import
          delegate $outer
        catch $imported
          local.set $n
          local.get $n
          br_if $again
          rethrow 0
        catch_all
          try
            i32.const 0
            call $throws
          catch_all
            local.get $n
            br_if $again
            rethrow 1
          end
        end
      end
      local.get 0
      call $throws
      local.get 0
    catch $many
      drop drop drop drop drop
    catch_all
      rethrow 0
    end))
