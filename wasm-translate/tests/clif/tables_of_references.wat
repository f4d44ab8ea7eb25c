;;! assembly
(module
  (import "m" "t" (table $imported 1 anyref))
  (table $fixed 700 700 externref)
  (table $integers 1 i31ref)
  (func $set (param i32 externref) (table.set $fixed (local.get 0) (local.get 1)))
  (func $clear (param i32) (table.set $fixed (local.get 0) (ref.null extern)))
  (func $set_imported (param i32 anyref) (table.set $imported (local.get 0) (local.get 1)))
  (func $set_integer (param i32 i31ref) (table.set $integers (local.get 0) (local.get 1))))
