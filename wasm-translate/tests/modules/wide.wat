;; 128-bit arithmetic.
(module
  (func (param i64 i64 i64 i64) (result i64 i64 i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))
    (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (param i64 i64) (result i64 i64 i64 i64)
    (i64.mul_wide_s (local.get 0) (local.get 1))
    (i64.mul_wide_u (local.get 0) (local.get 1)))
  (func (param i64 i64 i64) (result i64 i64)
    (i64.add128
      (i64.mul_wide_u (local.get 0) (local.get 1))
      (local.get 2) (i64.const 0)))
  (func (param i64) (result i64)
    (local i64)
    (loop (result i64)
      (local.set 1 (i64.add128 (local.get 0) (local.get 1) (i64.const 1) (i64.const 0)))
      (local.tee 0)
      (br_if 0 (i64.eqz (local.get 1))))))
