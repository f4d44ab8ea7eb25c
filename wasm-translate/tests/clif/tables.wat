;;! assembly
(module
  (table $functions 2 funcref)
  (table $objects 2 externref)
  (func (param i32) (result funcref) (table.get $functions (local.get 0)))
  (func (param i32 funcref) (table.set $functions (local.get 0) (local.get 1)))
  (func (param i32) (result externref) (table.get $objects (local.get 0)))
  (func (param i32) (result i32) (table.size $functions)))
