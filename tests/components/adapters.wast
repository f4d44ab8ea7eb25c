;; What adapters between two components do to values on the way, and what they do not let through.

;; Bits that flags, numbers and booleans do not have are cut off; payloads of other cases are 0.
(component
  (component $C
    (type $f' (flags "a" "b" "c"))
    (export $f "f" (type $f'))
    (type $v' (variant (case "none") (case "byte" u8) (case "pair" (tuple f32 u64))))
    (export $v "v" (type $v'))
    (core module $M
      (func (export "flags") (param i32) (result i32) (local.get 0))
      (func (export "bool") (param i32) (result i32) (local.get 0))
      (func (export "s8") (param i32) (result i32) (local.get 0))
      (func (export "u16") (param i32) (result i32) (local.get 0))
      (func (export "variant") (param i32 i32 i64) (result i64)
        (i64.add
          (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 56))
          (i64.add (i64.extend_i32_u (local.get 1)) (local.get 2)))))
    (core instance $m (instantiate $M))
    (func (export "flags") (param "x" $f) (result u32) (canon lift (core func $m "flags")))
    (func (export "bool") (param "x" bool) (result u32) (canon lift (core func $m "bool")))
    (func (export "s8") (param "x" s8) (result u32) (canon lift (core func $m "s8")))
    (func (export "u16") (param "x" u16) (result u32) (canon lift (core func $m "u16")))
    (func (export "variant") (param "x" $v) (result u64) (canon lift (core func $m "variant"))))
  (component $D
    (import "c" (instance $c
      (type $f' (flags "a" "b" "c"))
      (export "f" (type $f (eq $f')))
      (type $v' (variant (case "none") (case "byte" u8) (case "pair" (tuple f32 u64))))
      (export "v" (type $v (eq $v')))
      (export "flags" (func (param "x" $f) (result u32)))
      (export "bool" (func (param "x" bool) (result u32)))
      (export "s8" (func (param "x" s8) (result u32)))
      (export "u16" (func (param "x" u16) (result u32)))
      (export "variant" (func (param "x" $v) (result u64)))))
    (core func $flags (canon lower (func $c "flags")))
    (core func $bool (canon lower (func $c "bool")))
    (core func $s8 (canon lower (func $c "s8")))
    (core func $u16 (canon lower (func $c "u16")))
    (core func $variant (canon lower (func $c "variant")))
    (core module $M
      (import "" "flags" (func $flags (param i32) (result i32)))
      (import "" "bool" (func $bool (param i32) (result i32)))
      (import "" "s8" (func $s8 (param i32) (result i32)))
      (import "" "u16" (func $u16 (param i32) (result i32)))
      (import "" "variant" (func $variant (param i32 i32 i64) (result i64)))
      (func (export "flags") (result i32) (call $flags (i32.const -1)))
      (func (export "bool") (result i32) (call $bool (i32.const 0x100)))
      (func (export "s8") (result i32) (call $s8 (i32.const 0x1ff)))
      (func (export "u16") (result i32) (call $u16 (i32.const 0x12345)))
      (func (export "variant") (param i32) (result i64)
        (call $variant (local.get 0) (i32.const 0x3f800102) (i64.const 0x300000000))))
    (core instance $m (instantiate $M (with "" (instance
      (export "flags" (func $flags)) (export "bool" (func $bool)) (export "s8" (func $s8))
      (export "u16" (func $u16)) (export "variant" (func $variant))))))
    (func (export "flags") (result u32) (canon lift (core func $m "flags")))
    (func (export "bool") (result u32) (canon lift (core func $m "bool")))
    (func (export "s8") (result u32) (canon lift (core func $m "s8")))
    (func (export "u16") (result u32) (canon lift (core func $m "u16")))
    (func (export "variant") (param "case" u32) (result u64)
      (canon lift (core func $m "variant"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "c" (instance $c))))
  (func (export "flags") (alias export $d "flags"))
  (func (export "bool") (alias export $d "bool"))
  (func (export "s8") (alias export $d "s8"))
  (func (export "u16") (alias export $d "u16"))
  (func (export "variant") (alias export $d "variant")))

(assert_return (invoke "flags") (u32.const 7))
(assert_return (invoke "bool") (u32.const 1))
(assert_return (invoke "s8") (u32.const 0xffffffff))
(assert_return (invoke "u16") (u32.const 0x2345))
(assert_return (invoke "variant" (u32.const 0)) (u64.const 0))
(assert_return (invoke "variant" (u32.const 1)) (u64.const 0x0100000000000002))
(assert_return (invoke "variant" (u32.const 2)) (u64.const 0x020000033f800102))
(assert_trap (invoke "variant" (u32.const 3)) "invalid variant discriminant")

;; What lies between the fields of records stays where it is, on both sides.
(component
  (component $C
    (core module $M
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (memory.fill (i32.const 64) (i32.const 0xee) (i32.const 64))
        (i32.const 64))
      (func (export "f") (param i32 i32) (result i64) (i64.load (i32.const 64))))
    (core instance $m (instantiate $M))
    (func (export "f") (param "x" (list (tuple u8 u32))) (result u64)
      (canon lift (core func $m "f")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (component $D
    (import "f" (func $f (param "x" (list (tuple u8 u32))) (result u64)))
    (core module $Libc
      (memory (export "memory") 1)
      (data (i32.const 8) "\01secret!!"))
    (core instance $libc (instantiate $Libc))
    (core func $f' (canon lower (func $f) (memory (core memory $libc "memory"))))
    (core module $M
      (import "" "f" (func $f (param i32 i32) (result i64)))
      (func (export "run") (result i64) (call $f (i32.const 8) (i32.const 1))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
    (func (export "run") (result u64) (canon lift (core func $m "run"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "f" (func $c "f"))))
  (func (export "run") (alias export $d "run")))

;; 01, three bytes of the callee, and "ret!".
(assert_return (invoke "run") (u64.const 0x21746572eeeeee01))

;; An exception does not come out of the component that throws it: nobody can catch it.
(component
  (component $C
    (core module $M
      (tag $t)
      (func (export "f") (throw $t)))
    (core instance $m (instantiate $M))
    (func (export "f") (canon lift (core func $m "f"))))
  (component $D
    (import "f" (func $f))
    (core func $f' (canon lower (func $f)))
    (core module $M
      (import "" "f" (func $f))
      (func (export "run")
        (block $caught
          (try_table (catch_all $caught) (call $f)))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
    (func (export "run") (canon lift (core func $m "run"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "f" (func $c "f"))))
  (func (export "run") (alias export $d "run")))

(assert_trap (invoke "run") "uncaught exception propagated out of component")

;; `realloc` and `post-return` of the callee may not call out, and are seen to do so.
(component definition $leaves
  (component $Other
    (core module $M (func (export "g")))
    (core instance $m (instantiate $M))
    (func (export "g") (canon lift (core func $m "g"))))
  (component $C
    (import "g" (func $g))
    (core func $g' (canon lower (func $g)))
    (core module $M
      (import "" "g" (func $g))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $g) (i32.const 0))
      (func (export "f") (param i32 i32))
      (func (export "h"))
      (func (export "after") (call $g)))
    (core instance $m (instantiate $M (with "" (instance (export "g" (func $g'))))))
    (func (export "f") (param "x" string)
      (canon lift (core func $m "f")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (func (export "h") (canon lift (core func $m "h") (post-return (core func $m "after")))))
  (component $D
    (import "f" (func $f (param "x" string)))
    (import "h" (func $h))
    (core module $Libc (memory (export "memory") 1))
    (core instance $libc (instantiate $Libc))
    (core func $f' (canon lower (func $f) (memory (core memory $libc "memory"))))
    (core func $h' (canon lower (func $h)))
    (core module $M
      (import "" "f" (func $f (param i32 i32)))
      (import "" "h" (func $h))
      (func (export "realloc") (call $f (i32.const 0) (i32.const 0)))
      (func (export "post-return") (call $h)))
    (core instance $m (instantiate $M (with "" (instance
      (export "f" (func $f')) (export "h" (func $h'))))))
    (func (export "realloc") (canon lift (core func $m "realloc")))
    (func (export "post-return") (canon lift (core func $m "post-return"))))
  (instance $other (instantiate $Other))
  (instance $c (instantiate $C (with "g" (func $other "g"))))
  (instance $d (instantiate $D (with "f" (func $c "f")) (with "h" (func $c "h"))))
  (func (export "realloc") (alias export $d "realloc"))
  (func (export "post-return") (alias export $d "post-return")))

(component instance $i $leaves)
(assert_trap (invoke "realloc") "cannot leave component instance")
(component instance $i $leaves)
(assert_trap (invoke "post-return") "cannot leave component instance")

;; More parameters than are passed as core values: all in one allocation of the callee, and what is
;; outside of the caller's memory is not read.
(component definition $spilled
  (component $C
    (core module $M
      (memory (export "memory") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.and
          (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 7)) (i32.const -8)))
        (local.get $at))
      ;; The last number, and the length of the string: 8 bytes, 17 numbers.
      (func (export "f") (param i32) (result i32)
        (i32.add (i32.load offset=72 (local.get 0)) (i32.load offset=4 (local.get 0)))))
    (core instance $m (instantiate $M))
    (func (export "f") (param "s" string)
      (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (param "e" u32)
      (param "f" u32) (param "g" u32) (param "h" u32) (param "i" u32) (param "j" u32)
      (param "k" u32) (param "l" u32) (param "m" u32) (param "n" u32) (param "o" u32)
      (param "p" u32) (param "q" u32) (result u32)
      (canon lift (core func $m "f")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))
  (component $D
    (import "f" (func $f (param "s" string)
      (param "a" u32) (param "b" u32) (param "c" u32) (param "d" u32) (param "e" u32)
      (param "f" u32) (param "g" u32) (param "h" u32) (param "i" u32) (param "j" u32)
      (param "k" u32) (param "l" u32) (param "m" u32) (param "n" u32) (param "o" u32)
      (param "p" u32) (param "q" u32) (result u32)))
    (core module $Libc
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (unreachable))
      (data (i32.const 16) "\60\00\00\00\05\00\00\00")
      (data (i32.const 88) "\07\00\00\00")
      (data (i32.const 96) "hello"))
    (core instance $libc (instantiate $Libc))
    (core func $f' (canon lower (func $f) string-encoding=utf8
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $M
      (import "" "f" (func $f (param i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $f (local.get 0))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
    (func (export "run") (param "at" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "f" (func $c "f"))))
  (func (export "run") (alias export $d "run")))

(component instance $i $spilled)
(assert_return (invoke "run" (u32.const 16)) (u32.const 12))
(assert_trap (invoke "run" (u32.const 65500)) "pointer out of bounds of memory")
(component instance $i $spilled)
(assert_trap (invoke "run" (u32.const 0xfffffffc)) "pointer out of bounds of memory")
(component instance $i $spilled)
(assert_trap (invoke "run" (u32.const 18)) "unaligned pointer")
