;; What programs with a garbage-collected heap and exceptions do most: see `src/objects.rs`. Each
;; exported function takes how often to do it.
(module
  ;; Binary trees.
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))

  ;; Entries of a splay tree, and what they hold.
  (type $numbers (array (mut i32)))
  (type $payload (struct
    (field $numbers (ref $numbers))
    (field $deeper (ref null $payload))))
  (type $entry (struct
    (field $key i32)
    (field $before (mut (ref null $entry)))
    (field $after (mut (ref null $entry)))
    (field $value (ref $payload))))

  ;; Shapes with a table of methods.
  (rec
    (type $shape (sub (struct (field $methods (ref $methods)))))
    (type $area (func (param (ref $shape)) (result i32)))
    (type $methods (struct (field $area (ref $area)))))
  (type $square (sub $shape (struct (field (ref $methods)) (field $side i32))))
  (type $oblong (sub $shape (struct
    (field (ref $methods)) (field $width i32) (field $height i32))))
  (type $shapes (array (mut (ref null $shape))))

  (tag $error (param i32))

  (elem declare func $area_of_square $area_of_oblong)
  (global $of_squares (ref $methods) (struct.new $methods (ref.func $area_of_square)))
  (global $of_oblongs (ref $methods) (struct.new $methods (ref.func $area_of_oblong)))
  (global $root (mut (ref null $entry)) (ref.null $entry))
  (global $seed (mut i32) (i32.const 49734321))
  (global $sum (export "sum") (mut i32) (i32.const 0))

  (func $add (param $value i32)
    (global.set $sum (i32.add (global.get $sum) (local.get $value))))

  (func $tree (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new $tree (ref.null $tree) (ref.null $tree)))
      (else
        (struct.new $tree
          (call $tree (i32.sub (local.get $depth) (i32.const 1)))
          (call $tree (i32.sub (local.get $depth) (i32.const 1)))))))
  (func $nodes (param $tree (ref null $tree)) (result i32)
    (if (result i32) (ref.is_null (local.get $tree))
      (then (i32.const 0))
      (else
        (i32.add (i32.const 1) (i32.add
          (call $nodes (struct.get $tree $left (local.get $tree)))
          (call $nodes (struct.get $tree $right (local.get $tree))))))))
  ;; Trees of 2047 nodes that come and go, beside one that stays.
  (func (export "trees") (param $count i32)
    (local $stays (ref null $tree))
    (local.set $stays (call $tree (i32.const 14)))
    (loop $again
      (call $add (call $nodes (call $tree (i32.const 10))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (call $add (call $nodes (local.get $stays))))

  ;; The program of the benchmarks game, with trees of up to 131,071 nodes.
  (func (export "forest") (param $count i32)
    (local $stays (ref null $tree)) (local $depth i32) (local $left i32)
    (loop $again
      (call $add (call $nodes (call $tree (i32.const 17))))
      (local.set $stays (call $tree (i32.const 16)))
      (local.set $depth (i32.const 4))
      (loop $deeper
        (local.set $left (i32.shl (i32.const 1) (i32.sub (i32.const 20) (local.get $depth))))
        (loop $more
          (call $add (call $nodes (call $tree (local.get $depth))))
          (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (br_if $deeper (i32.le_u
          (local.tee $depth (i32.add (local.get $depth) (i32.const 2))) (i32.const 16))))
      (call $add (call $nodes (local.get $stays)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func $random (result i32)
    (global.set $seed
      (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
    (i32.and (i32.shr_u (global.get $seed) (i32.const 4)) (i32.const 0xfffff)))
  (func $payload (param $depth i32) (param $key i32) (result (ref $payload))
    (struct.new $payload
      (array.new $numbers (local.get $key) (i32.const 10))
      (if (result (ref null $payload)) (i32.eqz (local.get $depth))
        (then (ref.null $payload))
        (else (call $payload
          (i32.sub (local.get $depth) (i32.const 1)) (local.get $key))))))
  ;; Brings the entry with this key, or a neighbour, to the root.
  (func $splay (param $key i32)
    (local $header (ref $entry)) (local $low (ref $entry)) (local $high (ref $entry))
    (local $current (ref null $entry)) (local $next (ref null $entry))
    (local.set $current (global.get $root))
    (if (ref.is_null (local.get $current)) (then (return)))
    (local.set $header
      (struct.new $entry (i32.const 0) (ref.null $entry) (ref.null $entry)
        (struct.get $entry $value (local.get $current))))
    (local.set $low (local.get $header))
    (local.set $high (local.get $header))
    (block $done
      (loop $down
        (br_if $done
          (i32.eq (local.get $key) (struct.get $entry $key (local.get $current))))
        (if (i32.lt_s (local.get $key) (struct.get $entry $key (local.get $current)))
          (then
            (local.set $next (struct.get $entry $before (local.get $current)))
            (br_if $done (ref.is_null (local.get $next)))
            (if (i32.lt_s (local.get $key) (struct.get $entry $key (local.get $next)))
              (then
                (struct.set $entry $before (local.get $current)
                  (struct.get $entry $after (local.get $next)))
                (struct.set $entry $after (local.get $next) (local.get $current))
                (local.set $current (local.get $next))
                (local.set $next (struct.get $entry $before (local.get $current)))
                (br_if $done (ref.is_null (local.get $next)))))
            (struct.set $entry $before (local.get $high) (local.get $current))
            (local.set $high (ref.as_non_null (local.get $current)))
            (local.set $current (local.get $next)))
          (else
            (local.set $next (struct.get $entry $after (local.get $current)))
            (br_if $done (ref.is_null (local.get $next)))
            (if (i32.gt_s (local.get $key) (struct.get $entry $key (local.get $next)))
              (then
                (struct.set $entry $after (local.get $current)
                  (struct.get $entry $before (local.get $next)))
                (struct.set $entry $before (local.get $next) (local.get $current))
                (local.set $current (local.get $next))
                (local.set $next (struct.get $entry $after (local.get $current)))
                (br_if $done (ref.is_null (local.get $next)))))
            (struct.set $entry $after (local.get $low) (local.get $current))
            (local.set $low (ref.as_non_null (local.get $current)))
            (local.set $current (local.get $next))))
        (br $down)))
    (struct.set $entry $after (local.get $low)
      (struct.get $entry $before (local.get $current)))
    (struct.set $entry $before (local.get $high)
      (struct.get $entry $after (local.get $current)))
    (struct.set $entry $before (local.get $current)
      (struct.get $entry $after (local.get $header)))
    (struct.set $entry $after (local.get $current)
      (struct.get $entry $before (local.get $header)))
    (global.set $root (local.get $current)))
  (func $insert (param $key i32)
    (local $entry (ref $entry)) (local $root (ref null $entry))
    (call $splay (local.get $key))
    (local.set $root (global.get $root))
    (local.set $entry
      (struct.new $entry (local.get $key) (ref.null $entry) (ref.null $entry)
        (call $payload (i32.const 4) (local.get $key))))
    (if (i32.eqz (ref.is_null (local.get $root)))
      (then
        (if (i32.gt_s (local.get $key) (struct.get $entry $key (local.get $root)))
          (then
            (struct.set $entry $before (local.get $entry) (local.get $root))
            (struct.set $entry $after (local.get $entry)
              (struct.get $entry $after (local.get $root)))
            (struct.set $entry $after (local.get $root) (ref.null $entry)))
          (else
            (struct.set $entry $after (local.get $entry) (local.get $root))
            (struct.set $entry $before (local.get $entry)
              (struct.get $entry $before (local.get $root)))
            (struct.set $entry $before (local.get $root) (ref.null $entry))))))
    (global.set $root (local.get $entry)))
  ;; Removes the entry with the greatest key below this one.
  (func $remove_below (param $key i32)
    (local $root (ref null $entry)) (local $before (ref null $entry))
    (call $splay (local.get $key))
    (local.set $root (global.get $root))
    (local.set $before (struct.get $entry $before (local.get $root)))
    (if (ref.is_null (local.get $before))
      (then (global.set $root (struct.get $entry $after (local.get $root))))
      (else
        (global.set $root (local.get $before))
        (call $splay (local.get $key))
        (struct.set $entry $after (global.get $root)
          (struct.get $entry $after (local.get $root)))))
    (call $add (struct.get $entry $key (local.get $root))))
  (func (export "splay") (param $count i32)
    (local $filled i32)
    (loop $fill
      (call $insert (call $random))
      (br_if $fill (i32.lt_u
        (local.tee $filled (i32.add (local.get $filled) (i32.const 1))) (i32.const 8000))))
    (loop $again
      (call $insert (call $random))
      (call $remove_below (call $random))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func $area_of_square (type $area) (param $this (ref $shape)) (result i32)
    (local $square (ref $square))
    (local.set $square (ref.cast (ref $square) (local.get $this)))
    (i32.mul (struct.get $square $side (local.get $square))
      (struct.get $square $side (local.get $square))))
  (func $area_of_oblong (type $area) (param $this (ref $shape)) (result i32)
    (local $oblong (ref $oblong))
    (local.set $oblong (ref.cast (ref $oblong) (local.get $this)))
    (i32.mul (struct.get $oblong $width (local.get $oblong))
      (struct.get $oblong $height (local.get $oblong))))
  ;; Calls of a method that is in a table of the object, and casts it to its own type.
  (func (export "methods") (param $count i32)
    (local $shapes (ref $shapes)) (local $at i32) (local $shape (ref null $shape))
    (local.set $shapes (array.new_default $shapes (i32.const 16)))
    (loop $fill
      (array.set $shapes (local.get $shapes) (local.get $at)
        (if (result (ref $shape)) (i32.and (local.get $at) (i32.const 1))
          (then (struct.new $square (global.get $of_squares) (local.get $at)))
          (else (struct.new $oblong
            (global.get $of_oblongs) (local.get $at) (i32.const 3)))))
      (br_if $fill (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 16))))
    (loop $again
      (local.set $shape
        (array.get $shapes (local.get $shapes) (i32.and (local.get $count) (i32.const 15))))
      (call $add
        (call_ref $area
          (ref.as_non_null (local.get $shape))
          (struct.get $methods $area (struct.get $shape $methods (local.get $shape)))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))

  (func $fail (param $depth i32) (param $value i32) (result i32)
    (if (i32.eqz (local.get $depth)) (then (throw $error (local.get $value))))
    (i32.add (i32.const 1)
      (call $fail (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))))
  (func $caught (param $depth i32) (param $count i32)
    (loop $again
      (call $add
        (block $handler (result i32)
          (try_table (result i32) (catch $error $handler)
            (call $fail (local.get $depth) (local.get $count)))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
  ;; Throws and catches, over one frame and over ten.
  (func (export "throw1") (param $count i32) (call $caught (i32.const 0) (local.get $count)))
  (func (export "throw10") (param $count i32) (call $caught (i32.const 9) (local.get $count))))
