#!/bin/sh
# Builds the program with `pthread.h`. The result is committed; this is only needed after a change.
#
# Needs these packages of Debian 12: clang-14 wasi-libc libclang-rt-14-dev-wasm32, and musl-dev for
# `pthread.h`, which the package of the C library leaves out. The library with threads, and the
# linker, are those of Rust: `rustup target add wasm32-wasip1-threads`.
set -eu
cd "$(dirname "$0")"
root=$(rustc --print sysroot)/lib/rustlib
library=$root/wasm32-wasip1-threads/lib/self-contained
linker=$(ls "$root"/*/bin/rust-lld)
builtins=$(clang-14 --target=wasm32-wasi -print-libgcc-file-name)
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
# Of musl's headers only this one, which uses the types of the other library's.
ln -s /usr/include/x86_64-linux-musl/pthread.h "$scratch/pthread.h"

clang-14 -std=gnu11 --target=wasm32-wasi -O2 -Wall -Wextra -Wno-missing-field-initializers \
    -pthread -matomics -mbulk-memory -ftls-model=local-exec \
    -isystem "$scratch" -c pthreads.c -o "$scratch/pthreads.o"
"$linker" -flavor wasm --strip-debug --shared-memory --import-memory --export-memory \
    --max-memory=67108864 --export=wasi_thread_start "$library/crt1-command.o" "$scratch/pthreads.o" \
    "$library/libc.a" "$builtins" -o pthreads.wasm
echo "pthreads.wasm: $(wc -c <pthreads.wasm) bytes"
