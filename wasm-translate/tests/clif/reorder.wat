;;! assembly
;;! optimized
;; The optimiser leaves the additions before the store; reordered, each stands where its operands are
;; there. The division may trap, so nothing changes its order with loads and stores.
(module
  (memory 1)
  (func $sum (param i32)
    (i32.store offset=64 (local.get 0)
      (i32.add
        (i32.add
          (i32.add (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)))
          (i32.add (i32.load offset=8 (local.get 0)) (i32.load offset=12 (local.get 0))))
        (i32.xor (i32.load offset=16 (local.get 0)) (i32.load offset=20 (local.get 0))))))
  (func $division (param i32 i32 i32) (result i32)
    (local $a i32) (local $b i32)
    (local.set $a (i32.mul (i32.load (local.get 0)) (local.get 1)))
    (i32.store offset=4 (local.get 0) (local.get 2))
    (local.set $b (i32.div_u (local.get 1) (local.get 2)))
    (i32.store offset=8 (local.get 0) (local.get 1))
    (i32.sub (local.get $b) (local.get $a))))
