;; A call through a typed reference: null is found where the record is read, and nothing else is
;; checked. A reference to a function of the module is in the context once it was asked for.
(module
  (type $f (func (param i32) (result i32)))
  (elem declare func $call)
  (func $call (param (ref null $f) i32) (result i32)
    (call_ref $f (local.get 1) (local.get 0)))
  (func $tail (param (ref $f) i32) (result i32)
    (return_call_ref $f (local.get 1) (local.get 0)))
  (func $or_zero (param (ref null $f)) (result i32)
    (block $null
      (return (call_ref $f (i32.const 1) (br_on_null $null (local.get 0)))))
    (i32.const 0))
  (func $own (result funcref)
    (ref.func $call)))
