;;! assembly
;;! optimized
;; 128-bit arithmetic: carries, products of halves, and what can be computed beforehand.
(module
  (func $add (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $sub (param i64 i64 i64 i64) (result i64 i64)
    (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $mul_s (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))
  (func $mul_u (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))

  ;; The sum of two 64-bit integers and its carry.
  (func $carry (param i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (i64.const 0) (local.get 1) (i64.const 0)))
  ;; A step of a long multiplication: a * b + c + carry.
  (func $step (param i64 i64 i64 i64) (result i64 i64)
    (i64.mul_wide_u (local.get 0) (local.get 1))
    (i64.add128 (local.get 2) (i64.const 0))
    (i64.add128 (local.get 3) (i64.const 0)))
  (func $constants (result i64 i64)
    (i64.mul_wide_s (i64.const -1) (i64.const 5))
    (i64.sub128 (i64.const 1) (i64.const 2))))
