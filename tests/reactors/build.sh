#!/bin/sh
# Builds the libraries of this folder: modules whose functions the host calls. The results are committed; this
# is only needed after a change. Needs these packages of Debian 12: clang-14 lld-14 wasi-libc
# libclang-rt-14-dev-wasm32
set -eu
cd "$(dirname "$0")"
object=$(mktemp)
trap 'rm -f "$object"' EXIT
for source in *.c; do
    # In two steps because clang, asked for both with `-O2`, runs whatever `wasm-opt` it finds.
    clang-14 --target=wasm32-wasi -std=gnu11 -O2 -Wall -c "$source" -o "$object"
    clang-14 --target=wasm32-wasi -mexec-model=reactor -Wl,--strip-debug "$object" -o "${source%.c}.wasm"
    echo "${source%.c}.wasm: $(wc -c <"${source%.c}.wasm") bytes"
done
