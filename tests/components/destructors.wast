;; Destructors run in the component that has defined the resource, whoever drops it.

;; A child drops what its parent has defined: the parent's destructor runs.
(component definition $dropped-by-child
  (component $Parent
    (core module $d
      (global $last (mut i32) (i32.const 0))
      (func (export "dtor") (param i32) (global.set $last (local.get 0)))
      (func (export "last") (result i32) (global.get $last)))
    (core instance $d (instantiate $d))
    (type $r' (resource (rep i32) (dtor (core func $d "dtor"))))
    (export $r "r" (type $r'))
    (core func $new (canon resource.new $r'))
    (component $Child
      (import "r" (type $r (sub resource)))
      (core func $drop (canon resource.drop $r))
      (core module $m
        (import "" "drop" (func $drop (param i32)))
        (func (export "take") (param i32) (call $drop (local.get 0))))
      (core instance $i (instantiate $m (with "" (instance (export "drop" (func $drop))))))
      (func (export "take") (param "x" (own $r)) (canon lift (core func $i "take"))))
    (instance $child (instantiate $Child (with "r" (type $r'))))
    (alias export $child "take" (func $take))
    (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $new)))
    (func (export "last") (result u32) (canon lift (core func $d "last")))
    (export "take" (func $take) (func (param "x" (own $r)))))
  (component $User
    (import "p" (instance $p
      (export "r" (type $r (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $r))))
      (export "last" (func (result u32)))
      (export "take" (func (param "x" (own $r))))))
    (core func $make (canon lower (func $p "make")))
    (core func $last (canon lower (func $p "last")))
    (core func $take (canon lower (func $p "take")))
    (core module $m
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "last" (func $last (result i32)))
      (import "" "take" (func $take (param i32)))
      (func (export "run") (result i32)
        (local $first i32)
        (local.set $first (call $make (i32.const 5)))
        (call $take (call $make (i32.const 6)))
        (if (i32.ne (call $last) (i32.const 6)) (then unreachable))
        (call $take (local.get $first))
        (call $last))
      (func (export "again")
        (local $h i32)
        (local.set $h (call $make (i32.const 7)))
        (call $take (local.get $h))
        (call $take (local.get $h))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make" (func $make)) (export "last" (func $last)) (export "take" (func $take))))))
    (func (export "run") (result u32) (canon lift (core func $i "run")))
    (func (export "again") (canon lift (core func $i "again"))))
  (instance $p (instantiate $Parent))
  (instance $u (instantiate $User (with "p" (instance $p))))
  (func (export "run") (alias export $u "run"))
  (func (export "again") (alias export $u "again")))

(component instance $i $dropped-by-child)
(assert_return (invoke "run") (u32.const 5))
(assert_return (invoke "run") (u32.const 5))
;; What was passed on is no longer the caller's.
(assert_trap (invoke "again") "unknown handle index")

;; A resource without a destructor is dropped by others, too; and a handle is of one type only, also
;; if both types are of the same component.
(component definition $two-types
  (component $Parent
    (type $a' (resource (rep i32)))
    (type $b' (resource (rep i32)))
    (export $a "a" (type $a'))
    (export $b "b" (type $b'))
    (core func $new (canon resource.new $a'))
    (func (export "make") (param "rep" u32) (result (own $a)) (canon lift (core func $new))))
  (component $User
    (import "p" (instance $p
      (export "a" (type $a (sub resource)))
      (export "b" (type $b (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $a))))))
    (alias export $p "a" (type $a))
    (alias export $p "b" (type $b))
    (core func $make (canon lower (func $p "make")))
    (core func $drop-a (canon resource.drop $a))
    (core func $drop-b (canon resource.drop $b))
    (core module $m
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "drop-a" (func $drop-a (param i32)))
      (import "" "drop-b" (func $drop-b (param i32)))
      (func (export "right") (result i32)
        (call $drop-a (call $make (i32.const 1)))
        (call $make (i32.const 2)))
      (func (export "wrong") (call $drop-b (call $make (i32.const 3)))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make" (func $make))
      (export "drop-a" (func $drop-a)) (export "drop-b" (func $drop-b))))))
    (func (export "right") (result u32) (canon lift (core func $i "right")))
    (func (export "wrong") (canon lift (core func $i "wrong"))))
  (instance $p (instantiate $Parent))
  (instance $u (instantiate $User (with "p" (instance $p))))
  (func (export "right") (alias export $u "right"))
  (func (export "wrong") (alias export $u "wrong")))

(component instance $i $two-types)
(assert_return (invoke "right") (u32.const 1))
(assert_trap (invoke "wrong") "used with the wrong type")

;; A destructor is a call of its own: what another call of its component has set is not its own.
;; And no exception comes out of it.
(component definition $calls-of-their-own
  (component $C
    (core func $get (canon context.get i32 0))
    (core func $set (canon context.set i32 0))
    (core module $m
      (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32)))
      (tag $t)
      (global $seen (mut i32) (i32.const -1))
      (func (export "dtor") (param i32)
        (if (i32.eqz (local.get 0)) (then (throw $t)))
        (global.set $seen (call $get))
        (call $set (i32.const 9)))
      (func (export "f") (result i32)
        (local $before i32)
        (local.set $before (call $get))
        (call $set (i32.const 5))
        (local.get $before))
      (func (export "seen") (result i32) (global.get $seen)))
    (core instance $i (instantiate $m (with "" (instance
      (export "get" (func $get)) (export "set" (func $set))))))
    (type $r' (resource (rep i32) (dtor (core func $i "dtor"))))
    (export $r "r" (type $r'))
    (core func $new (canon resource.new $r'))
    (func (export "make") (param "rep" u32) (result (own $r)) (canon lift (core func $new)))
    (func (export "f") (result u32) (canon lift (core func $i "f")))
    (func (export "seen") (result u32) (canon lift (core func $i "seen"))))
  (component $D
    (import "c" (instance $c
      (export "r" (type $r (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $r))))
      (export "f" (func (result u32)))
      (export "seen" (func (result u32)))))
    (alias export $c "r" (type $r))
    (core func $make (canon lower (func $c "make")))
    (core func $f (canon lower (func $c "f")))
    (core func $seen (canon lower (func $c "seen")))
    (core func $drop (canon resource.drop $r))
    (core module $m
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "f" (func $f (result i32)))
      (import "" "seen" (func $seen (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "context") (result i32)
        (local $h i32)
        (local.set $h (call $make (i32.const 1)))
        (if (call $f) (then unreachable))
        (call $drop (local.get $h))
        (if (call $f) (then unreachable))
        (call $seen))
      (func (export "throws")
        (block $caught
          (try_table (catch_all $caught) (call $drop (call $make (i32.const 0)))))))
    (core instance $i (instantiate $m (with "" (instance
      (export "make" (func $make)) (export "f" (func $f)) (export "seen" (func $seen))
      (export "drop" (func $drop))))))
    (func (export "context") (result u32) (canon lift (core func $i "context")))
    (func (export "throws") (canon lift (core func $i "throws"))))
  (instance $c (instantiate $C))
  (instance $d (instantiate $D (with "c" (instance $c))))
  (func (export "context") (alias export $d "context"))
  (func (export "throws") (alias export $d "throws")))

(component instance $i $calls-of-their-own)
(assert_return (invoke "context") (u32.const 0))
(assert_return (invoke "context") (u32.const 0))
(assert_trap (invoke "throws") "uncaught exception propagated out of component")
;; It was a trap: nothing of it is entered again.
(assert_trap (invoke "context") "cannot enter component instance")

;; While an instance may not call out, it drops nothing.
(component
  (core module $d (func (export "dtor") (param i32)))
  (core instance $d (instantiate $d))
  (type $r (resource (rep i32) (dtor (core func $d "dtor"))))
  (core func $new (canon resource.new $r))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (global $h (mut i32) (i32.const 0))
    (func (export "run") (global.set $h (call $new (i32.const 1))))
    (func (export "after") (call $drop (global.get $h))))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "run") (canon lift (core func $i "run") (post-return (core func $i "after")))))
(assert_trap (invoke "run") "cannot leave component instance")
