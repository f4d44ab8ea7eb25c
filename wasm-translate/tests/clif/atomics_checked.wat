;;! target riscv64gc-unknown-linux-gnu
;;! checked
;;! optimized
;;! assembly
;; Where a memory is not reserved whole, the size that is compared with may be out of date, and the
;; base is constant. On this target a load that traps comes before an atomic access.
(module
  (import "host" "memory" (memory 1 4 shared))
  (func $both (param i32) (result i32)
    (i32.add (i32.atomic.load (local.get 0)) (i32.load offset=4 (local.get 0)))))
