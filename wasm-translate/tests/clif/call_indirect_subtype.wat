;; A call by a type that others may have as a supertype: the type's own functions come through by
;; one comparison, those of its subtypes by one more.
(module
  (type $open (sub (func)))
  (type $below (sub $open (func)))
  (import "" "t" (table 8 funcref))
  (func (param i32) (call_indirect (type $below) (local.get 0))))
