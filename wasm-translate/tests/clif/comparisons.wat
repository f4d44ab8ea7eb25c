;;! optimized
;;! assembly
(module
  (func $fail (import "" "fail") (param i32))
  ;; One comparison and one jump, of which the opposite is not the comparison the other way.
  (func (export "not_less") (param f64 f64) (result i32)
    (if (result i32) (i32.eqz (f64.lt (local.get 0) (local.get 1)))
      (then (i32.const 7))
      (else (i32.const 8))))
  (func (export "not_not_equal") (param f32 f32) (result i32)
    (i32.eqz (i32.eqz (f32.eq (local.get 0) (local.get 1)))))
  ;; What reports a failure stands behind the rest.
  (func (export "checked") (param i32) (result i32)
    (if (i32.ge_u (local.get 0) (i32.const 10))
      (then (call $fail (local.get 0)) (unreachable)))
    (i32.add (local.get 0) (i32.const 1))))
