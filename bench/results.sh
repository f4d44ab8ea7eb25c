#!/bin/sh
# Measures everything and writes RESULTS.md. This takes about forty minutes, in which the machine
# should have nothing else to do. `./fetch.sh` comes first.
set -eu
cd "$(dirname "$0")"
cargo build --release
sections() {
    rounds=$1
    shift
    ./target/release/wasm-bench --rounds "$rounds" "$@"
}
{
    echo '# Results'
    echo
    echo "This project beside Wasmtime 48.0.8 (its defaults, \`opt-level\` speed), in one process, in turns, on"
    echo "$(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1): the least of all rounds, and the"
    echo 'ratios of the least and of the medians, with their spread. Below 1 this project is faster. Both sides get the same small WASI'
    echo 'from the benchmark, and print the same. `./results.sh` made this file; README.md says what each row does.'
    echo
    sections 7 run
    sections 5 profile
    sections 7 interruption
    sections 7 fuel
    sections 15 call-hook
    sections 15 calls
    sections 15 async
    sections 7 v8
    sections 15 components
    sections 15 components-default
    sections 10 bulk
    sections 7 objects
    sections 7 kotlin
    for optimization in reorder idioms immutable-tables small-bulk direct-bulk inlining save-when-full cold-traps \
        wide-indices; do
        sections 5 "optimization-$optimization"
    done
    sections 1 code-size
    sections 2 compile
    sections 2 compile-parallel
    sections 7 instantiate
    sections 7 instantiate-pooling
    sections 200 load
    sections 50 load-verified
    sections 1 size
    sections 100 first-call
    sections 15 state
} >RESULTS.new
mv RESULTS.new RESULTS.md
