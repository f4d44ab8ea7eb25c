;; What is imported is found by its name and checked by its type.

(component
  (import "host" (instance $host
    (export "return-three" (func (result u32)))
    (export "nested" (instance
      (export "return-four" (func (result u32)))))))
  (import "host-return-two" (func $two (result u32)))
  (alias export $host "nested" (instance $nested))
  (core func $two (canon lower (func $two)))
  (core func $three (canon lower (func $host "return-three")))
  (core func $four (canon lower (func $nested "return-four")))
  (core module $m
    (import "" "two" (func $two (result i32)))
    (import "" "three" (func $three (result i32)))
    (import "" "four" (func $four (result i32)))
    (func (export "sum") (result i32)
      (i32.add (call $two) (i32.add (call $three) (call $four)))))
  (core instance $i (instantiate $m (with "" (instance
    (export "two" (func $two)) (export "three" (func $three)) (export "four" (func $four))))))
  (func (export "sum") (result u32) (canon lift (core func $i "sum"))))
(assert_return (invoke "sum") (u32.const 9))

(assert_unlinkable
  (component (import "unknown" (func)))
  "component imports function `unknown`, but a matching implementation was not found in the linker")
(assert_unlinkable (component (import "unknown" (func))) "function implementation is missing")
(assert_unlinkable
  (component (import "host" (instance (export "nested" (instance (export "x" (func)))))))
  "instance export `nested` has the wrong type")
(assert_unlinkable (component (import "host" (func))) "expected function found instance")
(assert_unlinkable (component (import "host-return-two" (instance))) "expected instance found func")
(assert_unlinkable
  (component (import "host-return-two" (type (sub resource))))
  "expected resource found func")
(assert_unlinkable
  (component (import "x" (type (sub resource))))
  "resource implementation is missing")
(assert_unlinkable
  (component
    (import "host" (instance $host
      (export "resource1" (type $a (sub resource)))
      (export "resource2" (type (eq $a))))))
  "mismatched resource types")
(component
  (import "host" (instance
    (export "resource1" (type $a (sub resource)))
    (export "resource1-again" (type (eq $a))))))

;; Core modules that the host defines.
(component
  (import "host" (instance $host
    (export "simple-module" (core module $m
      (export "f" (func (result i32)))
      (export "g" (global i32))))))
  (alias export $host "simple-module" (core module $m))
  (core instance $i (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
(assert_return (invoke "f") (u32.const 101))
(assert_unlinkable
  (component (import "host" (instance (export "simple-module" (core module (export "x" (func)))))))
  "module export `x` not defined")
(assert_unlinkable
  (component (import "host" (instance (export "simple-module" (core module (export "f" (func)))))))
  "module export `f` has the wrong type")
(assert_unlinkable
  (component (import "host" (instance (export "simple-module" (core module (export "g" (func)))))))
  "module export `g` has the wrong type")

;; Core modules that another component exports.
(component $exporter
  (core module (export "m") (func (export "f") (result i32) (i32.const 7))))
(component
  (import "exporter" (instance $x (export "m" (core module $m (export "f" (func (result i32)))))))
  (alias export $x "m" (core module $m))
  (core instance $i (instantiate $m))
  (func (export "f") (result u32) (canon lift (core func $i "f"))))
(assert_return (invoke "f") (u32.const 7))

;; Names of instances with versions, and functions in instances that are exported.
(component
  (core module $m (func (export "f") (result i32) (i32.const 8)))
  (core instance $i (instantiate $m))
  (func $f (result u32) (canon lift (core func $i "f")))
  (instance $inner (export "f" (func $f)))
  (export "a:b/c@1.2.0" (instance $inner))
  (export "g" (func $f)))
(assert_return (invoke "g") (u32.const 8))

;; Start functions of core modules may call what is imported.
(component
  (import "host-return-two" (func $two (result u32)))
  (core func $two (canon lower (func $two)))
  (core module $m
    (import "" "two" (func $two (result i32)))
    (global $x (mut i32) (i32.const 0))
    (func $start (global.set $x (call $two)))
    (func (export "x") (result i32) (global.get $x))
    (start $start))
  (core instance $i (instantiate $m (with "" (instance (export "two" (func $two))))))
  (func (export "x") (result u32) (canon lift (core func $i "x"))))
(assert_return (invoke "x") (u32.const 2))
(assert_trap
  (component
    (core module $m (func $start unreachable) (start $start))
    (core instance (instantiate $m)))
  "wasm `unreachable` instruction executed")

;; A function that is imported is exported again by lowering and lifting it.
(component
  (import "host-echo-u32" (func $echo (param "x" u32) (result u32)))
  (core func $echo (canon lower (func $echo)))
  (func (export "echo") (param "x" u32) (result u32) (canon lift (core func $echo))))
(assert_return (invoke "echo" (u32.const 77)) (u32.const 77))

;; Core items of another kind are named, in Wasmtime's words, whichever way they go.
(component $kinds
  (core module (export "needs") (import "a" "t" (table 1 funcref)) (import "a" "x" (tag)))
  (core module (export "has") (table (export "t") 1 funcref) (tag (export "x") (param i32))))
(assert_unlinkable
  (component (import "kinds" (instance (export "has" (core module (export "t" (memory 1)))))))
  "module export `t` has the wrong type: expected memory found table")
(assert_unlinkable
  (component (import "kinds" (instance (export "has" (core module (export "x" (func)))))))
  "module export `x` has the wrong type: expected func found tag")
(assert_unlinkable
  (component (import "kinds" (instance (export "has" (core module (export "x" (tag)))))))
  "module export `x` has the wrong type: expected type")
(assert_unlinkable
  (component (import "kinds" (instance (export "needs" (core module
    (import "a" "x" (tag)) (import "a" "t" (global i32)))))))
  "module import `a::t` has the wrong type: expected table found global")

;; Each instance has resources of its own, which other components can import as what they are.
(component definition $Makes
  (type $r (resource (rep i32)))
  (export "r" (type $r)))
(component instance $one $Makes)
(component instance $two $Makes)
(component
  (import "one" (instance $a (export "r" (type $r (sub resource)))))
  (import "two" (instance $b (export "r" (type $s (sub resource))))))
(component
  (import "one" (instance $a (export "r" (type (sub resource)))))
  (alias export $a "r" (type $r))
  (import "host" (instance (export "anything" (type (eq $r))))))
(assert_unlinkable
  (component
    (import "one" (instance $a (export "r" (type (sub resource)))))
    (alias export $a "r" (type $r))
    (import "two" (instance (export "r" (type (eq $r))))))
  "mismatched resource types")
(assert_unlinkable
  (component
    (import "two" (instance $a (export "r" (type (sub resource)))))
    (alias export $a "r" (type $r))
    (import "host" (instance (export "resource1" (type (eq $r))))))
  "mismatched resource types")

;; What stands between the host and components is not passed on.
(assert_invalid
  (component (import "c" (component)))
  "root-level component imports are not supported")
(assert_invalid
  (component (component $c) (export "c" (component $c)))
  "exporting a component from the root component is not supported")
(assert_invalid
  (component (import "host-return-two" (func $f (result u32))) (export "g" (func $f)))
  "component export `g` is a reexport of an imported function which is not implemented")
