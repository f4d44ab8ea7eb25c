(func $multiply (param i32 i64 i64 i64 i64) (local i64)
  local.get 0
  (i64.add
    (i64.add
      (i64.add
        (i64.add
          (i64.mul (local.get 4) (local.get 1))
          (i64.mul (local.get 2) (local.get 3)))
        (i64.mul
          (local.tee 4 (i64.shr_u (local.get 3) (i64.const 32)))
          (local.tee 2 (i64.shr_u (local.get 1) (i64.const 32)))))
      (i64.shr_u
        (local.tee 3
          (i64.add
            (i64.shr_u
              (local.tee 5
                (i64.mul
                  (local.tee 3 (i64.and (local.get 3) (i64.const 4294967295)))
                  (local.tee 1 (i64.and (local.get 1) (i64.const 4294967295)))))
              (i64.const 32))
            (i64.mul (local.get 3) (local.get 2))))
        (i64.const 32)))
    (i64.shr_u
      (local.tee 3
        (i64.add
          (i64.and (local.get 3) (i64.const 4294967295))
          (i64.mul (local.get 4) (local.get 1))))
      (i64.const 32)))
  i64.store offset=8
  (i64.store (local.get 0)
    (i64.or
      (i64.shl (local.get 3) (i64.const 32))
      (i64.and (local.get 5) (i64.const 4294967295)))))
