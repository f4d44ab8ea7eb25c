;; References into the garbage-collected heap have 32 bits. Those that are used after a call are in
;; the frame during the call, where the stack map says.
(module
  (import "host" "call" (func $call))
  (global $g (mut externref) (ref.null extern))
  (global $c externref (ref.null extern))
  (func (param externref) (result externref) (call $call) (local.get 0))
  (func (result externref) (global.get $c) (call $call))
  (func (param i32 externref) (result externref externref externref)
    (call $call)
    (global.set $g (local.get 1))
    (local.get 1)
    (select (result externref) (local.get 1) (global.get $g) (local.get 0))
    (call $call)
    (ref.null extern)))
