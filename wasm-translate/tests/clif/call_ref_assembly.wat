;;! assembly
;;! optimized
;; The two words of the record are what the call takes, and the faults of reading them at null are
;; its null check.
(module
  (type $f (func (param i32) (result i32)))
  (func $call (param (ref null $f) i32) (result i32)
    (call_ref $f (local.get 1) (local.get 0))))
