;;! assembly
(module
  (type $unary (func (param i32) (result i32)))
  (import "host" "f" (func $host (type $unary)))
  (table (export "table") 2 funcref)
  (func $direct (param i32) (result i32) (call $direct (local.get 0)))
  (func $imported (param i32) (result i32) (call $host (local.get 0)))
  (func $indirect (param i32) (result i32)
    (call_indirect (type $unary) (i32.const 5) (local.get 0)))
  (func $three_results (result i32 i32 i32) (i32.const 1) (i32.const 2) (i32.const 3))
  (func $tail (result i32 i32 i32) (return_call $three_results))
  (func $takes_three (result i32) (call $three_results) (i32.add) (i32.add)))
