;;! assembly
;;! optimized
;; 128-bit products in the ways that compilers write them, and callers of them.
(module
  (memory (export "memory") 1)

  ;; With sums that do not exceed 64 bits; the upper half is stored first.
  (func $by_halves (export "by_halves") (param i32 i64 i64 i64 i64) (local i64)
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

  ;; With carries from comparisons; the lower half is stored first.
  (func $by_comparisons (export "by_comparisons") (param i32 i64 i64 i64 i64)
    (local i64 i64 i64 i64 i64 i64)
    (local.set 7
      (i64.mul
        (local.tee 5 (i64.and (local.get 3) (i64.const 4294967295)))
        (local.tee 6 (i64.and (local.get 1) (i64.const 4294967295)))))
    (i64.store (local.get 0)
      (local.tee 10
        (i64.add
          (local.get 7)
          (i64.shl
            (local.tee 5
              (i64.add
                (local.tee 6
                  (i64.mul
                    (local.tee 8 (i64.shr_u (local.get 3) (i64.const 32)))
                    (local.get 6)))
                (i64.mul
                  (local.tee 9 (i64.shr_u (local.get 1) (i64.const 32)))
                  (local.get 5))))
            (i64.const 32)))))
    (i64.store offset=8 (local.get 0)
      (i64.add
        (i64.add
          (i64.mul (local.get 1) (local.get 4))
          (i64.mul (local.get 2) (local.get 3)))
        (i64.add
          (i64.extend_i32_u (i64.gt_u (local.get 7) (local.get 10)))
          (i64.add
            (i64.mul (local.get 8) (local.get 9))
            (i64.or
              (i64.shl
                (i64.extend_i32_u (i64.lt_u (local.get 5) (local.get 6)))
                (i64.const 32))
              (i64.shr_u (local.get 5) (i64.const 32))))))))

  ;; With masks by conversion, the factors exchanged, and the lower half as one product.
  (func $by_conversion (export "by_conversion") (param $p i32) (param $b i64) (param $bh i64) (param $a i64) (param $ah i64)
    (local $a0 i64) (local $b0 i64) (local $t i64) (local $u i64)
    (local.set $a0 (i64.extend_i32_u (i32.wrap_i64 (local.get $a))))
    (local.set $b0 (i64.extend_i32_u (i32.wrap_i64 (local.get $b))))
    (local.set $t
      (i64.add
        (i64.mul (local.get $b0) (i64.shr_u (local.get $a) (i64.const 32)))
        (i64.shr_u (i64.mul (local.get $a0) (local.get $b0)) (i64.const 96))))
    (local.set $u
      (i64.add
        (i64.extend_i32_u (i32.wrap_i64 (local.get $t)))
        (i64.mul (i64.shr_u (local.get $b) (i64.const 32)) (local.get $a0))))
    (i64.store offset=16 (local.get $p) (i64.mul (local.get $b) (local.get $a)))
    (i64.store offset=24 (local.get $p)
      (i64.add
        (i64.mul (local.get $a) (local.get $bh))
        (i64.add
          (i64.add
            (i64.shr_u (local.get $u) (i64.const 32))
            (i64.mul (i64.shr_u (local.get $a) (i64.const 32)) (i64.shr_u (local.get $b) (i64.const 32))))
          (i64.add
            (i64.shr_u (local.get $t) (i64.const 32))
            (i64.mul (local.get $ah) (local.get $b)))))))

  (func (export "call_by_halves") (param i32 i64 i64 i64 i64)
    (call $by_halves (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
  (func (export "call_by_comparisons") (param i32 i64 i64 i64 i64)
    (call $by_comparisons (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))
  (func (export "call_by_conversion") (param i32 i64 i64 i64 i64)
    (call $by_conversion (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4))))
