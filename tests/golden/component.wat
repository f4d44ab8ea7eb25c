;; What the artifacts of components in this folder were compiled from. They stay as they are: a change
;; here would need new ones.
(component $golden
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (core module $strings
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "hello, ")
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "greet") (param i32 i32) (result i32)
      (memory.copy (i32.const 512) (i32.const 8) (i32.const 7))
      (memory.copy (i32.const 519) (local.get 0) (local.get 1))
      (i32.store (i32.const 0) (i32.const 512))
      (i32.store (i32.const 4) (i32.add (local.get 1) (i32.const 7)))
      (i32.const 0))
    (func (export "sum") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
    (func $fails (export "fails") (param i32) (result i32)
      (i32.div_u (i32.const 100) (local.get 0))))
  (core func $add-lowered (canon lower (func $add)))
  (core instance $strings
    (instantiate $strings (with "host" (instance (export "add" (func $add-lowered))))))
  (func (export "greet") (param "name" string) (result string)
    (canon lift (core func $strings "greet")
      (memory (core memory $strings "memory"))
      (realloc (core func $strings "realloc"))))
  (func (export "sum") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $strings "sum")))
  (func (export "fails") (param "x" u32) (result u32)
    (canon lift (core func $strings "fails")))

  ;; One component calls another.
  (component $inner
    (core module $m
      (func (export "twice") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 2))))
    (core instance $i (instantiate $m))
    (func (export "twice") (param "x" u32) (result u32) (canon lift (core func $i "twice"))))
  (component $outer
    (import "twice" (func $twice (param "x" u32) (result u32)))
    (core func $twice-lowered (canon lower (func $twice)))
    (core module $m
      (import "" "twice" (func $twice (param i32) (result i32)))
      (func (export "four") (param i32) (result i32) (call $twice (call $twice (local.get 0)))))
    (core instance $i
      (instantiate $m (with "" (instance (export "twice" (func $twice-lowered))))))
    (func (export "four-times") (param "x" u32) (result u32)
      (canon lift (core func $i "four"))))
  (instance $inner (instantiate $inner))
  (instance $outer (instantiate $outer (with "twice" (func $inner "twice"))))
  (export "four-times" (func $outer "four-times")))
