;;! assembly
(module
  (memory 1)
  (func $near (param i32) (result i32)
    (i32.add (i32.load offset=4 (local.get 0)) (i32.load offset=8 (local.get 0))))
  (func $far (param i32) (result i32)
    (i32.load offset=0x80000000 (local.get 0)))
  (func $store (param i32 i64)
    (i64.store32 (local.get 0) (local.get 1))))
