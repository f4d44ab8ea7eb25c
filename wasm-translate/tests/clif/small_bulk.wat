;;! assembly
;;! optimized
;; Copies and fills of a few bytes are loads and stores after a check of the bounds.
(module
  (memory 1)
  (memory $other 1)
  (func $copy7 (param i32 i32)
    (memory.copy (local.get 0) (local.get 1) (i32.const 7)))
  (func $copy48 (param i32 i32)
    (memory.copy $other 0 (local.get 0) (local.get 1) (i32.const 48)))
  (func $copy65 (param i32 i32)
    (memory.copy (local.get 0) (local.get 1) (i32.const 65)))
  (func $clear (param i32)
    (memory.fill (local.get 0) (i32.const 0) (i32.const 12)))
  (func $fill (param i32 i32)
    (memory.fill (local.get 0) (local.get 1) (i32.const 5)))
  (func $nothing (param i32)
    (memory.fill (local.get 0) (i32.const 1) (i32.const 0))))
