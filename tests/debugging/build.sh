#!/bin/sh
# Builds the programs of this folder, which have debugging information. The results are committed;
# this is only needed after a change. Needs these packages of Debian 12: clang-14 lld-14.
set -eu
cd "$(dirname "$0")"
for source in *.c; do
    # The directory is the same wherever it is built. Without `-c` and without `-O2`, clang runs no
    # `wasm-opt`. The name section stays.
    clang-14 --target=wasm32-unknown-unknown -std=gnu11 -Wall -g -O1 -ffile-prefix-map="$PWD"=/src \
        -nostdlib -Wl,--no-entry -Wl,--export=run "$source" -o "${source%.c}.wasm"
done
