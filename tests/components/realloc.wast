;; What a guest gives as room is checked.

(component definition $gives
  (core module $m
    (memory (export "memory") 1)
    (global $place (mut i32) (i32.const 0))
    (func (export "set") (param i32) (global.set $place (local.get 0)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (global.get $place))
    (func (export "trap") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "take") (param i32 i32)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (func (export "place") (param "p" u32) (canon lift (core func $i "set")))
  (func (export "bytes") (param "x" (list u8))
    (canon lift (core func $i "take") (memory $memory) (realloc (core func $i "realloc"))))
  (func (export "words") (param "x" (list u32))
    (canon lift (core func $i "take") (memory $memory) (realloc (core func $i "realloc"))))
  (func (export "trapping") (param "x" (list u8))
    (canon lift (core func $i "take") (memory $memory) (realloc (core func $i "trap")))))

(component instance $i $gives)
(assert_return (invoke "place" (u32.const 65536)))
(assert_return (invoke "bytes" (list.const)))
(assert_trap (invoke "bytes" (list.const (u8.const 1))) "realloc return: beyond end of memory")
;; Nothing of the guest has trapped, so it can still be used.
(assert_return (invoke "place" (u32.const 0xffffffff)))
(assert_trap (invoke "bytes" (list.const (u8.const 1))) "realloc return: beyond end of memory")
(assert_return (invoke "place" (u32.const 6)))
(assert_trap (invoke "words" (list.const (u32.const 1))) "realloc return: result not aligned")
(assert_trap (invoke "trapping" (list.const (u8.const 1))) "wasm `unreachable` instruction executed")
(assert_trap (invoke "place" (u32.const 0)) "cannot enter component instance")
