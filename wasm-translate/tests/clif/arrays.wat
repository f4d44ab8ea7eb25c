;;! assembly
;; The length is read before an element, which finds null, and the place of the element is computed
;; in 32 bits. Small arrays are made and filled in place.
(module
  (type $bytes (array (mut i8)))
  (type $longs (array (mut i64)))
  (type $refs (array (mut anyref)))
  (func $get (param (ref null $bytes) i32) (result i32)
    (array.get_u $bytes (local.get 0) (local.get 1)))
  (func $set (param (ref $longs) i32 i64)
    (array.set $longs (local.get 0) (local.get 1) (local.get 2)))
  (func $set_ref (param (ref null $refs) i32 anyref)
    (array.set $refs (local.get 0) (local.get 1) (local.get 2)))
  (func $length (param arrayref) (result i32) (array.len (local.get 0)))
  (func $default (param i32) (result (ref $longs)) (array.new_default $longs (local.get 0)))
  (func $filled (param i32 i32) (result (ref $bytes))
    (array.new $bytes (local.get 0) (local.get 1)))
  (func $small (param i32) (result (ref $bytes)) (array.new $bytes (local.get 0) (i32.const 20)))
  (func $fixed (param i64 i64) (result (ref $longs))
    (array.new_fixed $longs 2 (local.get 0) (local.get 1)))
  (func $fill (param (ref $refs) anyref)
    (array.fill $refs (local.get 0) (i32.const 1) (local.get 1) (i32.const 2))))
