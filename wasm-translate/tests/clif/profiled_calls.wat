;;! profile 100
;;! profile 0
;;! profile 10 1*100
;;! profile 10 1*80
;;! profile 10 1*90
;; Calls that mostly lead to one function compare with it first: by the number of an element that
;; nothing changes, or by the record of the function.
(module
  (type $f (func (param i32) (result i32)))
  (import "" "" (func (type $f)))
  (table $fixed funcref (elem $b $a))
  (table $open (export "open") 4 funcref)
  (func $a (type $f) (local.get 0))
  (func $b (type $f) (i32.const 1))
  (func (param i32) (result i32)
    (call_indirect $fixed (type $f) (local.get 0) (local.get 0)))
  (func (param i32) (result i32)
    (call_indirect $open (type $f) (local.get 0) (local.get 0)))
  (func (param i32 (ref null $f)) (result i32)
    (call_ref $f (local.get 0) (local.get 1))))
