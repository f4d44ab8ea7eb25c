;; A function is a number in an object, which the store gives it the first time.
(module
  (type $f (func))
  (type $box (struct (field (mut (ref $f))) (field funcref)))
  (func $new (param (ref $f) funcref) (result (ref $box))
    (struct.new $box (local.get 0) (local.get 1)))
  (func $get (param (ref $box)) (result funcref) (struct.get $box 1 (local.get 0)))
  (func $set (param (ref null $box) (ref $f)) (struct.set $box 0 (local.get 0) (local.get 1))))
