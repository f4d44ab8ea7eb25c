#!/bin/bash -eu
# Builds the fuzz targets for OSS-Fuzz: each with its seeds, the dictionary and its options. For
# $SRC and $OUT see https://google.github.io/oss-fuzz/.

cd "$SRC/wasm-runtime/fuzz"

# With the same compiler, but without the sanitizer: this only writes files.
env -u RUSTFLAGS cargo run --no-default-features --features checks --example seeds

cargo fuzz build -O --debug-assertions

for file in fuzz_targets/*.rs; do
  target=$(basename "$file" .rs)
  cp "target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
  zip --quiet --junk-paths "$OUT/${target}_seed_corpus.zip" corpus/"$target"/*
  cp wasm.dict "$OUT/$target.dict"
  # Inputs of at least a kilobyte give interesting modules. Traps are faults that the store handles
  # itself, on its own stacks, so AddressSanitizer must not handle them.
  cat >"$OUT/$target.options" <<OPTIONS
[libfuzzer]
max_len = 65536
len_control = 0
timeout = 120

[asan]
allow_user_segv_handler = 1
handle_segv = 0
handle_sigbus = 0
handle_sigill = 0
handle_sigfpe = 0
use_sigaltstack = 0
detect_stack_use_after_return = 0
detect_leaks = 0
allocator_may_return_null = 1
OPTIONS
done
