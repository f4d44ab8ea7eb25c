;;! assembly
;;! optimized
;; Atomic accesses check that they are aligned; nothing is known across them. A shared memory has a
;; record that is not in the context of the instance, from which the size is read atomically.
(module
  (memory $shared 1 4 shared)
  (memory $plain 1)
  (func $load (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func $load_narrow (param i32) (result i64) (i64.atomic.load16_u offset=3 (local.get 0)))
  (func $store (param i32 i64) (i64.atomic.store offset=16 (local.get 0) (local.get 1)))
  (func $store_byte (param i32 i64) (i64.atomic.store8 (local.get 0) (local.get 1)))
  (func $add (param i32 i32) (result i32) (i32.atomic.rmw.add $plain (local.get 0) (local.get 1)))
  (func $or_narrow (param i32 i32) (result i32) (i32.atomic.rmw8.or_u (local.get 0) (local.get 1)))
  (func $exchange (param i32 i64 i64) (result i64)
    (i64.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
  (func $twice (param i32) (result i32)
    (i32.load (local.get 0))
    (atomic.fence)
    (i32.load (local.get 0))
    (i32.add))
  (func $size (result i32) (i32.add (memory.size $shared) (memory.size $plain)))
  (func $wait (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 offset=4 (local.get 0) (local.get 1) (local.get 2)))
  (func $notify (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1))))
