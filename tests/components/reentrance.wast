;; A component instance is not called while it is in a call; nor are those that it is in.

;; A parent does not call its child, as it might be called by it.
(component
  (component $Child
    (core module $m (func (export "f")))
    (core instance $m (instantiate $m))
    (func (export "f") (canon lift (core func $m "f"))))
  (instance $child (instantiate $Child))
  (core func $f (canon lower (func $child "f")))
  (core module $m
    (import "" "f" (func $f))
    (func (export "run") (call $f)))
  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
  (func (export "run") (canon lift (core func $i "run")))
  (func (export "f") (alias export $child "f")))
(assert_return (invoke "f"))
(assert_trap (invoke "run") "cannot enter component instance")
;; What has trapped is never entered again, whichever part of it.
(assert_trap (invoke "f") "cannot enter component instance")

;; Neither does a child call its parent, or a grandchild what its parent is in.
(component definition $upwards
  (core module $m (func (export "f")))
  (core instance $m (instantiate $m))
  (func $f (canon lift (core func $m "f")))
  (component $Child
    (import "f" (func $f))
    (core func $f' (canon lower (func $f)))
    (core module $m
      (import "" "f" (func $f))
      (func (export "run") (call $f)))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
    (func (export "run") (canon lift (core func $i "run")))
    (component $Grandchild
      (import "f" (func $f))
      (core func $f' (canon lower (func $f)))
      (alias outer 1 $m (core module $m))
      (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
      (func (export "run") (canon lift (core func $i "run"))))
    (instance $grandchild (instantiate $Grandchild (with "f" (func $f))))
    (func (export "run-within") (alias export $grandchild "run")))
  (instance $child (instantiate $Child (with "f" (func $f))))
  (func (export "f") (alias export $child "run"))
  (func (export "g") (alias export $child "run-within")))
(component instance $i $upwards)
(assert_trap (invoke "f") "cannot enter component instance")
(component instance $i $upwards)
(assert_trap (invoke "g") "cannot enter component instance")

;; An instance does not call itself.
(component
  (core module $m (func (export "f")))
  (core instance $m (instantiate $m))
  (func $f (canon lift (core func $m "f")))
  (core func $f' (canon lower (func $f)))
  (core module $n
    (import "" "f" (func $f))
    (func (export "run") (call $f)))
  (core instance $i (instantiate $n (with "" (instance (export "f" (func $f'))))))
  (func (export "run") (canon lift (core func $i "run"))))
(assert_trap (invoke "run") "cannot enter component instance")

;; Siblings call each other, as often as they like, and so do their children.
(component
  (component $A
    (core module $m
      (global $n (mut i32) (i32.const 0))
      (func (export "f") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (global.get $n)))
    (core instance $m (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))
  (component $B
    (import "f" (func $f (result u32)))
    (component $C
      (import "f" (func $f (result u32)))
      (core func $f' (canon lower (func $f)))
      (core module $m
        (import "" "f" (func $f (result i32)))
        (func (export "run") (result i32) (i32.add (call $f) (call $f))))
      (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
      (func (export "run") (result u32) (canon lift (core func $i "run"))))
    (instance $c (instantiate $C (with "f" (func $f))))
    (func (export "run") (alias export $c "run")))
  (instance $a (instantiate $A))
  (instance $b (instantiate $B (with "f" (func $a "f"))))
  (func (export "run") (alias export $b "run")))
(assert_return (invoke "run") (u32.const 3))
(assert_return (invoke "run") (u32.const 7))

;; No exception comes out of what a component exports, nor out of what is called to copy values.
(component definition $throws
  (component $C
    (core module $m
      (tag $t)
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (throw $t))
      (func (export "f") (param i32 i32))
      (func (export "g"))
      (func (export "after") (throw $t)))
    (core instance $m (instantiate $m))
    (func (export "f") (param "x" string)
      (canon lift (core func $m "f")
        (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (func (export "g") (canon lift (core func $m "g") (post-return (core func $m "after")))))
  (component $D
    (import "f" (func $f (param "x" string)))
    (import "g" (func $g))
    (core module $libc (memory (export "memory") 1))
    (core instance $libc (instantiate $libc))
    (core func $f' (canon lower (func $f) (memory (core memory $libc "memory"))))
    (core func $g' (canon lower (func $g)))
    (core module $m
      (import "" "f" (func $f (param i32 i32)))
      (import "" "g" (func $g))
      (tag $t)
      (func (export "realloc")
        (block $caught
          (try_table (catch_all $caught) (call $f (i32.const 0) (i32.const 1)))))
      (func (export "post-return")
        (block $caught (try_table (catch_all $caught) (call $g))))
      (func (export "throw") (throw $t)))
    (core instance $m (instantiate $m (with "" (instance
      (export "f" (func $f')) (export "g" (func $g'))))))
    (func (export "realloc") (canon lift (core func $m "realloc")))
    (func (export "post-return") (canon lift (core func $m "post-return")))
    (func (export "throw") (canon lift (core func $m "throw"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "f" (func $c "f")) (with "g" (func $c "g"))))
  (func (export "realloc") (alias export $d "realloc"))
  (func (export "post-return") (alias export $d "post-return"))
  (func (export "throw") (alias export $d "throw")))
(component instance $i $throws)
(assert_trap (invoke "realloc") "uncaught exception propagated out of component")
(component instance $i $throws)
(assert_trap (invoke "post-return") "uncaught exception propagated out of component")
(component instance $i $throws)
(assert_trap (invoke "throw") "uncaught exception propagated out of component")
