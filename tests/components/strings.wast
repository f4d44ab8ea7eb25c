;; Strings between components: what is not valid in its encoding is refused in the words of that
;; encoding, and whoever allocates is asked for one alignment from the first to the last time.

(component definition $passes
  ;; Takes strings, in each encoding. What is moved goes to a place that can be set.
  (component $C
    (core module $M
      (memory (export "memory") 1)
      (global $moved (mut i32) (i32.const 0))
      (global $align (mut i32) (i32.const 0))
      (func (export "set") (param i32) (global.set $moved (local.get 0)))
      (func (export "realloc") (param $old i32) (param $size i32) (param $align i32) (param i32)
        (result i32)
        (if (i32.eqz (local.get $old))
          (then (global.set $align (local.get $align)) (return (i32.const 64))))
        (if (i32.ne (local.get $align) (global.get $align)) (then (unreachable)))
        (memory.copy (global.get $moved) (local.get $old) (local.get 3))
        (global.get $moved))
      ;; Where the string is, and its length with what tags it.
      (func (export "take") (param i32 i32) (result i64)
        (i64.or
          (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
          (i64.extend_i32_u (local.get 1)))))
    (core instance $m (instantiate $M))
    (alias core export $m "memory" (core memory $memory))
    (alias core export $m "realloc" (core func $realloc))
    (func (export "set") (param "x" u32) (canon lift (core func $m "set")))
    (func (export "utf8") (param "x" string) (result u64)
      (canon lift (core func $m "take") (memory $memory) (realloc $realloc)))
    (func (export "utf16") (param "x" string) (result u64)
      (canon lift (core func $m "take") (memory $memory) (realloc $realloc) string-encoding=utf16))
    (func (export "compact") (param "x" string) (result u64)
      (canon lift (core func $m "take") (memory $memory) (realloc $realloc)
        string-encoding=latin1+utf16)))
  ;; Passes what is at 16 in its memory on: from 0, 1 or 2, the encodings in their order, to each.
  (component $D
    (import "c" (instance $c
      (export "utf8" (func (param "x" string) (result u64)))
      (export "utf16" (func (param "x" string) (result u64)))
      (export "compact" (func (param "x" string) (result u64)))))
    (core module $Libc (memory (export "memory") 1))
    (core instance $libc (instantiate $Libc))
    (alias core export $libc "memory" (core memory $memory))
    (core func $utf8-utf8 (canon lower (func $c "utf8") (memory $memory)))
    (core func $utf8-utf16 (canon lower (func $c "utf16") (memory $memory)))
    (core func $utf8-compact (canon lower (func $c "compact") (memory $memory)))
    (core func $utf16-utf8
      (canon lower (func $c "utf8") (memory $memory) string-encoding=utf16))
    (core func $utf16-utf16
      (canon lower (func $c "utf16") (memory $memory) string-encoding=utf16))
    (core func $utf16-compact
      (canon lower (func $c "compact") (memory $memory) string-encoding=utf16))
    (core func $compact-utf8
      (canon lower (func $c "utf8") (memory $memory) string-encoding=latin1+utf16))
    (core func $compact-utf16
      (canon lower (func $c "utf16") (memory $memory) string-encoding=latin1+utf16))
    (core func $compact-compact
      (canon lower (func $c "compact") (memory $memory) string-encoding=latin1+utf16))
    (core module $M
      (type $pass (func (param i32 i32) (result i64)))
      (import "" "memory" (memory 1))
      (import "" "00" (func $00 (type $pass)))
      (import "" "01" (func $01 (type $pass)))
      (import "" "02" (func $02 (type $pass)))
      (import "" "10" (func $10 (type $pass)))
      (import "" "11" (func $11 (type $pass)))
      (import "" "12" (func $12 (type $pass)))
      (import "" "20" (func $20 (type $pass)))
      (import "" "21" (func $21 (type $pass)))
      (import "" "22" (func $22 (type $pass)))
      (table funcref (elem $00 $01 $02 $10 $11 $12 $20 $21 $22))
      (func (export "pass") (param $from i32) (param $to i32) (param $bytes i64) (param $len i32)
        (result i64)
        (i64.store (i32.const 16) (local.get $bytes))
        (call_indirect (type $pass)
          (i32.const 16)
          (local.get $len)
          (i32.add (i32.mul (local.get $from) (i32.const 3)) (local.get $to)))))
    (core instance $m (instantiate $M (with "" (instance
      (export "memory" (memory $memory))
      (export "00" (func $utf8-utf8))
      (export "01" (func $utf8-utf16))
      (export "02" (func $utf8-compact))
      (export "10" (func $utf16-utf8))
      (export "11" (func $utf16-utf16))
      (export "12" (func $utf16-compact))
      (export "20" (func $compact-utf8))
      (export "21" (func $compact-utf16))
      (export "22" (func $compact-compact))))))
    (func (export "pass")
      (param "from" u8) (param "to" u8) (param "bytes" u64) (param "len" u32) (result u64)
      (canon lift (core func $m "pass"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "c" (instance $c))))
  (func (export "set") (alias export $c "set"))
  (func (export "pass") (alias export $d "pass")))

;; A byte that begins nothing, and a character that ends too early.
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 0) (u8.const 0) (u64.const 0xff) (u32.const 1))
  "invalid utf8 encoding")
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 0) (u8.const 1) (u64.const 0x8061) (u32.const 2))
  "invalid utf8 encoding")
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 0) (u8.const 2) (u64.const 0xc3) (u32.const 1))
  "invalid utf8 encoding")

;; Halves of characters.
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 1) (u8.const 0) (u64.const 0xdc00) (u32.const 1))
  "invalid utf16 encoding")
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 1) (u8.const 1) (u64.const 0xd800) (u32.const 1))
  "invalid utf16 encoding")
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 1) (u8.const 2) (u64.const 0x0061_d800) (u32.const 2))
  "invalid utf16 encoding")
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 2) (u8.const 0) (u64.const 0xd800) (u32.const 0x8000_0001))
  "invalid utf16 encoding")
(component instance $i $passes)
(assert_trap (invoke "pass" (u8.const 2) (u8.const 2) (u64.const 0xdfff) (u32.const 0x8000_0001))
  "invalid utf16 encoding")

;; What had room for more is moved, with the alignment with which it was allocated: `ab` and `é` as
;; more than they need.
(component instance $i $passes)
(assert_return (invoke "set" (u32.const 128)))
(assert_return (invoke "pass" (u8.const 0) (u8.const 1) (u64.const 0xa9c3) (u32.const 2))
  (u64.const 0x80_0000_0001))
(assert_return (invoke "pass" (u8.const 0) (u8.const 2) (u64.const 0xa9c3) (u32.const 2))
  (u64.const 0x80_0000_0001))
(assert_return (invoke "pass" (u8.const 1) (u8.const 2) (u64.const 0x0062_0061) (u32.const 2))
  (u64.const 0x40_0000_0002))
(assert_return (invoke "pass" (u8.const 2) (u8.const 2) (u64.const 0x0062_0061)
    (u32.const 0x8000_0002))
  (u64.const 0x80_0000_0002))

;; Then that room has this alignment, too.
(assert_return (invoke "set" (u32.const 129)))
(assert_trap (invoke "pass" (u8.const 0) (u8.const 1) (u64.const 0xa9c3) (u32.const 2))
  "unaligned pointer")
(component instance $i $passes)
(assert_return (invoke "set" (u32.const 129)))
(assert_trap (invoke "pass" (u8.const 0) (u8.const 2) (u64.const 0xa9c3) (u32.const 2))
  "unaligned pointer")
(component instance $i $passes)
(assert_return (invoke "set" (u32.const 129)))
(assert_trap
  (invoke "pass" (u8.const 2) (u8.const 2) (u64.const 0x0062_0061) (u32.const 0x8000_0002))
  "unaligned pointer")
