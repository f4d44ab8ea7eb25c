;;! unmitigated
(module
  (type $unary (func (param i32) (result i32)))
  (table 3 funcref)
  (elem (i32.const 0) $one $two)
  (func $one (type $unary) (local.get 0))
  (func $two (result i32 i32 i32) (i32.const 1) (i32.const 2) (i32.const 3))
  (func $call (param i32) (result i32)
    (call_indirect (type $unary) (i32.const 5) (local.get 0))))
