;;! assembly
;; A new structure is the next bytes of the nursery. Null is found where a field is accessed, and
;; before a reference is written, the object has to be in the log. Where nothing can be null, or a
;; constant is written, nothing is checked.
(module
  (type $pair (sub (struct (field $value (mut i32)) (field $next (mut (ref null $pair))))))
  (type $packed (struct (field $a i8) (field $b (mut i16)) (field $c i64)))
  (func $new (param i32 (ref null $pair)) (result (ref $pair))
    (struct.new $pair (local.get 0) (local.get 1)))
  (func $default (result (ref $packed)) (struct.new_default $packed))
  (func $get (param (ref null $pair)) (result i32) (struct.get $pair $value (local.get 0)))
  (func $get_next (param (ref $pair)) (result (ref null $pair))
    (struct.get $pair $next (local.get 0)))
  (func $get_packed (param (ref $packed)) (result i32)
    (i32.add (struct.get_s $packed $a (local.get 0)) (struct.get_u $packed $b (local.get 0))))
  (func $set (param (ref null $pair) (ref null $pair))
    (struct.set $pair $next (local.get 0) (local.get 1)))
  (func $set_null (param (ref $pair))
    (struct.set $pair $next (local.get 0) (ref.null none)))
  (func $list (param $length i32) (result (ref null $pair))
    (local $list (ref null $pair))
    (loop $again
      (local.set $list (struct.new $pair (local.get $length) (local.get $list)))
      (br_if $again (local.tee $length (i32.sub (local.get $length) (i32.const 1)))))
    (local.get $list)))
