#!/bin/sh
# Builds the programs of this folder, which have debugging information. The results are committed;
# this is only needed after a change. Needs these packages of Debian 12: clang-14 lld-14.
set -eu
cd "$(dirname "$0")"

# The source, how it is optimised, and the result. The directory is the same wherever it is built.
# Without `-c` and without `-O2`, clang runs no `wasm-opt`. The name section stays.
build() {
    clang-14 --target=wasm32-unknown-unknown -std=gnu11 -Wall -g "$2" \
        -ffile-prefix-map="$PWD"=/src -nostdlib -Wl,--no-entry -Wl,--export=run "$1" -o "$3"
}

build traps.c -O1 traps.wasm
build variables.c -O0 variables.wasm
build variables.c -O1 variables-optimized.wasm
