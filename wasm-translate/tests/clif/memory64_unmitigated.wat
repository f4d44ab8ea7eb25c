;;! unmitigated
(module
  (memory i64 1)
  (func $near (param i64) (result i32)
    (i32.load offset=4 (local.get 0)))
  (func $far (param i64) (result i32)
    (i32.load offset=0x100000000 (local.get 0))))
