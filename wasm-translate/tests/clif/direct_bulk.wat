;;! assembly
;;! optimized
;; As many bytes as a variable says, within a memory and from one to another.
(module
  (memory $a 1)
  (memory $b 1)
  (func (param $to i32) (param $from i32) (param $len i32)
    (memory.copy $a $a (local.get $to) (local.get $from) (local.get $len)))
  (func (param $to i32) (param $from i32) (param $len i32)
    (memory.copy $b $a (local.get $to) (local.get $from) (local.get $len)))
  (func (param $to i32) (param $value i32) (param $len i32)
    (memory.fill $a (local.get $to) (local.get $value) (local.get $len))))
