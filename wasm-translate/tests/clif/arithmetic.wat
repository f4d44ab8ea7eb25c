(module
  (func $add_multiply (param i32 i32) (result i32)
    (i32.mul (i32.add (local.get 0) (i32.const 3)) (local.get 1)))
  (func $compare (param i64 i64) (result i32)
    (i32.eqz (i64.lt_u (local.get 0) (local.get 1))))
  (func $round (param f64) (result i32)
    (i32.trunc_f64_s (f64.floor (local.get 0)))))
