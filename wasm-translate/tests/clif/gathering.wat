;;! gathers
;; What code counts for a profile: entries, rounds of loops, branches that are taken or leave a
;; loop, ends that jump tables lead to, and which functions are called through a table.
(module
  (type $f (func (param i32) (result i32)))
  (table funcref (elem $f))
  (func $f (type $f)
    (block $out
      (block $first
        (br_table $first $out (local.get 0)))
      (loop $next
        (br_if $out (i32.eqz (local.get 0)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (call_indirect (type $f) (local.get 0) (local.get 0))))
