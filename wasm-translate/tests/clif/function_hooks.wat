;;! function hooks
(module
  (type $unary (func (param i32) (result i32)))
  (import "env" "import" (func $import (type $unary)))
  (table 4 funcref)
  (func $values (param i32 i64 f32 v128) (result v128 f64)
    local.get 3
    f64.const 1)
  (func $none
    nop)
  (func $early (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1))))
    local.get 0)
  (func $direct (param i32) (result i32)
    (return_call $early (local.get 0)))
  (func $import_tail (param i32) (result i32)
    (return_call $import (local.get 0)))
  (func $indirect (param i32) (result i32)
    (return_call_indirect (type $unary) (local.get 0) (i32.const 2))))
