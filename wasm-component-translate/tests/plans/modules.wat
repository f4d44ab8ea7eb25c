;; Core modules that are imported, passed as arguments, taken from outside, and exported.
(component
  (import "libc" (core module $libc
    (import "env" "grow" (func (param i32) (result i32)))
    (export "memory" (memory 1))
    (export "free" (func (param i32)))))
  (core module $env
    (func (export "grow") (param i32) (result i32) (i32.const 0))
    (func (export "more")))
  (component $app
    (import "libc" (core module $libc
      (import "env" "grow" (func (param i32) (result i32)))
      (export "memory" (memory 1))))
    (alias outer 1 $env (core module $env))
    (component $inner
      (alias outer 2 $env (core module $env))
      (core instance $env (instantiate $env))
      (func (export "more") (canon lift (core func $env "more"))))
    (core instance $env (instantiate $env))
    (core instance $libc (instantiate $libc (with "env" (instance $env))))
    (instance $inner (instantiate $inner))
    (func (export "more") (alias export $inner "more")))
  (instance $app (instantiate $app (with "libc" (core module $libc))))
  (export "more" (func $app "more"))
  (export "env" (core module $env)))
