;;! assembly
(module
  (import "" "objects" (table $objects 3 3 externref))
  (table $functions (export "functions") 2 2 funcref)
  (table $any (export "any") 2 3 funcref)
  (func $twice (param i32 i32)
    (call_indirect $functions (local.get 0))
    (call_indirect $functions (local.get 1)))
  (func $get (param i32) (result externref) (table.get $objects (local.get 0)))
  (func $sizes (result i32 i32) (table.size $functions) (table.size $any)))
