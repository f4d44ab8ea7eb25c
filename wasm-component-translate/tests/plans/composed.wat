;; Two components in one: the second calls the first, which defines a resource, twice over.
(component
  (component $counter
    (core module $m
      (import "" "new" (func (param i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
      (func (export "dtor") (param i32))
      (func (export "make") (param i32 i32) (result i32) (i32.const 0))
      (func (export "next") (param i32) (result i64) (i64.const 0)))
    (core module $dtor
      (func (export "dtor") (param i32)))
    (core instance $dtor (instantiate $dtor))
    (type $counter' (resource (rep i32) (dtor (core func $dtor "dtor"))))
    (core func $new (canon resource.new $counter'))
    (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
    (export $counter "counter" (type $counter'))
    (func (export "make") (param "name" string) (result (own $counter))
      (canon lift (core func $m "make") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
    (func (export "next") (param "self" (borrow $counter)) (result u64)
      (canon lift (core func $m "next"))))
  (component $user
    (import "counters" (instance $counters
      (export "counter" (type $counter (sub resource)))
      (export "make" (func (param "name" string) (result (own $counter))))
      (export "next" (func (param "self" (borrow $counter)) (result u64)))))
    (alias export $counters "counter" (type $counter))
    (core module $memory
      (memory (export "memory") 1))
    (core instance $memory (instantiate $memory))
    (core func $make (canon lower (func $counters "make") (memory (core memory $memory "memory"))))
    (core func $next (canon lower (func $counters "next")))
    (core func $drop (canon resource.drop $counter))
    (core module $m
      (import "counters" "make" (func (param i32 i32) (result i32)))
      (import "counters" "next" (func (param i32) (result i64)))
      (import "counters" "drop" (func (param i32)))
      (func (export "run") (result i64) (i64.const 0)))
    (core instance $m (instantiate $m (with "counters" (instance
      (export "make" (func $make))
      (export "next" (func $next))
      (export "drop" (func $drop))))))
    (func (export "run") (result u64) (canon lift (core func $m "run"))))
  (instance $a (instantiate $counter))
  (instance $b (instantiate $counter))
  (instance $user-a (instantiate $user (with "counters" (instance $a))))
  (instance $user-b (instantiate $user (with "counters" (instance $b))))
  (func (export "run-a") (alias export $user-a "run"))
  (func (export "run-b") (alias export $user-b "run"))
  (export "counters" (instance $a)))
