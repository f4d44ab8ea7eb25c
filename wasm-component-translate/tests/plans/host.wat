;; What toolchains make: a module that imports functions of the host, whose memory is needed to lower
;; them. A table that is filled later stands between.
(component
  (import "wasi:io/streams@0.2.9" (instance $streams
    (export "output-stream" (type $stream (sub resource)))
    (type $error' (variant (case "closed") (case "failed" u32)))
    (export "stream-error" (type $error (eq $error')))
    (export "[method]output-stream.write"
      (func (param "self" (borrow $stream)) (param "contents" (list u8))
        (result (result (error $error)))))))
  (alias export $streams "output-stream" (type $stream))
  (core module $main
    (import "io" "write" (func $write (param i32 i32 i32 i32)))
    (import "io" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "run") (result i32) (i32.const 0))
    (func (export "post") (param i32)))
  (core module $shim
    (table (export "table") 1 1 funcref)
    (type $write (func (param i32 i32 i32 i32)))
    (func (export "write") (param i32 i32 i32 i32)
      (call_indirect (type $write)
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 0))))
  (core module $fixup
    (import "" "write" (func $write (param i32 i32 i32 i32)))
    (import "" "table" (table 1 1 funcref))
    (elem (i32.const 0) func $write))
  (core instance $shims (instantiate $shim))
  (core func $drop (canon resource.drop $stream))
  (core instance $io
    (export "write" (func $shims "write"))
    (export "drop" (func $drop)))
  (core instance $main (instantiate $main (with "io" (instance $io))))
  (core func $write (canon lower (func $streams "[method]output-stream.write")
    (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (core instance (instantiate $fixup (with "" (instance
    (export "write" (func $write))
    (export "table" (table $shims "table"))))))
  (type $run (func (result string)))
  (func $run (type $run) (canon lift (core func $main "run")
    (memory (core memory $main "memory")) (post-return (core func $main "post"))))
  (instance $exports (export "run" (func $run)))
  (export "test:app/run@1.0.0" (instance $exports)))
