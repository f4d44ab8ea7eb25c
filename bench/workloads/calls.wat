;; Programs that do little but call: see `src/optimizations.rs`. Each exported function takes how
;; often to do it.
(module
  (memory 16)
  (global $sum (export "sum") (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 16))

  (func $add (param $value i32)
    (global.set $sum (i32.add (global.get $sum) (local.get $value))))

  ;; Recursion and nothing else.
  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "fib") (param $count i32)
    (loop $again
      (call $add (call $fib (i32.const 24)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func $ackermann (param $m i32) (param $n i32) (result i32)
    (if (i32.eqz (local.get $m)) (then (return (i32.add (local.get $n) (i32.const 1)))))
    (if (i32.eqz (local.get $n))
      (then (return (call $ackermann (i32.sub (local.get $m) (i32.const 1)) (i32.const 1)))))
    (call $ackermann (i32.sub (local.get $m) (i32.const 1))
      (call $ackermann (local.get $m) (i32.sub (local.get $n) (i32.const 1)))))
  (func (export "ackermann") (param $count i32)
    (loop $again
      (call $add (call $ackermann (i32.const 2) (i32.const 120)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; A search tree in memory: key, left, right.
  (func $node (param $key i32) (result i32)
    (i32.store (global.get $next) (local.get $key))
    (i64.store offset=4 (global.get $next) (i64.const 0))
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (i32.const 12))))
  (func $insert (param $node i32) (param $key i32) (result i32)
    (if (i32.eqz (local.get $node)) (then (return (call $node (local.get $key)))))
    (if (i32.lt_u (local.get $key) (i32.load (local.get $node)))
      (then (i32.store offset=4 (local.get $node)
        (call $insert (i32.load offset=4 (local.get $node)) (local.get $key))))
      (else (i32.store offset=8 (local.get $node)
        (call $insert (i32.load offset=8 (local.get $node)) (local.get $key)))))
    (local.get $node))
  (func $total (param $node i32) (result i32)
    (if (result i32) (local.get $node)
      (then (i32.add (i32.load (local.get $node)) (i32.add
        (call $total (i32.load offset=4 (local.get $node)))
        (call $total (i32.load offset=8 (local.get $node))))))
      (else (i32.const 0))))
  (func (export "tree") (param $count i32) (local $root i32) (local $key i32) (local $left i32)
    (loop $again
      (global.set $next (i32.const 16))
      (local.set $root (i32.const 0))
      (local.set $left (i32.const 1000))
      (loop $more
        (local.set $key (i32.add (i32.mul (local.get $key) (i32.const 1664525)) (i32.const 1013904223)))
        (local.set $root (call $insert (local.get $root) (local.get $key)))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (local.set $left (i32.const 10))
      (loop $more
        (call $add (call $total (local.get $root)))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; A matrix whose elements are read and written by functions that check their indices.
  (func $at (param $row i32) (param $column i32) (result i32)
    (if (i32.or (i32.ge_u (local.get $row) (i32.const 64)) (i32.ge_u (local.get $column) (i32.const 64)))
      (then unreachable))
    (i32.add (i32.const 65536)
      (i32.shl (i32.add (i32.shl (local.get $row) (i32.const 6)) (local.get $column)) (i32.const 3))))
  (func $get (param $row i32) (param $column i32) (result f64)
    (f64.load (call $at (local.get $row) (local.get $column))))
  (func $set (param $row i32) (param $column i32) (param $value f64)
    (f64.store (call $at (local.get $row) (local.get $column)) (local.get $value)))
  (func (export "matrix") (param $count i32) (local $i i32) (local $j i32) (local $k i32) (local $s f64)
    (loop $again
      (local.set $i (i32.const 0))
      (loop $rows
        (local.set $j (i32.const 0))
        (loop $columns
          (local.set $k (i32.const 0))
          (local.set $s (f64.const 1))
          (loop $products
            (local.set $s (f64.add (local.get $s) (f64.mul
              (call $get (local.get $i) (local.get $k)) (call $get (local.get $k) (local.get $j)))))
            (br_if $products (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 64))))
          (call $set (local.get $i) (local.get $j) (f64.mul (local.get $s) (f64.const 0.015625)))
          (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 64))))
        (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
      (call $add (i32.trunc_sat_f64_s (call $get (i32.const 3) (i32.const 5))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; Text that is read by a function for each character, as parsers do.
  (func $peek (param $at i32) (result i32)
    (if (i32.ge_u (local.get $at) (i32.const 4096)) (then (return (i32.const -1))))
    (i32.load8_u offset=131072 (local.get $at)))
  (func $is_digit (param $c i32) (result i32)
    (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10)))
  (func $number (param $at i32) (result i32) (local $value i32)
    (loop $more
      (if (call $is_digit (call $peek (local.get $at)))
        (then
          (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10))
            (i32.sub (call $peek (local.get $at)) (i32.const 48))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $more))))
    (call $add (local.get $value))
    (local.get $at))
  (func (export "parse") (param $count i32) (local $at i32)
    (loop $fill
      (i32.store8 offset=131072 (local.get $at)
        (select (i32.const 32) (i32.add (i32.const 48) (i32.rem_u (local.get $at) (i32.const 10)))
          (i32.eqz (i32.rem_u (local.get $at) (i32.const 6)))))
      (br_if $fill (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 4096))))
    (loop $again
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $at (i32.add (i32.const 1) (call $number (local.get $at))))
        (br_if $next (i32.ne (call $peek (local.get $at)) (i32.const -1))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  ;; Queens on a board, by recursion with a loop in it.
  (func $queens (param $row i32) (param $columns i32) (param $up i32) (param $down i32) (result i32)
    (local $free i32) (local $bit i32) (local $found i32)
    (if (i32.eqz (local.get $row)) (then (return (i32.const 1))))
    (local.set $free (i32.and (i32.const 255)
      (i32.xor (i32.const -1) (i32.or (local.get $columns) (i32.or (local.get $up) (local.get $down))))))
    (block $done
      (loop $more
        (br_if $done (i32.eqz (local.get $free)))
        (local.set $bit (i32.and (local.get $free) (i32.sub (i32.const 0) (local.get $free))))
        (local.set $free (i32.xor (local.get $free) (local.get $bit)))
        (local.set $found (i32.add (local.get $found) (call $queens
          (i32.sub (local.get $row) (i32.const 1))
          (i32.or (local.get $columns) (local.get $bit))
          (i32.shl (i32.or (local.get $up) (local.get $bit)) (i32.const 1))
          (i32.shr_u (i32.or (local.get $down) (local.get $bit)) (i32.const 1)))))
        (br $more)))
    (local.get $found))
  (func (export "queens") (param $count i32)
    (loop $again
      (call $add (call $queens (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
