;; The load of the vector is folded into what uses it, and so is that of the global after it. The
;; trap was reported at `memory.size`.
(module
  (memory (export "memory") 0 3)
  (global $g (export "global") (mut v128) (v128.const i64x2 0 0))
  (func (export "run")
    (global.set $g
      (v128.xor
        (i16x8.extend_low_i8x16_s (v128.load8_splat (memory.size)))
        (global.get $g)))))
