#!/bin/sh
# Builds the program with threads. The result is committed; this is only needed after a change.
# Needs Zig 0.17: `pip install ziglang==0.17.1` has it as `python3 -m ziglang`.
set -eu
cd "$(dirname "$0")"
python3 -m ziglang build-exe threads.zig -target wasm32-wasi \
    -mcpu generic+atomics+bulk_memory -O ReleaseSmall -fno-single-threaded \
    --export=wasi_thread_start --shared-memory --import-memory --export-memory --max-memory=67108864
rm -f threads.wasm.o
