;; All types of values, as they are imported.
(component
  (import "types" (instance
    (type $point' (record (field "x" s32) (field "y" f32)))
    (export "point" (type $point (eq $point')))
    (type $shape' (variant (case "empty") (case "line" (tuple $point $point)) (case "name" string)))
    (export "shape" (type $shape (eq $shape')))
    (type $color' (enum "red" "green"))
    (export "color" (type $color (eq $color')))
    (type $mode' (flags "read" "write"))
    (export "mode" (type $mode (eq $mode')))
    (type $points' (list $point))
    (export "points" (type $points (eq $points')))
    (export "r" (type $r (sub resource)))
    (export "s" (type $s (eq $r)))
    (export "all" (func
      (param "a" bool) (param "b" s8) (param "c" u16) (param "d" u64) (param "e" f64)
      (param "f" char) (param "g" $shape) (param "h" $color) (param "i" $mode)
      (param "j" $points) (param "k" (option string)) (param "l" (result u8 (error $color)))
      (param "m" (result)) (param "n" (own $r)) (param "o" (borrow $s))
      (result (list (tuple string u8))))))))
